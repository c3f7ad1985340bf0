"""Changing the days of a campaign that people have signed: by that all their names can go."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from starlette.applications import Starlette

from petitions.accounts.models import UserSession
from petitions.accounts.roles import Role
from petitions.campaigns import states
from petitions.campaigns.content import Texts
from petitions.campaigns.models import Campaign, Revision
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console.details_checks import write_moment
from petitions.db import Database
from petitions.privacy.purging import purge_due
from petitions.settings import Settings
from petitions.signatures.models import Signature
from tests.console.support import Browser, browser_of, give_role, make_user
from tests.console.writing import DESK, copy_of, entries, fields_of, open_form, save, send
from tests.factories import sign_and_confirm
from tests.web.support import page_of

DATES, PUBLISH, STATE = f"{DESK}/details/dates", f"{DESK}/publish", f"{DESK}/state"
DAY = timedelta(days=1)


def row(database: Database) -> Campaign:
    with database.reading() as session:
        return session.scalars(select(Campaign)).one()


def put(database: Database, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(**values))


def plan(
    database: Database,
    campaign: CampaignSnapshot,
    closes_at: datetime | None,
    opens_at: datetime | None = None,
    **retention: Any,
) -> None:
    """Somebody saved these days, whatever a form would have said."""
    content = copy_of(database, campaign.id).content
    terms = {**content.terms, "retention": retention or content.terms["retention"]}
    save(database, campaign.id, replace(content, opens_at=opens_at, closes_at=closes_at, terms=terms))


def forget_password(database: Database) -> None:
    """It was entered an hour ago; the session was used a moment ago."""
    with database.writing() as session:
        session.execute(update(UserSession).values(password_at=utc_now() - timedelta(hours=1)))


async def publish(browser: Browser) -> httpx.Response:
    page = page_of(await browser.get(PUBLISH + "?lang=en"))
    sent = fields_of(page, PUBLISH) if page.all("input", name="number") else {"number": "1"}
    return await send(browser, PUBLISH, sent)


def count_revisions(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Revision)) or 0


@pytest.mark.anyio
@pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
async def test_nobody_erases_all_names_by_a_day(
    app: Starlette, database: Database, settings: Settings, campaign: CampaignSnapshot, role: Role
) -> None:
    """Not with a session that was stolen either, and not by way of the store's copy."""
    sign_and_confirm(database, settings, campaign)
    user = make_user(database, "Eddie Editor")
    give_role(database, campaign.id, user, role)
    soon = utc_now() - timedelta(hours=23, minutes=58)
    async with browser_of(app, database, user) as browser:
        forget_password(database)
        fields = await open_form(browser, DATES)
        answer = await send(browser, DATES, fields, closes=write_moment(soon), keep="months", months="0")
        assert "This day has passed." in page_of(answer, 422).error_of("closes")
        plan(database, campaign, soon, months_after_closing=0)
        for fresh in (False, True):
            if fresh:
                with database.writing() as session:
                    session.execute(update(UserSession).values(password_at=utc_now()))
            assert (await publish(browser)).status_code in (403, 422)
    assert purge_due(database, utc_now() + timedelta(minutes=5)) == []
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Signature)) == 1
    assert (row(database).closes_at, row(database).purge_began_at) == (None, None)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("days", "label"),
    [
        ({"opens_at": utc_now() - DAY, "closes_at": None}, "Opens"),
        ({"closes_at": utc_now() + 90 * DAY}, "Closes"),
        ({"closes_at": None, "months_after_closing": 3}, "How long names are kept"),
    ],
)
async def test_an_editor_publishes_no_other_days_and_is_told_which(
    app: Starlette, database: Database, campaign: CampaignSnapshot, days: dict[str, Any], label: str
) -> None:
    user = make_user(database, "Eddie Editor")
    give_role(database, campaign.id, user, Role.EDITOR)
    plan(database, campaign, **days)
    async with browser_of(app, database, user) as browser:
        page = page_of(await browser.get(PUBLISH + "?lang=en"))
        words = page.one("div", id="days").text
        assert f"a campaign that is published: {label}." in words
        assert "owners alone can publish it" in words
        assert not page.all("input", name="number")
        number = copy_of(database, campaign.id).number
        refused = page_of(await browser.post(PUBLISH + "?lang=en", {"number": str(number)}), 403)
        assert refused.one("div", id="days").text == words
    assert (count_revisions(database), entries(database, "campaign.published")) == (1, [])


@pytest.mark.anyio
async def test_an_editor_neither_opens_a_campaign_again_nor_fetches_it_back(
    app: Starlette, database: Database, campaign: CampaignSnapshot
) -> None:
    closed_at = utc_now().replace(microsecond=0) - DAY
    with database.writing() as session:
        states.close(session, campaign.id, "Olga Owner", closed_at)
    put(database, archived_at=closed_at, outcome="won")
    user = make_user(database, "Eddie Editor")
    give_role(database, campaign.id, user, Role.EDITOR)
    plan(database, campaign, None)
    async with browser_of(app, database, user) as browser:
        assert (await publish(browser)).status_code == 403
    assert (row(database).closes_at, row(database).archived_at, row(database).outcome) == (
        closed_at,
        closed_at,
        "won",
    )


@pytest.mark.anyio
async def test_an_owner_enters_the_password_once_more_for_other_days(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    closes_at = utc_now().replace(second=0, microsecond=0) + 90 * DAY
    plan(database, campaign, closes_at)
    forget_password(database)
    words = page_of(await browser.get(PUBLISH + "?lang=en")).one("div", id="days").text
    assert "a campaign that is published: Closes." in words
    assert "we ask for your password" in words
    asked = await publish(browser)
    page = page_of(asked, 403)
    assert page.all("input", name="password")
    assert (row(database).closes_at, count_revisions(database)) == (None, 1)
    kept = fields_of(page, "/console/password")
    with database.writing() as session:
        session.execute(update(UserSession).values(password_at=utc_now()))
    assert str(copy_of(database, campaign.id).number) in kept.values()  # it comes along
    assert (await publish(browser)).status_code == 303
    assert (row(database).closes_at, count_revisions(database)) == (closes_at, 2)


@pytest.mark.anyio
async def test_words_are_published_without_the_password(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    content = copy_of(database, campaign.id).content
    save(database, campaign.id, replace(content, texts={"en": Texts("New", "S", "B")}))
    forget_password(database)
    assert not page_of(await browser.get(PUBLISH + "?lang=en")).all("div", id="days")
    assert (await publish(browser)).status_code == 303


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("closes", "retention", "field", "words"),
    [
        (-DAY, {"months_after_closing": 12}, "closes", "This day has passed."),
        (2 * DAY, {"months_after_closing": 0}, "months", "would be erased within 7 days"),
        (2 * DAY, {"until": (utc_now() + 5 * DAY).date().isoformat()}, "until", "would be erased within 7 days"),
    ],
)
async def test_days_that_come_too_soon_are_told_on_both_pages(
    browser: Browser,
    database: Database,
    campaign: CampaignSnapshot,
    closes: timedelta,
    retention: dict[str, Any],
    field: str,
    words: str,
) -> None:
    closes_at = utc_now() + closes
    fields = await open_form(browser, DATES)
    kept = {
        "keep": "until" if "until" in retention else "months",
        "until": retention.get("until", ""),
        "months": str(retention.get("months_after_closing", 12)),
    }
    answer = page_of(await send(browser, DATES, fields, closes=write_moment(closes_at), **kept), 422)
    assert words in answer.error_of(field)
    plan(database, campaign, closes_at, **retention)
    page = page_of(await browser.get(PUBLISH + "?lang=en"))
    assert words in page.one("section", aria_labelledby="missing").text
    assert not page.all("input", name="number")
    number = copy_of(database, campaign.id).number
    assert (await browser.post(PUBLISH, {"number": str(number)})).status_code == 422
    assert (row(database).closes_at, count_revisions(database)) == (None, 1)


@pytest.mark.anyio
async def test_what_goes_soon_anyway_may_go_then_and_its_words_can_change(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    closed_at = utc_now().replace(second=0, microsecond=0) - DAY
    until = (utc_now() + 3 * DAY).date().isoformat()
    put(database, closes_at=closed_at, terms={**row(database).terms, "retention": {"until": until}})
    assert (await publish(browser)).status_code == 303
    assert (await send(browser, DATES, await open_form(browser, DATES), goal_steps="7")).status_code == 303
    assert (await publish(browser)).status_code == 303
    assert row(database).terms["goal_steps"] == [7]


@pytest.mark.anyio
async def test_no_other_state_lets_names_go_within_days(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    put(database, terms={**row(database).terms, "retention": {"months_after_closing": 0}})
    page = page_of(await browser.post(STATE + "?lang=en", {"action": "close"}), 409)
    assert "would be erased within a few days" in page.one("p", role="alert").text
    assert row(database).closes_at is None
    closed_at = utc_now().replace(microsecond=0) - timedelta(hours=1)
    soon, late = (write_moment(utc_now() + days * DAY) for days in (2, 9))
    put(database, closes_at=closed_at, terms={**row(database).terms, "retention": {"months_after_closing": 0}})
    wrong = page_of(await browser.post(STATE + "?lang=en", {"action": "reopen", "closes": soon}), 422)
    assert wrong.error_of("closes").startswith("The names would be erased within 7 days.")
    assert row(database).closes_at == closed_at
    assert (await browser.post(STATE, {"action": "reopen", "closes": late})).status_code == 303
