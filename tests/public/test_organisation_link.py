"""Links for organisations that lost theirs: the same answer in every case, and the mail only to the contact."""

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories
from tests.organisations.acting import ask, mails, waiting
from tests.public.organisation_support import BOTH, CAMPAIGN
from tests.public.support import dump, seen, writes_failing
from tests.web.support import page_of

LINK = f"{CAMPAIGN}/link?lang=en"
EVERYWHERE = "/organisation/link?lang=en"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, **BOTH)


@pytest.mark.anyio
async def test_the_links_go_to_the_contact_and_nobody_learns_whether_there_are_any(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    confirmed = waiting(database, settings, campaign, email="office@union.example.org")
    asked = ask(database, settings, campaign, email="office@union.example.org", name="Another")
    before = len(mails(database, but=""))
    known = await client.post(LINK, data={"email": "Office@union.example.org"})
    unknown = await client.post(LINK, data={"email": "stranger@example.org"})
    assert seen(known) == seen(unknown)
    assert known.headers["location"] == f"{LINK}&sent=1"
    queued = mails(database, but="")[before:]
    assert sorted(queued) == sorted([("organisation_link", confirmed.id), ("organisation_confirm", asked.id)])
    page = page_of(await client.get(f"{LINK}&sent=1"))
    assert page.heading == "Look in your inbox"
    other_languages = [a["href"] for a in page.all("a", hreflang="ar")]
    assert set(other_languages) == {f"{CAMPAIGN}/link?sent=1&lang=ar"}


@pytest.mark.anyio
async def test_a_dead_link_helps_across_all_campaigns(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = factories.make_campaign(database, slug="other", **BOTH)
    both = [waiting(database, settings, one, email="office@union.example.org") for one in (campaign, other)]
    before = len(mails(database))
    page = page_of(await client.get("/organisation/nonsense?lang=en"), 404)
    assert dict(page.fields(EVERYWHERE)) == {"email": ""}
    known = await client.post(EVERYWHERE, data={"email": "office@union.example.org"})
    unknown = await client.post(EVERYWHERE, data={"email": "stranger@example.org"})
    assert seen(known) == seen(unknown)
    assert page_of(known).heading == "Look in your inbox"
    assert sorted(mails(database)[before:]) == sorted(("organisation_link", one.id) for one in both)


@pytest.mark.parametrize("path", [LINK, EVERYWHERE])
@pytest.mark.anyio
async def test_an_address_that_is_none_is_asked_for_again(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, path: str
) -> None:
    before = dump(database)
    page = page_of(await client.post(path, data={"email": "office@"}), 422)
    assert page.wrong_fields == ["email"]
    assert dict(page.fields(path)) == {"email": "office@"}
    assert dump(database) == before


@pytest.mark.parametrize("path", [LINK, EVERYWHERE])
@pytest.mark.anyio
async def test_a_store_that_takes_nothing_keeps_the_address_in_the_page(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot, path: str
) -> None:
    with writes_failing(site.database):
        page = page_of(await client.post(path, data={"email": "office@union.example.org"}), 503)
    assert dict(page.fields(path)) == {"email": "office@union.example.org"}


@pytest.mark.anyio
async def test_pages_after_an_action_say_nothing_about_anybody(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    waiting(database, settings, campaign)
    for below, heading in (
        ("withdrawn", "It is erased"),
        ("sent", "Open the mail and press the button"),
        ("link", "The page of your organisation"),
    ):
        answer = await client.get(f"{CAMPAIGN}/{below}?lang=en")
        assert page_of(answer).heading == heading
        assert "Union of Examples" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
