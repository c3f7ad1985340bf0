"""The schema of the store: is it the one this program needs, and how it becomes so."""

from datetime import datetime
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from petitions import backups, log, paths
from petitions.addresses import RULES_VERSION, fingerprint
from petitions.db import Database, Fact, insert_ignoring
from petitions.errors import EmailKeyMismatch, SchemaOutdated

_EMAIL_KEY = "email_key"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(paths.MIGRATIONS).replace("%", "%%"))
    return config


def needed_revision() -> str:
    """The revision that this program was written for."""
    return _head_of(paths.MIGRATIONS)


@cache
def _head_of(_migrations: Path) -> str:
    """Each start and each look at the health asks for it, and all migrations are imported to find it."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def find_revision(session: Session) -> str | None:
    """The revision of the store; None for an empty one."""
    return MigrationContext.configure(session.connection()).get_current_revision()


def upgrade(database: Database) -> None:
    """Bring the store to the needed revision, in one transaction."""
    config = _config()
    with database.writing() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL statement_timeout = 0"))  # large tables take their time
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")


def check(database: Database) -> None:
    """Raises SchemaOutdated when the store is not of the needed revision."""
    with database.reading() as session:
        found = find_revision(session)
    needed = needed_revision()
    if found != needed:
        known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
        if found is not None and found not in known:
            raise SchemaOutdated(f"the store is of revision {found}, which a newer version of petitions made")
        raise SchemaOutdated(
            f"the store is of revision {found or 'none'}, this program needs {needed}; "
            "make a backup, then run: petitions db upgrade"
        )


def prepare(database: Database, now: datetime) -> None:
    """Make the store ready to serve. The embedded SQLite is upgraded, after a copy; a PostgreSQL is only
    looked at, for other hosts may still use it. Raises SchemaOutdated."""
    if database.file is None:
        check(database)
        return
    with database.reading() as session:
        found = find_revision(session)
    if found is None:
        upgrade(database)
    elif found != needed_revision():
        backups.backup_before_upgrade(database.file, now)
        log.info("schema_upgrade", before=found, after=needed_revision())
        upgrade_known(database)
        backups.keep_latest(database.file)


def upgrade_known(database: Database) -> None:
    """Upgrade, unless a newer program made the store. Raises SchemaOutdated."""
    try:
        check(database)
    except SchemaOutdated as error:
        if "newer version" in str(error):
            raise
        upgrade(database)


def check_email_key(database: Database, email_key: str) -> None:
    """Raises EmailKeyMismatch when the store was filled under another key; notes the key of an empty one."""
    wanted = fingerprint(email_key)
    with database.reading() as session:
        found = session.scalar(select(Fact.value).where(Fact.name == _EMAIL_KEY))
    if found is None:
        with database.writing() as session:
            row = {"name": _EMAIL_KEY, "value": wanted}
            session.execute(insert_ignoring(session, Fact), row)
            found = session.scalar(select(Fact.value).where(Fact.name == _EMAIL_KEY))
    version, _, key = (found or "").partition(":")
    if found != wanted and key == wanted.partition(":")[2]:
        raise EmailKeyMismatch(
            f"The store was made under other rules for addresses (version {version}, this program has version "
            f"{RULES_VERSION}). Going on would count people twice. Run the version of petitions that made it."
        )
    if found != wanted:
        raise EmailKeyMismatch(
            "PETITIONS_EMAIL_KEY is not the key that this store was filled under. Going on would count people "
            "twice. Put the old key back."
        )
