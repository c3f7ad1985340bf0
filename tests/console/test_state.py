"""Closing, opening again, putting away, won and lost: what leads press and what the public sees."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import translator
from petitions.settings import Settings
from petitions.web.site import Site
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import form, sign_and_confirm
from tests.web.support import Page, page_of

STATE = "/console/c/free-boris/state"


def entries(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.reading() as session:
        query = select(AuditEntry).order_by(AuditEntry.id)
        return [(entry.action, entry.details) for entry in session.scalars(query)]


def row(database: Database) -> Campaign:
    with database.reading() as session:
        return session.scalars(select(Campaign)).one()


def put(database: Database, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(**values))


def headings(page: Page) -> list[str]:
    return [e.text for e in page.all("h2")]


@pytest.mark.anyio
async def test_closing_takes_no_more_signatures_at_once(
    browser: Browser, client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    assert page_of(await client.get("/c/free-boris")).all("form")
    assert headings(page_of(await browser.get(STATE))) == ["Close it now"]
    answer = await browser.post(STATE, {"action": "close"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{STATE}?saved=1&lang=en")
    assert (await client.post("/c/free-boris/signatures", data=form())).status_code == 409
    assert headings(page_of(await browser.get(STATE))) == ["What came of it", "Open it again", "Put it away"]
    assert entries(database) == [("campaign.closed", {})]
    again = await browser.post(STATE, {"action": "close"})
    assert again.status_code == 409
    assert "no longer in the state that your page showed" in again.text
    assert len(entries(database)) == 1


@pytest.mark.anyio
async def test_opening_again_with_and_without_a_day(
    browser: Browser, client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    put(database, closes_at=utc_now(), outcome="won")
    assert (await browser.post(STATE, {"action": "reopen", "closes": "2035-06-30T18:00"})).status_code == 303
    assert row(database).closes_at is not None
    assert f"{row(database).closes_at:%Y-%m-%d %H:%M %Z}" == "2035-06-30 18:00 UTC"
    assert row(database).outcome is None
    assert (await client.post("/c/free-boris/signatures", data=form())).status_code == 303
    put(database, closes_at=utc_now())
    assert (await browser.post(STATE, {"action": "reopen"})).status_code == 303
    assert row(database).closes_at is None
    assert entries(database) == [
        ("campaign.reopened", {"closes_at": "2035-06-30T18:00:00+00:00"}),
        ("campaign.reopened", {"closes_at": None}),
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("closes", "words"),
    [
        ("2020-01-01T00:00", "Please give a time to come, after the opening."),
        ("tomorrow", "Please give a day and a time, like 2027-06-30 18:00, or nothing."),
        ("2035-13-01T00:00", "Please give a day and a time, like 2027-06-30 18:00, or nothing."),
        ("99999-01-01T00:00", "Please give a day and a time, like 2027-06-30 18:00, or nothing."),
        ('<b>"', "Please give a day and a time, like 2027-06-30 18:00, or nothing."),
    ],
)
async def test_a_wrong_day_is_told_beside_the_field_and_kept(
    browser: Browser, database: Database, campaign: CampaignSnapshot, closes: str, words: str
) -> None:
    closed_at = utc_now() - timedelta(hours=1)
    put(database, closes_at=closed_at)
    page = page_of(await browser.post(STATE, {"action": "reopen", "closes": closes}), 422)
    assert page.error_of("closes") == words
    assert page.by_id("f-closes")["value"] == closes
    assert row(database).closes_at == closed_at
    assert entries(database) == []


@pytest.mark.anyio
async def test_a_day_after_the_names_are_to_go_is_refused(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    until = (utc_now() + timedelta(days=9)).date().isoformat()
    put(database, closes_at=utc_now(), terms={**row(database).terms, "retention": {"until": until}})
    page = page_of(await browser.post(STATE, {"action": "reopen", "closes": "2035-06-30T18:00"}), 422)
    assert page.error_of("closes").startswith("The names are to be erased before that.")


@pytest.mark.anyio
async def test_after_a_purge_began_it_is_never_opened(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    put(database, closes_at=utc_now(), purge_began_at=utc_now())
    assert headings(page_of(await browser.get(STATE))) == ["What came of it", "Put it away"]
    answer = await browser.post(STATE, {"action": "reopen"})
    assert answer.status_code == 409
    assert "People would be counted twice." in answer.text
    assert entries(database) == []


@pytest.mark.anyio
async def test_what_is_put_away_leaves_the_lists_and_keeps_its_page(
    browser: Browser, client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    put(database, closes_at=utc_now(), outcome="won")
    assert (await browser.post(STATE, {"action": "archive"})).status_code == 303
    assert row(database).archived_at is not None
    assert (await client.get("/api/v1/campaigns")).json() == {"campaigns": []}
    assert (await client.get("/c/free-boris")).status_code == 200
    assert (await client.get("/api/v1/campaigns/free-boris")).status_code == 200
    assert "Free Boris" not in (await client.get("/")).text
    assert headings(page_of(await browser.get(STATE))) == ["What came of it", "Fetch it back"]
    assert (await browser.post(STATE, {"action": "unarchive"})).status_code == 303
    assert row(database).archived_at is None
    assert "Free Boris" in (await client.get("/?q=boris")).text
    assert [action for action, _ in entries(database)] == ["campaign.archived", "campaign.unarchived"]


@pytest.mark.anyio
async def test_what_came_of_it_stands_on_the_page_and_on_the_first(
    browser: Browser,
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
) -> None:
    sign_and_confirm(database, settings, campaign)
    put(database, closes_at=utc_now())
    assert "outcome" not in (await client.get("/c/free-boris?lang=en")).text
    for language, outcome, words in (("es", "won", "Won"), ("fr", "lost", "Not won")):
        answer = await browser.post(STATE, {"action": "outcome", "outcome": outcome})
        assert answer.status_code == 303
        assert page_of(await browser.get(STATE)).one("option", value=outcome).get("selected") == ""
        # Another language each time: these pages live for a second.
        for path, tag in ((f"/c/free-boris?lang={language}", "p"), (f"/?lang={language}", "strong")):
            page = page_of(await client.get(path))
            (banner,) = [e for e in page.all(tag) if f"outcome--{outcome}" in (e.get("class") or "")]
            assert banner.text.startswith(translator(language).gettext(words)), path
    assert (await browser.post(STATE, {"action": "outcome", "outcome": ""})).status_code == 303
    assert row(database).outcome is None
    assert entries(database) == [("campaign.outcome", {"outcome": outcome}) for outcome in ("won", "lost", None)]


@pytest.mark.anyio
async def test_a_word_that_is_no_outcome_changes_nothing(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    put(database, closes_at=utc_now())
    page = page_of(await browser.post(STATE, {"action": "outcome", "outcome": "draw"}), 422)
    assert page.error_of("outcome") == "Please choose one of the list."
    assert row(database).outcome is None


@pytest.mark.anyio
@pytest.mark.parametrize("fields", [{}, {"action": ""}, {"action": "purge"}, {"action": "close\x00"}])
async def test_nothing_else_can_be_asked_for(
    browser: Browser, database: Database, campaign: CampaignSnapshot, fields: dict[str, str]
) -> None:
    assert (await browser.post(STATE, fields)).status_code == 400
    assert entries(database) == []


@pytest.mark.anyio
@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER, None])
async def test_only_owners_may(
    app: Starlette, database: Database, campaign: CampaignSnapshot, role: Role | None
) -> None:
    user = make_user(database, "Vera Other")
    if role is not None:
        give_role(database, campaign.id, user, role)
    status = 403 if role else 404
    async with browser_of(app, database, user) as browser:
        assert (await browser.get(STATE)).status_code == status
        assert (await browser.post(STATE, {"action": "close"})).status_code == status
    assert row(database).closes_at is None


@pytest.mark.anyio
async def test_the_page_asks_the_store_for_nothing_of_its_own(
    browser: Browser, site: Site, database: Database, campaign: CampaignSnapshot
) -> None:
    with Queries(site.database) as queries:
        await browser.get(STATE)
    assert queries.count == 3
