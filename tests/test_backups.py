"""Copies of the store that are made by themselves do not outlive the people in them."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from petitions.backups import (
    backup_before_upgrade,
    forget_backups,
    forget_old_backups,
    keep_latest,
)
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from tests.factories import sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@pytest.fixture
def store(database: Database) -> Path:
    assert database.file is not None
    return database.file


def copy_at(store: Path, made_at: datetime) -> Path:
    """A copy that an upgrade made then."""
    backup_before_upgrade(store, made_at)
    copy = store.with_name(f"{store.name}.before-{made_at:%Y%m%dT%H%M%S}")
    os.utime(copy, (made_at.timestamp(), made_at.timestamp()))
    return copy


@only_sqlite
def test_a_copy_before_an_upgrade_holds_everybody_and_is_for_its_owner_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot, store: Path
) -> None:
    sign_and_confirm(database, settings, campaign, name="Planted Name")
    copy = copy_at(store, NOON)
    assert copy.name == "petitions.db.before-20261122T120000"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert b"Planted Name" in copy.read_bytes()


@only_sqlite
def test_two_copies_are_kept_the_latest(store: Path) -> None:
    copies = [copy_at(store, NOON + day * DAY) for day in (2, 0, 1)]
    keep_latest(store)
    assert [copy.exists() for copy in copies] == [True, False, True]


@only_sqlite
def test_a_copy_is_forgotten_after_14_days(database: Database, store: Path) -> None:
    copies = [copy_at(store, NOON - days * DAY) for days in (15, 14, 13)]
    forget_old_backups(database, NOON + timedelta(seconds=1))
    assert [copy.exists() for copy in copies] == [False, False, True]


@only_sqlite
def test_a_purge_forgets_every_copy_and_nothing_else(database: Database, store: Path) -> None:
    for day in range(3):
        copy_at(store, NOON + day * DAY)
    others = [store.with_name(name) for name in ("copy.db", "petitions.db2.before-x", "petitions.db-before-x")]
    for other in others:
        other.touch()
    assert forget_backups(database) == (3, [])
    assert forget_backups(database) == (0, [])
    assert [file.exists() for file in (store, *others)] == [True] * 4
    assert list(store.parent.glob("petitions.db.before-*")) == []


def test_copies_of_a_store_of_any_name_are_found(tmp_path: Path) -> None:
    """A name with brackets would be a pattern that finds others."""
    files = [tmp_path / name for name in ("store [1].db", "store 1.db")]
    databases = [Database(f"sqlite:///{file}") for file in files]
    copies = [copy_at(file, NOON) for file in files]
    assert forget_backups(databases[0]) == (1, [])
    assert [copy.exists() for copy in copies] == [False, True]
    for database in databases:
        database.close()


@only_postgresql
def test_a_postgresql_has_no_copies_of_ours(database: Database) -> None:
    forget_old_backups(database, NOON)
    assert forget_backups(database) == (0, [])
