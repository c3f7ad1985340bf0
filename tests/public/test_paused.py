"""Signing is paused: nothing comes in, nothing that is there stops, and nobody types anything twice."""

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Draft
from petitions.web.site import Site
from tests import factories
from tests.public.support import STATES, confirmation, counted, own
from tests.public.test_challenge import switch
from tests.web.support import count_rows, page_of

SIGN = "/c/free-boris/signatures"
TITLE = "Signing is paused for a while"


@pytest.mark.anyio
async def test_the_page_says_why_in_place_of_the_form(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    switch(database, "paused")
    page = page_of(await client.get("/c/free-boris"))
    assert page.by_id("sign-title").text == TITLE
    assert page.all("form") == []
    assert page.all("a", **{"class": "sign-bar"}) == []
    assert page.all("a", href="/c/free-boris/find?lang=en")
    assert page.heading == "Free Boris"
    assert "1 has signed" in [e.text for e in page.all("p", **{"class": "tally__count"})]


@pytest.mark.anyio
async def test_a_form_that_was_open_is_kept_and_can_be_sent_later(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    typed = factories.form(name='Ana "Anita" <Sánchez>', comment="One\r\ntwo", statement="9")
    switch(database, "paused")
    answer = await client.post(f"{SIGN}?lang=en", data=typed)
    page = page_of(answer, 409)
    assert (page.heading, answer.headers["cache-control"]) == (TITLE, "no-store")
    assert dict(page.fields(f"{SIGN}?lang=en")) == typed
    assert count_rows(database, Draft) == 0
    assert typed["email"] not in str(answer.url)


@pytest.mark.anyio
async def test_it_is_taken_once_signing_goes_on(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    switch(database, "paused")
    page = page_of(await client.post(f"{SIGN}?lang=en", data=factories.form()), 409)
    switch(database, None)
    site.campaigns.forget(campaign.slug)
    again = await client.post(f"{SIGN}?lang=en", data=dict(page.fields(f"{SIGN}?lang=en")))
    assert again.status_code == 303
    assert count_rows(database, Draft) == 1


@pytest.mark.anyio
async def test_a_closed_campaign_is_closed_and_not_paused(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    STATES["closed"](database, campaign)
    switch(database, "paused")
    assert page_of(await client.get("/c/free-boris")).by_id("sign-title").text == "This campaign is closed"
    refused = await client.post(SIGN, data=factories.form())
    assert page_of(refused, 409).heading == "This campaign is closed"


@pytest.mark.anyio
async def test_what_was_mailed_can_be_confirmed_changed_and_withdrawn(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign(database, settings, campaign)
    switch(database, "paused")
    assert (await client.get(confirmation(settings, draft))).status_code == 200
    assert (await client.post(confirmation(settings, draft))).status_code == 303
    assert counted(database, campaign) == 1
    assert (await client.get(own(settings, draft))).status_code == 200
    assert (await client.post(own(settings, draft, "/withdraw"))).status_code == 303
    assert counted(database, campaign) == 0
