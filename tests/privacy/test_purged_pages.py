"""What is left of a campaign on the site once it is purged: the statement, the count, and honest answers."""

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.tokens import Tokens
from tests import factories
from tests.conftest import serving
from tests.privacy.support import left, sign_many
from tests.web.support import Page, page_of

pytestmark = pytest.mark.anyio
PLACE = "/c/free-boris"
NAME = "Planted Name"


@pytest.fixture
def signer(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """Somebody who is shown with everything."""
    return factories.sign_and_confirm(
        database, settings, campaign, name=NAME, email="planted@example.org", city="Plantedville"
    )


@pytest.fixture
def waiting(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """Somebody who did not confirm yet."""
    return factories.sign(database, settings, campaign, name=NAME)


@pytest.fixture(params=["begun", "done"])
def purged(
    request: pytest.FixtureRequest,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    signer: NewDraft,
    waiting: NewDraft,
) -> CampaignSnapshot:
    """A campaign with 24 signatures that is purged; or will be, as soon as the purge goes on."""
    sign_many(database, settings, campaign, 23)
    report = purge(database, campaign.id, utc_now(), stop=lambda: request.param == "begun")
    assert report.done is (request.param == "done")
    return campaign


@pytest.fixture
def done(
    database: Database, settings: Settings, campaign: CampaignSnapshot, signer: NewDraft, waiting: NewDraft
) -> CampaignSnapshot:
    sign_many(database, settings, campaign, 23)
    purge(database, campaign.id, utc_now())
    return campaign


def link(settings: Settings, purpose: str, draft: NewDraft) -> str:
    return Tokens(settings.secret_keys).make(purpose, draft.campaign_id, draft.id)


async def test_the_statement_says_how_many_signed_and_takes_nobody(
    client: httpx.AsyncClient, database: Database, purged: CampaignSnapshot
) -> None:
    before = left(database, purged)
    page = page_of(await client.get(PLACE))
    assert page.all("p", **{"class": "tally__count"})[0].text == "24 signed"
    assert page.all("form", method="post") == []
    sent = await client.post(f"{PLACE}/signatures", data=factories.form())
    page_of(sent, 409)
    assert left(database, purged) == before
    assert (await client.get("/api/v1/campaigns/free-boris")).json()["status"] == "closed"
    assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 24
    assert PLACE not in (await client.get("/")).text


async def test_the_list_names_nobody_and_keeps_the_totals_by_country(
    client: httpx.AsyncClient, done: CampaignSnapshot
) -> None:
    page = page_of(await client.get(f"{PLACE}/signatures?lang=en"))
    assert page.all("bdi", **{"class": "signer__name"}) == []
    table = page.one("table", **{"class": "figures"})
    rows = [row.text for row in page.all("tr") if table in row.inside]
    assert rows[1:] == ["Spain 12", "Switzerland 6", "Ireland 6"]
    for searched in ("planted", "ana"):
        found = page_of(await client.get(f"{PLACE}/signatures?q={searched}"))
        assert found.all("bdi", **{"class": "signer__name"}) == []
    assert NAME not in page_text(page)


def page_text(page: Page) -> str:
    return page.one("body").text


async def test_there_is_nothing_left_to_find(
    client: httpx.AsyncClient, database: Database, done: CampaignSnapshot
) -> None:
    page = page_of(await client.get(f"{PLACE}/find"))
    assert page.all("form", method="post") == []
    assert "nothing left to find" in page_text(page)
    for email in ("planted@example.org", "nobody@example.org"):
        assert (await client.post(f"{PLACE}/find", data={"email": email})).status_code == 200
        assert (await client.post("/find", data={"email": email})).status_code == 200
    assert left(database, done) == {}


async def test_the_privacy_page_says_that_it_is_done_when_it_is(
    client: httpx.AsyncClient, purged: CampaignSnapshot, database: Database
) -> None:
    with database.reading() as session:
        done = get_snapshot(session, purged.slug).purged_at is not None
    response = await client.get(f"{PLACE}/privacy")
    assert ("has been erased" in page_text(page_of(response))) is done
    assert ("/find" in response.text) is not done  # what is still there can be found, and withdrawn


async def test_links_of_mails_lead_to_the_page_for_dead_links(
    client: httpx.AsyncClient,
    settings: Settings,
    done: CampaignSnapshot,
    signer: NewDraft,
    waiting: NewDraft,
    database: Database,
) -> None:
    """The same page as for any other link that leads to nothing."""
    dead = page_text(page_of(await client.get("/signature/cut-off?lang=en"), 404))
    own = link(settings, "signature", signer)
    for method, path in (
        ("GET", f"/signature/{own}"),
        ("POST", f"/signature/{own}"),
        ("GET", f"/signature/{own}/data"),
        ("POST", f"/signature/{own}/new-link"),
        ("GET", f"/signature/{own}/withdraw"),
        ("POST", f"/signature/{own}/withdraw"),
        ("GET", f"/confirm/{link(settings, 'confirm', signer)}/not-me"),
        ("POST", f"/confirm/{link(settings, 'confirm', waiting)}/not-me"),
    ):
        response = await client.request(method, f"{path}?lang=en", data={} if method == "POST" else None)
        assert page_text(page_of(response, 404)) == dead, path
    for draft in (signer, waiting):
        path = f"/confirm/{link(settings, 'confirm', draft)}"
        assert page_of(await client.get(path), 404).heading == "This link does not work"
        assert page_of(await client.post(path), 404).heading == "This link does not work"
    assert left(database, done) == {}


async def test_stopping_mails_still_says_that_it_is_done(
    client: httpx.AsyncClient, settings: Settings, done: CampaignSnapshot, signer: NewDraft, database: Database
) -> None:
    path = f"/unsubscribe/{link(settings, 'unsubscribe', signer)}"
    assert (await client.get(path)).status_code == 200
    assert (await client.post(path, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert left(database, done) == {}


async def test_a_draft_of_a_campaign_whose_purge_began_is_too_late(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    signer: NewDraft,
    waiting: NewDraft,
) -> None:
    """Its purge did not come as far as the drafts yet."""
    purge(database, campaign.id, utc_now(), stop=lambda: True)
    path = f"/confirm/{link(settings, 'confirm', waiting)}"
    page_of(await client.post(path), 409)
    assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 1


async def test_a_server_that_runs_on_closes_the_campaign_within_seconds(
    settings: Settings, database: Database, campaign: CampaignSnapshot, signer: NewDraft
) -> None:
    """What it knows of the campaign and its pages is a second old at most."""
    async with serving(settings) as (app, client):
        assert NAME in (await client.get(f"{PLACE}/signatures")).text
        purge(database, campaign.id, utc_now())
        app.state.site.pages._values.clear()
        app.state.site.campaigns._values.clear()
        assert NAME not in (await client.get(f"{PLACE}/signatures?lang=en&later=1")).text
        page = page_of(await client.get(f"{PLACE}?lang=en&later=1"))
        assert page.all("form", method="post") == []
