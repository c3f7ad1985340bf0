"""deliveries

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=True),
        sa.Column("remark", sa.String(length=1000), nullable=True),
        sa.Column("shown", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=True),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=True),
        sa.Column("cut_off", _MOMENT, nullable=True),
        sa.Column("people", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("on_paper", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("organisations", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("serials", sa.LargeBinary(), nullable=True),
        sa.Column("paper_numbers", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_deliveries_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_deliveries_campaign_id_number")),
    )
    op.create_table(
        "export_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("cut_off", _MOMENT, nullable=False),
        sa.Column("through_serial", sa.BigInteger(), nullable=False),
        sa.Column("through_number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=True),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("claimed_until", _MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("key", sa.LargeBinary(length=96), nullable=True),
        sa.Column("serials", sa.LargeBinary(), nullable=True),
        sa.Column("paper_numbers", sa.LargeBinary(), nullable=True),
        sa.Column("by_id", sa.Uuid()),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_export_jobs_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_jobs")),
    )
    op.create_index("ix_export_jobs_campaign_id", "export_jobs", ["campaign_id", "created_at"], unique=False)
    op.create_index("ix_export_jobs_state", "export_jobs", ["state", "created_at"], unique=False)
    op.create_table(
        "paper_batches",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entered_by", sa.String(length=120), nullable=True),
        sa.Column("entered_at", _MOMENT, nullable=False),
        sa.Column("undone_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_paper_batches_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "id", name=op.f("pk_paper_batches")),
    )
    op.create_index("ix_paper_batches_digest", "paper_batches", ["campaign_id", "digest"], unique=False)
    op.create_table(
        "delivery_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("description", sa.String(length=300), nullable=True),
        sa.Column("shown", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_delivery_evidence_campaign_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_evidence_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_evidence")),
    )
    op.create_index("ix_delivery_evidence_delivery_id", "delivery_evidence", ["delivery_id"], unique=False)
    op.create_table(
        "paper_signatures",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("like_serial", sa.BigInteger(), nullable=True),
        sa.Column("like_number", sa.BigInteger(), nullable=True),
        sa.Column("sheet", sa.Integer(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("affiliation", sa.String(length=120), nullable=True),
        sa.Column("signed_on", sa.String(length=10), nullable=True),
        sa.Column("email_key", sa.LargeBinary(length=16), nullable=True),
        sa.Column("person_key", sa.String(length=260), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_paper_signatures_campaign_id")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_paper_signatures_statement_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_paper_signatures")),
    )
    op.create_index("ix_paper_signatures_batch_id", "paper_signatures", ["campaign_id", "batch_id"], unique=False)
    op.create_index(
        "ix_paper_signatures_like_serial", "paper_signatures", ["campaign_id", "like_serial"], unique=False
    )
    op.create_index(
        "ix_paper_signatures_email_key", "paper_signatures", ["email_key", "campaign_id"], unique=False
    )
    op.create_index(
        "ix_paper_signatures_person_key", "paper_signatures", ["campaign_id", "person_key"], unique=False
    )
    op.create_index(
        "ix_paper_signatures_state", "paper_signatures", ["campaign_id", "state", "number"], unique=False
    )
    op.create_index("ix_paper_signatures_statement_id", "paper_signatures", ["statement_id"], unique=False)
    op.add_column("tallies", sa.Column("paper", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "tallies", sa.Column("paper_keyed", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "tallies", sa.Column("last_paper_number", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "tallies", sa.Column("compared_serial", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("tallies", sa.Column("last_sheet", sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    op.drop_column("tallies", "last_sheet")
    op.drop_column("tallies", "compared_serial")
    op.drop_column("tallies", "last_paper_number")
    op.drop_column("tallies", "paper_keyed")
    op.drop_column("tallies", "paper")
    op.drop_index("ix_paper_signatures_statement_id", table_name="paper_signatures")
    op.drop_index("ix_paper_signatures_state", table_name="paper_signatures")
    op.drop_index("ix_paper_signatures_person_key", table_name="paper_signatures")
    op.drop_index("ix_paper_signatures_like_serial", table_name="paper_signatures")
    op.drop_index("ix_paper_signatures_email_key", table_name="paper_signatures")
    op.drop_index("ix_paper_signatures_batch_id", table_name="paper_signatures")
    op.drop_table("paper_signatures")
    op.drop_index("ix_delivery_evidence_delivery_id", table_name="delivery_evidence")
    op.drop_table("delivery_evidence")
    op.drop_index("ix_paper_batches_digest", table_name="paper_batches")
    op.drop_table("paper_batches")
    op.drop_index("ix_export_jobs_state", table_name="export_jobs")
    op.drop_index("ix_export_jobs_campaign_id", table_name="export_jobs")
    op.drop_table("export_jobs")
    op.drop_table("deliveries")
