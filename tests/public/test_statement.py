"""The statement page: rendered once a second for everybody, in the right languages, without a cookie."""

import asyncio
import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from petitions.campaigns.files import Wording
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.public import statement
from petitions.settings import Settings
from petitions.web.caching import FRESH
from petitions.web.fresh import FreshAnswers
from petitions.web.site import Site
from tests import factories
from tests.web.support import page_of

CACHE_CONTROL = "public, max-age=0, s-maxage=10, stale-while-revalidate=30"


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The interface's language of each rendering."""
    seen: list[str] = []
    render = statement.render_statement

    def count(here: Any, *arguments: Any, **context: Any) -> str:
        seen.append(here.words.language)
        return render(here, *arguments, **context)

    monkeypatch.setattr(statement, "render_statement", count)
    return seen


def grow_old(app: Starlette, seconds: float) -> None:
    """Let time pass for everything in memory."""
    site: Site = app.state.site
    for slug, (loaded_at, campaign) in list(site.campaigns._values.items()):
        site.campaigns._values[slug] = (loaded_at - seconds, campaign)
    for key, (made_at, page) in list(site.pages._values.items()):
        site.pages._values[key] = (made_at - seconds, replace(page, fresh_until=page.fresh_until - seconds))
    layer: Any = app.middleware_stack
    while not isinstance(layer, FreshAnswers):
        layer = layer.app
    for answer in layer._answers.values():
        answer.fresh_until -= seconds


@pytest.mark.anyio
async def test_caches_may_keep_the_page_for_seconds(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    response = await client.get("/c/free-boris")
    assert page_of(response).heading == "Free Boris"
    assert response.headers["cache-control"] == CACHE_CONTROL
    assert response.headers["vary"] == "Accept-Language, Accept-Encoding"
    assert response.headers["content-language"] == "en"
    assert "set-cookie" not in response.headers
    assert int(response.headers["content-length"]) == len(gzip.compress(response.content, 6, mtime=0))


@pytest.mark.anyio
async def test_the_page_is_compressed_for_who_asks(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    plain = await client.get("/c/free-boris", headers={"Accept-Encoding": "identity"})
    refused = await client.get("/c/free-boris", headers={"Accept-Encoding": "gzip;q=0"})
    packed = await client.get("/c/free-boris", headers={"Accept-Encoding": "br, gzip"})
    assert plain.content == refused.content == packed.content
    encodings = [answer.headers.get("content-encoding") for answer in (plain, refused, packed)]
    assert encodings == [None, None, "gzip"]
    assert int(plain.headers["content-length"]) == len(plain.content)


@pytest.mark.anyio
async def test_an_unchanged_page_is_not_sent_again(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    first = await client.get("/c/free-boris")
    etag = first.headers["etag"]
    for value in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = await client.get("/c/free-boris", headers={"If-None-Match": value})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert again.headers[name] == first.headers[name]
        assert "content-security-policy" in again.headers
    changed = await client.get("/c/free-boris", headers={"If-None-Match": '"other"'})
    assert (changed.status_code, changed.content) == (200, first.content)


@pytest.mark.anyio
async def test_a_count_that_rose_is_another_page(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
) -> None:
    first = await client.get("/c/free-boris")
    factories.sign_and_confirm(database, settings, campaign)
    grow_old(app_and_client[0], FRESH)
    again = await client.get("/c/free-boris", headers={"If-None-Match": first.headers["etag"]})
    page = page_of(again)
    assert page.all("p", **{"class": "tally__count"})[0].text == "1 has signed"
    assert [(e["value"], e["max"]) for e in page.all("progress")][:1] == [("1", "10")]


@pytest.mark.anyio
async def test_head_answers_as_get_without_the_page(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    get, head = await client.get("/c/free-boris"), await client.head("/c/free-boris")
    assert (head.status_code, head.content) == (200, b"")
    skipped = ("x-request-id",)
    assert [(k, v) for k, v in head.headers.items() if k not in skipped] == [
        (k, v) for k, v in get.headers.items() if k not in skipped
    ]


@pytest.mark.anyio
async def test_a_wave_of_readers_costs_one_rendering_a_second(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
    client: httpx.AsyncClient,
    campaign: CampaignSnapshot,
    renders: list[str],
) -> None:
    """Whatever else stands in the address: trackers add what they like."""
    wave = [client.get(f"/c/free-boris?utm_source={n}&fbclid={n * n}") for n in range(50)]
    answers = await asyncio.gather(*wave)
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert renders == ["en"]
    grow_old(app_and_client[0], FRESH - 0.5)
    await client.get("/c/free-boris")
    assert renders == ["en"]
    grow_old(app_and_client[0], 0.6)
    await asyncio.gather(*(client.get("/c/free-boris") for _ in range(50)))
    assert renders == ["en", "en"]


@pytest.mark.anyio
async def test_each_pair_of_languages_is_rendered_once(
    client: httpx.AsyncClient, campaign: CampaignSnapshot, renders: list[str]
) -> None:
    for accepted in ("es", "es-MX,es;q=0.9", "ES", "xx, es;q=0.1"):
        await client.get("/c/free-boris", headers={"Accept-Language": accepted})
    await client.get("/c/free-boris?lang=es", headers={"Accept-Language": "de"})
    assert renders == ["es"]


@pytest.mark.anyio
async def test_a_rendering_whose_reader_left_serves_the_others(
    client: httpx.AsyncClient, campaign: CampaignSnapshot, renders: list[str]
) -> None:
    first = asyncio.create_task(client.get("/c/free-boris"))
    others = [asyncio.create_task(client.get("/c/free-boris")) for _ in range(5)]
    while not renders and not first.done():
        await asyncio.sleep(0)
        first.cancel()
    assert {answer.status_code for answer in await asyncio.gather(*others)} == {200}


@pytest.mark.anyio
async def test_what_is_in_memory_is_given_to_the_same_question_only(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Twice round, so that the second time everything is in memory."""
    factories.make_campaign(database, wordings={"en": factories.WORDING, "ar": ARABIC})
    identifiers, told = set(), []
    for _ in range(2):
        for path, headers in (
            ("/c/free-boris", {"Accept-Language": "en"}),
            ("/c/free-boris", {"Accept-Language": "ar"}),
            ("/c/free-boris", {"Accept-Language": "ar", "Accept-Encoding": "identity"}),
            ("/c/free-boris?lang=es", {"Accept-Language": "ar"}),
            ("/c/free-boris", {"Accept-Language": "en", "Host": "evil.example"}),
            ("/api/v1/campaigns", {"Accept-Language": "en"}),
        ):
            response = await client.get(path, headers=headers)
            identifiers.add(response.headers["x-request-id"])
            shown = [(k, v) for k, v in response.headers.items() if k != "x-request-id"]
            told.append((response.status_code, response.content, shown))
        head = await client.head("/c/free-boris", headers={"Accept-Language": "en"})
        assert (head.status_code, head.content) == (200, b"")
        posted = await client.post("/c/free-boris", headers={"Accept-Language": "en"})
        assert posted.status_code == 405
    assert told[:6] == told[6:]
    assert [status for status, _, _ in told[:6]] == [200, 200, 200, 200, 400, 200]
    languages = [dict(headers).get("content-language") for _, _, headers in told[:4]]
    assert languages == ["en", "ar", "ar", "es"]
    assert len(identifiers) == 12


BASQUE = Wording("Boris askatu", "Laburpena.", "Testua.", ("Askatasuna.",))
ARABIC = Wording("الحرية لبوريس", "ملخص.", "نص.", ("الحرية.",))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("query", "accepted", "interface", "wording"),
    [
        ("", "", "eu", "eu"),  # the campaign's own
        ("", "ar", "ar", "ar"),
        ("", "en;q=0.5, ar;q=0.8", "ar", "ar"),
        ("", "de-AT, ar;q=0.1", "de", "ar"),  # the interface has German, the statement the second wish
        ("", "ja, zh", "eu", "eu"),  # nobody has these
        ("?lang=ar", "de", "ar", "ar"),
        ("?lang=fr", "", "fr", "eu"),
        ("?lang=AR", "", "ar", "ar"),
        ("?lang=xx", "ar", "ar", "ar"),
        ("?lang=", "ar", "ar", "ar"),
        ("?lang=%00", "de", "de", "eu"),
        ("", "*", "eu", "eu"),
        ("", ";;;q=,,ar;q=0", "eu", "eu"),
    ],
)
async def test_interface_and_statement_find_their_languages_separately(
    client: httpx.AsyncClient, database: Database, query: str, accepted: str, interface: str, wording: str
) -> None:
    factories.make_campaign(database, wordings={"eu": BASQUE, "ar": ARABIC})
    response = await client.get(f"/c/free-boris{query}", headers={"Accept-Language": accepted})
    page = page_of(response)
    html, title = page.one("html"), page.one("h1")
    assert (html["lang"], html["dir"]) == (interface, "rtl" if interface == "ar" else "ltr")
    assert response.headers["content-language"] == interface
    assert title.text == {"eu": BASQUE, "ar": ARABIC}[wording].title
    own = (None, None) if wording == interface else (wording, "rtl" if wording == "ar" else "ltr")
    for element in (title, page.one("div", **{"class": "prose"})):
        assert (element.get("lang"), element.get("dir")) == own
    assert page.one("form", method="post")["action"] == f"/c/free-boris/signatures?lang={interface}"


@pytest.mark.anyio
async def test_the_form_offers_what_the_campaign_offers_with_its_default(
    client: httpx.AsyncClient, database: Database
) -> None:
    """And the consent to mails is nobody's default."""
    for slug, visibility, offered, chosen in (
        ("plain", {}, ["public", "initials", "addressee", "anonymous"], "public"),
        ("careful", {"default": "anonymous"}, ["public", "initials", "addressee", "anonymous"], "anonymous"),
        ("some", {"choices": ["addressee", "public"]}, ["addressee", "public"], "addressee"),
        ("one", {"choices": ["addressee"]}, ["addressee"], "addressee"),
    ):
        factories.make_campaign(database, slug=slug, visibility=visibility)
        page = page_of(await client.get(f"/c/{slug}"))
        radios = page.all("input", type="radio", name="visibility")
        assert [radio["value"] for radio in radios] == offered
        assert [radio["value"] for radio in radios if "checked" in radio.attributes] == [chosen]
        for radio in radios:  # each says in words who sees what
            assert page.by_id(radio["aria-labelledby"]).text != ""
            assert page.by_id(radio["aria-describedby"]).text != ""
        assert "checked" not in page.one("input", name="updates").attributes
        assert "updates" not in dict(page.fields())


@pytest.mark.anyio
async def test_the_consent_to_mails_has_the_campaigns_own_words(
    client: httpx.AsyncClient, database: Database
) -> None:
    label = {"eu": "Idatzi iezadazue", "ar": "اكتبوا لي"}
    factories.make_campaign(database, wordings={"eu": BASQUE, "ar": ARABIC}, updates={"label": label})
    for language, words, own in (
        ("eu", label["eu"], (None, None)),
        ("ar", label["ar"], (None, None)),
        ("es", label["eu"], ("eu", "ltr")),
    ):
        page = page_of(await client.get(f"/c/free-boris?lang={language}"))
        beside = page.by_id("f-updates").inside[-1]
        (text,) = [e for e in page.all("span") if beside in e.inside]
        assert text.text == words
        assert (text.get("lang"), text.get("dir")) == own


@pytest.mark.anyio
async def test_search_engines_are_told_of_every_language(client: httpx.AsyncClient, database: Database) -> None:
    factories.make_campaign(database, wordings={"en": factories.WORDING, "ar": ARABIC})
    page = page_of(await client.get("/c/free-boris?lang=ar&utm_source=x"))
    assert page.one("link", rel="canonical")["href"] == "http://testserver/c/free-boris?lang=ar"
    assert {(e["hreflang"], e["href"]) for e in page.all("link", rel="alternate")} >= {
        ("en", "http://testserver/c/free-boris?lang=en"),
        ("ar", "http://testserver/c/free-boris?lang=ar"),
    }
    assert page.all("meta", name="robots") == []
    shared = {e["property"]: e["content"] for e in page.all("meta") if "property" in e.attributes}
    assert shared["og:title"] == ARABIC.title
    assert shared["og:url"] == "http://testserver/c/free-boris"


@pytest.mark.anyio
async def test_the_language_switch_leads_to_every_language(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.get("/c/free-boris"))
    links = {e["hreflang"]: e["href"] for e in page.all("a") if "hreflang" in e.attributes}
    assert set(links) == {"en", "es", "fr", "de", "it", "ru", "ar", "eu", "ga"}
    for code, url in links.items():
        assert page_of(await client.get(url)).one("html")["lang"] == code


@pytest.mark.anyio
async def test_what_the_statement_says_is_shown_and_cannot_hurt(
    client: httpx.AsyncClient, database: Database
) -> None:
    wording = Wording(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "**Bold** <script>alert(1)</script> [x](javascript:alert(1)) ![y](http://tracker.example/y.png)",
        ("<b>now</b>",),
    )
    factories.make_campaign(database, wordings={"en": wording})
    page = page_of(await client.get("/c/free-boris"))
    assert page.heading == "<script>alert(1)</script>"
    assert page.one("p", **{"class": "lede"}).text == "<img src=x onerror=alert(1)>"
    assert all("src" in script.attributes for script in page.all("script"))
    assert [e["src"] for e in page.all("img")] == ["/c/free-boris/qr.svg"]
    assert [e["href"] for e in page.all("a") if e["href"].lower().startswith("javascript:")] == []
    assert {name for e in page.elements for name in e.attributes if name.startswith("on")} == set()
    assert {name for e in page.elements for name in e.attributes if name == "style"} == set()


@pytest.mark.anyio
async def test_nothing_is_loaded_from_another_host(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    page = page_of(await client.get("/c/free-boris"))
    loaded = [e["src"] for e in page.elements if "src" in e.attributes]
    loaded += [e["href"] for e in page.all("link") if e["rel"] in ("icon", "stylesheet", "preload", "manifest")]
    assert len(loaded) >= 3
    for url in loaded:
        assert url.startswith("/")
        assert not url.startswith("//")
        assert (await client.get(url)).status_code == 200


@pytest.mark.anyio
async def test_the_first_is_asked_to_be_the_first(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    page = page_of(await client.get("/c/free-boris"))
    assert page.all("p", **{"class": "tally__count"})[0].text == "Be the first to sign"
    assert page.all("progress") == []


@pytest.mark.anyio
async def test_the_latest_signers_are_shown_as_they_chose(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for name, visibility in (
        ("Ana Sánchez", "public"),
        ("Boris Hidden", "addressee"),
        ("Charlie Doe", "initials"),
    ):
        factories.sign_and_confirm(database, settings, campaign, name=name, visibility=visibility, comment="No.")
    factories.sign(database, settings, campaign, name="Not Confirmed")
    page = page_of(await client.get("/c/free-boris"))
    names = page.one("ul", **{"class": "names"})
    assert [e.text for e in page.all("li") if names in e.inside] == ["C. D. Spain", "Ana Sánchez Madrid · Spain"]


@pytest.mark.anyio
async def test_no_names_where_the_campaign_shows_none(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, public_list="none")
    factories.sign_and_confirm(database, settings, campaign)
    response = await client.get("/c/free-boris")
    assert "Sánchez" not in response.text
    assert page_of(response).all("p", **{"class": "tally__count"})[0].text == "1 has signed"


@pytest.mark.anyio
@pytest.mark.parametrize(("signers", "said"), [(0, set()), (1, {"1 signed"}), (2, {"2 signed"})])
async def test_a_closed_campaign_does_not_boast_of_nobody(
    client: httpx.AsyncClient, database: Database, settings: Settings, signers: int, said: set[str]
) -> None:
    campaign = factories.make_campaign(database, closes_at=utc_now())
    for _ in range(signers):
        factories.sign_and_confirm(database, settings, campaign, arrived_at=utc_now() - timedelta(hours=1))
    response = await client.get("/c/free-boris")
    assert {e.text for e in page_of(response).all("p", **{"class": "tally__count"})} == said
    assert "0</strong> signed" not in response.text + (await client.get("/c/free-boris/signatures")).text


@pytest.mark.anyio
async def test_the_status_follows_the_clock(client: httpx.AsyncClient, database: Database) -> None:
    now = utc_now()
    for slug, changes, signable in (
        ("open", {"opens_at": now - timedelta(hours=1), "closes_at": now + timedelta(hours=1)}, True),
        ("closed", {"closes_at": now}, False),
        ("upcoming", {"opens_at": now + timedelta(minutes=1)}, False),
    ):
        factories.make_campaign(database, slug=slug, **changes)
        page = page_of(await client.get(f"/c/{slug}"))
        assert bool(page.all("form", method="post")) == signable
