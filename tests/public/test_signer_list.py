"""The public list: those who chose to be shown, as they chose; nobody else can be found by it."""

from datetime import timedelta

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, store_confirmations
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import Signature
from petitions.signatures.rollups import roll_up
from tests import factories
from tests.web.support import Page, page_of

LIST = "/c/free-boris/signatures"


def names(page: Page) -> list[str]:
    return [e.text for e in page.all("bdi", **{"class": "signer__name"})]


@pytest.mark.anyio
async def test_everybody_is_shown_as_they_chose(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for name, visibility in (
        ("Ana Sánchez", "public"),
        ("Boris Planted", "initials"),
        ("Charlie Planted", "addressee"),
        (None, "anonymous"),
    ):
        factories.sign_and_confirm(
            database,
            settings,
            campaign,
            name=name,
            visibility=visibility,
            city=f"City of {visibility}",
            comment=f"I am {visibility}.",
            affiliation=f"Union of {visibility}",
        )
    removed = factories.sign_and_confirm(database, settings, campaign, name="Removed Planted")
    with database.writing() as session:
        session.get_one(Signature, (campaign.id, removed.id)).removed_at = utc_now()
    factories.sign(database, settings, campaign, name="Draft Planted")
    response = await client.get(LIST)
    page = page_of(response)
    shown = page.one("ul", **{"class": "signers"})
    assert [e.text for e in page.all("li") if shown in e.inside] == [
        "B. P. Spain",
        "Ana Sánchez Union of public · City of public · Spain I am public.",
    ]
    for secret in ("Planted", "initials.", "addressee.", "anonymous.", "City of initials", "example.org/ana"):
        assert secret not in response.text
    assert "@example.org" not in response.text.replace("privacy@example.org", "")


@pytest.mark.anyio
async def test_search_engines_keep_no_names(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    response = await client.get(LIST)
    assert page_of(response).one("meta", name="robots")["content"] == "noindex"
    assert response.headers["x-robots-tag"] == "noindex"
    assert response.headers["cache-control"].startswith("public, max-age=0")


@pytest.mark.anyio
async def test_a_campaign_without_a_list_has_no_such_page(client: httpx.AsyncClient, database: Database) -> None:
    for slug, kind in (("none", "none"), ("latest", "latest")):
        factories.make_campaign(database, slug=slug, public_list=kind)
        page_of(await client.get(f"/c/{slug}/signatures"), 404)
        page_of(await client.get(f"/c/{slug}/signatures?q=ana"), 404)


def sign_many(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int) -> None:
    drafts = [factories.make_draft(campaign, settings, name=f"Ana Number{n:03}") for n in range(count)]
    with database.writing() as session:
        store_drafts(session, drafts, None)
        store_confirmations(
            session, [Confirmation(campaign.id, d.id, d.arrived_at + timedelta(1)) for d in drafts]
        )


@pytest.mark.anyio
async def test_the_pages_follow_each_other_without_gap_or_repetition(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_many(database, settings, campaign, 120)
    for first in (f"{LIST}?lang=en", f"{LIST}?lang=en&q=ana"):
        url, seen, pages = first, [], 0
        while url:
            page = page_of(await client.get(url))
            seen += names(page)
            pages += 1
            following = page.all("a", rel="next")
            url = following[0]["href"] if following else ""
        assert pages == 3
        assert sorted(seen) == [f"Ana Number{n:03}" for n in range(120)]


@pytest.mark.anyio
async def test_names_are_found_by_the_beginning_of_any_word(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for name in ("Siobhán Ní Bhriain", "Brian Sio", "Øystein Hansen", "أحمد علي", "Владимир Ленин"):
        factories.sign_and_confirm(database, settings, campaign, name=name)
    for visibility in ("initials", "addressee"):
        factories.sign_and_confirm(database, settings, campaign, name="Siobhan Hidden", visibility=visibility)
    for text, found in (
        ("siobhan", ["Siobhán Ní Bhriain"]),
        ("SIO", ["Brian Sio", "Siobhán Ní Bhriain"]),
        ("bri sio", ["Brian Sio"]),
        ("bhr siob", ["Siobhán Ní Bhriain"]),
        ("oyst", ["Øystein Hansen"]),
        ("احمد", ["أحمد علي"]),
        ("влад", ["Владимир Ленин"]),
        ("iobhan", []),
        ("hidden", []),
        ("%", []),
        ("_", []),
        ("sio%", ["Brian Sio", "Siobhán Ní Bhriain"]),
        ("madrid", []),
        ("example", []),
    ):
        page = page_of(await client.get(LIST, params={"q": text}))
        assert sorted(names(page)) == found, text
        assert page.one("input", id="q")["value"] == text


@pytest.mark.anyio
async def test_a_search_is_escaped_where_it_is_shown(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    page = page_of(await client.get(LIST, params={"q": '"><script>alert(1)</script>'}))
    assert [e for e in page.all("script") if "src" not in e.attributes] == []
    assert page.one("input", id="q")["value"] == '"><script>alert(1)</script>'


@pytest.mark.anyio
async def test_few_signers_of_a_country_are_not_told_apart(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for country, count in (("ES", 5), ("FR", 4), ("IE", 1)):
        for _ in range(count):
            factories.sign_and_confirm(database, settings, campaign, country=country, visibility="addressee")
    roll_up(database, utc_now())
    page = page_of(await client.get(LIST))
    table = page.one("table")
    heads = [e.text for e in page.all("th") if table in e.inside][2:]
    assert dict(zip(heads, [e.text for e in page.all("td")], strict=True)) == {
        "Spain": "5",
        "Other countries": "5",
    }
    assert page.one("p", **{"class": "unnamed"}).text == "and 10 more people who are counted without a name here"
