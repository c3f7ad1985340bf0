"""Background, privacy, QR codes."""

import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import segno

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import translator
from petitions.settings import Settings
from petitions.signatures.importing import import_files
from tests import factories
from tests.public.support import STATES
from tests.web.support import page_of


@pytest.mark.anyio
async def test_the_background_is_shown_where_there_is_one(client: httpx.AsyncClient, database: Database) -> None:
    factories.make_campaign(database, slug="without")
    page_of(await client.get("/c/without/background"), 404)
    files = factories.campaign_files("with", ("en", "eu"))
    wordings = {
        code: replace(wording, background=f"Background in **{code}**.") if code == "eu" else wording
        for code, wording in files.wordings.items()
    }
    with database.writing() as session:
        import_files(session, replace(files, wordings=wordings), utc_now())
    response = await client.get("/c/with/background?lang=de")
    page = page_of(response)
    prose = page.one("div", **{"class": "prose"})
    assert (prose.text, prose.get("lang"), prose.get("dir")) == ("Background in eu.", "eu", "ltr")
    assert response.headers["cache-control"].startswith("public")
    assert page_of(await client.get("/c/with")).all("a", href="/c/with/background?lang=en") != []


@pytest.mark.anyio
async def test_the_privacy_page_names_who_is_responsible(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.get("/c/free-boris/privacy"))
    assert page.heading == "What is kept, and for how long"
    assert page.one("address").text == "Example Committee privacy@example.org"


@pytest.mark.anyio
async def test_the_privacy_page_speaks_of_contact_persons_where_organisations_sign(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database, slug="individuals")
    factories.make_campaign(database, slug="both", signers=["individuals", "organisations"])
    path = "/c/both/organisations/link?lang=en"
    assert page_of(await client.get("/c/individuals/privacy")).all("h2", id="organisations") == []
    page = page_of(await client.get("/c/both/privacy"))
    assert page.one("h2", id="organisations").text == "Organisations"
    assert page.one("a", href=path).text == "here it can be sent again"
    assert (await client.get(path)).status_code == 200


RETENTIONS: list[tuple[dict[str, Any], date | None, str]] = [
    ({}, None, "6"),
    ({"retention": {"months_after_closing": 17}}, None, "17"),
    ({"closes_at": datetime(2091, 8, 31, 20, tzinfo=UTC)}, date(2092, 2, 29), ""),
    # the worker looks every hour, and "at the latest" must be true
    (
        {"closes_at": datetime(2092, 8, 31, 23, tzinfo=UTC), "retention": {"months_after_closing": 1}},
        date(2092, 10, 1),
        "",
    ),
    ({"retention": {"until": date(2093, 4, 5)}}, date(2093, 4, 5), ""),
    # never before the last draft can be confirmed
    (
        {"closes_at": datetime(2094, 1, 1, 12, tzinfo=UTC), "retention": {"until": date(2093, 4, 5)}},
        date(2094, 1, 2),
        "",
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("terms", "day", "number"), RETENTIONS)
async def test_the_privacy_page_says_how_long_from_the_campaigns_settings(
    client: httpx.AsyncClient, database: Database, terms: dict[str, Any], day: date | None, number: str
) -> None:
    factories.make_campaign(database, **terms)
    for language in ("en", "ar"):
        page = page_of(await client.get(f"/c/free-boris/privacy?lang={language}"))
        first = next(e.text for e in page.all("p") if page.by_id("long").inside[-1] in e.inside)
        words = translator(language)
        wanted = words.date(day) if day else words.number(int(number))
        assert wanted in first
        years = [words.date(date(year, 1, 1)).split()[-1] for year in (2092, 2093, 2094)]
        assert any(year in first for year in years) == (day is not None)


@pytest.mark.anyio
async def test_the_privacy_page_lists_what_the_form_offers_and_quotes_its_consent(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(
        database,
        slug="some",
        visibility={"choices": ["addressee", "anonymous"], "default": "anonymous"},
        updates={"label": {"en": "Tell me about Boris"}},
        responsible={"name": "Committee", "email": "c@example.org", "address": "Street 1"},
        addressees=[{"name": "The embassy"}, {"name": "The court"}],
    )
    factories.make_campaign(database, slug="all")
    for slug, offered in (("some", 2), ("all", 4)):
        for language in ("en", "ar"):
            form = page_of(await client.get(f"/c/{slug}?lang={language}"))
            page = page_of(await client.get(f"/c/{slug}/privacy?lang={language}"))
            labels = [
                form.by_id(f"f-visibility-{radio['value']}").text
                for radio in form.all("input", type="radio", name="visibility")
            ]
            seen = page.by_id("seen").inside[-1]
            assert len(labels) == offered
            assert [e.text for e in page.all("dt") if seen in e.inside] == labels
            quote = page.one("blockquote")
            assert quote.text == form.by_id("f-updates").inside[-1].text
            is_foreign = slug == "some" and language == "ar"
            assert (quote.get("lang"), quote.get("dir")) == (("en", "ltr") if is_foreign else (None, None))
            assert f"/c/{slug}/find?lang={language}" in [e["href"] for e in page.all("a")]
    page = page_of(await client.get("/c/some/privacy"))
    assert page.one("address").text == "Committee Street 1 c@example.org"
    assert [e.text for e in page.all("li") if page.by_id("seen").inside[-1] in e.inside] == [
        "The embassy",
        "The court",
    ]
    assert page.one("blockquote").text == "Tell me about Boris"


@pytest.mark.anyio
async def test_the_privacy_page_of_a_purged_campaign_says_that_it_is_done(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database)
    factories.sign_and_confirm(database, settings, campaign, name="Ana Planted")
    STATES["purged"](database, campaign)
    for language in ("en", "ar"):
        response = await client.get(f"/c/free-boris/privacy?lang={language}")
        page = page_of(response)
        assert {"responsible", "tracking"} <= set(page.ids)
        assert {"kept", "seen", "mails", "long", "rights"}.isdisjoint(page.ids)
        assert "lanted" not in response.text
        found = page_of(await client.get(f"/c/free-boris/find?lang={language}"))
        assert found.one("p", **{"class": "lede"}).text == page.one("p", **{"class": "lede"}).text


def read_png(content: bytes) -> tuple[int, list[list[int]]]:
    """The width and the bits of a picture of one bit a pixel."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    position = 8
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        chunk = content[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, position + 8 + length)
        assert zlib.crc32(kind + chunk) == checksum
        chunks[kind] = chunks.get(kind, b"") + chunk
        position += 12 + length
    assert b"IEND" in chunks
    width, height, depth, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (depth, colours) == (1, 0)
    stride, pixels = (width + 7) // 8, zlib.decompress(chunks[b"IDAT"])
    lines: list[bytes] = []
    for n in range(height):
        kind_of_line, *line = pixels[n * (stride + 1) : (n + 1) * (stride + 1)]
        above = lines[-1] if kind_of_line == 2 else bytes(stride)
        assert kind_of_line in (0, 2)  # as it is, or as the difference to the line above
        lines.append(bytes((a + b) % 256 for a, b in zip(line, above, strict=True)))
    return width, [[line[x // 8] >> (7 - x % 8) & 1 for x in range(width)] for line in lines]


@pytest.mark.anyio
async def test_the_qr_codes_hold_the_address_of_the_page(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    """The picture is the very pattern of the address: each module is where it must be."""
    wanted = [[bool(m) for m in row] for row in segno.make("http://testserver/c/free-boris", error="m").matrix]
    png = await client.get("/c/free-boris/qr.png")
    assert png.headers["content-type"] == "image/png"
    width, rows = read_png(png.content)
    size = len(wanted) + 8
    scale = width // size
    assert (width, len(rows)) == (size * scale, size * scale)
    assert width > 800
    middles = [(4 + n) * scale + scale // 2 for n in range(len(wanted))]
    assert [[not rows[y][x] for x in middles] for y in middles] == wanted
    svg = await client.get("/c/free-boris/qr.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    root = ET.fromstring(svg.content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("width") == str(size * 8)
    for answer in (png, svg):
        assert answer.headers["cache-control"].startswith("public")
        assert answer.headers["x-content-type-options"] == "nosniff"
