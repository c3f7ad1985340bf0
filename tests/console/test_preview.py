"""The page as it would look, which nobody else sees."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.console.writing import DESK, copy_of, save
from tests.web.support import Page, page_of

PREVIEW = f"{DESK}/preview"
SPANISH = Texts("Libertad", "Una frase.", "Texto **fuerte**.", ("Que salga.",), "## Quién es")


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """Published in English, written in Spanish too."""
    campaign = factories.make_campaign(database)
    content = copy_of(database, campaign.id).content
    save(database, campaign.id, replace(content, texts={**content.texts, "es": SPANISH}))
    return campaign


def robots(page: Page) -> list[str]:
    return [e["content"] for e in page.all("meta", name="robots")]


@pytest.mark.anyio
async def test_the_working_copy_is_shown_as_the_page_would_be(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    answer = await browser.get(f"{PREVIEW}?statement=es&lang=en")
    page = page_of(answer)
    assert page.heading == "Libertad"
    assert "fuerte" in [e.text for e in page.all("strong")]
    assert page.one("h1")["lang"] == "es"
    assert page.all("p", **{"class": "tally__count"})[0].text == "1 has signed"
    assert "Preview." in page.one("aside", **{"class": "preview-bar"}).text
    assert robots(page) == ["noindex"]
    assert page.all("link", rel="canonical") == []
    assert answer.headers["cache-control"] == "no-store"
    assert "Libertad" not in (await browser.get("/c/free-boris?lang=es")).text


@pytest.mark.anyio
async def test_nobody_can_sign_in_a_preview(browser: Browser, campaign: CampaignSnapshot) -> None:
    page = page_of(await browser.get(PREVIEW))
    (form,) = page.all("form", method="post")
    assert form["action"] == ""
    (disabled,) = [e for e in page.all("fieldset") if "disabled" in e.attributes]
    controls = [e for tag in ("input", "select", "textarea", "button") for e in page.all(tag) if form in e.inside]
    assert len(controls) > 5
    assert all(disabled in control.inside for control in controls)


@pytest.mark.anyio
async def test_nothing_in_a_preview_asks_to_sign(browser: Browser, campaign: CampaignSnapshot) -> None:
    assert page_of(await browser.get(PREVIEW)).all("a", **{"class": "sign-bar"}) == []
    assert len(page_of(await browser.get("/c/free-boris")).all("a", **{"class": "sign-bar"})) == 1


@pytest.mark.anyio
async def test_the_public_form_is_not_disabled(browser: Browser, campaign: CampaignSnapshot) -> None:
    page = page_of(await browser.get("/c/free-boris"))
    assert [e for e in page.all("fieldset") if "disabled" in e.attributes] == []
    assert len(page.all("form", action="/c/free-boris/signatures?lang=en")) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("asked", ["", "?statement=fr", "?statement=..", "?statement=", "?part=privacy"])
async def test_what_is_not_there_is_the_default_language(
    browser: Browser, campaign: CampaignSnapshot, asked: str
) -> None:
    assert page_of(await browser.get(PREVIEW + asked)).heading == "Free Boris"


@pytest.mark.anyio
async def test_the_background_of_what_is_not_published(browser: Browser, campaign: CampaignSnapshot) -> None:
    page = page_of(await browser.get(f"{PREVIEW}?statement=es&lang=en"))
    (link,) = [e["href"] for e in page.all("a") if e.text == "Read the background"]
    background = page_of(await browser.get(link))
    assert "Quién es" in [e.text for e in background.all("h2")]
    english = page_of(await browser.get(f"{PREVIEW}?statement=en&part=background"))
    assert english.heading == "Free Boris"  # which has none


@pytest.mark.anyio
@pytest.mark.parametrize(
    "content",
    [
        Content("en"),
        Content("en", texts={"en": Texts()}),
        Content("ar", texts={"ar": Texts(title="الحرية"), "en": Texts(body="Text.")}),
        Content("en", terms={"responsible": {"name": "Only a name"}, "links": [{"url": "https://example.org"}]}),
        Content("en", terms={"addressees": [], "questions": [{"key": "a"}], "goal_steps": "x", "nonsense": 1}),
        Content("en", terms={"visibility": {"choices": ["initials"], "default": "public"}}),
        Content("en", opens_at=datetime(2100, 1, 1, tzinfo=UTC)),
        Content("en", closes_at=datetime(2000, 1, 1, tzinfo=UTC)),
        Content("en", terms={"after_signing": {"share": {"en": "Say"}}, "mail": {"subject": {"en": "A"}}}),
    ],
)
async def test_whatever_is_unfinished_can_be_looked_at(
    app: Starlette, database: Database, content: Content
) -> None:
    user = make_user(database)
    with database.writing() as session:
        campaign_id = create_campaign(session, "new-one", content, "Lea", utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, user, Role.EDITOR)
    async with browser_of(app, database, user) as browser:
        for language in ("en", "ar"):
            page = page_of(await browser.get(f"/console/c/new-one/preview?statement={language}&lang=en"))
            assert page.heading
            assert robots(page) == ["noindex"]


@pytest.mark.anyio
async def test_what_is_left_out_is_said_with_the_way_to_it(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    content = copy_of(database, campaign.id).content
    broken: dict[str, Any] = {"questions": [{"key": "union"}], "goal_steps": [100]}
    save(database, campaign.id, replace(content, terms={**content.terms, **broken}))
    page = page_of(await browser.get(PREVIEW + "?lang=en"))
    (bar,) = page.all("aside", **{"class": "preview-bar"})
    links = [e["href"] for e in page.all("a") if bar in e.inside and "/details/" in e["href"]]
    assert links == [f"{DESK}/details/form?lang=en"]
    clean = {key: value for key, value in content.terms.items() if key != "questions"}
    save(database, campaign.id, replace(content, terms=clean, closes_at=utc_now() + timedelta(days=9)))
    page = page_of(await browser.get(PREVIEW + "?lang=en"))
    assert [e["href"] for e in page.all("a") if "/details/" in e["href"]] == []


@pytest.mark.anyio
async def test_only_who_may_edit_sees_it(
    app: Starlette, database: Database, campaign: CampaignSnapshot, browser: Browser
) -> None:
    viewer = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, viewer, Role.VIEWER)
    for user, status in ((viewer, 403), (make_user(database, "Sara Stranger"), 404), (None, 303)):
        async with browser_of(app, database, user) as other:
            assert (await other.get(PREVIEW)).status_code == status


@pytest.mark.anyio
@pytest.mark.parametrize("languages", [("en",), ("en", "es", "fr")])
async def test_a_preview_asks_the_store_as_often_for_one_language_as_for_three(
    site: Site, database: Database, browser: Browser, campaign: CampaignSnapshot, languages: tuple[str, ...]
) -> None:
    content = copy_of(database, campaign.id).content
    save(database, campaign.id, replace(content, texts=dict.fromkeys(languages, SPANISH)))
    with Queries(site.database) as queries:
        assert (await browser.get(PREVIEW)).status_code == 200
    assert (
        queries.count == 6
    )  # the session, the campaign with the role, its title; the copy, the count, the latest
