"""The switches against a flood: what leads press, what the public sees, what is written down."""

import asyncio

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.campaigns.defence import Defence, set_defence
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import NotPossible
from petitions.web.site import Site
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.console.test_state import entries, put, row
from tests.factories import form
from tests.web.support import Page, page_of

DEFENCE = "/console/c/free-boris/defence"
BAR = {"class": "defence-bar"}


def buttons(page: Page) -> list[str]:
    """The buttons of the page itself, without those of its frame."""
    return [
        " ".join(button.text.split())
        for button in page.all("button", type="submit")
        if "button--small" in (button.get("class") or "")
    ]


@pytest.mark.anyio
async def test_work_is_asked_for_at_once_and_no_longer(
    browser: Browser, client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    assert (await client.get("/c/free-boris/challenge")).status_code == 404
    page = page_of(await browser.get(DEFENCE))
    assert buttons(page) == ["Switch it on Let browsers work", "Pause Pause signing"]
    assert page.all("p", **BAR) == []
    answer = await browser.post(DEFENCE, {"before": "", "after": "work"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DEFENCE}?saved=1&lang=en")
    assert (await client.get("/c/free-boris/challenge")).status_code == 200
    page = page_of(await browser.get(DEFENCE))
    assert buttons(page) == ["Switch it off Let browsers work", "Pause Pause signing"]
    assert (await browser.post(DEFENCE, {"before": "work", "after": ""})).status_code == 303
    assert (await client.get("/c/free-boris/challenge")).status_code == 404
    assert (row(database).defence, row(database).defence_since) == (None, None)
    assert entries(database) == [
        ("defence.set", {"defence": "work", "was": None}),
        ("defence.set", {"defence": None, "was": "work"}),
    ]


@pytest.mark.anyio
async def test_a_pause_takes_no_form_and_stands_on_every_page_of_the_desk(
    browser: Browser, client: httpx.AsyncClient, app: Starlette, database: Database, campaign: CampaignSnapshot
) -> None:
    await browser.post(DEFENCE, {"before": "", "after": "paused"})
    assert (await client.post("/c/free-boris/signatures", data=form())).status_code == 409
    (bar,) = page_of(await browser.get("/console/c/free-boris")).all("p", **BAR)
    assert bar.text.split(".")[0].strip() == "Signing is paused"
    assert page_of(await browser.get("/console/c/free-boris")).all("a", href=f"{DEFENCE}?lang=en")
    viewer = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, viewer, Role.VIEWER)
    async with browser_of(app, database, viewer) as other:
        page = page_of(await other.get("/console/c/free-boris"))
        assert len(page.all("p", **BAR)) == 1
        assert page.all("a", href=f"{DEFENCE}?lang=en") == []
    await browser.post(DEFENCE, {"before": "paused", "after": ""})
    assert (await client.post("/c/free-boris/signatures", data=form())).status_code == 303
    assert page_of(await browser.get("/console/c/free-boris")).all("p", **BAR) == []


@pytest.mark.anyio
async def test_two_at_once_do_not_undo_each_other(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    await browser.post(DEFENCE, {"before": "", "after": "paused"})
    late = await browser.post(DEFENCE, {"before": "", "after": "work"})
    page = page_of(late, 409)
    assert [e.text.strip().split(":")[0] for e in page.all("p", role="alert")] == ["Nothing was changed"]
    assert buttons(page) == ["Switch it on Let browsers work", "Go on Pause signing"]
    assert row(database).defence == "paused"
    assert (await browser.post(DEFENCE, {"before": "", "after": "paused"})).status_code == 303  # what both want
    assert len(entries(database)) == 1


def test_of_two_who_switch_at_the_same_moment_one_is_told(database: Database, campaign: CampaignSnapshot) -> None:
    async def race() -> list[bool | BaseException]:
        def switch(to: Defence) -> asyncio.Future[bool]:
            return asyncio.ensure_future(database.write(set_defence, campaign.id, None, to, utc_now()))

        return list(await asyncio.gather(switch("work"), switch("paused"), return_exceptions=True))

    done = asyncio.run(race())
    assert [type(one) for one in done if one is not True] == [NotPossible]
    assert row(database).defence == ("work" if done[0] is True else "paused")


@pytest.mark.anyio
@pytest.mark.parametrize("state", ["draft", "closed", "erased"])
async def test_where_there_is_no_form_nothing_can_be_switched_on_but_off(
    browser: Browser, database: Database, campaign: CampaignSnapshot, state: str
) -> None:
    values = {"draft": "published_at", "closed": "closes_at", "erased": "purge_began_at"}
    put(database, **{values[state]: None if state == "draft" else utc_now()})
    page = page_of(await browser.get(DEFENCE))
    assert [e.text for e in page.all("h2")] == ["There is nothing to protect"]
    assert (await browser.post(DEFENCE, {"before": "", "after": "work"})).status_code == 409
    put(database, defence="work", defence_since=utc_now())
    assert buttons(page_of(await browser.get(DEFENCE))) == ["Switch it off Let browsers work"]
    assert (await browser.post(DEFENCE, {"before": "work", "after": ""})).status_code == 303
    assert row(database).defence is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    "sent", [{}, {"before": ""}, {"before": "", "after": "off"}, {"before": "x", "after": ""}]
)
async def test_nonsense_is_refused(
    browser: Browser, database: Database, campaign: CampaignSnapshot, sent: dict[str, str]
) -> None:
    assert (await browser.post(DEFENCE, sent)).status_code == 400
    assert entries(database) == []


@pytest.mark.anyio
async def test_the_log_says_it_in_words(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    await browser.post(DEFENCE, {"before": "", "after": "work"})
    await browser.post(DEFENCE, {"before": "work", "after": "paused"})
    await browser.post(DEFENCE, {"before": "paused", "after": ""})
    log = (await browser.get("/console/c/free-boris/audit")).text
    for words in ("turned a switch against a flood", "Signing is paused", "before: Signing is paused", "Off"):
        assert words in log
    with database.reading() as session:
        assert {entry.campaign_id for entry in session.scalars(select(AuditEntry))} == {campaign.id}


@pytest.mark.anyio
async def test_the_page_asks_the_store_as_often_whatever_is_on(
    browser: Browser, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    counts = []
    for defence in (None, "work"):
        put(database, defence=defence, defence_since=utc_now() if defence else None)
        with Queries(site.database) as queries:
            await browser.get(DEFENCE)
        counts.append(queries.count)
    assert counts == [3, 3]
    with database.reading() as session:
        assert session.scalars(select(Campaign.defence)).one() == "work"
