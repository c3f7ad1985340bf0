"""Migrations: the last one is what the models say; up, down and up with rows in the tables."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, func, inspect, select, text, update
from sqlalchemy.orm import Session

from petitions import paths, schema
from petitions.abuse.models import DomainCount, RuleList, SpentChallenge
from petitions.abuse.networks import forget_kept_keys
from petitions.accounts.members import set_role
from petitions.accounts.models import Failures, RecoveryCode
from petitions.accounts.roles import Role
from petitions.accounts.sessions import open_session
from petitions.accounts.users import NewUser, create_user
from petitions.audit.recording import Actor, record
from petitions.campaigns.editing import load_copy, save_copy
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.exports import record_export
from petitions.delivery.models import Delivery, Evidence, ExportJob
from petitions.ids import new_id
from petitions.lists.plans import Plan
from petitions.mail.outbox import NewMail, queue
from petitions.models import metadata
from petitions.moderation.models import Job, Moderation
from petitions.moderation.removing import remove_signatures
from petitions.organisations.confirming import Confirmation as Button
from petitions.organisations.confirming import confirm as confirm_organisation
from petitions.organisations.pictures import Logo
from petitions.organisations.requesting import request
from petitions.settings import Rate, Settings
from petitions.signatures.confirming import Outcome
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import Draft, Signature, Tally, TallyPart, UnlistedWord
from petitions.signatures.own import Done
from petitions.signatures.paper import PaperBatch, PaperSignature
from petitions.signatures.publishing import publish
from petitions.signatures.refusing import refuse
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import Withdraw
from petitions.tokens import Named
from petitions.watching.models import Alert, HourlyFlow, SourceCount
from tests.factories import (
    act,
    change,
    confirm,
    link_to,
    make_campaign,
    make_draft,
    organisation_request,
    sign,
    sign_and_confirm,
)


def config_of(connection: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(paths.MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def test_the_migrations_are_one_line() -> None:
    scripts = list(ScriptDirectory(str(paths.MIGRATIONS)).walk_revisions())
    revisions = [script.revision for script in reversed(scripts)]
    assert revisions == [f"{number:04}" for number in range(1, len(scripts) + 1)]
    for script in scripts:
        assert script.path.endswith(f"/{script.revision}_{script.doc.replace(' ', '_')}.py")


def test_the_last_migration_is_what_the_models_say(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        inspector = inspect(session.connection())
        assert set(inspector.get_table_names()) == {*metadata.tables, "alembic_version"}
        for table in metadata.tables.values():
            found = {str(index["name"]) for index in inspector.get_indexes(table.name)}
            unique = {str(key["name"]) for key in inspector.get_unique_constraints(table.name)}
            assert found - unique == {str(index.name) for index in table.indexes}, table.name


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_tables_of_sqlite_are_of_the_kind_that_the_models_say(database: Database, tmp_path: Path) -> None:
    """Alembic's comparison does not look at these."""
    made = Database(f"sqlite:///{tmp_path}/made.db")
    metadata.create_all(made.engine)
    kinds = []
    for store in (database, made):
        with store.reading() as session:
            rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
            found = {name: ("AUTOINCREMENT" in sql, "WITHOUT ROWID" in sql) for name, sql in rows}
        kinds.append({name: found[name] for name in metadata.tables})
    made.close()
    assert kinds[0] == kinds[1]


def test_long_texts_are_the_last_column_of_what_is_listed_without_them(database: Database) -> None:
    with database.reading() as session:
        columns = inspect(session.connection()).get_columns("revisions")
    assert columns[-1]["name"] == metadata.tables["revisions"].columns.keys()[-1] == "content"


def test_no_mail_waits_for_the_index_of_signatures(database: Database) -> None:
    """Whoever changes the outbox locks it until the migration is done."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_args: object) -> None:
        statements.append(statement)

    with at_revision(database, "0002"):
        event.listen(database.engine, "before_cursor_execute", note)
    event.remove(database.engine, "before_cursor_execute", note)
    indexed = next(n for n, sql in enumerate(statements) if "ix_signatures_statement_id" in sql)
    outbox = re.compile(r"\s*(ALTER|CREATE) TABLE \S*outbox")
    altered = next(n for n, sql in enumerate(statements) if outbox.match(sql))
    assert indexed < altered


def test_partial_indexes_have_their_conditions(database: Database) -> None:
    with database.reading() as session:
        if database.is_sqlite:
            rows = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index'"))
        else:
            rows = session.execute(text("SELECT indexname, indexdef FROM pg_indexes"))
        definitions = {name: str(sql) for name, sql in rows}
    for name, columns in (
        ("ix_signatures_shown", ("removed_at", "visibility")),
        ("ix_drafts_held", ("held_reason",)),
        ("ix_outbox_due", ("sent_at", "failed_at")),
        ("ix_outbox_sent", ("sent_at",)),
        ("ix_outbox_failed", ("failed_at",)),
    ):
        condition = definitions[name].partition(" WHERE ")[2]
        assert all(column in condition for column in columns), name


def fill_console(session: Session, campaign_id: int) -> None:
    """Rows of a lead and what they did."""
    now = utc_now()
    new = NewUser(email=f"lea{now:%f}@example.org", name="Lea Lead", language="en")
    user = create_user(session, new, now, "hash")
    assert user is not None
    set_role(session, campaign_id, user.id, Role.OWNER, now)
    open_session(session, user.id, "Firefox, Linux", now)
    session.add(RecoveryCode(user_id=user.id, code_hash=bytes(32)))
    session.add(Failures(key=now.strftime("%H%M%S%f----").encode(), count=1, last_at=now))
    copy = load_copy(session, campaign_id)
    content = replace(copy.content, closes_at=now + timedelta(days=1))
    number = save_copy(session, campaign_id, copy.number, content, user.name, now)
    publish(session, campaign_id, number, user.name, now, may_move=True)
    record(session, Actor(user.id, user.name), "campaign.published", now, campaign_id, revision=2)
    queue(session, [NewMail("account_invitation", None, user.id, bytes(16), "en")], now)


def fill_moderation(session: Session, campaign_id: int, signature: Signature) -> None:
    """Rows of moderators, of what they watch and of what keeps robots away."""
    now = utc_now()
    key = now.strftime("%H%M%S%f----").encode()
    job = Job(
        campaign_id=campaign_id,
        kind="remove",
        conditions={"domain": "bots.example"},
        reason="fake",
        upto=9,
        expected=1,
        state="done",
        by_id=new_id(),
        by_name="Lea Lead",
        created_at=now,
    )
    session.add(job)
    session.flush()
    remove_signatures(session, campaign_id, [signature.id], "fake", now, job_id=job.id)
    these = {"campaign_id": campaign_id, "at": now}
    session.add_all(
        [
            Moderation(**these, signature_id=signature.id, number=1, action="remove", by_name="Lea Lead"),
            Alert(**these, id=new_id(), day=now.date(), kind="domain", key=key, label="bots.example", drafts=30),
            RuleList(scope=campaign_id, number=1, text="hold domain bots.example", saved_at=now, saved_by="Lea"),
            SpentChallenge(digest=key, expires_at=now),
            DomainCount(campaign_id=campaign_id, domain="bots.example", day=now.date(), mailed=2),
            HourlyFlow(campaign_id=campaign_id, hour=now.replace(minute=0, second=0, microsecond=0), arrived=3),
            SourceCount(campaign_id=campaign_id, key=key, arrived=4),
        ]
    )
    session.execute(update(Campaign).where(Campaign.id == campaign_id).values(defence="work", defence_since=now))
    queue(session, [NewMail("alert", campaign_id, new_id(), bytes(16), "en")], now)


def fill_organisations(session: Session, campaign: CampaignSnapshot, settings: Settings) -> None:
    """An organisation that everybody sees, with a logo, and one that waits."""
    logo = Logo(utc_now().isoformat().encode(), 9, 9)
    for name in ("Union of Examples", "Union of Others"):
        asked = organisation_request(campaign, settings, name=name, logo=logo, members=3)
        request(session, asked)
        button = Button(Named(campaign.id, asked.id), approves_proven=name == "Union of Examples", now=utc_now())
        confirm_organisation(session, button)


def fill_deliveries(session: Session, campaign: CampaignSnapshot) -> None:
    """A list that was made, a delivery with a receipt, and signatures on paper."""
    now, number = utc_now(), {"campaign_id": campaign.id, "number": 1}
    lea: dict[str, Any] = {"created_at": now, "created_by": "Lea Lead"}
    job = ExportJob(id=new_id(), campaign_id=campaign.id, plan=Plan().to_json(), state="done", created_at=now)
    job.cut_off, job.through_serial, job.through_number = now, 3, 1
    job.by_id, job.by_name, job.serials, job.result = new_id(), "Lea Lead", b"123", {"files": []}
    given = Delivery(id=new_id(), **number, recipient="The embassy", way="mailed", delivered_on=now.date(), **lea)
    given.serials, given.people, given.export_id = b"123", 3, job.id
    session.add_all([job, given])
    session.flush()
    receipt = Evidence(id=new_id(), campaign_id=campaign.id, delivery_id=given.id, name="receipt.pdf", **lea)
    receipt.media_type, receipt.digest, receipt.size, receipt.content = "application/pdf", "0" * 64, 1, b"%"
    batch = PaperBatch(campaign_id=campaign.id, id=new_id(), rows=1, digest=bytes(32), entered_at=now)
    row = PaperSignature(**number, batch_id=batch.id, state="counted", name="Ana", country="ES", entered_at=now)
    row.person_key, row.statement_id = "ana", campaign.statements["en"].id
    session.add_all([receipt, batch, row])
    on_paper = {"paper": 1, "paper_keyed": 1, "last_paper_number": 1, "last_sheet": 2, "compared_serial": 3}
    session.execute(update(Tally).where(Tally.campaign_id == campaign.id).values(on_paper))


def fill(database: Database, settings: Settings, folder: Path) -> None:
    """Rows in every table."""
    campaign = make_campaign(database, slug=f"campaign-{utc_now():%f}", languages=("en", "es"))
    sign_and_confirm(database, settings, campaign, updates=True, updates_wording="Write to me")
    sign(database, settings, campaign)
    refused = sign(database, settings, campaign)
    withdrawn = sign_and_confirm(database, settings, campaign)
    unlisted = sign_and_confirm(database, settings, campaign, visibility="addressee")
    now = utc_now()
    list_file = folder / f"list-{now:%f}.csv"
    list_file.touch()
    with database.writing() as session:
        drafts = [make_draft(campaign, settings, network="192.0.2.1")]
        store_drafts(session, drafts, Rate(1, settings.sign_rate.period) if settings.sign_rate else None)
        session.execute(
            text("INSERT INTO backgrounds (campaign_id, language, body, updated_at) VALUES (:c, 'en', 'b', :now)"),
            {"c": campaign.id, "now": now.replace(tzinfo=None)},
        )
        fill_console(session, campaign.id)
        refuse(session, campaign.id, refused.id, now)
        record_export(session, campaign.id, list_file, list_file.stat(), 1, now)
        fill_moderation(session, campaign.id, session.get_one(Signature, (campaign.id, unlisted.id)))
        fill_organisations(session, campaign, settings)
        fill_deliveries(session, campaign)
    assert act(database, Withdraw(link_to(withdrawn), now)) == [Done.DONE]
    schema.check_email_key(database, settings.email_key)
    roll_up(database, utc_now())


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def test_up_down_and_up_with_rows_in_the_tables(database: Database, settings: Settings, tmp_path: Path) -> None:
    """Down to nothing step by step, and back."""
    rated = replace(settings, sign_rate=Settings.sign_rate)
    fill(database, rated, tmp_path)
    assert min(counts(database).values()) >= 1, counts(database)
    steps = len(list(ScriptDirectory(str(paths.MIGRATIONS)).walk_revisions()))
    try:
        for _ in range(steps):
            with database.writing() as session:
                command.downgrade(config_of(session.connection()), "-1")
        with database.reading() as session:
            assert set(inspect(session.connection()).get_table_names()) <= {"alembic_version"}
            assert schema.find_revision(session) is None
        for _ in range(steps):
            with database.writing() as session:
                command.upgrade(config_of(session.connection()), "+1")
    finally:
        schema.upgrade(database)
    schema.check(database)
    assert set(counts(database).values()) == {0}
    forget_kept_keys(utc_now() + timedelta(days=2))  # like a process that starts now
    fill(database, rated, tmp_path)
    assert min(counts(database).values()) >= 1


Rows = dict[str, list[dict[str, Any]]]


def columns_of(database: Database) -> dict[str, set[str]]:
    with database.reading() as session:
        inspector = inspect(session.connection())
        return {
            table: {column["name"] for column in inspector.get_columns(table)}
            for table in inspector.get_table_names()
        }


def contents(database: Database, columns: dict[str, set[str]]) -> Rows:
    """What stands in these columns, as the driver gives it."""
    with database.reading() as session:
        found = {}
        for table, names in columns.items():
            rows = session.execute(text(f"SELECT {', '.join(sorted(names))} FROM {table}")).mappings()
            found[table] = sorted(({name: row[name] for name in row} for row in rows), key=repr)
        return found


def without_new_shares(rows: Rows) -> Rows:
    """Only the shares that were counted before 0004."""
    shares = [row for row in rows["tally_parts"] if row["dimension"] in ("country", "visibility")]
    return rows | {"tally_parts": shares}


@contextmanager
def at_revision(database: Database, revision: str) -> Iterator[None]:
    """The store of an earlier version, and back."""
    try:
        with database.writing() as session:
            command.downgrade(config_of(session.connection()), revision)
        yield
    finally:
        schema.upgrade(database)


ADDED_BY_0002 = {
    "campaigns": {"purge_began_at", "purged_at"},
    "tallies": {"withdrawn", "purged", "purging"},
    "drafts": {"updates_key"},
    "signatures": {"updates_key", "updates_at", "link_epoch"},
}
TABLES_OF_0002 = {"consent_wordings", "refusals", "withdrawals", "exports"}


def test_a_store_from_before_the_own_page_keeps_everything_and_gets_what_is_new(
    database: Database, settings: Settings
) -> None:
    """Rows of an earlier version: consents have a time and no words, links are the first, nothing is purged."""
    campaign = make_campaign(database)
    agreed = sign_and_confirm(
        database, settings, campaign, updates=True, comment="¡Con vosotros!", answers={"a": "1"}
    )
    silent = sign_and_confirm(database, settings, campaign, visibility="anonymous", name=None)
    waiting = sign(database, settings, campaign, updates=True)
    roll_up(database, utc_now())
    with at_revision(database, "0002"):
        new = columns_of(database)
    roll_up(database, utc_now())
    with at_revision(database, "0001"):
        old = columns_of(database)
        before = contents(database, old)
        assert set(new) - set(old) == TABLES_OF_0002
        assert {table: new[table] - old[table] for table in ADDED_BY_0002} == ADDED_BY_0002
        assert [len(before[table]) for table in ("signatures", "drafts", "signature_words")] == [2, 1, 2]
        with database.reading() as session:
            columns = inspect(session.connection()).get_columns("signatures")
        assert [column["nullable"] for column in columns if column["name"] == "email"] == [False]
    roll_up(database, utc_now())  # there are more shares than before, so the worker counts them anew
    after = without_new_shares(contents(database, old))
    assert after.pop("alembic_version") != before.pop("alembic_version")
    assert after == before
    with database.reading() as session:
        for draft, updates_at in ((agreed, agreed.arrived_at), (silent, None)):
            signature = session.get_one(Signature, (campaign.id, draft.id))
            assert (signature.updates, signature.updates_at, signature.updates_key) == (
                draft.updates,
                updates_at,
                None,
            )
            assert signature.link_epoch == 0
        tally = session.get_one(Tally, campaign.id)
        assert (tally.counted, tally.withdrawn, tally.purged, tally.purging) == (2, 0, 0, False)
        snapshot = get_snapshot(session, campaign.slug)
        assert (snapshot.purge_began_at, snapshot.purged_at) == (None, None)
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert confirm(database, waiting) is Outcome.COUNTED
    done = act(database, change(agreed, name="Ana"), Withdraw(link_to(silent), utc_now()))
    assert done == [Done.DONE] * 2


ADDED_BY_0003 = {"campaigns": {"outcome", "archived_at", "reminded_through"}}
TABLES_OF_0003 = {
    "working_copies",
    "revisions",
    "users",
    "recovery_codes",
    "user_sessions",
    "login_failures",
    "memberships",
    "audit_entries",
}


def index_definitions(database: Database) -> dict[str, str]:
    """By name, as the store would make them again."""
    if database.is_sqlite:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with database.reading() as session:
        # SQLite writes names with or without quotation marks, by how the table came about.
        return {name: sql.replace('"', "") for name, sql in session.execute(text(query))}


def may_be_null(database: Database, table: str, column: str) -> bool:
    with database.reading() as session:
        found = inspect(session.connection()).get_columns(table)
    return next(bool(one["nullable"]) for one in found if one["name"] == column)


def test_a_store_from_before_the_console_keeps_everything_down_and_up(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """People, mails and lists of an earlier version; nobody has an account and nothing is archived."""
    fill(database, replace(settings, sign_rate=Settings.sign_rate), tmp_path)
    filled, definitions = counts(database), index_definitions(database)
    filled["tally_parts"] = len(without_new_shares(contents(database, columns_of(database)))["tally_parts"])
    with at_revision(database, "0003"):
        new = columns_of(database)
    roll_up(database, utc_now())
    with at_revision(database, "0002"):
        old = columns_of(database)
        before = contents(database, old)
        assert set(new) - set(old) == TABLES_OF_0003
        assert {table: new[table] - old[table] for table in old if new[table] != old[table]} == ADDED_BY_0003
        # The mails to accounts, to moderators and to organisations have no place there; every other row has.
        assert {table: len(rows) for table, rows in before.items()} == {
            table: filled.get(table, 1) - (2 + ORGANISATION_MAILS) * (table == "outbox") for table in old
        }
        assert not may_be_null(database, "outbox", "campaign_id")
        left = set(definitions) - set(index_definitions(database))
        assert "ix_signatures_statement_id" in left
        left -= {"ix_drafts_held_for", "ix_outbox_failed"}  # came later
        assert not any(name.startswith(("ix_outbox", "ix_drafts")) for name in left)
    for _ in range(2):
        roll_up(database, utc_now())
        after = without_new_shares(contents(database, old))
        assert after.pop("alembic_version") != before["alembic_version"]
        assert after == {table: rows for table, rows in before.items() if table != "alembic_version"}
        assert {table: counts(database)[table] for table in TABLES_OF_0003} == dict.fromkeys(TABLES_OF_0003, 0)
        assert may_be_null(database, "outbox", "campaign_id")
        assert index_definitions(database) == definitions
        with database.reading() as session:
            rows = session.execute(text("SELECT outcome, archived_at, reminded_through FROM campaigns")).all()
            assert rows == [(None, None, None)] * len(before["campaigns"])
            context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
        with at_revision(database, "0002"):
            assert contents(database, old) == before
    fill(database, settings, tmp_path)


ADDED_BY_0004 = {
    "campaigns": {"defence", "defence_since"},
    "drafts": {"held_for"},
    "memberships": {"wants_alerts"},
    "network_counts": {"held", "confirmed"},
    "signatures": {"removed_job", "name_hidden", "comment_state", "moderated", "domain"},
    "tallies": {"drift", "waiting", "held", "looked_at", "reckoned"},
}
TABLES_OF_0004 = {
    *("alerts", "domain_counts", "hourly_flows", "moderation_jobs", "moderations", "rule_lists"),
    *("source_counts", "spent_challenges", "unlisted_words"),
}


def test_a_store_from_before_moderation_gets_domains_words_and_shares(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """What the search and the figures stand on is made of the rows that are there."""
    fill(database, replace(settings, sign_rate=Settings.sign_rate), tmp_path)
    campaign = make_campaign(database, languages=("en", "es"))
    signed = [
        ("ana@Example.org", "Ana Sánchez", "public", "ES"),
        ("boris@пример.example", "Boris Łukasz", "addressee", "FR"),
        ("carla@sub.bücher.example", "Carla Díaz", "initials", "FR"),
        ("dana@example.org", None, "anonymous", "DE"),
    ]
    ids = [
        sign_and_confirm(
            database, settings, campaign, email=email, name=name, visibility=visibility, country=country
        ).id
        for email, name, visibility, country in signed
    ]
    held = sign(database, settings, campaign, trapped=True)
    roll_up(database, utc_now())
    filled, definitions = contents(database, columns_of(database)), index_definitions(database)
    assert ("removed", "fake", 1) in [
        (row["dimension"], row["value"], row["counted"]) for row in filled["tally_parts"]
    ]
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    with at_revision(database, "0004"):
        new = columns_of(database)
    with at_revision(database, "0003"):
        old = columns_of(database)
        before = contents(database, old)
        assert set(new) - set(old) == TABLES_OF_0004
        assert {table: new[table] - old[table] for table in old if new[table] != old[table]} == ADDED_BY_0004
        assert "alert" not in {row["kind"] for row in before["outbox"]}
        left = set(definitions) - set(index_definitions(database))
        assert {"ix_signatures_domain", "ix_signatures_unread", "ix_drafts_held_for"} <= left
    for _ in range(2):
        assert index_definitions(database) == definitions
        with database.reading() as session:
            domains = session.execute(
                select(Signature.id, Signature.domain).where(Signature.campaign_id == campaign.id)
            )
            assert dict(domains.all()) == dict(
                zip(
                    ids,
                    ("example.org", "xn--e1afmkfd.example", "xn--bcher-kva.example", "example.org"),
                    strict=True,
                )
            )
            words = session.execute(
                select(UnlistedWord.serial, UnlistedWord.word)
                .where(UnlistedWord.campaign_id == campaign.id)
                .order_by(UnlistedWord.serial, UnlistedWord.word)
            ).all()
            assert words == [(2, "boris"), (2, "lukasz"), (3, "carla"), (3, "diaz")]
            this = (Tally.campaign_id == campaign.id, Tally.rolled_up_serial, Tally.counted)
            assert session.execute(select(*this[1:]).where(this[0])).one() == (0, 4)
            assert session.get_one(Draft, (campaign.id, held.id)).held_for is None
            assert session.get_one(Campaign, campaign.id).defence is None
            context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
        roll_up(database, utc_now())
        with database.reading() as session:
            shares = session.execute(
                select(TallyPart.value, TallyPart.counted).where(
                    TallyPart.campaign_id == campaign.id, TallyPart.dimension == "country"
                )
            )
            assert dict(shares.all()) == {"ES": 1, "FR": 2, "DE": 1}
            dimensions = set(session.scalars(select(TallyPart.dimension).distinct()))
            assert {"language", "day", "hour", "drafted"} <= dimensions
        after = without_new_shares(contents(database, old))
        assert after.pop("alembic_version") != before["alembic_version"]
        assert after == {table: rows for table, rows in before.items() if table != "alembic_version"}
        with at_revision(database, "0003"):
            assert contents(database, old) == before
    fill(database, settings, tmp_path)


TABLES_OF_0005 = {"organisations", "organisation_logos", "organisation_tallies"}
#: That `fill` queues: each of two gets its button and its link.
ORGANISATION_MAILS = 4


def test_a_store_from_before_organisations_keeps_everything_and_has_none(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Back there, what organisations are and were written is gone; what leads did with them stays in the log."""
    fill(database, replace(settings, sign_rate=Settings.sign_rate), tmp_path)
    own_terms = make_campaign(database, slug="proven", organisations={"approve_proven": True})
    assert own_terms.terms.approve_proven
    filled, definitions = counts(database), index_definitions(database)
    assert filled["organisations"] == 2
    with at_revision(database, "0005"):
        new = columns_of(database)
    with at_revision(database, "0004"):
        with database.reading() as session:
            assert not get_snapshot(session, "proven").terms.approve_proven
        old = columns_of(database)
        before = contents(database, old)
        assert set(new) - set(old) == TABLES_OF_0005
        assert {table for table in old if new[table] != old[table]} == set()
        assert {table: len(rows) for table, rows in before.items()} == {
            table: filled.get(table, 1) - ORGANISATION_MAILS * (table == "outbox") for table in old
        }
        left = {row["kind"] for row in before["outbox"]}
        assert "alert" in left
        assert not any(kind.startswith("organisation") for kind in left)
    after = contents(database, old)
    assert after.pop("alembic_version") != before["alembic_version"]
    assert after == {table: rows for table, rows in before.items() if table != "alembic_version"}
    assert {table: counts(database)[table] for table in TABLES_OF_0005} == dict.fromkeys(TABLES_OF_0005, 0)
    assert index_definitions(database) == definitions
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    fill(database, settings, tmp_path)


TABLES_OF_0006 = {"deliveries", "delivery_evidence", "export_jobs", "paper_batches", "paper_signatures"}
ADDED_BY_0006 = {"tallies": {"paper", "paper_keyed", "last_paper_number", "last_sheet", "compared_serial"}}


def test_a_store_from_before_deliveries_keeps_everything_and_has_none(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """Back there, what was delivered and who signed on paper is gone, and nothing else."""
    fill(database, replace(settings, sign_rate=Settings.sign_rate), tmp_path)
    new, definitions = columns_of(database), index_definitions(database)
    kept = {table: columns - ADDED_BY_0006.get(table, set()) for table, columns in new.items()}
    kept = {table: columns for table, columns in kept.items() if table not in TABLES_OF_0006}
    filled = contents(database, kept)
    with at_revision(database, "0005"):
        assert columns_of(database) == kept
        before = contents(database, kept)
        assert {**before, "alembic_version": []} == {**filled, "alembic_version": []}
    assert {**contents(database, kept), "alembic_version": []} == {**before, "alembic_version": []}
    assert {table: counts(database)[table] for table in TABLES_OF_0006} == dict.fromkeys(TABLES_OF_0006, 0)
    with database.reading() as session:
        tallies = session.execute(
            select(*(getattr(Tally, name) for name in sorted(ADDED_BY_0006["tallies"])))
        ).all()
        assert {value for row in tallies for value in row} == {0}
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert index_definitions(database) == definitions
    fill(database, settings, tmp_path)


def test_a_store_goes_back_to_before_the_own_page_with_its_people(database: Database, settings: Settings) -> None:
    """A sealed address has no place there: it is empty, and no mail goes to it."""
    campaign = make_campaign(database)
    drafts = [sign_and_confirm(database, settings, campaign, updates=True, updates_wording="Write") for _ in "ab"]
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == drafts[0].id).values(email=None, link_epoch=3))
    with at_revision(database, "0001"), database.reading() as session:
        emails = session.scalars(text("SELECT email FROM signatures ORDER BY serial")).all()
        assert emails == ["", drafts[1].email]
        assert session.scalar(text("SELECT counted FROM tallies")) == 2


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_is_erased_is_gone_from_the_file(database: Database, settings: Settings) -> None:
    assert database.file is not None
    campaign = make_campaign(database)
    sign(database, settings, campaign, name="Planted Sánchez")
    with database.writing() as session:
        session.execute(text("DELETE FROM drafts"))
    database.engine.dispose()  # the last connection folds the WAL into the file
    assert b"Planted" not in database.file.read_bytes()
