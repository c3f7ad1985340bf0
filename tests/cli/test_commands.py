"""Commands over a store: what they say, what they change, how they end."""

import socket
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from typer.testing import Result

from petitions import schema
from petitions.campaigns.models import Campaign, Statement
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.organisations.models import OrganisationTally
from petitions.settings import Rate, Settings
from petitions.signatures import holding
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import Draft, Signature, Tally
from tests.cli.conftest import Petitions
from tests.factories import MARKDOWN, TOML, make_campaign, make_draft, sign, sign_and_confirm, write_campaign
from tests.organisations.acting import shown
from tests.paper.entering import enter

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


# campaign import, campaign list

NEVER = "free-boris: the data of its signers are erased never: neither `closes` nor `retention.until` is set\n"


def test_import_creates_and_updates(database: Database, petitions: Petitions, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "one")
    result = petitions("campaign", "import", folder)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"free-boris: created\n{NEVER}", "")
    assert petitions("campaign", "import", folder).stdout == f"free-boris: updated\n{NEVER}"
    with database.reading() as session:
        assert session.scalars(select(Statement.title)).all() == ["Free Boris"]


@pytest.mark.parametrize(
    ("terms", "day"),
    [
        ("closes = 2027-06-30T12:00:00Z\n", "2027-12-30"),
        ("closes = 2027-06-30T12:00:00Z\nretention = { months_after_closing = 0 }\n", "2027-07-01"),
        ("retention = { until = 2028-01-31 }\n", "2028-01-31"),
    ],
)
def test_import_says_when_the_data_of_signers_are_erased(
    database: Database, petitions: Petitions, tmp_path: Path, terms: str, day: str
) -> None:
    folder = write_campaign(tmp_path / "one", terms + TOML)
    assert petitions("campaign", "import", folder).stdout == (
        f"free-boris: created\nfree-boris: the data of its signers are erased on {day}\n"
    )


def test_import_says_where_a_signed_wording_was_kept(
    database: Database, settings: Settings, petitions: Petitions, tmp_path: Path
) -> None:
    folder = write_campaign(tmp_path / "one")
    petitions("campaign", "import", folder)
    with database.reading() as session:
        campaign = session.scalars(select(Campaign)).one()
        statement = session.scalars(select(Statement)).one()
    with database.writing() as session:
        draft = make_draft(
            _snapshot(database, campaign.slug), settings, campaign_id=campaign.id, statement_id=statement.id
        )
        store_drafts(session, [draft], None)
    write_campaign(folder, en=MARKDOWN.replace("Free Boris", "Free him"))
    assert petitions("campaign", "import", folder).stdout == (
        f"free-boris: updated\n{NEVER}free-boris: en: new version; signatures keep the wording that they saw\n"
    )


def _snapshot(database: Database, slug: str) -> CampaignSnapshot:
    with database.reading() as session:
        return get_snapshot(session, slug)


def test_import_of_a_broken_folder_changes_nothing(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    good = write_campaign(tmp_path / "good")
    broken = write_campaign(tmp_path / "broken", TOML.replace("[10, 100]", "[100, 10]"))
    result = petitions("campaign", "import", good, broken)
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == (
        f"{broken}/campaign.toml: goal_steps: expected whole numbers above 0, each greater than the one before\n"
    )
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Campaign)) == 0
        assert session.scalar(select(func.count()).select_from(Statement)) == 0


def test_a_broken_folder_leaves_what_was_imported_before(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    folder = write_campaign(tmp_path / "one")
    petitions("campaign", "import", folder)
    write_campaign(folder, en=MARKDOWN.replace("Free Boris", "Free him"))
    (folder / "es.md").write_text("No title")
    result = petitions("campaign", "import", folder)
    assert (result.exit_code, result.stderr) == (
        5,
        f"{folder}/es.md: line 1: expected the title, like: # Free Ana Sánchez\n",
    )
    with database.reading() as session:
        assert session.scalars(select(Statement.title)).all() == ["Free Boris"]


def test_list_is_tab_separated_in_a_pipe(database: Database, settings: Settings, petitions: Petitions) -> None:
    now = utc_now()
    assert petitions("campaign", "list").stdout == ""
    make_campaign(database, slug="first", now=now - timedelta(hours=2), closes_at=now - timedelta(hours=1))
    campaign = make_campaign(database, slug="second", now=now, languages=("en", "ar"))
    sign_and_confirm(database, settings, campaign)
    enter(database, settings, campaign)
    result = petitions("campaign", "list")
    assert (result.exit_code, result.stdout) == (0, "second\topen\t1\t2\ten\tar\nfirst\tclosed\t0\t0\ten\n")


# recount


def test_recount_of_right_counts(database: Database, settings: Settings, petitions: Petitions) -> None:
    sign_and_confirm(database, settings, make_campaign(database, slug="one"))
    make_campaign(database, slug="two", now=utc_now() + timedelta(seconds=1))
    result = petitions("recount")
    assert (result.exit_code, result.stdout) == (0, "two: says 0, has 0: right\none: says 1, has 1: right\n")
    assert petitions("recount", "one").stdout == "one: says 1, has 1: right\n"


def test_recount_finds_drift_and_repairs_it_when_told(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Tally).values(counted=3))
    for _ in range(2):
        found = petitions("recount")
        assert (found.exit_code, found.stdout) == (6, "free-boris: says 3, has 1: wrong by +2\n")
    repaired = petitions("recount", "--repair")
    assert (repaired.exit_code, repaired.stdout) == (0, "free-boris: says 3, has 1: wrong by +2, repaired\n")
    assert petitions("recount").exit_code == 0
    with database.writing() as session:
        session.execute(update(Tally).values(counted=0))
    assert petitions("recount").stdout == "free-boris: says 0, has 1: wrong by -1\n"


def test_recount_looks_at_organisations_too(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot
) -> None:
    shown(database, settings, campaign, members=30)
    right = "free-boris: says 0, has 0: right\n"
    assert petitions("recount").stdout == f"{right}free-boris, organisations: says 1: right\n"
    with database.writing() as session:
        session.execute(update(OrganisationTally).values(counted=3, members=40))
    found = petitions("recount")
    assert (found.exit_code, found.stdout) == (6, f"{right}free-boris, organisations: says 3: wrong by +2\n")
    repaired = petitions("recount", "--repair")
    told = f"{right}free-boris, organisations: says 3: wrong by +2, repaired\n"
    assert (repaired.exit_code, repaired.stdout) == (0, told)
    assert petitions("recount").stdout == f"{right}free-boris, organisations: says 1: right\n"


def test_recount_waits_for_nobody_who_writes(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot
) -> None:
    schema.check_email_key(database, settings.email_key)
    sign_and_confirm(database, settings, campaign)
    results: list[Result] = []
    looking = threading.Thread(target=lambda: results.append(petitions("recount")))
    with database.writing() as session:
        session.execute(update(Tally).values(counted=3))
        looking.start()
        looking.join(30)
        waited = looking.is_alive()
        session.rollback()
    looking.join()
    assert not waited
    assert [(result.exit_code, result.stdout) for result in results] == [(0, "free-boris: says 1, has 1: right\n")]


# held


def hold_some(database: Database, settings: Settings, campaign: CampaignSnapshot) -> list[str]:
    """Ids of three held drafts: one trapped, two of a network past its rate."""
    trapped = sign(database, settings, campaign, trapped=True, email="ana@example.org")
    drafts = [make_draft(campaign, settings, network=network) for network in ("192.0.2.1", "192.0.2.2") * 2]
    with database.writing() as session:
        store_drafts(session, drafts, Rate(1, timedelta(hours=1)))
    with database.reading() as session:
        held = session.scalars(select(Draft.id).where(Draft.held_reason == "rate").order_by(Draft.id)).all()
    assert len(held) == 2
    return [str(trapped.id), *map(str, held)]


def waiting(database: Database) -> set[str]:
    with database.reading() as session:
        return {str(i) for i in session.scalars(select(Draft.id).where(Draft.held_reason.is_not(None)))}


def test_held_list(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot
) -> None:
    ids = hold_some(database, settings, campaign)
    result = petitions("held", "list", campaign.slug)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [row[0] for row in rows] == sorted(ids)
    first = next(row for row in rows if row[0] == ids[0])
    assert first[1:3] + first[4:] == ["honeypot", "-", "ES", "example.org", "Ana Sánchez", "-"]
    assert {row[1] for row in rows if row[0] != ids[0]} == {"rate"}
    assert {len(row[2]) for row in rows if row[0] != ids[0]} == {8}
    assert "ana@" not in result.stdout


def test_held_list_goes_through_all_pages(
    database: Database,
    settings: Settings,
    petitions: Petitions,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = sorted(hold_some(database, settings, campaign))
    monkeypatch.setattr(holding, "STEP", 1)
    result = petitions("held", "list", campaign.slug)
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ids


def test_held_release_by_id(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot
) -> None:
    ids = hold_some(database, settings, campaign)
    assert petitions("held", "release", campaign.slug, ids[0], ids[1], new_id()).stdout == "2 released\n"
    assert waiting(database) == {ids[2]}
    with database.reading() as session:
        mailed = {str(subject) for subject in session.scalars(select(Outbox.subject_id))}
    assert {ids[0], ids[1]} <= mailed
    assert ids[2] not in mailed


@pytest.mark.parametrize("step", [2, 500])
def test_held_release_tells_what_it_kept_back(
    database: Database,
    settings: Settings,
    petitions: Petitions,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    monkeypatch.setattr(holding, "STEP", step)
    for number in range(8):
        sign(database, settings, campaign, trapped=True, email="ana@example.org", comment=str(number))
    result = petitions("held", "release", campaign.slug, "--all")
    assert (result.exit_code, result.stdout) == (
        0,
        "5 released, 3 kept back: their addresses got too many mails today\n",
    )
    assert len(waiting(database)) == 3


@pytest.mark.parametrize("step", [1, 500])
def test_held_all_of_a_reason_or_a_network(
    database: Database,
    settings: Settings,
    petitions: Petitions,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    monkeypatch.setattr(holding, "STEP", step)
    ids = hold_some(database, settings, campaign)
    with database.reading() as session:
        network = session.scalars(select(Draft.network).where(Draft.id == UUID(ids[1]))).one()
    assert network is not None
    assert petitions("held", "drop", campaign.slug, "--all", "--reason", "honeypot").stdout == "1 dropped\n"
    assert waiting(database) == {ids[1], ids[2]}
    release = ("held", "release", campaign.slug, "--all")
    assert petitions(*release, "--network", network.hex()[:8]).stdout == "1 released\n"
    assert waiting(database) == {ids[2]}
    assert petitions(*release).stdout == "1 released\n"
    assert waiting(database) == set()


@pytest.mark.parametrize("act", ["release", "drop"])
def test_held_wants_drafts_or_all(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot, act: str
) -> None:
    ids = hold_some(database, settings, campaign)
    for arguments in ([], [ids[0], "--all"]):
        result = petitions("held", act, campaign.slug, *arguments)
        assert (result.exit_code, result.stderr) == (2, "Name the drafts, or give --all.\n")
    for choice in (("--network", "1f6e9a02"), ("--reason", "rate"), ("--for", "x"), ("--reason", "")):
        result = petitions("held", act, campaign.slug, ids[0], *choice)
        assert (result.exit_code, result.stderr) == (
            2,
            "--network, --reason and --for choose among --all; drafts that are named are meant.\n",
        )
    assert petitions("held", act, campaign.slug, "not-an-id").exit_code == 2
    assert waiting(database) == set(ids)


# db


def test_upgrade_of_a_store_that_needs_none(database: Database, petitions: Petitions) -> None:
    result = petitions("db", "upgrade")
    assert (result.exit_code, result.stdout) == (0, f"The store is of revision {schema.needed_revision()}.\n")


def test_upgrade_of_an_empty_store(petitions: Petitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITIONS_DATABASE_URL", f"sqlite:///{tmp_path}/fresh.db")
    assert petitions("db", "upgrade").exit_code == 0
    assert petitions("campaign", "list").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [("db", "upgrade"), ("campaign", "list"), ("recount",), ("export", "x", "-o", "-"), ("worker",)]
)
def test_a_newer_store_ends_with_four(
    database: Database, petitions: Petitions, arguments: tuple[str, ...]
) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9998'"))
    try:
        result = petitions(*arguments)
    finally:
        with database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": schema.needed_revision()})
    assert (result.exit_code, result.stderr) == (
        4,
        "The store cannot be used: the store is of revision 9998, which a newer version of petitions made\n",
    )


def test_another_email_key_ends_with_four(
    database: Database, settings: Settings, petitions: Petitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.check_email_key(database, settings.email_key)
    monkeypatch.setenv("PETITIONS_EMAIL_KEY", "another" * 6)
    result = petitions("recount")
    assert result.exit_code == 4
    assert "another" not in result.stderr


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "sqlite:////nowhere/at/all.db"])
def test_a_store_that_is_away_ends_with_four(
    petitions: Petitions, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PETITIONS_DATABASE_URL", url)
    result = petitions("campaign", "list")
    assert result.exit_code == 4
    assert result.stderr.startswith("The store cannot be used: ")
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_store_ends_with_four(
    petitions: Petitions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "text.db").write_text("Ana Sánchez\n" * 500)
    monkeypatch.setenv("PETITIONS_DATABASE_URL", f"sqlite:///{tmp_path}/text.db")
    result = petitions("campaign", "list")
    assert (result.exit_code, result.stderr) == (4, "The store cannot be used: DatabaseError\n")


def test_wrong_settings_end_with_three(petitions: Petitions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITIONS_SIGN_RATE", "often")
    monkeypatch.setenv("PETITIONS_COLOUR", "red")
    result = petitions("recount")
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "The settings are wrong:",
        "PETITIONS_COLOUR: there is no such setting",
        "PETITIONS_SIGN_RATE: expected a rate like 60/hour, or off",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "nowhere", "-o", "-"),
        ("recount", "nowhere"),
        ("held", "list", "nowhere"),
        ("held", "drop", "nowhere", "--all"),
    ],
)
def test_an_unknown_campaign_ends_with_five(
    database: Database, petitions: Petitions, arguments: tuple[str, ...]
) -> None:
    result = petitions(*arguments)
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == "There is no campaign nowhere. `petitions campaign list` shows all.\n"


@only_sqlite
def test_backup(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    sign_and_confirm(database, settings, campaign)
    target = tmp_path / "copy.db"
    result = petitions("db", "backup", target)
    assert (result.exit_code, result.stdout) == (0, f"Copied to {target}.\n")
    assert target.stat().st_mode & 0o777 == 0o600
    copy = sqlite3.connect(target)
    assert copy.execute("SELECT name FROM signatures").fetchall() == [("Ana Sánchez",)]
    copy.close()
    again = petitions("db", "backup", target)
    assert (again.exit_code, again.stderr) == (5, f"{target} is there already.\n")
    nowhere = petitions("db", "backup", tmp_path / "no" / "copy.db")
    assert (nowhere.exit_code, nowhere.stderr) == (
        5,
        f"{tmp_path}/no/copy.db cannot be written (FileNotFoundError).\n",
    )


@only_sqlite
def test_backup_on_a_full_disk_leaves_nothing(
    database: Database, petitions: Petitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **_options: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    result = petitions("db", "backup", tmp_path / "copy.db")
    assert result.exit_code == 4
    assert result.stderr == "The store cannot be used: the copy was not made (database or disk is full)\n"
    assert not (tmp_path / "copy.db").exists()


@only_postgresql
def test_backup_of_postgresql_is_pg_dump_s(database: Database, petitions: Petitions, tmp_path: Path) -> None:
    result = petitions("db", "backup", tmp_path / "copy.db")
    assert (result.exit_code, result.stderr) == (2, "The store is PostgreSQL: use pg_dump.\n")


def test_compact_writes_the_store_anew(database: Database, petitions: Petitions, settings: Settings) -> None:
    """However large it is; what is stored stays."""
    draft = sign_and_confirm(database, settings, make_campaign(database))
    if database.file is not None:
        with closing(sqlite3.connect(database.file)) as store:
            store.execute("CREATE TABLE once (content BLOB)")
            store.execute("INSERT INTO once VALUES (zeroblob(20000000))")
            store.execute("DROP TABLE once")
            store.commit()
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert database.file.stat().st_size > 20_000_000
    result = petitions("db", "compact")
    assert (result.exit_code, result.stdout) == (0, "The store is written anew.\n")
    if database.file is not None:
        assert database.file.stat().st_size < 2_000_000
    with database.reading() as session:
        assert session.get_one(Signature, (draft.campaign_id, draft.id)).name == draft.name


def test_a_taken_port_ends_with_one(database: Database, petitions: Petitions) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = petitions("serve", "--port", port, "--no-mail")
    assert (result.exit_code, result.stderr) == (
        1,
        f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n",
    )


def test_an_error_of_the_store_names_nobody(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """PostgreSQL repeats the whole row in what it says of a constraint."""
    sign_and_confirm(database, settings, campaign, name="Planted Name")
    folder = write_campaign(tmp_path / "one")
    with database.writing() as session:
        session.execute(text("ALTER TABLE tallies RENAME TO tallies_away"))
    try:
        result = petitions("campaign", "import", folder)
    finally:
        with database.writing() as session:
            session.execute(text("ALTER TABLE tallies_away RENAME TO tallies"))
    assert result.exit_code == 4
    assert result.stderr.startswith("The store ")
    assert result.stderr.count("\n") == 1
    with database.reading() as session:
        assert session.scalars(select(Signature.name)).all() == ["Planted Name"]
