"""organisations

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("logo", sa.String(length=32), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("pin", sa.Integer(), nullable=True),
        sa.Column("name_key", sa.String(length=160), nullable=False),
        sa.Column("name_skeleton", sa.String(length=160), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=True),
        sa.Column("distinct_from", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("proposed", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("contact_name", sa.String(length=120), nullable=True),
        sa.Column("contact_role", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("next_contact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("handovers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("domain_proven", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("vouched_by", sa.String(length=120), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.Column("look", sa.String(length=12), nullable=True),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("question", sa.String(length=1000), nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=True),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("told_statement_id", sa.Integer(), nullable=True),
        sa.Column("link_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("reminded_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_organisations_campaign_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["statements.id"], name=op.f("fk_organisations_statement_id")),
        sa.PrimaryKeyConstraint("campaign_id", "id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_organisations_campaign_id_number")),
    )
    op.create_index("ix_organisations_state", "organisations", ["campaign_id", "state", "number"])
    op.create_index("ix_organisations_name_key", "organisations", ["campaign_id", "name_key"])
    op.create_index("ix_organisations_name_skeleton", "organisations", ["campaign_id", "name_skeleton"])
    op.create_index("ix_organisations_domain", "organisations", ["campaign_id", "domain"])
    op.create_index("ix_organisations_email_key", "organisations", ["email_key", "campaign_id"])
    op.create_index("ix_organisations_statement_id", "organisations", ["statement_id"])
    op.create_table(
        "organisation_logos",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_organisation_logos_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "digest", name=op.f("pk_organisation_logos")),
    )
    op.create_table(
        "organisation_tallies",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("members", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("withdrawn", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("drift", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_organisation_tallies_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_organisation_tallies")),
    )


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE kind LIKE 'organisation%'")
    _forget_terms()
    for table in ("organisation_tallies", "organisation_logos", "organisations"):
        op.drop_table(table)


def _forget_terms() -> None:
    """Earlier programs refuse terms of which they know nothing."""
    campaigns = sa.table("campaigns", sa.column("id", sa.Integer()), sa.column("terms", sa.JSON()))
    connection = op.get_bind()
    for campaign_id, terms in connection.execute(sa.select(campaigns.c.id, campaigns.c.terms)).all():
        if "organisations" in terms:
            known = {key: value for key, value in terms.items() if key != "organisations"}
            connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign_id).values(terms=known))
