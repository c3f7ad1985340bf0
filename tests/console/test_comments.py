"""Comments that wait to be read."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.console import comments
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, COMMENT_UNREAD, Signature
from petitions.web.site import Site
from tests import factories
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import change, sign_and_confirm
from tests.moderation.test_searching import explain
from tests.signatures.test_listing import statements

HOME = "/console/c/free-boris"
PAGE = f"{HOME}/comments"


def shown(page: str) -> list[str]:
    """The comments, in their order."""
    return re.findall(r'<span class="lines">(.*?)</span>', page)


def rows(page: str) -> list[str]:
    return re.findall(r'name="row" value="([^"]+)"', page)


def states(database: Database) -> dict[str | None, int]:
    with database.reading() as session:
        found = session.execute(select(Signature.comment, Signature.comment_state).order_by(Signature.serial))
        return {row.comment: row.comment_state for row in found}


@pytest.fixture
def waiting(database: Database, settings: Settings, campaign: CampaignSnapshot) -> list[NewDraft]:
    """Three comments for everyone or the addressees; none of whoever shows initials alone."""
    people = [("one", "public"), ("two", "addressee"), ("unseen", "initials"), ("three", "public")]
    return [
        sign_and_confirm(database, settings, campaign, comment=comment, visibility=visibility)
        for comment, visibility in people
    ]


@pytest.mark.anyio
async def test_the_oldest_stand_first_and_each_is_decided_alone(
    browser: Browser, database: Database, waiting: list[NewDraft]
) -> None:
    page = (await browser.get(PAGE)).text
    assert shown(page) == ["one", "two", "three"]
    answer = await browser.post(PAGE, {"row": rows(page), "hide": str(waiting[1].id)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=1&lang=en")
    answer = await browser.post(PAGE, {"row": rows(page), "approve": str(waiting[0].id)})
    assert answer.status_code == 303
    assert shown((await browser.get(PAGE)).text) == ["three"]
    assert states(database) == {
        "one": COMMENT_APPROVED,
        "two": COMMENT_HIDDEN,
        "unseen": COMMENT_UNREAD,
        "three": COMMENT_UNREAD,
    }


@pytest.mark.anyio
async def test_all_on_the_page_are_approved_and_none_that_was_not_on_it(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, waiting: list[NewDraft]
) -> None:
    page = (await browser.get(PAGE)).text
    sign_and_confirm(database, settings, campaign, comment="later")
    answer = await browser.post(PAGE, {"row": rows(page), "approve": "all"})
    assert answer.status_code == 303
    assert shown((await browser.get(PAGE)).text) == ["later"]
    with database.reading() as session:
        entries = [e for e in session.query(AuditEntry) if e.action == "signature.comment_approved"]
        assert [len(entry.details["signatures"]) for entry in entries] == [3]


@pytest.mark.anyio
async def test_what_changed_meanwhile_is_left_and_told(
    app: Starlette, browser: Browser, database: Database, campaign: CampaignSnapshot, waiting: list[NewDraft]
) -> None:
    page = (await browser.get(PAGE)).text
    mona = make_user(database, "Mona Moderator")
    give_role(database, campaign.id, mona, Role.MODERATOR)
    async with browser_of(app, database, mona) as other:
        await other.post(PAGE, {"row": rows(page), "hide": str(waiting[0].id)})
    factories.act(database, change(waiting[3], comment="An insult"))
    answer = await browser.post(PAGE, {"row": rows(page), "approve": "all"})
    assert answer.status_code == 409
    words = " ".join(answer.text.split())
    assert "1 signature was left as it is: another moderator acted on it" in words
    assert "1 signature was left as it is: its signer has changed the words" in words
    assert (">Number 1</a>" in words, ">Number 4</a>" in words) == (True, True)
    assert shown(answer.text) == ["An insult"]
    assert states(database)["one"] == COMMENT_HIDDEN
    assert states(database)["two"] == COMMENT_APPROVED


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_pages_go_on_from_the_last_number(
    browser: Browser, waiting: list[NewDraft], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments, "_PAGE", 2)
    first = (await browser.get(PAGE)).text
    assert shown(first) == ["one", "two"]
    assert f'href="{PAGE}?after=2&amp;lang=en"' in first
    second = (await browser.get(f"{PAGE}?after=2")).text
    assert shown(second) == ["three"]
    answer = await browser.post(PAGE, {"row": rows(second), "after": "2", "hide": str(waiting[3].id)})
    assert answer.headers["location"] == f"{PAGE}?saved=1&after=2&lang=en"
    assert "No more comments wait here." in (await browser.get(f"{PAGE}?after=2")).text
    wrong: list[dict[str, Any]] = [
        {},
        {"approve": "all", "row": "x"},
        {"hide": str(waiting[0].id)},
        {"hide": "x", "row": rows(first)},
    ]
    for sent in wrong:
        assert (await browser.post(PAGE, sent)).status_code == 400


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_the_way_stands_there_where_comments_wait_or_are_reviewed(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    async def has_way() -> bool:
        return f'href="{PAGE}?lang=en"' in (await browser.get(HOME)).text

    assert not await has_way()
    assert "No comment waits" in (await browser.get(PAGE)).text
    draft = sign_and_confirm(database, settings, campaign, comment="Free him.")
    assert await has_way()
    page = (await browser.get(PAGE)).text
    assert "shows comments at once" in page
    await browser.post(PAGE, {"row": rows(page), "approve": str(draft.id)})
    assert not await has_way()
    with database.writing() as session:
        stored = session.get_one(Campaign, campaign.id)
        stored.terms = {**stored.terms, "comments": {"review": True}}
    assert await has_way()
    assert "only after one of you has approved it" in (await browser.get(PAGE)).text


@pytest.mark.anyio
async def test_whether_comments_wait_costs_a_look_into_their_index(
    browser: Browser, site: Site, database: Database, campaign: CampaignSnapshot
) -> None:
    """Every page of the campaign asks for it."""
    with statements(site.database) as asked:
        await browser.get(HOME)
    wanted = [entry for entry in asked if "comment_state" in entry[0]]
    with database.reading() as session:
        (plan,) = explain(session, database, wanted)
    assert "ix_signatures_unread" in plan


@pytest.mark.anyio
async def test_it_asks_the_store_as_often_for_one_as_for_three(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = []
    for more in (1, 2):
        for _ in range(more):
            sign_and_confirm(database, settings, campaign, comment="Yes")
        with Queries(site.database) as queries:
            assert (await browser.get(PAGE)).status_code == 200
        asked.append(queries.count)
    assert asked == [4, 4]  # the session, the campaign, its title, the comments
