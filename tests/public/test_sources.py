"""The source of a form: counted, and tied to nobody."""

import httpx
import pytest
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.public import signing
from petitions.settings import Settings
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.watching.sources import DIRECT, source_key
from petitions.web.site import Site
from tests import factories
from tests.conftest import serving
from tests.public.support import dump
from tests.web.support import page_of

STATEMENT, SIGN = "/c/free-boris", "/c/free-boris/signatures"
LINK = f"http://testserver{STATEMENT}?lang=en&utm_source=Poster&utm_campaign=spring"


async def counted(site: Site, campaign: CampaignSnapshot, settings: Settings) -> dict[str, int]:
    """How many forms came from which of the sources of these tests."""
    await site.flows.write()
    names = ("poster/spring", "mastodon.social", DIRECT)
    keys = {source_key(campaign.id, name, settings.email_key): name for name in names}
    with site.database.reading() as session:
        return {keys[row.key]: row.arrived for row in session.scalars(select(SourceCount))}


@pytest.mark.anyio
async def test_the_name_in_a_link_is_counted_without_scripts(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot, settings: Settings
) -> None:
    await client.post(SIGN, data=factories.form(), headers={"referer": LINK})
    await client.post(SIGN, data=factories.form(source="mastodon.social"))
    await client.post(SIGN, data=factories.form(source=""))
    await client.post(SIGN, data=factories.form(source="testserver"))
    assert await counted(site, campaign, settings) == {"poster/spring": 1, "mastodon.social": 1, DIRECT: 1}


@pytest.mark.anyio
async def test_nobody_learns_by_forms_of_their_own_when_one_person_came(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot, settings: Settings
) -> None:
    """A link of her own for Ana, and forms that push its figure to where it gets a name."""
    for extra in ({}, {}, {"website": "x"}, {"website": "x"}, {}):
        await client.post(SIGN, data=factories.form(**extra), headers={"referer": LINK})
    assert await counted(site, campaign, settings) == {"poster/spring": 1}
    with site.database.reading() as session:
        assert session.scalars(select(HourlyFlow.arrived)).all() == [5]


@pytest.mark.anyio
async def test_a_form_of_a_program_names_no_source(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot, settings: Settings
) -> None:
    await client.post(SIGN, data=factories.form(website="x"), headers={"referer": LINK})
    assert await counted(site, campaign, settings) == {}


@pytest.mark.anyio
async def test_a_form_that_was_wrong_at_first_keeps_its_source(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot, settings: Settings
) -> None:
    again = await client.post(SIGN, data=factories.form(country=""), headers={"referer": LINK})
    assert again.status_code == 422
    field = dict(page_of(again, 422).fields())["source"]
    assert field == "poster/spring"
    assert await counted(site, campaign, settings) == {}
    referer = {"referer": f"http://testserver{SIGN}?lang=en"}
    await client.post(SIGN, data=factories.form(source=field), headers=referer)
    assert await counted(site, campaign, settings) == {"poster/spring": 1}


@pytest.mark.anyio
async def test_no_row_of_a_signer_knows_the_source(
    client: httpx.AsyncClient,
    site: Site,
    database: Database,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(6):
        monkeypatch.setattr(signing, "client_address", lambda *_, last=number: f"192.0.2.{last}")
        answer = await client.post(SIGN, data=factories.form(), headers={"referer": LINK})
        assert "utm_source" not in answer.headers["location"]
    await site.flows.write()
    holding = {name for name, rows in dump(database).items() if any("poster" in row.lower() for row in rows)}
    assert holding == {"source_counts"}


@pytest.mark.anyio
async def test_the_log_knows_no_source(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        await client.post(SIGN, data=factories.form(), headers={"referer": LINK})
        await site.flows.write()
    assert "poster" not in caplog.text
    assert "poster" not in repr([record.__dict__ for record in caplog.records])


@pytest.mark.anyio
async def test_the_page_is_the_same_for_every_source(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    plain, named = await client.get(f"{STATEMENT}?lang=en"), await client.get(LINK)
    assert plain.text == named.text
    assert page_of(plain).one("input", name="source")["value"] == ""


@pytest.mark.anyio
async def test_a_server_that_ends_writes_what_it_counted(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    async with serving(settings) as (_, client):
        assert (await client.post(SIGN, data=factories.form())).status_code == 303
        with database.reading() as session:
            assert session.scalars(select(HourlyFlow.arrived)).all() == []
    with database.reading() as session:
        assert session.scalars(select(HourlyFlow.arrived)).all() == [1]


@pytest.mark.anyio
async def test_a_form_that_is_not_taken_is_not_counted(
    client: httpx.AsyncClient, site: Site, database: Database, campaign: CampaignSnapshot
) -> None:
    assert (await client.post(SIGN, data=factories.form(email="nobody"))).status_code == 422
    await site.flows.write()
    with database.reading() as session:
        assert session.scalars(select(HourlyFlow.arrived)).all() == []
