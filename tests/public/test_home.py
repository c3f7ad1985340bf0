"""The first page: open campaigns, and a search among them."""

from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from petitions.campaigns.files import Wording
from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from tests import factories
from tests.web.support import Page, page_of


def titles(page: Page) -> list[str]:
    return [e.text for e in page.all("h2", **{"class": "entry__title"})]


@pytest.mark.anyio
async def test_open_campaigns_are_listed_the_newest_first(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    now = utc_now()
    for age, (slug, changes) in enumerate(
        [
            ("first", {}),
            ("second", {"closes_at": now + timedelta(hours=1)}),
            ("closed", {"closes_at": now - timedelta(seconds=1)}),
            ("upcoming", {"opens_at": now + timedelta(hours=1)}),
        ]
    ):
        wordings = {"en": Wording(f"Title {slug}", "Summary.", "Body.", ())}
        factories.make_campaign(database, now + timedelta(seconds=age), slug=slug, wordings=wordings, **changes)
    response = await client.get("/")
    page = page_of(response)
    assert titles(page) == ["Title second", "Title first"]
    assert response.headers["cache-control"] == "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
    assert len(page.all("link", rel="alternate")) >= 9


@pytest.mark.anyio
async def test_a_search_finds_words_in_every_language_and_fold(
    client: httpx.AsyncClient, database: Database
) -> None:
    wordings = {"es": Wording("Libertad para Borís", "Sociólogo preso.", "Texto.", ())}
    factories.make_campaign(database, slug="uno", wordings=wordings)
    factories.make_campaign(database, slug="dos", addressees=[{"name": "Straße der Räte"}])
    for text, found in (
        ("SOCIOLOGO", ["Libertad para Borís"]),
        ("boris preso", ["Libertad para Borís"]),
        ("strasse", ["Free Boris"]),
        ("boris", ["Free Boris", "Libertad para Borís"]),
        ("nothing like it", []),
        ("\x00", []),
    ):
        page = page_of(await client.get("/", params={"q": text}))
        assert sorted(titles(page)) == found, text
        assert page.one("meta", name="robots")["content"] == "noindex"


@pytest.mark.anyio
async def test_each_campaign_is_shown_in_the_language_its_reader_knows_best(
    client: httpx.AsyncClient, database: Database
) -> None:
    wordings = {
        "en": factories.WORDING,
        "fr": Wording("Libérez Boris", "Résumé.", "Texte.", ()),
    }
    factories.make_campaign(database, wordings=wordings)
    for accepted, title in (("fr", "Libérez Boris"), ("de, fr;q=0.5", "Libérez Boris"), ("de", "Free Boris")):
        page = page_of(await client.get("/", headers={"Accept-Language": accepted}))
        assert titles(page) == [title]


@pytest.mark.parametrize(
    ("closes_at", "words"),
    [(None, "For organisations to sign"), (utc_now() - timedelta(days=1), "No organisation signed")],
    ids=["open", "closed"],
)
@pytest.mark.anyio
async def test_what_organisations_can_sign_and_none_has_says_so(
    client: httpx.AsyncClient, database: Database, closes_at: datetime | None, words: str
) -> None:
    factories.make_campaign(database, signers=["organisations"], closes_at=closes_at)
    if closes_at is not None:
        with database.writing() as session:
            session.execute(update(Campaign).values(outcome="lost"))
    page = page_of(await client.get("/?lang=en"))
    assert words in page.one("main").text
    assert "Signed by" not in page.one("main").text


@pytest.mark.anyio
async def test_an_empty_site_says_what_to_do(client: httpx.AsyncClient, database: Database) -> None:
    page = page_of(await client.get("/"))
    assert [e.text for e in page.all("h2")] == ["There is no open campaign yet"]
