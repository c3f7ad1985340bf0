"""The page of figures: what it shows, how it renews itself, what it costs."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from petitions.accounts.models import UserSession
from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.signatures.rollups import roll_up
from petitions.watching.flows import hour_of
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.web.site import Site
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import sign_and_confirm

PAGE = "/console/c/free-boris/figures"
PART = f"{PAGE}/part"


def fill(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """Some of everything that the page shows."""
    for _ in range(6):
        sign_and_confirm(database, settings, campaign, language="es", arrived_at=utc_now() - timedelta(minutes=1))
    now = utc_now()
    roll_up(database, now)
    flow = HourlyFlow(
        campaign_id=campaign.id,
        hour=hour_of(now),
        arrived=8,
        mailed=7,
        failed=1,
        delay_ms=21_000,
        longest_ms=9_000,
    )
    with database.writing() as session:
        session.add(flow)
        session.add(SourceCount(campaign_id=campaign.id, key=bytes(16), label="poster", arrived=6, shown=6))
        session.execute(update(Tally).values(waiting=20, held=10, looked_at=now))


@pytest.mark.anyio
async def test_it_shows_the_figures_and_names_nobody(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign)
    page = (await browser.get(PAGE)).text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for said in (
        "6 confirmed signatures 6 came in the last 24 hours.",
        "About 20 more wait for somebody to press the button in their mail.",
        "About 10 are held.",
        "Spain 6",
        "Español 6",
        "poster 6",
        "Sent in the last 24 hours 7",
        "Failed for good in the last 24 hours 1",
        "3 seconds on average, 9 at the longest",
    ):
        assert said in text
    assert "Ana Sánchez" not in page
    assert "@example.org" not in text


@pytest.mark.anyio
async def test_every_chart_has_words_and_a_table(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign)
    page = (await browser.get(PAGE)).text
    charts = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(charts) == 3
    for chart in charts:
        names = re.search(r'aria-labelledby="(\S+) (\S+)"', chart)
        assert names is not None
        assert all(f'id="{name}"' in chart for name in names.groups())
        assert "<table>" in chart
    assert "style=" not in page


@pytest.mark.anyio
async def test_before_anybody_signed_it_says_what_will_be_there(browser: Browser) -> None:
    answer = await browser.get(PAGE)
    assert answer.status_code == 200
    assert "Nobody has signed yet." in answer.text
    assert "a forecast needs three whole days" in answer.text
    assert answer.text.count("<figure") == 1
    assert f'<a class="renewing__again" href="{PAGE}?lang=en">Look again</a>' in answer.text


@pytest.mark.anyio
async def test_a_draft_has_figures_too(database: Database, app: Starlette) -> None:
    lead = make_user(database, "Lea Lead", may_start=True)
    async with browser_of(app, database, lead) as browser:
        begun = await browser.post("/console/campaigns/new", {"slug": "new-one", "title": "New", "language": "en"})
        assert begun.status_code == 303
        assert (await browser.get("/console/c/new-one/figures")).status_code == 200


@pytest.mark.anyio
async def test_the_part_is_what_the_page_shows_and_nobody_keeps_it(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign)
    page, part = await browser.get(f"{PAGE}?lang=es"), await browser.get(f"{PART}?lang=es")
    assert part.headers["cache-control"] == "no-store"
    assert "<html" not in part.text
    assert part.text.strip() in page.text


@pytest.mark.anyio
async def test_whoever_looks_the_store_is_asked_once_in_ten_seconds(
    app: Starlette, browser: Browser, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    other = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, other, Role.VIEWER)
    counts = []
    async with browser_of(app, database, other) as second:
        for browsing in (browser, second, browser):
            with Queries(site.database) as queries:
                assert (await browsing.get(PART)).status_code == 200
            counts.append(queries.count)
    # Who asks, and for which campaign; the first also the figures.
    assert counts == [9, 3, 3]
    site.figures.forget(campaign.id)
    with Queries(site.database) as queries:
        await asyncio.gather(browser.get(PART), browser.get(PART), browser.get(PART))
    assert queries.count == 3 * 3 + 6


@pytest.mark.anyio
async def test_the_page_costs_the_same_with_one_signature_and_with_three(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, site: Site
) -> None:
    counts = []
    for many in (1, 3):
        for _ in range(many):
            sign_and_confirm(database, settings, campaign)
        roll_up(database, utc_now())
        site.figures.forget(campaign.id)
        with Queries(site.database) as queries:
            await browser.get(PAGE)
        counts.append(queries.count)
    assert counts == [9, 9]


@pytest.mark.anyio
async def test_a_page_that_renews_itself_keeps_nobody_active(browser: Browser, database: Database) -> None:
    before = utc_now() - timedelta(minutes=20)
    with database.writing() as session:
        session.execute(update(UserSession).values(seen_at=before, active_at=before))

    def seen() -> tuple[object, object]:
        with database.reading() as session:
            row = session.execute(select(UserSession.seen_at, UserSession.active_at)).one()
            return row[0], row[1]

    assert (await browser.get(PART, headers={"X-Refresh": "1"})).status_code == 200
    assert seen() == (before, before)
    assert (await browser.get(PART)).status_code == 200
    assert seen() > (before, before)


@pytest.mark.anyio
@pytest.mark.parametrize("page", ["/console", "/console/c/free-boris/signatures", "/console/account", PAGE])
async def test_no_other_page_is_read_unseen(browser: Browser, database: Database, page: str) -> None:
    """Whoever has got hold of a cookie shows in the list of browsers, whatever their requests say."""
    before = utc_now() - timedelta(minutes=20)
    with database.writing() as session:
        session.execute(update(UserSession).values(seen_at=before, active_at=before))
    assert (await browser.get(page, headers={"X-Refresh": "1"})).status_code == 200
    with database.reading() as session:
        assert session.scalars(select(UserSession.seen_at)).one() > before


@pytest.mark.anyio
async def test_a_renewal_after_the_log_out_leads_to_the_log_in(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    answer = await client.get(PART, headers={"X-Refresh": "1"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/login?next=")
