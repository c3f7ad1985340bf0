"""The wordings that people signed before: public, cached like the statement, with the campaign's notes."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from petitions.campaigns.editing import load_copy, save_copy
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.public import leaflets
from petitions.settings import Settings
from petitions.signatures.publishing import publish
from petitions.web.site import Site
from tests.console.support import Queries
from tests.factories import WORDING, make_campaign, sign_and_confirm
from tests.web.support import page_of

CACHE_CONTROL = "public, max-age=0, s-maxage=10, stale-while-revalidate=30"


def reword(
    database: Database, settings: Settings, campaign: CampaignSnapshot, title: str, note: dict[str, str]
) -> None:
    """Somebody signs the words of today, and then they change."""
    with database.reading() as session:
        today = get_snapshot(session, campaign.slug)
    sign_and_confirm(database, settings, today)
    with database.writing() as session:
        copy = load_copy(session, campaign.id)
        texts = {code: replace(texts, title=title) for code, texts in copy.content.texts.items()}
        number = save_copy(session, campaign.id, copy.number, replace(copy.content, texts=texts), "Lea", utc_now())
        publish(session, campaign.id, number, "Lea", utc_now(), note)


@pytest.mark.anyio
async def test_the_statement_says_why_its_words_changed_and_leads_to_those_of_before(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for title in ("Second", "Third"):
        reword(database, settings, campaign, title, {"en": f"Because of {title} <b>."})
    page = page_of(await client.get("/c/free-boris"))
    notes = page.one("section", aria_labelledby="wording-notes")
    told = [e.text for e in page.all("li") if notes in e.inside]
    day = f"{utc_now():%-d %B %Y}"
    assert told == [f"The wording was changed on {day}: Because of {title} <b>." for title in ("Third", "Second")]
    (link,) = [e for e in page.all("a") if notes in e.inside]
    assert link["href"] == "/c/free-boris/versions?lang=en"
    answer = await client.get(link["href"])
    versions = page_of(answer)
    assert [e.text for e in versions.all("h3") if e.text != "We demand"] == ["Third", "Second", "Free Boris"]
    assert [e.text for e in versions.all("h2")] == [f"Since {day}", *[f"From {day} to {day}"] * 2]
    assert answer.headers["cache-control"] == CACHE_CONTROL
    assert versions.one("meta", name="robots")["content"] == "noindex"
    assert "set-cookie" not in answer.headers


@pytest.mark.anyio
async def test_a_note_without_the_reader_s_language_is_shown_in_that_of_the_campaign(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = make_campaign(database, languages=("ar", "es"))
    reword(database, settings, campaign, "Neu", {"ar": "خطأ"})
    page = page_of(await client.get("/c/free-boris?lang=es"))
    (note,) = [e for e in page.all("span", lang="ar") if e.text == "خطأ"]
    assert note["dir"] == "rtl"


@pytest.mark.anyio
async def test_a_statement_that_never_changed_has_nothing_to_tell(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.get("/c/free-boris"))
    assert not page.all("section", aria_labelledby="wording-notes")
    versions = page_of(await client.get("/c/free-boris/versions"))
    assert [e.text for e in versions.all("h3") if e.text != "We demand"] == ["Free Boris"]


@pytest.mark.anyio
async def test_wordings_are_those_of_the_reader_s_language(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    spanish = replace(WORDING, title="Libertad")
    campaign = make_campaign(database, wordings={"en": WORDING, "es": spanish})
    reword(database, settings, campaign, "Second", {"en": "Why."})
    titles = {}
    for language in ("en", "es"):
        page = page_of(await client.get(f"/c/free-boris/versions?lang={language}"))
        titles[language] = [e["id"] for e in page.all("h2")]
    assert titles == {"en": ["wording-2", "wording-1"], "es": ["wording-1"]}


@pytest.mark.anyio
async def test_words_of_a_language_that_is_there_no_more_stay_in_public(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    arabic = replace(WORDING, title="الحرية")
    campaign = make_campaign(database, wordings={"en": WORDING, "ar": arabic, "es": WORDING})
    sign_and_confirm(database, settings, campaign, statement_id=campaign.statements["ar"].id)
    with database.writing() as session:
        copy = load_copy(session, campaign.id)
        texts = {code: texts for code, texts in copy.content.texts.items() if code != "ar"}
        number = save_copy(session, campaign.id, copy.number, replace(copy.content, texts=texts), "Lea", utc_now())
        publish(session, campaign.id, number, "Lea", utc_now(), {"en": "Why."})
    page = page_of(await client.get("/c/free-boris/versions?lang=en"))
    assert [e["id"] for e in page.all("h2")] == ["wording-1", "wording-ar-1"]
    heading = page.by_id("wording-ar-1")
    assert heading.text.startswith("العربية:")
    (words,) = [e for e in page.all("div", lang="ar") if "الحرية" in e.text]
    assert words["dir"] == "rtl"


@pytest.mark.anyio
async def test_however_many_wordings_there_are_the_first_stays(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leaflets, "_MOST_WORDINGS", 3)
    for title in ("Second", "Third", "Fourth"):
        reword(database, settings, campaign, title, {"en": "Why."})
    page = page_of(await client.get("/c/free-boris/versions?lang=en"))
    assert [e["id"] for e in page.all("h2")] == ["wording-4", "wording-3", "wording-1"]


@pytest.mark.anyio
@pytest.mark.parametrize("slug", ["nothing", "x" * 200, "%00", "%ff"])
async def test_wordings_of_no_campaign(client: httpx.AsyncClient, database: Database, slug: str) -> None:
    assert (await client.get(f"/c/{slug}/versions")).status_code == 404


@pytest.mark.anyio
async def test_a_wave_of_readers_asks_the_store_once(
    client: httpx.AsyncClient,
    site: Site,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
) -> None:
    for title in ("Second", "Third"):
        reword(database, settings, campaign, title, {"en": title})
    for path in ("/c/free-boris", "/c/free-boris/versions"):
        await client.get(path)
        with Queries(site.database) as queries:
            for _ in range(3):
                await client.get(path)
        assert queries.count == 0


@pytest.mark.anyio
async def test_notes_cost_one_question_however_many_there_are(
    site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = []
    for titles in (["Second"], ["Third", "Fourth"]):
        for title in titles:
            reword(database, settings, campaign, title, {"en": title})
        with Queries(site.database) as queries:
            site.campaigns.forget("free-boris")
            found = await site.campaigns.get("free-boris")
        asked.append((queries.count, len(found.notes)))
    assert asked == [(4, 1), (4, 3)]


@pytest.mark.anyio
async def test_what_ended_stands_apart_on_the_first_page(client: httpx.AsyncClient, database: Database) -> None:
    yesterday = utc_now() - timedelta(days=1)
    for slug, outcome, archived in (
        ("won", "won", None),
        ("lost", "lost", None),
        ("silent", None, None),
        ("away", "won", yesterday),
    ):
        campaign = make_campaign(
            database, slug=slug, closes_at=yesterday, wordings={"en": replace(WORDING, title=f"Title {slug}")}
        )
        with database.writing() as session:
            this = update(Campaign).where(Campaign.id == campaign.id)
            session.execute(this.values(outcome=outcome, archived_at=archived))
    page = page_of(await client.get("/?lang=en"))
    assert [e.text for e in page.all("h2")] == ["What came of it"]
    assert sorted(e.text for e in page.all("h3")) == ["Title lost", "Title won"]
    make_campaign(database, slug="open")
    found = page_of(await client.get("/?q=title+won&lang=en"))
    assert [e.text for e in found.all("h3")] == ["Title won"]
    assert "1 campaign for “title won”." in found.one("p", **{"class": "lede"}).text
    # Another reader's page, for the first one is kept for a second.
    everything = page_of(await client.get("/?lang=en", headers={"accept-language": "de"}))
    assert [e.text for e in everything.all("h2")] == ["Free Boris", "What came of it"]
    listed = (await client.get("/api/v1/campaigns")).json()["campaigns"]
    assert sorted(c["slug"] for c in listed) == ["lost", "open", "silent", "won"]
