"""moderation

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from petitions.mailboxes import domain_of, registrable
from petitions.names import folded_words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORD = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
_DOMAIN = sa.String(length=253).with_variant(sa.String(length=253, collation="C"), "postgresql")
_HIDDEN = "name_hidden OR comment_state = 2"
_UNREAD = (
    "comment IS NOT NULL AND comment_state = 0 AND visibility IN ('public', 'addressee') AND removed_at IS NULL"
)
_HELD = "held_reason IS NOT NULL"
#: Rows of names that are read at once.
_STEP = 5_000


def upgrade() -> None:
    op.create_table(
        "rule_lists",
        sa.Column("scope", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_rule_lists")),
    )
    op.create_table(
        "spent_challenges",
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent_challenges")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("label", sa.String(length=253), nullable=True),
        sa.Column("drafts", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_alerts_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("campaign_id", "day", "kind", "key", name=op.f("uq_alerts_campaign_id_day_kind_key")),
    )
    op.create_table(
        "domain_counts",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mailed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("newcomers", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_domain_counts_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "domain", "day", name=op.f("pk_domain_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hourly_flows",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("hour", _MOMENT, nullable=False),
        sa.Column("arrived", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("mailed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("delay_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("longest_ms", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_hourly_flows_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "hour", name=op.f("pk_hourly_flows")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "moderation_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cursor_id", sa.Uuid(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("passed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_moderation_jobs_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_jobs")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_moderation_jobs_campaign_id", "moderation_jobs", ["campaign_id", "id"])
    op.create_table(
        "moderations",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_moderations_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "signature_id", "number", name=op.f("pk_moderations")),
    )
    op.create_table(
        "source_counts",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=True),
        sa.Column("arrived", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("shown", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_source_counts_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "key", name=op.f("pk_source_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unlisted_words",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("word", _WORD, nullable=False),
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_unlisted_words_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "word", "serial", name=op.f("pk_unlisted_words")),
        sqlite_with_rowid=False,
    )
    op.add_column("campaigns", sa.Column("defence", sa.String(length=8), nullable=True))
    op.add_column("campaigns", sa.Column("defence_since", _MOMENT, nullable=True))
    op.add_column("drafts", sa.Column("held_for", sa.String(length=253), nullable=True))
    op.create_index(
        "ix_drafts_held_for",
        "drafts",
        ["campaign_id", "held_reason", "held_for", "id"],
        sqlite_where=sa.text(_HELD),
        postgresql_where=sa.text(_HELD),
    )
    op.add_column("memberships", sa.Column("wants_alerts", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("network_counts", sa.Column("held", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(
        "network_counts", sa.Column("confirmed", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["campaign_id", "failed_at"],
        sqlite_where=sa.text("failed_at IS NOT NULL"),
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.add_column("signatures", sa.Column("removed_job", sa.Integer(), nullable=True))
    op.add_column("signatures", sa.Column("name_hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(
        "signatures", sa.Column("comment_state", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("signatures", sa.Column("moderated", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("signatures", sa.Column("domain", _DOMAIN, nullable=True))
    op.add_column("tallies", sa.Column("drift", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("tallies", sa.Column("waiting", sa.BigInteger(), nullable=True))
    op.add_column("tallies", sa.Column("held", sa.BigInteger(), nullable=True))
    op.add_column("tallies", sa.Column("looked_at", _MOMENT, nullable=True))
    op.add_column("tallies", sa.Column("reckoned", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("tally_parts") as parts:
        parts.alter_column("value", existing_type=sa.String(length=10), type_=sa.String(length=40))
    _fill_domains()
    _fill_words()
    # There are more shares than before, so they are counted anew; of erased campaigns they stay what they are.
    kept = "SELECT campaign_id FROM tallies WHERE purging"
    op.execute(f"DELETE FROM tally_parts WHERE campaign_id NOT IN ({kept})")  # noqa: S608 - no input
    op.execute(f"UPDATE tallies SET rolled_up_serial = 0 WHERE campaign_id NOT IN ({kept})")  # noqa: S608
    op.create_index("ix_signatures_country", "signatures", ["campaign_id", "country", "serial"])
    op.create_index("ix_signatures_domain", "signatures", ["campaign_id", "domain", "serial"])
    op.create_index(
        "ix_signatures_hidden",
        "signatures",
        ["campaign_id", "serial"],
        sqlite_where=sa.text(_HIDDEN),
        postgresql_where=sa.text(_HIDDEN),
    )
    op.create_index(
        "ix_signatures_removed",
        "signatures",
        ["campaign_id", "serial"],
        sqlite_where=sa.text("removed_at IS NOT NULL"),
        postgresql_where=sa.text("removed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_signatures_unread",
        "signatures",
        ["campaign_id", "serial"],
        sqlite_where=sa.text(_UNREAD),
        postgresql_where=sa.text(_UNREAD),
    )


def _fill_domains() -> None:
    """The registered domain of each address, as signatures/confirming.py writes it."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    domain = "split_part(email, '@', 2)" if postgresql else "substr(email, instr(email, '@') + 1)"
    op.execute(f"UPDATE signatures SET domain = lower({domain}) WHERE email IS NOT NULL")  # noqa: S608 - no input
    connection = op.get_bind()
    found = connection.scalars(sa.text("SELECT DISTINCT domain FROM signatures WHERE domain IS NOT NULL")).all()
    written = [{"old": domain, "new": registrable(domain_of(f"x@{domain}"))} for domain in found]
    others = [one for one in written if one["old"] != one["new"]]
    if not others:
        return
    # Once over the signatures, however many domains there are: there is no index yet.
    table = op.create_table(
        "other_domains",
        sa.Column("old", _DOMAIN, primary_key=True),
        sa.Column("new", _DOMAIN, nullable=False),
        prefixes=["TEMPORARY"],
    )
    op.bulk_insert(table, others)
    new = "SELECT new FROM other_domains WHERE old = domain"
    op.execute(
        f"UPDATE signatures SET domain = ({new}) WHERE domain IN (SELECT old FROM other_domains)"  # noqa: S608 - no input
    )
    op.drop_table("other_domains")


def _fill_words() -> None:
    """The words of names that the site does not show."""
    connection = op.get_bind()
    rows = sa.text(
        "SELECT campaign_id, serial, name FROM signatures "
        "WHERE visibility <> 'public' AND name IS NOT NULL AND (campaign_id, serial) > (:campaign, :serial) "
        "ORDER BY campaign_id, serial LIMIT :step"
    )
    insert = sa.text(
        "INSERT INTO unlisted_words (campaign_id, word, serial) VALUES (:campaign_id, :word, :serial)"
    )
    campaign, serial = 0, 0
    while some := connection.execute(rows, {"campaign": campaign, "serial": serial, "step": _STEP}).all():
        words = [
            {"campaign_id": row.campaign_id, "word": word, "serial": row.serial}
            for row in some
            for word in folded_words(row.name)
        ]
        if words:
            connection.execute(insert, words)
        campaign, serial = some[-1].campaign_id, some[-1].serial


def downgrade() -> None:
    op.execute("DELETE FROM outbox WHERE kind = 'alert'")
    for index in ("unread", "removed", "hidden", "domain", "country"):
        op.drop_index(f"ix_signatures_{index}", table_name="signatures")
    op.drop_index("ix_outbox_failed", table_name="outbox")
    op.drop_index("ix_drafts_held_for", table_name="drafts")
    op.execute("DELETE FROM tally_parts WHERE dimension NOT IN ('country', 'visibility')")
    with op.batch_alter_table("tally_parts") as parts:
        parts.alter_column("value", existing_type=sa.String(length=40), type_=sa.String(length=10))
    for table, columns in (
        ("tallies", ("reckoned", "looked_at", "held", "waiting", "drift")),
        ("signatures", ("domain", "moderated", "comment_state", "name_hidden", "removed_job")),
        ("network_counts", ("confirmed", "held")),
        ("memberships", ("wants_alerts",)),
        ("drafts", ("held_for",)),
        ("campaigns", ("defence_since", "defence")),
    ):
        for column in columns:
            op.drop_column(table, column)
    for table in (
        *("unlisted_words", "source_counts", "moderations", "moderation_jobs", "hourly_flows", "domain_counts"),
        *("alerts", "spent_challenges", "rule_lists"),
    ):
        op.drop_table(table)
