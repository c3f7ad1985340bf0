"""The head of the console's pages, and where somebody gets to who is lost."""

import pytest
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from tests.console.support import Browser, browser_of, give_role, make_user
from tests.web.support import Element, Page, page_of

DESK = "/console/c/free-boris"


def fold_of(page: Page, navigation: str) -> tuple[str, Element]:
    """The words of a navigation's menu, and what it folds away."""
    nav = page.one("nav", **{"class": navigation})
    (menu,) = [e for e in page.all("details") if nav in e.inside]
    assert "open" not in menu.attributes
    (summary,) = [e for e in page.all("summary") if menu in e.inside]
    return summary.text, menu


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "Overview"),
        ("/texts/en", "Texts"),
        ("/details/basics", "Details"),
        ("/audit", "Log"),
        ("/poster", "Share"),
    ],
)
async def test_a_campaigns_parts_are_a_menu_that_says_where_one_is(
    browser: Browser, campaign: CampaignSnapshot, path: str, words: str
) -> None:
    page = page_of(await browser.get(f"{DESK}{path}?lang=en"))
    said, ways = fold_of(page, "desk-ways")
    assert said == words
    links = [e for e in page.all("a") if ways in e.inside]
    assert len(links) == 20
    assert [e.text for e in links if e.get("aria-current")] == [words]


@pytest.mark.anyio
async def test_the_ways_of_the_console_are_one_menu(browser: Browser, campaign: CampaignSnapshot) -> None:
    page = page_of(await browser.get("/console?lang=en"))
    said, ways = fold_of(page, "console-head__ways")
    assert said == "Menu"
    assert [e.text for e in page.all("a") if ways in e.inside] == ["Campaigns", "Your account"]
    assert [e.text for e in page.all("button") if ways in e.inside] == ["Log out"]


@pytest.mark.anyio
async def test_who_is_lost_in_the_console_gets_back_to_it(
    app: Starlette, database: Database, campaign: CampaignSnapshot
) -> None:
    viewer = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, viewer, Role.VIEWER)
    async with browser_of(app, database, viewer) as browser:
        for path, status in (
            ("/console/nothing", 404),
            ("/console/c/nothing", 404),
            (f"{DESK}/details/basics", 403),
        ):
            page = page_of(await browser.get(f"{path}?lang=en"), status)
            ways = [e["href"] for e in page.all("a") if e["href"] != "#main"]
            assert ways == ["/console?lang=en", "/console?lang=en"]
            assert page.all("a")[-1].text == "Your campaigns"
            assert "Nothing was stored or changed." in [e.text for e in page.all("p")]
        for path in ("/consoles", "/c/nothing"):
            page = page_of(await browser.get(f"{path}?lang=en"), 404)
            assert "All open campaigns" in [e.text for e in page.all("a")]
            assert "Nothing was stored or changed." not in [e.text for e in page.all("p")]
