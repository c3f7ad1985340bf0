"""Downloading the list of signatures."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import pytest
import uvicorn
from sqlalchemy import update
from starlette.applications import Starlette

from petitions.accounts.models import UserSession
from petitions.accounts.roles import Role
from petitions.accounts.sessions import PASSWORD_FRESH
from petitions.audit.models import AuditEntry
from petitions.campaigns.content import Content
from petitions.campaigns.editing import create_campaign
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console import download
from petitions.db import Database
from petitions.delivery import streaming
from petitions.delivery.csv_export import BOM, write_csv
from petitions.delivery.organisations_csv import make_list
from petitions.delivery.streaming import MOST_AT_ONCE, take_place
from petitions.settings import Settings
from petitions.signatures.rollups import roll_up
from petitions.web.site import Site
from tests import factories
from tests.console.support import SAME_ORIGIN, Browser, Queries, browser_of, give_role, make_user

PAGE = "/console/c/free-boris/download"
FILE = f"{PAGE}/signatures.csv"


def entries(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.reading() as session:
        return [(entry.action, entry.details) for entry in session.query(AuditEntry).order_by(AuditEntry.id)]


@pytest.mark.anyio
async def test_somebody_with_the_delivery_role_gets_the_list_of_the_command(
    app: Starlette, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for name in ("Ana Sánchez", "=cmd()", "Иван, Петров"):
        factories.sign_and_confirm(database, settings, campaign, name=name)
    factories.sign_and_confirm(database, settings, campaign, name=None, visibility="anonymous")
    dora = make_user(database, "Dora Delivery")
    give_role(database, campaign.id, dora, Role.DELIVERY)
    async with browser_of(app, database, dora) as browser:
        answer = await browser.post(FILE)
        with_bom = await browser.post(FILE, {"bom": "y"})
    out = io.StringIO(newline="")
    assert write_csv(database, campaign, out) == 3
    assert answer.status_code == 200
    assert answer.content == out.getvalue().encode()
    assert with_bom.content == BOM.encode() + answer.content
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    name = f"free-boris-{utc_now():%Y-%m-%d}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    (began, _), (ended, details) = entries(database)[:2]
    assert (began, ended) == ("list.download_began", "list.downloaded")
    assert (details["rows"], details["complete"]) == (3, True)
    assert details["sha256"] == hashlib.sha256(answer.content).hexdigest()
    with database.reading() as session:
        assert {entry.actor for entry in session.query(AuditEntry)} == {"Dora Delivery"}


@pytest.mark.anyio
async def test_the_page_says_what_the_list_holds(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for visibility in ("public", "addressee", "initials"):
        factories.sign_and_confirm(database, settings, campaign, visibility=visibility)
    factories.sign_and_confirm(database, settings, campaign, name=None, visibility="anonymous")
    roll_up(database, utc_now())
    words = " ".join((await browser.get(PAGE)).text.split())
    assert "4 people have signed." in words
    assert "<dt>With the full name</dt> <dd> 2 </dd>" in words
    assert "<dt>With initials and country alone</dt> <dd> 1 </dd>" in words
    assert "<dt>Not in the list: counted without a name</dt> <dd> 1 </dd>" in words
    assert "The embassies" in words


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["get", "post"])
async def test_the_password_is_asked_for_again(
    browser: Browser, database: Database, campaign: CampaignSnapshot, method: str
) -> None:
    with database.writing() as session:
        session.execute(update(UserSession).values(password_at=utc_now() - PASSWORD_FRESH))
    answer = await (browser.get(PAGE) if method == "get" else browser.post(FILE))
    assert answer.headers.get("location", "/console/password").startswith("/console/password")
    assert "csv" not in answer.headers.get("content-type", "")
    assert entries(database) == []


@pytest.mark.anyio
async def test_a_form_of_another_session_gets_nothing(browser: Browser, database: Database) -> None:
    assert (await browser.post(FILE, {"csrf": "0" * 32})).status_code == 403
    assert entries(database) == []


@pytest.mark.anyio
async def test_a_purged_campaign_has_no_list(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).purge_began_at = utc_now()
    assert "The names are erased" in (await browser.get(PAGE)).text
    answer = await browser.post(FILE)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "text/html; charset=utf-8")
    assert entries(database) == []


@pytest.mark.anyio
async def test_a_campaign_that_is_not_published_has_no_list(app: Starlette, database: Database) -> None:
    with database.writing() as session:
        campaign_id = create_campaign(session, "later", Content("en"), "Olga", utc_now())
    assert campaign_id is not None
    dora = make_user(database, "Dora Delivery")
    give_role(database, campaign_id, dora, Role.DELIVERY)
    async with browser_of(app, database, dora) as browser:
        assert "There is no list yet" in (await browser.get("/console/c/later/download")).text
        assert (await browser.post("/console/c/later/download/signatures.csv")).status_code == 409
    assert entries(database) == []


@pytest.mark.anyio
async def test_only_so_many_lists_leave_at_once(browser: Browser, database: Database) -> None:
    places = [take_place() for _ in range(MOST_AT_ONCE)]
    try:
        answer = await browser.post(FILE)
        assert answer.status_code == 503
        assert "Other lists are being downloaded" in answer.text
        assert entries(database) == []
    finally:
        for give_back in places:
            assert give_back is not None
            give_back()
    assert (await browser.post(FILE)).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("signatures", [1, 3])
async def test_it_asks_the_store_as_often_for_many_as_for_one(
    browser: Browser,
    site: Site,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    signatures: int,
) -> None:
    for _ in range(signatures):
        factories.sign_and_confirm(database, settings, campaign)
    roll_up(database, utc_now())
    with Queries(site.database) as asked:
        assert (await browser.get(PAGE)).status_code == 200
    assert asked.count == QUERIES


#: Log-in, campaign with its title (2), what is published (4), count, shares, organisations.
QUERIES = 10


@pytest.mark.anyio
async def test_a_browser_that_goes_away_is_written_down(
    app: Starlette,
    database: Database,
    campaign: CampaignSnapshot,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over a real connection, with a list that is longer than what fits into it."""

    def write_without_end(*_args: object, progress: Callable[[int], None], **_options: object) -> int:
        while True:
            _args[2].write("Ana Sánchez,ES\r\n" * 50_000)  # type: ignore[attr-defined]
            progress(50_000)

    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def place() -> Callable[[], None]:
        return lambda: cast("None", loop.call_soon_threadsafe(ended.set))

    monkeypatch.setattr(streaming, "write_csv", write_without_end)
    monkeypatch.setattr(download, "take_place", place)
    async with listening(app) as port:
        cookies = dict(browser.client.cookies)
        async with (
            httpx.AsyncClient(base_url=f"http://localhost:{port}", cookies=cookies) as client,
            client.stream("POST", FILE, data={"csrf": browser.csrf}, headers=SAME_ORIGIN) as answer,
        ):
            assert answer.status_code == 200
            await anext(answer.aiter_raw())
        await ended.wait()
    (_, _), (ended_as, details) = entries(database)
    assert (ended_as, details["complete"], "sha256" in details) == ("list.downloaded", False, False)
    assert isinstance(details["rows"], int)
    assert details["rows"] >= 50_000


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[int]:
    """The application behind a real server; its port."""
    server = uvicorn.Server(uvicorn.Config(app, host="localhost", port=0, lifespan="off", log_config=None))
    started, startup = asyncio.Event(), server.startup

    async def start(*args: Any, **options: Any) -> None:
        await startup(*args, **options)
        started.set()

    server.startup = start  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    await started.wait()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@pytest.mark.anyio
async def test_the_organisations_are_a_list_of_their_own(
    app: Starlette, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    file = f"{PAGE}/organisations.csv"
    dora = make_user(database, "Dora Delivery")
    give_role(database, campaign.id, dora, Role.DELIVERY)
    async with browser_of(app, database, dora) as browser:
        assert "organisations.csv" not in (await browser.get(PAGE)).text
        factories.cosign(database, settings, campaign, name="Bakers")
        assert f'action="{file}' in (await browser.get(PAGE)).text
        answer = await browser.post(file)
    with database.reading() as session:
        made = make_list(session, campaign)
    assert answer.content == made.content
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith('attachment; filename="free-boris-organisations-')
    (entry,) = entries(database)
    assert entry == ("organisations.downloaded", {"rows": 1, "sha256": made.digest})
