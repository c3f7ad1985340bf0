"""The languages of a campaign: adding, removing, and the default."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import Copy, load_copy
from petitions.campaigns.queries import CampaignSnapshot
from petitions.console.tongues import common_languages, is_language, tidy_tag
from petitions.db import Database
from tests import factories
from tests.console.support import Browser
from tests.console.writing import DESK, copy_of, entries, fields_of, open_form, purge, save, send
from tests.web.support import page_of

LANGUAGES = f"{DESK}/texts/languages"
REMOVE = f"{DESK}/texts/es/remove"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, languages=("en", "es"))


def content_of(database: Database, campaign: CampaignSnapshot) -> Content:
    return copy_of(database, campaign.id).content


async def act(browser: Browser, path: str) -> dict[str, object]:
    """The hidden fields of the button that posts to a path."""
    return fields_of(page_of(await browser.get(LANGUAGES + "?lang=en")), path)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("typed", "tag"), [("fr", "fr"), (" PT_br ", "pt-BR"), ("zh-hant", "zh-Hant"), ("eo", "eo")]
)
async def test_a_language_is_added_without_texts(
    database: Database, browser: Browser, campaign: CampaignSnapshot, typed: str, tag: str
) -> None:
    before = content_of(database, campaign)
    answer = await send(browser, LANGUAGES, await open_form(browser, LANGUAGES), language=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}/texts/{tag}?lang=en")
    assert content_of(database, campaign) == replace(before, texts={**before.texts, tag: Texts()})
    assert (await browser.get(answer.headers["location"])).status_code == 200
    (entry,) = entries(database, "campaign.saved")
    assert entry.details == {"part": "languages", "added": tag, "number": 1}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Please fill this in."),
        ("es", "The campaign has this language already."),
        ("ES", "The campaign has this language already."),
        ("klingonish", "We do not know this language. Please give its code, like pt-BR."),
        ("../fr", "We do not know this language. Please give its code, like pt-BR."),
        ("languages", "We do not know this language. Please give its code, like pt-BR."),
    ],
)
async def test_what_is_no_new_language_is_refused(
    database: Database, browser: Browser, campaign: CampaignSnapshot, typed: str, error: str
) -> None:
    before = copy_of(database, campaign.id)
    page = page_of(await send(browser, LANGUAGES, await open_form(browser, LANGUAGES), language=typed), 422)
    assert page.error_of("language") == error
    assert str(fields_of(page, LANGUAGES)["language"]).lower() == typed.lower()
    assert copy_of(database, campaign.id) == before


@pytest.mark.anyio
async def test_adding_what_somebody_else_has_added_meanwhile_keeps_their_words(
    database: Database, browser: Browser, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = await open_form(browser, LANGUAGES)
    content = content_of(database, campaign)
    theirs = replace(content, texts={**content.texts, "fr": Texts(title="Libérez Boris")})

    def load_then_be_overtaken(session: Session, campaign_id: int) -> Copy:
        copy = load_copy(session, campaign_id)
        save(database, campaign_id, theirs)
        monkeypatch.undo()
        return copy

    monkeypatch.setattr("petitions.console.languages.load_copy", load_then_be_overtaken)
    assert (await send(browser, LANGUAGES, fields, language="fr")).status_code == 303
    assert content_of(database, campaign).texts["fr"].title == "Libérez Boris"


@pytest.mark.anyio
async def test_a_language_is_removed_after_a_second_question(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    page = page_of(await browser.get(REMOVE + "?lang=en"))
    assert page.heading == "Remove Español?"
    assert "He spoke **freely**." in page.one("div", **{"class": "theirs"}).text
    assert set(content_of(database, campaign).texts) == {"en", "es"}  # asking changes nothing
    answer = await send(browser, REMOVE, fields_of(page, REMOVE))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{LANGUAGES}?saved=1&lang=en")
    assert set(content_of(database, campaign).texts) == {"en"}
    assert (await browser.get(REMOVE)).status_code == 404
    assert (await browser.get("/c/free-boris?lang=es")).status_code == 200  # what is published stays
    (entry,) = entries(database, "campaign.saved")
    assert entry.details == {"part": "languages", "removed": "es", "number": 1}


@pytest.mark.anyio
async def test_texts_that_somebody_has_written_meanwhile_are_not_removed(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, REMOVE)
    content = content_of(database, campaign)
    save(database, campaign.id, replace(content, texts={**content.texts, "es": Texts(title="De Eva")}))
    page = page_of(await send(browser, REMOVE, fields), 409)
    assert "Eva Editor has changed this text" in page.one("p", role="alert").text
    assert "De Eva" in page.one("div", **{"class": "theirs"}).text
    assert content_of(database, campaign).texts["es"].title == "De Eva"
    assert (await send(browser, REMOVE, fields_of(page, REMOVE))).status_code == 303
    assert set(content_of(database, campaign).texts) == {"en"}


@pytest.mark.anyio
async def test_after_a_purge_no_language_comes_or_goes(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    default = f"{DESK}/texts/es/default"
    forms = {path: await open_form(browser, path) for path in (LANGUAGES, REMOVE)}
    forms[default] = await act(browser, default)
    purge(database)
    for path, fields in forms.items():
        changes = {"language": "fr"} if path == LANGUAGES else {}
        page = page_of(await send(browser, path, fields, **changes), 409)
        assert page.one("p", role="alert").text.startswith("Nothing was stored or changed. The data of")
    assert copy_of(database, campaign.id).number == 0
    assert entries(database, "campaign.saved") == []


@pytest.mark.anyio
async def test_the_default_language_cannot_be_removed(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, REMOVE)
    english = f"{DESK}/texts/en/remove"
    assert (await browser.get(english)).status_code == 404
    for digest in (content_of(database, campaign).texts["en"].digest(), "kept", ""):
        assert (await send(browser, english, fields, digest=digest)).status_code == 404
        assert set(content_of(database, campaign).texts) == {"en", "es"}


@pytest.mark.anyio
async def test_another_default_and_who_lags_behind_it(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    content = content_of(database, campaign)
    texts = {**content.texts, "fr": Texts(title="Vieux")}
    save(database, campaign.id, replace(content, texts=texts))
    path = f"{DESK}/texts/es/default"
    answer = await send(browser, path, await act(browser, path))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{LANGUAGES}?saved=1&lang=en")
    after = content_of(database, campaign)
    assert after.default_language == "es"
    assert after.lagging() == {"fr"}
    texts = {**after.texts, "es": replace(after.texts["es"], body="Nuevo.")}
    save(database, campaign.id, replace(after, texts=texts))
    assert content_of(database, campaign).lagging() == {"en", "fr"}
    back = f"{DESK}/texts/fr/default"
    await send(browser, back, await act(browser, back))
    assert content_of(database, campaign).lagging() == {"en", "es"}  # they say something else than the old one


@pytest.mark.anyio
async def test_the_default_is_not_changed_twice_from_one_page(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    path = f"{DESK}/texts/es/default"
    fields = await act(browser, path)
    content = content_of(database, campaign)
    save(database, campaign.id, replace(content, default_language="fr", texts={**content.texts, "fr": Texts()}))
    page = page_of(await send(browser, path, fields), 409)
    assert "Eva Editor has changed the languages" in page.one("p", role="alert").text
    assert content_of(database, campaign).default_language == "fr"


@pytest.mark.anyio
async def test_a_language_without_texts_of_the_campaign_is_no_default(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await act(browser, f"{DESK}/texts/es/default")
    assert (await send(browser, f"{DESK}/texts/de/default", fields)).status_code == 404
    assert (await send(browser, f"{DESK}/texts/..%2f/default", fields)).status_code == 404
    assert content_of(database, campaign).default_language == "en"


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("EN", "en"),
        ("pt_br", "pt-BR"),
        ("zh-HANT-tw", "zh-Hant-TW"),
        ("es – Español", "es"),
        ("", ""),
        (" ", ""),
        (None, ""),
    ],
)
def test_a_tag_is_written_as_usual(typed: str | None, tag: str) -> None:
    assert tidy_tag(typed) == tag


def test_every_language_of_the_list_can_be_chosen() -> None:
    tags = [tag for tag, _ in common_languages()]
    assert len(tags) == len(set(tags)) > 70
    for tag, name in common_languages():
        assert is_language(tag)
        assert tidy_tag(tag) == tag
        assert name != tag
