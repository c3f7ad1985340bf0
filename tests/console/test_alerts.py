"""The page of alerts, and the switch for one's own mails."""

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from petitions.accounts.models import Membership, User
from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.watching.alerts import DOMAIN, DRIFT, NETWORK, WORDING, Trend, store_alerts
from petitions.web.site import Site
from tests.console.support import Browser, Queries, browser_of, give_role, make_user

PAGE = "/console/c/free-boris/alerts"
TRENDS = [
    Trend(NETWORK, b"\x1f\x6e\x9a\x02" + bytes(12), None, 72),
    Trend(DOMAIN, b"d" * 16, "mailer.example", 44),
    Trend(WORDING, b"w" * 16, None, 14),
    Trend(DRIFT, bytes(16), None, 3),
]


def store(database: Database, campaign: CampaignSnapshot, *trends: Trend) -> None:
    with database.writing() as session:
        store_alerts(session, campaign.id, trends, utc_now())


def wants(database: Database) -> dict[str, bool]:
    with database.reading() as session:
        query = select(User.name, Membership.wants_alerts).join(User, User.id == Membership.user_id)
        return {name: wanted for name, wanted in session.execute(query)}  # noqa: C416


def actions(database: Database) -> list[tuple[str, object]]:
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.action, entry.details) for entry in entries if entry.action.startswith("alerts.")]


@pytest.mark.anyio
async def test_it_lists_what_was_unusual(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    store(database, campaign, *TRENDS)
    page = (await browser.get(PAGE)).text
    for said in (
        "One network: <code>1f6e9a02</code>",
        "72 forms in an hour",
        "Addresses at <bdi>mailer.example</bdi>",
        "44 forms in an hour",
        "One and the same comment",
        "14 addresses in an hour",
        "The count is not what the signatures say",
        "wrong by 3",
    ):
        assert said in page


@pytest.mark.anyio
async def test_where_nothing_was_it_says_so(browser: Browser) -> None:
    page = (await browser.get(PAGE)).text
    assert "Nothing unusual so far" in page
    assert "nothing is looked at now" not in page


@pytest.mark.anyio
async def test_of_a_closed_campaign_it_says_that_nobody_looks(browser: Browser, database: Database) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=utc_now()))
    assert "nothing is looked at now, and no mail goes out" in (await browser.get(PAGE)).text


@pytest.mark.anyio
async def test_mails_can_be_switched_off_and_on_for_oneself(
    app: Starlette, browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    moderator = make_user(database, "Mona Moderator")
    give_role(database, campaign.id, moderator, Role.MODERATOR)
    answer = await browser.post(f"{PAGE}?lang=en", {"wanted": "0"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=1&lang=en")
    assert wants(database) == {"Olga Owner": False, "Mona Moderator": True}
    assert "You get no mails about alerts of this campaign." in (await browser.get(PAGE)).text
    await browser.post(PAGE, {"wanted": "0"})  # pressed twice
    assert actions(database) == [("alerts.mails_off", {})]
    await browser.post(PAGE, {"wanted": "1"})
    assert wants(database) == {"Olga Owner": True, "Mona Moderator": True}
    assert [action for action, _ in actions(database)] == ["alerts.mails_off", "alerts.mails_on"]
    async with browser_of(app, database, moderator) as other:
        assert "at most one an hour" in (await other.get(PAGE)).text
    log = (await browser.get("/console/c/free-boris/audit")).text
    assert "wanted no more mails about alerts" in log


@pytest.mark.anyio
async def test_the_page_costs_the_same_with_one_alert_and_with_three(
    browser: Browser, database: Database, campaign: CampaignSnapshot, site: Site
) -> None:
    counts = []
    for trends in (TRENDS[:1], TRENDS[1:3]):
        store(database, campaign, *trends)
        with Queries(site.database) as queries:
            await browser.get(PAGE)
        counts.append(queries.count)
    assert counts == [5, 5]
