"""own page and retention

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent_wordings",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_consent_wordings_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "key", name=op.f("pk_consent_wordings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refusals",
        sa.Column("email_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_refusals_campaign_id")),
        sa.PrimaryKeyConstraint("email_key", "campaign_id", name=op.f("pk_refusals")),
    )
    op.create_index("ix_refusals_draft", "refusals", ["campaign_id", "draft_id"])
    op.create_table(
        "withdrawals",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_epoch", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_withdrawals_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "id", name=op.f("pk_withdrawals")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=4096), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_exports_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_campaign_id", "exports", ["campaign_id"])
    op.add_column("campaigns", sa.Column("purge_began_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("campaigns", sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tallies", sa.Column("withdrawn", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("tallies", sa.Column("purged", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("tallies", sa.Column("purging", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("drafts", sa.Column("updates_key", sa.LargeBinary(length=16), nullable=True))
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.add_column(sa.Column("updates_key", sa.LargeBinary(length=16), nullable=True))
        batch_op.add_column(sa.Column("updates_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("link_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=True)
    op.execute(sa.text("UPDATE signatures SET updates_at = drafted_at WHERE updates"))


def downgrade() -> None:
    op.execute(sa.text("UPDATE signatures SET email = '' WHERE email IS NULL"))
    with op.batch_alter_table("signatures", schema=None) as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=False)
        batch_op.drop_column("link_epoch")
        batch_op.drop_column("updates_at")
        batch_op.drop_column("updates_key")
    # Not in a batch: other tables point at these.
    op.drop_column("drafts", "updates_key")
    op.drop_column("tallies", "purging")
    op.drop_column("tallies", "purged")
    op.drop_column("tallies", "withdrawn")
    op.drop_column("campaigns", "purged_at")
    op.drop_column("campaigns", "purge_began_at")
    op.drop_table("exports")
    op.drop_table("withdrawals")
    op.drop_table("refusals")
    op.drop_table("consent_wordings")
