"""Writing the texts: what is saved, what is told, and that nothing is lost."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from markupsafe import Markup
from starlette.applications import Starlette

from petitions import markdown
from petitions.app import MAX_BODY, MAX_BODY_IN_CONSOLE
from petitions.campaigns.content import Texts
from petitions.campaigns.queries import CampaignSnapshot
from petitions.console.text_forms import split_demands
from petitions.db import Database
from petitions.web.site import Site
from tests import factories
from tests.console.support import SAME_ORIGIN, Browser, Queries
from tests.console.writing import DESK, copy_of, entries, fields_of, open_form, purge, save, send
from tests.web.support import Page, page_of

ENGLISH, SPANISH = f"{DESK}/texts/en", f"{DESK}/texts/es"
TYPED = {
    "title": "Free Boris now",
    "summary": "A sociologist\r\nis arrested.",
    "body": "He spoke **freely**.\r\n\r\n> We answer.\r\n",
    "demands": "1. His release.\r\n\r\n- The  dropping of all charges.\r\nAn apology.",
    "background": "## Who he is\r\n\r\nA sociologist.",
}
SAVED = Texts(
    title="Free Boris now",
    summary="A sociologist is arrested.",
    body="He spoke **freely**.\n\n> We answer.",
    demands=("His release.", "The dropping of all charges.", "An apology."),
    background="## Who he is\n\nA sociologist.",
)


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, languages=("en", "es"))


def texts_of(database: Database, campaign: CampaignSnapshot, language: str = "en") -> Texts:
    return copy_of(database, campaign.id).content.texts[language]


def marks(page: Page) -> dict[str, list[str]]:
    """What the bar of languages says of each."""
    (bar,) = page.all("nav", **{"class": "languages-bar"})
    found: dict[str, list[str]] = {}
    for item in (e for e in page.all("li") if bar in e.inside):
        names = [e["lang"] for e in page.all("span") if item in e.inside and "lang" in e.attributes]
        if names:
            found[names[0]] = [
                e.text for e in page.all("span") if item in e.inside and "mark" in (e.get("class") or "")
            ]
    return found


@pytest.mark.anyio
async def test_texts_are_saved_as_a_file_would_say_them(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, ENGLISH)
    assert fields["body"] == "He spoke **freely**.\n\nWe answer."
    assert fields["demands"] == "His release.\nThe dropping of all charges."
    answer = await send(browser, ENGLISH, fields, action="save", **TYPED)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ENGLISH}?saved=1&lang=en")
    assert replace(texts_of(database, campaign), follows="") == SAVED
    copy = copy_of(database, campaign.id)
    assert (copy.number, copy.saved_by) == (1, "Olga Owner")
    (entry,) = entries(database, "campaign.saved")
    assert entry.campaign_id == campaign.id
    assert entry.details == {"part": "texts", "language": "en", "number": 1}
    page = page_of(await browser.get(answer.headers["location"]))
    assert "Saved." in [e.text for e in page.all("p", role="status")]
    published = await browser.get("/c/free-boris")
    assert "Free Boris now" not in published.text  # not before it is published


@pytest.mark.anyio
async def test_what_was_saved_can_be_saved_again_without_a_change(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    for language in ("en", "es"):
        path = f"{DESK}/texts/{language}"
        await send(browser, path, await open_form(browser, path), **TYPED)
    before = copy_of(database, campaign.id).content
    for language in ("en", "es"):
        path = f"{DESK}/texts/{language}"
        answer = await send(browser, path, await open_form(browser, path))
        assert answer.status_code == 303
    assert copy_of(database, campaign.id).content == before


@pytest.mark.anyio
async def test_texts_may_be_saved_unfinished(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    empty = dict.fromkeys(TYPED, "")
    answer = await send(browser, ENGLISH, await open_form(browser, ENGLISH), **empty)
    assert answer.status_code == 303
    assert texts_of(database, campaign).is_empty
    assert marks(page_of(await browser.get(ENGLISH)))["en"] == ["default", "unfinished"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("title", "a" * 201, "Please keep it to 200 characters."),
        ("title", "Free\x07Boris", "It holds characters that cannot be shown. Please type it again."),
        ("summary", "a" * 501, "Please keep it to 500 characters."),
        ("body", "a\x00b", "It holds characters that cannot be shown. Please type it again."),
        ("demands", "a\x07b", "It holds characters that cannot be shown. Please type it again."),
        (
            "body",
            "One.\n<!-- demands -->\nTwo.",
            "A line like <!-- demands --> has a meaning of its own in campaign files. Please take it out.",
        ),
        (
            "background",
            " <!--x-->",
            "A line like <!-- demands --> has a meaning of its own in campaign files. Please take it out.",
        ),
        ("body", "a" * 200_000, "The texts of one language are too long together. Please shorten this one."),
        ("background", "ü" * 100_000, "The texts of one language are too long together. Please shorten this one."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_everything_is_kept(
    database: Database, browser: Browser, campaign: CampaignSnapshot, field: str, value: str, error: str
) -> None:
    before = copy_of(database, campaign.id)
    typed = {name: text.replace("\r\n", "\n").strip("\n") for name, text in TYPED.items()} | {field: value}
    typed["summary"] = " ".join(typed["summary"].split())
    answer = await send(browser, SPANISH, await open_form(browser, SPANISH), **typed, checked=None)
    page = page_of(answer, 422)
    assert page.wrong_fields == [field]
    assert page.error_of(field) == error
    kept = fields_of(page, SPANISH)
    assert {name: kept[name] for name in TYPED} == typed
    assert "checked" not in kept
    assert copy_of(database, campaign.id) == before
    again = await send(browser, SPANISH, kept, **{field: "Better."})
    assert again.status_code == 303
    expected = ("Better.",) if field == "demands" else "Better."
    assert getattr(texts_of(database, campaign, "es"), field) == expected


@pytest.mark.anyio
async def test_long_texts_are_taken_and_endless_ones_refused(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, ENGLISH)
    body = "حرية\n" * 20_000  # each letter is six bytes in a form
    answer = await send(browser, ENGLISH, fields, body=body)
    assert answer.status_code == 303
    assert texts_of(database, campaign).body == body.strip()
    assert (await send(browser, ENGLISH, fields, body="a" * MAX_BODY_IN_CONSOLE)).status_code == 413
    public = await browser.client.post("/confirm", content=b"a" * (MAX_BODY + 1), headers=SAME_ORIGIN)
    assert public.status_code == 413


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/console/login", "/console/forgot", "/console/c/free-boris/texts/en"])
async def test_a_large_form_is_read_for_those_alone_who_were_logged_in(app: Starlette, path: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded", **SAME_ORIGIN}

    async def undeclared() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"body=" + b"a" * (MAX_BODY // 2)

    transport = httpx.ASGITransport(app=app)
    for cookie, is_read in (
        ("", False),
        ("petitions-browser=x", False),
        ("petitions=", False),
        ("petitions=x", True),
    ):
        headers = form | ({"cookie": cookie} if cookie else {})
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
            for content in (b"a=" + b"a" * MAX_BODY, undeclared()):
                assert ((await client.post(path, content=content)).status_code != 413) == is_read
            assert (await client.post(path, content=b"a=" + b"a" * (MAX_BODY // 2))).status_code != 413


@pytest.mark.anyio
async def test_the_second_of_two_editors_is_told_and_loses_nothing(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, ENGLISH)
    content = copy_of(database, campaign.id).content
    theirs = replace(content.texts["en"], body="Eva wrote <b>this</b>.", demands=("Hers.",))
    save(database, campaign.id, replace(content, texts={**content.texts, "en": theirs}))
    answer = await send(browser, ENGLISH, fields, action="save", **TYPED)
    page = page_of(answer, 409)
    assert texts_of(database, campaign) == theirs  # nothing is overwritten
    (told,) = page.all("section", role="alert")
    assert "Eva Editor saved another version on " in told.text
    assert "Eva wrote <b>this</b>." in told.text
    assert "Hers." in told.text
    kept = fields_of(page, ENGLISH)
    assert {name: kept[name] for name in TYPED} == {
        "title": SAVED.title,
        "summary": SAVED.summary,
        "body": SAVED.body,
        "demands": "1. His release.\n\n- The  dropping of all charges.\nAn apology.",
        "background": SAVED.background,
    }
    assert "Save mine anyway" in [button.text for button in page.all("button", value="save")]
    assert (await send(browser, ENGLISH, kept, action="save")).status_code == 303
    assert replace(texts_of(database, campaign), follows="") == SAVED


@pytest.mark.anyio
async def test_after_a_purge_nothing_is_saved_and_the_page_says_so(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, ENGLISH)
    purge(database)
    page = page_of(await send(browser, ENGLISH, fields, action="save", **TYPED), 409)
    assert page.one("p", role="alert").text.startswith("Nothing was stored or changed. The data of the signers")
    kept = fields_of(page, ENGLISH)
    assert [kept[name] for name in ("title", "background")] == [SAVED.title, SAVED.background]
    assert copy_of(database, campaign.id).number == 0
    assert entries(database, "campaign.saved") == []
    page = page_of(await browser.get(f"{ENGLISH}?lang=en"))
    assert page.one("p", role="alert").text.startswith("The data of the signers are erased")
    assert "Save" not in [button.text for button in page.all("button")]


@pytest.mark.anyio
async def test_saving_anyway_is_refused_when_a_third_one_was_faster_still(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, ENGLISH)
    for body in ("Eva's.", "Ivan's."):
        content = copy_of(database, campaign.id).content
        texts = {**content.texts, "en": replace(content.texts["en"], body=body)}
        save(database, campaign.id, replace(content, texts=texts), by=body[:-3])
        page = page_of(await send(browser, ENGLISH, fields, body="Mine."), 409)
        assert body in page.one("section", role="alert").text
        fields = fields_of(page, ENGLISH)
        assert texts_of(database, campaign).body == body
    assert (await send(browser, ENGLISH, fields)).status_code == 303
    assert texts_of(database, campaign).body == "Mine."


@pytest.mark.anyio
async def test_whoever_writes_at_another_part_is_not_in_the_way(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, SPANISH)
    content = copy_of(database, campaign.id).content
    texts = {**content.texts, "en": replace(content.texts["en"], body="Eva's.")}
    save(
        database, campaign.id, replace(content, texts=texts, terms={**content.terms, "reply_to": "a@example.org"})
    )
    answer = await send(browser, SPANISH, fields, body="Mío.", checked="y")
    assert answer.headers["location"] == f"{SPANISH}?saved=together&lang=en"
    after = copy_of(database, campaign.id).content
    assert (after.texts["en"].body, after.texts["es"].body) == ("Eva's.", "Mío.")
    assert after.terms["reply_to"] == "a@example.org"
    page = page_of(await browser.get(answer.headers["location"]))
    assert page.all("p", role="status")[0].text == (
        "Saved. Meanwhile somebody else has saved other parts of this campaign; both are kept."
    )
    # It was compared with the text that stood beside it, not with what Eva has made of that.
    assert after.lagging() == {"es"}


@pytest.mark.anyio
async def test_a_race_of_editors_loses_nobody_s_words(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    """Of many who save one text at once, one is saved and everybody else has theirs back in the form; those who
    save another language at the same moment all get through."""
    content = copy_of(database, campaign.id).content
    tags = ("fr", "de", "it")
    save(database, campaign.id, replace(content, texts={**content.texts, **dict.fromkeys(tags, Texts())}))
    english = await open_form(browser, ENGLISH)
    others = [await open_form(browser, f"{DESK}/texts/{tag}") for tag in tags]
    answers = await asyncio.gather(
        *(send(browser, ENGLISH, english, body=f"Number {n}.") for n in range(6)),
        *(
            send(browser, f"{DESK}/texts/{tag}", fields, body=tag)
            for tag, fields in zip(tags, others, strict=True)
        ),
    )
    assert sorted(answer.status_code for answer in answers[:6]) == [303, 409, 409, 409, 409, 409]
    assert [answer.status_code for answer in answers[6:]] == [303, 303, 303]
    after = copy_of(database, campaign.id)
    assert [after.content.texts[tag].body for tag in tags] == list(tags)
    assert after.number == 1 + 1 + 3
    for n, answer in enumerate(answers[:6]):
        if answer.status_code == 303:
            assert after.content.texts["en"].body == f"Number {n}."
        else:
            assert fields_of(page_of(answer, 409), ENGLISH)["body"] == f"Number {n}."


@pytest.mark.anyio
async def test_a_translation_lags_until_somebody_says_that_it_does_not(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    assert marks(page_of(await browser.get(ENGLISH))) == {"en": ["default"], "es": []}
    await send(browser, ENGLISH, await open_form(browser, ENGLISH), body="Something new.")
    page = page_of(await browser.get(SPANISH + "?lang=en"))
    assert marks(page) == {"en": ["default"], "es": ["lags behind"]}
    assert "Something new." in [e.text for e in page.all("div", **{"class": "lines"})]
    fields = fields_of(page, SPANISH)
    assert "checked" not in fields
    await send(browser, SPANISH, fields, body="Algo.")
    assert copy_of(database, campaign.id).content.lagging() == {"es"}
    await send(browser, SPANISH, await open_form(browser, SPANISH), body="Algo nuevo.", checked="y")
    assert copy_of(database, campaign.id).content.lagging() == frozenset()
    assert (await open_form(browser, SPANISH))["checked"] == "y"


@pytest.mark.anyio
async def test_a_tick_does_not_count_for_a_text_that_was_not_shown(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    """The default text changes while a translator has an error to mend: the box is empty again."""
    fields = await open_form(browser, SPANISH)
    await send(browser, ENGLISH, await open_form(browser, ENGLISH), body="Something new.")
    page = page_of(await send(browser, SPANISH, fields, title="a" * 201, checked="y"), 422)
    kept = fields_of(page, SPANISH)
    assert "checked" not in kept
    assert "was changed since you opened this page" in page.one("p", role="status").text
    await send(browser, SPANISH, kept, title="Libertad", checked="y")
    assert copy_of(database, campaign.id).content.lagging() == frozenset()


@pytest.mark.anyio
async def test_the_preview_works_without_a_script_and_saves_nothing(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    before = copy_of(database, campaign.id)
    fields = await open_form(browser, ENGLISH)
    typed = TYPED | {
        "body": "## Big\n\n**Bold** <script>alert(1)</script> [x](javascript:alert(1))",
        "title": "a" * 300,
    }
    answer = await send(browser, ENGLISH, fields, action="preview", **typed)
    page = page_of(answer)
    shown = [e for e in page.all("div") if "data-preview" in e.attributes]
    assert [e.text.split()[0] for e in shown] == ["Big", "Who"]
    assert [e.text for e in page.all("strong") if shown[0] in e.inside] == ["Bold"]
    assert [e.text for e in page.all("li") if e.inside[-1].get("class") == "demands"] == list(SAVED.demands)
    assert [e for e in page.all("script") if "src" not in e.attributes] == []
    assert [e for e in page.all("a") if (e.get("href") or "").startswith("javascript")] == []
    kept = fields_of(page, ENGLISH)
    assert (kept["body"], kept["title"]) == (typed["body"], typed["title"])
    assert copy_of(database, campaign.id) == before
    assert entries(database, "campaign.saved") == []


@pytest.mark.anyio
async def test_the_live_preview_is_a_clean_fragment(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    text = "**Bold**\r\n\r\n<img src=x onerror=alert(1)> [x](javascript:alert(1))"
    answer = await browser.post("/console/preview", {"text": text})
    assert answer.status_code == 200
    assert answer.text.startswith("<p><strong>Bold</strong></p>")
    assert "<img" not in answer.text
    assert re.search(r"<a[^>]*javascript", answer.text) is None
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.post("/console/preview", {"text": "a" * 300_000})).status_code == 400
    assert (await browser.post("/console/preview", {"csrf": "", "text": "a"})).status_code == 403
    assert (await browser.post("/console/preview")).text == ""


@pytest.mark.anyio
async def test_the_live_preview_keeps_nobody_waiting_and_is_not_remembered(
    browser: Browser, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    render = markdown.render_once

    def note(text: str, highest: int) -> Markup:
        threads.append(threading.get_ident())
        return render(text, highest)

    monkeypatch.setattr(markdown, "render_once", note)
    known = markdown.render.cache_info().currsize
    for text in ("*One*", "*One*", "*One* letter more"):
        assert (await browser.post("/console/preview", {"text": text})).status_code == 200
    assert len(threads) == 3
    assert threading.get_ident() not in threads
    assert markdown.render.cache_info().currsize == known


@pytest.mark.anyio
@pytest.mark.parametrize("language", ["fr", "xx-nothing", "%2e%2e", "%00", "a" * 200, "en.md"])
async def test_a_language_that_is_not_there(browser: Browser, campaign: CampaignSnapshot, language: str) -> None:
    assert (await browser.get(f"{DESK}/texts/{language}")).status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize("languages", [("en",), ("en", "es", "fr")])
async def test_a_page_asks_the_store_as_often_for_one_language_as_for_three(
    site: Site, database: Database, browser: Browser, campaign: CampaignSnapshot, languages: tuple[str, ...]
) -> None:
    content = copy_of(database, campaign.id).content
    texts = dict.fromkeys(languages, content.texts["en"])
    save(database, campaign.id, replace(content, texts=texts))
    await browser.get(ENGLISH)
    with Queries(site.database) as queries:
        assert (await browser.get(ENGLISH)).status_code == 200
    assert queries.count == QUERIES


#: The session, the campaign with the role, its title, the working copy.
QUERIES = 4


@pytest.mark.parametrize(
    ("typed", "demands"),
    [
        ("", ()),
        (" \n\n ", ()),
        ("One\nTwo", ("One", "Two")),
        ("1. One\n2) Two\n10. Ten", ("One", "Two", "Ten")),
        ("- One\n* Two\n+ Three\n• Four", ("One", "Two", "Three", "Four")),
        ("2026 is enough\n-1 is not", ("2026 is enough", "-1 is not")),
        ("  A   B  ", ("A B",)),
    ],
)
def test_demands_are_lines_without_what_lists_begin_with(typed: str, demands: tuple[Any, ...]) -> None:
    assert split_demands(typed) == demands


@pytest.mark.anyio
async def test_the_way_to_the_texts_is_to_the_default_language(
    app: Starlette, database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    content = copy_of(database, campaign.id).content
    save(database, campaign.id, replace(content, default_language="es", texts={"es": content.texts["es"]}))
    for path in (f"{DESK}/texts", ENGLISH):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{SPANISH}?lang=en")


@pytest.mark.anyio
@pytest.mark.parametrize("language", ["EN", "fr"])
@pytest.mark.parametrize("action", ["save", "preview"])
async def test_texts_bring_no_language_that_the_campaign_has_not(
    database: Database, browser: Browser, campaign: CampaignSnapshot, language: str, action: str
) -> None:
    before = copy_of(database, campaign.id)
    fields = await open_form(browser, ENGLISH)
    for digest in (fields["digest"], Texts().digest(), ""):
        sent = fields | {"digest": digest, "action": action, "title": "Mine"}
        page = page_of(await send(browser, f"{DESK}/texts/{language}", sent), 404)
        assert "Nothing was saved" in page.one("div", role="alert").text
        assert fields_of(page, f"{DESK}/texts/{language}")["title"] == "Mine"
        assert not [e for e in page.all("button") if e.get("value") == "save"]
    assert copy_of(database, campaign.id) == before
    assert entries(database, "campaign.saved") == []
