"""What was published: the list, and each change."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.editing import add_revision, create_campaign, load_copy
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.web.site import Site
from tests.campaigns.contents import content
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import make_campaign
from tests.web.support import page_of

HISTORY = "/console/c/free-boris/history"


def add(database: Database, campaign: CampaignSnapshot, note: dict[str, str] | None = None, **changes: Any) -> int:
    """A further revision, in whose texts `changes` were made."""
    with database.writing() as session:
        published = load_copy(session, campaign.id).content
        texts = {code: replace(texts, **changes) for code, texts in published.texts.items()}
        return add_revision(
            session,
            campaign.id,
            replace(published, texts=texts),
            "Olga Owner",
            utc_now(),
            note,
        )


@pytest.mark.anyio
async def test_the_last_comes_first_with_who_and_why(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    add(database, campaign, {"en": "A <misprint>.", "ar": "خطأ"}, title="Now")
    answer = await browser.get(HISTORY)
    page = page_of(answer)
    rows = [e.text for e in page.all("li") if any(i.get("class") == "revisions" for i in e.inside)]
    assert rows[0].startswith("Revision 2 ")
    assert rows[0].endswith("Olga Owner A <misprint>. خطأ")
    assert rows[1].startswith("Revision 1 ")
    assert rows[1].endswith("from files")
    assert page.one("p", lang="ar")["dir"] == "rtl"


@pytest.mark.anyio
async def test_a_revision_shows_what_changed(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    add(database, campaign, title="Free <b>Boris</b>", body="He spoke **out**.\n\nWe answer.")
    page = page_of(await browser.get(f"{HISTORY}/2"))
    assert page.heading == "Revision 2"
    assert [e.text for e in page.all("h3")] == ["English: Title", "English: Text"]
    assert [e.text for e in page.all("del")] == ["removed:freely"]
    assert [e.text for e in page.all("ins")] == ["added:<b>", "added:</b>", "added:out"]
    first = page_of(await browser.get(f"{HISTORY}/1"))
    assert "This is what was published first" in [e.text for e in first.all("h2")]
    assert [e.text for e in first.all("strong")] == ["freely"]


@pytest.mark.anyio
async def test_the_same_again_says_so(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    add(database, campaign)
    assert "Nothing that readers would see." in (await browser.get(f"{HISTORY}/2")).text


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "9" * 40, "2147483648", "1.5"])
async def test_a_revision_that_is_not_there(browser: Browser, campaign: CampaignSnapshot, number: str) -> None:
    assert (await browser.get(f"{HISTORY}/{number}")).status_code == 404


@pytest.mark.anyio
async def test_revisions_of_another_campaign_are_not_found_here(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    add(database, other, title="Secret")
    assert (await browser.get(f"{HISTORY}/2")).status_code == 404
    assert (await browser.get("/console/c/other/history/2")).status_code == 404


@pytest.mark.anyio
async def test_a_campaign_that_nobody_published_teaches(browser: Browser, database: Database, owner: User) -> None:
    with database.writing() as session:
        campaign_id = create_campaign(session, "new-one", content(), "Olga", utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, owner, Role.OWNER)
    page = page_of(await browser.get("/console/c/new-one/history"))
    assert [e.text for e in page.all("h2")] == ["Nothing was published yet"]


@pytest.mark.anyio
async def test_a_viewer_may_read_it(app: Starlette, database: Database, campaign: CampaignSnapshot) -> None:
    user = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, user, Role.VIEWER)
    async with browser_of(app, database, user) as browser:
        assert (await browser.get(HISTORY)).status_code == 200
        assert (await browser.get(f"{HISTORY}/1")).status_code == 200


@pytest.mark.anyio
async def test_a_long_history_has_pages(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    for _ in range(55):
        add(database, campaign)
    page = page_of(await browser.get(HISTORY))
    older = page.one("a", rel="next")["href"]
    assert older == f"{HISTORY}?before=7&lang=en"
    last = page_of(await browser.get(older))
    assert [e.text for e in last.all("a") if e.text.startswith("Revision")] == [
        f"Revision {n}" for n in range(6, 0, -1)
    ]
    assert not last.all("a", rel="next")
    assert last.one("a", rel="prev")["href"] == f"{HISTORY}?lang=en"
    for nonsense in ("x", "-1", "9" * 40, "²", "%00"):
        assert (await browser.get(f"{HISTORY}?before={nonsense}")).status_code == 200


@pytest.mark.anyio
async def test_the_store_is_asked_as_often_for_three_revisions_as_for_one(
    browser: Browser, site: Site, database: Database, campaign: CampaignSnapshot
) -> None:
    asked = []
    for number in (1, 3):
        while add(database, campaign) < number:
            pass
        with Queries(site.database) as queries:
            await browser.get(HISTORY)
        with Queries(site.database) as of_one:
            await browser.get(f"{HISTORY}/2")
        asked.append((queries.count, of_one.count))
    assert asked == [(4, 5)] * 2
