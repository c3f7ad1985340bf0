"""The logos that everybody sees: kept for ever by their readers, gone soon here when nobody shows them."""

import asyncio
import io
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image
from sqlalchemy import event
from starlette.applications import Starlette

from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations import own
from petitions.organisations.deciding import Decision, Seen, decide
from petitions.organisations.logos import Logo, read_logo
from petitions.organisations.models import APPROVED, Organisation
from petitions.organisations.requesting import add
from petitions.settings import Settings
from petitions.tokens import Named
from petitions.web.site import Site
from tests import factories
from tests.web.support import within

LEAD = Actor(None, "Lena Lead")


def logo_of(colour: str) -> Logo:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 32), colour).save(buffer, "PNG")
    return read_logo(buffer.getvalue(), "logo.png", "image/png")


RED, BLUE = logo_of("red"), logo_of("blue")


def address(logo: Logo, slug: str = "free-boris") -> str:
    return f"/c/{slug}/logos/{logo.digest}.webp"


@pytest.fixture
def shown(database: Database, settings: Settings, campaign: CampaignSnapshot) -> UUID:
    """A union with a red logo that everybody sees."""
    return add_one(database, settings, campaign)


def add_one(database: Database, settings: Settings, campaign: CampaignSnapshot, **more: Any) -> UUID:
    asked = factories.organisation_request(campaign, settings, logo=more.pop("logo", RED))
    with database.writing() as session:
        add(session, asked, **{"state": APPROVED, "confirmed_at": utc_now(), **more})
    return asked.id


def replace_logo(database: Database, campaign: CampaignSnapshot, identifier: UUID, logo: Logo) -> None:
    """The union proposes another one, and a lead takes it."""
    link = Named(campaign.id, identifier)
    with database.writing() as session:
        own.change(session, link, own.Change(factories.organisation_entry(), logo), utc_now())
    with database.writing() as session:
        seen = Seen(identifier, session.get_one(Organisation, (campaign.id, identifier)).revision)
        assert decide(session, campaign.id, Decision.APPROVE, [seen], LEAD, utc_now()).done


@pytest.mark.anyio
async def test_a_logo_is_served_with_what_keeps_it_harmless_and_long(
    client: httpx.AsyncClient, shown: UUID
) -> None:
    answer = await client.get(address(RED))
    assert (answer.status_code, answer.content) == (200, RED.image)
    expected = {
        "content-type": "image/webp",
        "content-length": str(len(RED.image)),
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "etag": f'"{RED.digest}"',
    }
    assert {name: answer.headers.get_list(name) for name in expected} == {n: [v] for n, v in expected.items()}
    assert "set-cookie" not in answer.headers
    again = await client.get(address(RED), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    other = await client.get(address(RED), headers={"If-None-Match": '"other"'})
    assert other.status_code == 200
    head = await client.head(address(RED))
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(RED.image)))


@pytest.mark.anyio
@pytest.mark.parametrize("state", ["unconfirmed", "waiting", "asked", "declined", "merged"])
async def test_nobody_shows_a_picture_here_by_asking(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, state: str
) -> None:
    add_one(database, settings, campaign, state=state)
    assert (await client.get(address(RED))).status_code == 404


@pytest.mark.anyio
async def test_a_proposed_logo_is_not_served_before_a_lead_took_it(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, shown: UUID
) -> None:
    with database.writing() as session:
        wish = own.Change(factories.organisation_entry(), BLUE)
        assert own.change(session, Named(campaign.id, shown), wish, utc_now())
    assert (await client.get(address(BLUE))).status_code == 404
    assert (await client.get(address(RED))).status_code == 200


@pytest.mark.anyio
async def test_a_logo_is_of_its_campaign_alone(client: httpx.AsyncClient, database: Database, shown: UUID) -> None:
    factories.make_campaign(database, slug="free-clara")
    assert (await client.get(address(RED, "free-clara"))).status_code == 404
    wrong = ["0" * 32, RED.digest[:-1], RED.digest.upper(), f"{RED.digest}0", "..%2f..%2fetc", "%00", "é" * 32]
    for digest in wrong:
        assert (await client.get(f"/c/free-boris/logos/{digest}.webp")).status_code == 404
    assert (await client.get(f"/c/nothing/logos/{RED.digest}.webp")).status_code == 404


@pytest.mark.anyio
async def test_a_wave_of_readers_asks_the_store_once(
    client: httpx.AsyncClient, database: Database, shown: UUID, site: Site
) -> None:
    await client.get("/c/free-boris")
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_args: object) -> None:
        asked.extend([statement] if "organisation_logos" in statement else [])

    event.listen(site.database.engine, "before_cursor_execute", note)
    answers = await asyncio.gather(*(client.get(address(RED)) for _ in range(30)))
    answers += await asyncio.gather(*(client.get(address(RED)) for _ in range(30)))
    event.remove(site.database.engine, "before_cursor_execute", note)
    assert {answer.content for answer in answers} == {RED.image}
    assert len(asked) == 1


@pytest.mark.anyio
async def test_a_logo_that_is_replaced_while_it_is_served_arrives_whole(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
    site: Site,
    database: Database,
    campaign: CampaignSnapshot,
    shown: UUID,
) -> None:
    """One reader has the head of the answer when the logo is replaced, and others come all the while."""
    app, client = app_and_client
    begun, replaced = asyncio.Event(), asyncio.Event()
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.start":
            begun.set()
            await replaced.wait()

    async with within(20):
        slow = asyncio.create_task(app(_scope(address(RED)), _nothing, send))
        await begun.wait()
        swap = asyncio.create_task(asyncio.to_thread(replace_logo, database, campaign, shown, BLUE))
        while not swap.done():
            for answer in await asyncio.gather(*(client.get(address(logo)) for logo in (RED, BLUE))):
                assert (answer.status_code, answer.content) in [(200, RED.image), (200, BLUE.image)] or (
                    answer.status_code == 404
                )
            site.logos.forget((campaign.id, RED.digest))  # as if its seconds were over
        await swap
        replaced.set()
        await slow
    assert b"".join(message.get("body", b"") for message in sent[1:]) == RED.image
    # Once the seconds of the cache are over, the old one is gone and the new one is there.
    site.logos.forget((campaign.id, RED.digest))
    assert (await client.get(address(RED))).status_code == 404
    assert (await client.get(address(BLUE))).content == BLUE.image


@pytest.mark.anyio
async def test_what_was_taken_away_is_served_for_some_seconds_at_most(
    client: httpx.AsyncClient,
    database: Database,
    campaign: CampaignSnapshot,
    shown: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1_000.0
    monkeypatch.setattr("petitions.web.caching.time.monotonic", lambda: now)
    assert (await client.get(address(RED))).status_code == 200
    with database.writing() as session:
        own.withdraw(session, Named(campaign.id, shown), utc_now())
    assert (await client.get(address(RED))).status_code == 200
    now += 10.1
    assert (await client.get(address(RED))).status_code == 404


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("192.0.2.7", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def _nothing() -> Any:
    await asyncio.Event().wait()
