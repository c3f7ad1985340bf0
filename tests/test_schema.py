"""The store is of the schema that the program needs, or it is told how it becomes so."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from petitions import addresses, paths, schema
from petitions.app import create_app
from petitions.backups import backup
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database, Fact
from petitions.errors import EmailKeyMismatch, SchemaOutdated, StoreUnavailable
from petitions.settings import Settings
from petitions.signatures.models import Signature
from tests.factories import make_campaign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
#: Of this program, before any test plays a later one.
HEAD = schema.needed_revision()
NEXT = """
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE next_year (id INTEGER)")


def downgrade() -> None:
    op.execute("DROP TABLE next_year")
"""


@pytest.fixture
def newer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within the test the program is of a later version, with one more migration."""
    folder = tmp_path / "migrations"
    shutil.copytree(paths.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_next.py").write_text(NEXT.format(head=schema.needed_revision()))
    monkeypatch.setattr(paths, "MIGRATIONS", folder)
    assert schema.needed_revision() == "9999"
    yield
    monkeypatch.undo()


def stamp(database: Database, revision: str) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :new"), {"new": revision})


def unstamp(database: Database) -> None:
    """What the fake migration left in the store that the tests share."""
    with database.writing() as session:
        session.execute(text("DROP TABLE IF EXISTS next_year"))
    stamp(database, schema.needed_revision())


def backups(database: Database) -> list[Path]:
    assert database.file is not None
    return sorted(database.file.parent.glob("*.before-*"))


def tables(database: Database) -> set[str]:
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names())


only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


def test_a_store_of_the_needed_revision_is_right(database: Database) -> None:
    schema.check(database)
    schema.prepare(database, NOON)
    with database.reading() as session:
        assert schema.find_revision(session) == schema.needed_revision()
    if database.file is not None:
        assert backups(database) == []


def test_a_new_sqlite_store_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.db")
    with pytest.raises(SchemaOutdated, match=r"^the store is of revision none, this program needs "):
        schema.check(database)
    schema.prepare(database, NOON)
    schema.check(database)
    assert backups(database) == []
    database.close()


@only_postgresql
def test_an_empty_postgresql_is_not_filled_by_itself(database: Database) -> None:
    stamped = schema.needed_revision()
    with database.writing() as session:
        session.execute(text("DELETE FROM alembic_version"))
    try:
        with pytest.raises(
            SchemaOutdated, match=r"revision none, .*; make a backup, then run: petitions db upgrade$"
        ):
            schema.prepare(database, NOON)
    finally:
        with database.writing() as session:
            session.execute(text("INSERT INTO alembic_version VALUES (:one)"), {"one": stamped})


def test_a_newer_store_is_refused_and_left_alone(database: Database) -> None:
    stamp(database, "9998")
    try:
        for act in (schema.check, schema.upgrade_known, lambda some: schema.prepare(some, NOON)):
            with pytest.raises(
                SchemaOutdated, match=r"^the store is of revision 9998, which a newer version of petitions made$"
            ):
                act(database)
    finally:
        stamp(database, schema.needed_revision())


@only_postgresql
def test_an_older_postgresql_is_refused_with_the_command_to_run(
    database: Database, settings: Settings, newer_program: None
) -> None:
    for act in (schema.check, lambda some: schema.prepare(some, NOON)):
        with pytest.raises(SchemaOutdated) as caught:
            act(database)
        assert str(caught.value) == (
            f"the store is of revision {HEAD}, this program needs 9999; "
            "make a backup, then run: petitions db upgrade"
        )
    assert "next_year" not in tables(database)
    schema.upgrade_known(database)
    schema.check(database)
    assert "next_year" in tables(database)


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tests share one PostgreSQL; it is left as this program needs it."""
    used = "database" in request.fixturenames
    database = request.getfixturevalue("database") if used else None
    yield
    if database is not None and not database.is_sqlite:
        monkeypatch.undo()
        unstamp(database)


@only_sqlite
def test_an_older_sqlite_store_upgrades_itself_after_a_copy(
    database: Database, settings: Settings, campaign: CampaignSnapshot, newer_program: None
) -> None:
    sign_and_confirm(database, settings, campaign)
    schema.prepare(database, NOON)
    schema.check(database)
    assert "next_year" in tables(database)
    with database.reading() as session:
        assert session.scalars(select(Signature.name)).all() == ["Ana Sánchez"]
    (copy,) = backups(database)
    assert copy.name == "petitions.db.before-20261122T120000"
    assert copy.stat().st_mode & 0o777 == 0o600
    before = Database(f"sqlite:///{copy}")
    assert "next_year" not in tables(before)
    with before.reading() as session:
        assert schema.find_revision(session) == HEAD
        assert session.scalars(select(Signature.name)).all() == ["Ana Sánchez"]
    before.close()


@only_sqlite
def test_old_copies_of_upgrades_do_not_stay(database: Database, newer_program: None) -> None:
    """They hold people's names."""
    assert database.file is not None
    for day in (1, 2, 3):
        database.file.with_name(f"{database.file.name}.before-202610{day:02}T000000").touch()
    schema.prepare(database, NOON)
    assert [copy.name.rpartition("-")[2] for copy in backups(database)] == ["20261003T000000", "20261122T120000"]


@only_sqlite
def test_a_failed_upgrade_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot, newer_program: None
) -> None:
    migration = paths.MIGRATIONS / "versions" / "9999_next.py"
    migration.write_text(migration.read_text().replace('(id INTEGER)")', '(id INTEGER)"); raise RuntimeError'))
    with pytest.raises(RuntimeError):
        schema.prepare(database, NOON)
    assert "next_year" not in tables(database)
    with database.reading() as session:
        assert schema.find_revision(session) == HEAD
    assert len(backups(database)) == 1


@pytest.mark.anyio
async def test_the_server_does_not_start_on_a_newer_store(database: Database, settings: Settings) -> None:
    stamp(database, "9998")
    app = create_app(settings)
    try:
        with pytest.raises(SchemaOutdated):
            async with app.router.lifespan_context(app):
                pass
    finally:
        stamp(database, schema.needed_revision())
        app.state.site.database.close()


@only_sqlite
def test_a_copy_is_whole_while_writing_goes_on(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """A store of several thousand pages, and a writer who never rests."""
    assert database.file is not None
    with database.writing() as session:
        session.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
                "INSERT INTO facts SELECT 'fact ' || i, hex(zeroblob(100)) FROM n"
            )
        )
    stop, written = threading.Event(), threading.Event()
    commits = 0

    def write() -> None:
        nonlocal commits
        while not stop.is_set():
            with database.writing() as session:  # two rows that belong together
                session.add(Fact(name=f"left {commits}", value="x"))
                session.add(Fact(name=f"right {commits}", value="x"))
            commits += 1
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait(30)
    target = tmp_path / "copy.db"
    backup(database.file, target)
    stop.set()
    writer.join()
    assert target.stat().st_mode & 0o777 == 0o600
    copy = sqlite3.connect(target)
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    sides = [
        copy.execute("SELECT count(*) FROM facts WHERE name LIKE ?", (f"{side} %",)).fetchone()[0]
        for side in ("fact", "left", "right")
    ]
    copy.close()
    assert sides[0] == 60_000
    assert 1 <= sides[1] == sides[2] <= commits


@only_sqlite
def test_a_copy_is_never_written_over_a_file(database: Database, tmp_path: Path) -> None:
    assert database.file is not None
    target = tmp_path / "copy.db"
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        backup(database.file, target)
    assert target.read_text() == "mine"


def test_a_copy_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"^the copy was not made \(unable to open database file\)$"):
        backup(tmp_path / "nowhere.db", tmp_path / "copy.db")
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"x" * 9000)
    with pytest.raises(StoreUnavailable):
        backup(tmp_path / "broken.db", tmp_path / "copy.db")
    assert [file.name for file in tmp_path.iterdir()] == ["broken.db"]


def test_a_store_in_a_folder_of_any_name_can_be_copied(sqlite_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "50% #1 ä"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "petitions.db")
    backup(folder / "petitions.db", folder / "copy.db")
    database = Database(f"sqlite:///{folder}/copy.db")
    schema.check(database)
    database.close()


def test_another_email_key_is_refused(database: Database, settings: Settings) -> None:
    schema.check_email_key(database, settings.email_key)
    schema.check_email_key(database, settings.email_key)
    with pytest.raises(EmailKeyMismatch, match=r"^PETITIONS_EMAIL_KEY is not the key that this store was filled"):
        schema.check_email_key(database, "other key" * 4)
    schema.check_email_key(database, settings.email_key)
    with database.reading() as session:
        values = session.scalars(select(Fact.value)).all()
    assert len(values) == 1
    assert settings.email_key not in values[0]


def test_other_rules_for_addresses_are_not_blamed_on_the_key(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.check_email_key(database, settings.email_key)
    monkeypatch.setattr(addresses, "RULES_VERSION", 2)
    monkeypatch.setattr(schema, "RULES_VERSION", 2)
    with pytest.raises(EmailKeyMismatch) as caught:
        schema.check_email_key(database, settings.email_key)
    assert str(caught.value) == (
        "The store was made under other rules for addresses (version 1, this program has version 2). Going on "
        "would count people twice. Run the version of petitions that made it."
    )
    with pytest.raises(EmailKeyMismatch, match=r"^PETITIONS_EMAIL_KEY is not the key"):
        schema.check_email_key(database, "other key" * 4)


def test_two_processes_that_first_see_a_store_agree_on_its_key(database: Database) -> None:
    start = threading.Barrier(2)
    refused: list[str] = []

    def begin(key: str) -> None:
        start.wait(30)
        try:
            schema.check_email_key(database, key)
        except EmailKeyMismatch:
            refused.append(key)

    threads = [threading.Thread(target=begin, args=(key * 32,)) for key in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


def test_processes_that_make_one_new_store_do_not_hinder_each_other(tmp_path: Path) -> None:
    databases = [Database(f"sqlite:///{tmp_path}/new.db") for _ in range(3)]
    start = threading.Barrier(3)
    errors: list[BaseException] = []

    def begin(database: Database) -> None:
        start.wait(30)
        try:
            schema.prepare(database, NOON + timedelta(seconds=1))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    make_campaign(databases[0])
    for database in databases:
        schema.check(database)
        database.close()
