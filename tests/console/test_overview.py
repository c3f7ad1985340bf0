"""The overview of a campaign."""

from dataclasses import replace

import pytest
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign, load_copy, save_copy
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.rollups import roll_up
from petitions.web.site import Site
from tests import factories
from tests.console.support import Browser, Queries, browser_of, give_role, make_user

PAGE = "/console/c/free-boris"


@pytest.mark.anyio
async def test_it_shows_count_goal_and_countries(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for country in ("ES", "ES", "FR"):
        factories.sign_and_confirm(database, settings, campaign, country=country)
    roll_up(database, utc_now())
    answer = await browser.get(PAGE)
    assert answer.status_code == 200
    words = " ".join(answer.text.split())
    assert '<strong class="standing__number">3</strong> confirmed signatures' in words
    assert "The next goal is 10." in words
    assert '<span>Spain</span> <span class="shares__number">2</span>' in words
    assert words.index("Spain") < words.index("France")
    assert "What to do next" not in words  # all four steps are done


@pytest.mark.anyio
async def test_a_new_campaign_leads_through_its_steps(app: Starlette, database: Database, owner: User) -> None:
    content = Content("en", texts={"en": Texts(title="Freedom for Ana")})
    with database.writing() as session:
        campaign_id = create_campaign(session, "free-ana", content, "Olga Owner", utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, owner, Role.OWNER)
    async with browser_of(app, database, owner) as browser:
        before = (await browser.get("/console/c/free-ana")).text
        assert _next_step(before) == "/console/c/free-ana/texts/en?lang=en"
        assert "not finished" in before
        whole = replace(content.texts["en"], summary="She is in prison.", body="Let her go.")
        with database.writing() as session:
            save_copy(session, campaign_id, 1, replace(content, texts={"en": whole}), "Olga Owner", utc_now())
        after = (await browser.get("/console/c/free-ana")).text
    assert _next_step(after) == "/console/c/free-ana/details?lang=en"
    assert "not finished" not in after


@pytest.mark.anyio
async def test_an_open_campaign_without_signatures_is_to_be_passed_on(browser: Browser) -> None:
    page = (await browser.get(PAGE)).text
    assert "Nobody has signed yet." in page
    assert _next_step(page) == f"{PAGE}/share?lang=en"


@pytest.mark.anyio
async def test_it_says_that_a_translation_lags_and_that_changes_are_not_published(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    assert "lags behind" not in (await browser.get(PAGE)).text
    with database.writing() as session:
        copy = load_copy(session, campaign.id)
        texts = {**copy.content.texts, "es": Texts("Libertad", "Un sociólogo.", "Habló.", follows="other")}
        save_copy(session, campaign.id, 0, replace(copy.content, texts=texts), "Olga Owner", utc_now())
    page = (await browser.get(PAGE)).text
    assert "lags behind" in page
    assert "There are changes that visitors do not see yet." in page
    assert "Last saved by Olga Owner" in page


@pytest.mark.anyio
async def test_it_names_those_who_look_after_it(
    app: Starlette, browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    viewer = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, viewer, Role.VIEWER)
    owned = (await browser.get(PAGE)).text
    assert "Vera Viewer" in owned
    assert f"{PAGE}/members" in owned
    async with browser_of(app, database, viewer) as other:
        seen = (await other.get(PAGE)).text
    assert "Olga Owner" in seen
    assert "olga@example.org" not in seen  # addresses are for those who manage the members
    assert f"{PAGE}/members" not in seen


@pytest.mark.anyio
@pytest.mark.parametrize("signatures", [1, 3])
async def test_it_asks_the_store_as_often_for_many_signatures_as_for_one(
    browser: Browser,
    site: Site,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    signatures: int,
) -> None:
    for number in range(signatures):
        factories.sign_and_confirm(database, settings, campaign, country=("ES", "FR", "DE")[number])
        give_role(database, campaign.id, make_user(database, f"Person{number} Other"), Role.EDITOR)
    roll_up(database, utc_now())
    with Queries(site.database) as asked:
        assert (await browser.get(PAGE)).status_code == 200
    assert asked.count == QUERIES


#: Log-in, campaign with its title (2), working copy (4: from what is published), count, countries, members,
#: organisations.
QUERIES = 11


def _next_step(page: str) -> str:
    """Where the step leads that is marked as the next one."""
    return page.partition('aria-current="step"')[2].partition('href="')[2].partition('"')[0]
