"""Fixtures of the tests of mail."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from jinja2 import DictLoader
from sqlalchemy import create_engine, event, make_url, text

from petitions.db import Database
from petitions.templating import loader
from tests.mail.support import MESSAGE, LogEvents, make_campaign


@pytest.fixture
def open_store(store_url: str) -> Iterator[Callable[[], Database]]:
    """Opens the store once more, as another process would."""
    opened: list[Database] = []

    def open_once() -> Database:
        opened.append(Database(store_url))
        return opened[-1]

    yield open_once
    for database in opened:
        database.close()


@pytest.fixture
def mail_database(open_store: Callable[[], Database]) -> Database:
    """A store with campaign 1 and no mail."""
    database = open_store()
    make_campaign(database)
    return database


@pytest.fixture
def greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message "greeting", and "broken", which cannot be rendered."""
    monkeypatch.setattr(loader, "loaders", [DictLoader(MESSAGE), *loader.loaders])


@pytest.fixture
def log_events() -> Iterator[LogEvents]:
    handler = LogEvents()
    logger = logging.getLogger("petitions")
    level = logger.level
    logger.setLevel("DEBUG")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


Outage = Callable[[], Any]


@pytest.fixture
def outage(mail_database: Database, store_url: str) -> Outage:
    """A context manager within which the store is away."""
    return lambda: _disk_errors(mail_database) if mail_database.is_sqlite else _closed_doors(store_url)


@contextmanager
def _disk_errors(database: Database) -> Iterator[None]:
    def fail(*_arguments: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    event.listen(database.engine, "do_execute", fail)
    event.listen(database.engine, "do_executemany", fail)
    try:
        yield
    finally:
        event.remove(database.engine, "do_execute", fail)
        event.remove(database.engine, "do_executemany", fail)


@contextmanager
def _closed_doors(url: str) -> Iterator[None]:
    """PostgreSQL throws everybody out and lets nobody in."""
    parsed = make_url(url)
    name = parsed.database
    engine = create_engine(parsed.set(database="template1"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        try:
            yield
        finally:
            connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true'))
    engine.dispose()
