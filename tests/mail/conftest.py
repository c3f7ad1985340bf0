"""Fixtures of the tests of mail."""

import asyncio
import logging
from collections.abc import Callable, Iterator

import pytest
from jinja2 import ChoiceLoader, DictLoader

from petitions.db import Database
from petitions.templating import environment
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
    assert environment.loader is not None
    monkeypatch.setattr(environment, "loader", ChoiceLoader([DictLoader(MESSAGE), environment.loader]))


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
