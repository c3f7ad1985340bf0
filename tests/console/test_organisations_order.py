"""The order of the public page: who stands first."""

import re

import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console import organisations_order
from petitions.db import Database
from petitions.settings import Settings
from petitions.web.site import Site
from tests.console.cosigning import get, recorded, settle, standing, wait
from tests.console.support import Browser, Queries
from tests.factories import make_campaign

pytestmark = pytest.mark.anyio

PAGE = "/console/c/free-boris/organisations/order"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """A campaign that organisations can sign."""
    return make_campaign(database, signers=["organisations"])


def names(page: str) -> list[str]:
    return re.findall(r'order-rows__name">([^<]+)', page)


async def test_those_with_a_number_come_first_and_the_alphabet_orders_the_others(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ids = {name: settle(database, settings, campaign, name=name).id for name in ("Zeta", "Ámbar", "Beta")}
    wait(database, settings, campaign, name="Waits")
    assert names((await browser.get(PAGE)).text) == ["Ámbar", "Beta", "Zeta"]
    before = standing(database, campaign).revision
    fields = {f"pin-{ids['Zeta']}": "1", f"pin-{ids['Beta']}": "2", f"pin-{ids['Ámbar']}": ""}
    answer = await browser.post(f"{PAGE}?lang=en", fields)
    assert answer.headers["location"] == f"{PAGE}?page=1&saved=2&lang=en"
    page = (await browser.get(answer.headers["location"])).text
    assert names(page) == ["Zeta", "Beta", "Ámbar"]
    assert standing(database, campaign).revision == before + 1
    assert recorded(database)[-1] == ("Olga Owner", "organisation.pinned", {"organisations": [1, 3]})
    await browser.post(PAGE, {f"pin-{ids['Zeta']}": ""})
    assert (get(database, "Zeta").pin, get(database, "Beta").pin) == (None, 2)


async def test_saving_what_is_there_already_writes_nothing(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign)
    before = recorded(database), standing(database, campaign)
    await browser.post(PAGE, {f"pin-{one.id}": ""})
    assert (recorded(database), standing(database, campaign)) == before


@pytest.mark.parametrize("text", ["0", "1000", "first", "-1", "1.5"])
async def test_what_is_no_place_is_refused_and_kept(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, text: str
) -> None:
    one, two = settle(database, settings, campaign), settle(database, settings, campaign, name="Two")
    answer = await browser.post(PAGE, {f"pin-{one.id}": text, f"pin-{two.id}": "7"})
    assert answer.status_code == 422
    assert "Whole numbers from 1 to 999, please, or nothing." in answer.text
    assert re.search(rf'value="{re.escape(text)}"\s+aria-invalid="true"', answer.text)
    assert answer.text.count('aria-invalid="true"') == 1
    assert get(database, "Two").pin is None


async def test_it_has_pages_and_asks_the_same_for_each(
    browser: Browser,
    site: Site,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(organisations_order, "_PAGE", 2)
    counts = []
    for some in (("A",), ("B", "C")):
        for name in some:
            settle(database, settings, campaign, name=name)
        with Queries(site.database) as queries:
            await browser.get(PAGE)
        counts.append(queries.count)
    assert counts == [4, 4]
    assert names((await browser.get(PAGE)).text) == ["A", "B"]
    assert names((await browser.get(f"{PAGE}?page=2")).text) == ["C"]
    assert names((await browser.get(f"{PAGE}?page=9")).text) == ["C"]


async def test_nobody_shown_yet_is_said(browser: Browser) -> None:
    assert "Nothing to order yet" in (await browser.get(PAGE)).text


async def test_a_field_that_no_form_of_ours_has_is_refused(browser: Browser) -> None:
    assert (await browser.post(PAGE, {"pin-everybody": "1"})).status_code == 400


async def test_while_the_data_are_erased_nothing_moves(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    answer = await browser.post(PAGE, {f"pin-{one.id}": "1"})
    assert (answer.status_code, "being erased" in answer.text) == (409, True)
