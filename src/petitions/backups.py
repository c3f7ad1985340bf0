"""Copies of the SQLite store: made on demand, and by itself before an upgrade. They hold people's names, so those
that were made by themselves do not stay."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from glob import escape
from pathlib import Path

from petitions.db import Database
from petitions.errors import StoreUnavailable

_KEPT = 2
#: 14 days, less the time until the worker looks again.
_LIFETIME = timedelta(days=14) - timedelta(hours=6)
_MADE = re.compile(r"\d{8}T\d{6}")


def backup(file: Path, target: Path) -> None:
    """Copy a SQLite store while it is in use; the copy is whole and readable by its owner alone."""
    target.touch(mode=0o600, exist_ok=False)
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            # In one step: a copy in several begins anew whenever somebody writes between two, and in a wave
            # would never end. Readers of a WAL hold nobody up.
            source.backup(copy)
    except BaseException as error:
        target.unlink()
        if isinstance(error, sqlite3.Error):
            raise StoreUnavailable(f"the copy was not made ({error})") from None
        raise


def backup_before_upgrade(file: Path, now: datetime) -> None:
    """A copy beside the store, so that an upgrade can be taken back."""
    backup(file, file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%S}"))


def keep_latest(file: Path) -> None:
    """Delete the copies that upgrades made, but for the last."""
    for copy in _copies(file)[:-_KEPT]:
        copy.unlink(missing_ok=True)


def forget_old_backups(database: Database, now: datetime) -> None:
    """Delete the copies that upgrades made, two weeks later."""
    for copy in _copies(database.file) if database.file else ():
        if datetime.fromtimestamp(copy.stat().st_mtime, UTC) < now - _LIFETIME:
            copy.unlink(missing_ok=True)


def forget_backups(database: Database) -> tuple[int, list[str]]:
    """Delete every copy that an upgrade made: somebody in them has the right to be forgotten. How many, and
    those that could not be deleted."""
    left = []
    copies = _copies(database.file) if database.file else []
    for copy in copies:
        try:
            copy.unlink(missing_ok=True)
        except OSError:
            left.append(str(copy))
    return len(copies) - len(left), left


def _copies(file: Path) -> list[Path]:
    """Those that an upgrade made, the oldest first; others of a like name are somebody's own."""
    found = file.parent.glob(f"{escape(file.name)}.before-*")
    return sorted(copy for copy in found if _MADE.fullmatch(copy.name.removeprefix(f"{file.name}.before-")))
