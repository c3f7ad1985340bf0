"""Migrations: the last one is what the models say; up, down and up with rows in the tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select, text

from petitions import paths, schema
from petitions.clock import utc_now
from petitions.db import Database
from petitions.models import metadata
from petitions.settings import Rate, Settings
from petitions.signatures.drafting import store_drafts
from petitions.signatures.rollups import roll_up
from tests.factories import make_campaign, make_draft, sign, sign_and_confirm


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
    ):
        condition = definitions[name].partition(" WHERE ")[2]
        assert all(column in condition for column in columns), name


def fill(database: Database, settings: Settings) -> None:
    """Rows in every table."""
    campaign = make_campaign(database, slug=f"campaign-{utc_now():%f}", languages=("en", "es"))
    sign_and_confirm(database, settings, campaign)
    sign(database, settings, campaign)
    with database.writing() as session:
        drafts = [make_draft(campaign, settings, network="192.0.2.1")]
        store_drafts(session, drafts, Rate(1, settings.sign_rate.period) if settings.sign_rate else None)
        now = utc_now()
        session.execute(
            text("INSERT INTO backgrounds (campaign_id, language, body, updated_at) VALUES (:c, 'en', 'b', :now)"),
            {"c": campaign.id, "now": now.replace(tzinfo=None)},
        )
    schema.check_email_key(database, settings.email_key)
    roll_up(database, utc_now())


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def test_up_down_and_up_with_rows_in_the_tables(database: Database, settings: Settings) -> None:
    """Down to nothing step by step, and back."""
    rated = replace(settings, sign_rate=Settings.sign_rate)
    fill(database, rated)
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
    fill(database, rated)
    assert min(counts(database).values()) >= 1


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_is_erased_is_gone_from_the_file(database: Database, settings: Settings) -> None:
    assert database.file is not None
    campaign = make_campaign(database)
    sign(database, settings, campaign, name="Planted Sánchez")
    with database.writing() as session:
        session.execute(text("DELETE FROM drafts"))
    database.engine.dispose()  # the last connection folds the WAL into the file
    assert b"Planted" not in database.file.read_bytes()
