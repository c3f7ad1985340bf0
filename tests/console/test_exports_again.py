"""Lists in the console after others were made: what was delivered is left out, and what went since is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.models import ExportJob
from petitions.lists.plans import Plan, Profile
from petitions.settings import Settings
from petitions.signatures.withdrawing import Withdraw
from tests import factories
from tests.console.support import Browser, browser_of, give_role, make_user
from tests.console.test_exports import PAGE, buttons, fields_of, form_of
from tests.delivery.test_deliveries import EMBASSY, make_list, record, take_back
from tests.web.support import page_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def dora(app: Starlette, database: Database, campaign: CampaignSnapshot) -> AsyncIterator[Browser]:
    """Somebody who delivers lists."""
    user = make_user(database, "Dora Delivery")
    give_role(database, campaign.id, user, Role.DELIVERY)
    async with browser_of(app, database, user) as browser:
        yield browser


def newest(database: Database) -> Plan:
    with database.reading() as session:
        job = session.query(ExportJob).order_by(ExportJob.created_at.desc()).first()
        assert job is not None
        return Plan.from_json(job.plan)


def deliver(database: Database, settings: Settings, campaign: CampaignSnapshot, plan: Plan) -> UUID:
    """A list of now, made and recorded as delivered."""
    export_id = make_list(database, settings, campaign, plan)
    return record(database, campaign, replace(EMBASSY, export_id=export_id)).id


async def test_all_that_was_delivered_is_left_out_unless_somebody_chooses_otherwise(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    assert "without" not in await form_of(dora)
    first = deliver(database, settings, campaign, Plan())
    form = await form_of(dora)
    assert form["without"] == "all"
    second = deliver(database, settings, campaign, Plan(bom=True))  # while somebody looks at the form
    page = page_of(await dora.post(f"{PAGE}/preview?lang=en", form))
    assert "Nobody is in this list." in page.one("main").text
    assert fields_of(page)["without"] == "all"
    assert (await dora.post(PAGE, form)).status_code == 303
    assert set(newest(database).without) == {first, second}
    assert (await dora.post(PAGE, form | {"without": [str(first)]})).status_code == 303
    assert newest(database).without == (first,)
    form.pop("without")
    assert (await dora.post(PAGE, form)).status_code == 303
    assert newest(database).without == ()


async def test_all_of_nothing_is_not_everybody(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    delivery = record(
        database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign, Plan()))
    )
    form = await form_of(dora)
    take_back(database, campaign, delivery)
    for path in (PAGE, f"{PAGE}/preview"):
        page = page_of(await dora.post(f"{path}?lang=en", form), 422)
        assert page.wrong_fields == ["without"]
        assert page.all("td") == []
    with database.reading() as session:
        assert session.query(ExportJob).count() == 1


async def test_deliveries_of_typed_numbers_are_named_as_unknown(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    record(database, campaign, replace(EMBASSY, recipient="the <b>court", delivered_on=date(2026, 11, 3)))
    assert "Nobody knows who" not in (await dora.get(f"{PAGE}/new?lang=en")).text  # and nothing is offered
    deliver(database, settings, campaign, Plan())
    answer = await dora.get(f"{PAGE}/new?lang=en")
    words = page_of(answer).one("main").text
    assert "Nobody knows who was in these" in words
    assert "nobody of them is left out: the <b>court, 3 November 2026" in words
    assert "<b>court" not in answer.text


async def test_a_list_whose_people_withdrew_says_so_before_it_is_taken_along(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [factories.sign_and_confirm(database, settings, campaign) for _ in range(3)]
    job_id = make_list(database, settings, campaign)
    page = page_of(await dora.get(f"{PAGE}/{job_id}?lang=en"))
    assert "withdrawn" not in page.one("main").text
    assert buttons(page) == ["file", "remove"]
    factories.act(database, Withdraw(factories.link_to(drafts[0]), utc_now()))
    page = page_of(await dora.get(f"{PAGE}/{job_id}?lang=en"))
    assert "1 signature in it was withdrawn or removed since. Make it anew" in page.one("main").text
    assert buttons(page) == ["file", "again", "remove"]
    factories.remove(database, drafts[1])
    page = page_of(await dora.get(f"{PAGE}/{job_id}?lang=en"))
    assert "2 signatures in it were withdrawn or removed since." in page.one("main").text


async def test_addresses_for_news_need_a_reason(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    form = await form_of(browser) | {"profile": "contacts"}
    for path in (PAGE, f"{PAGE}/preview"):
        assert page_of(await browser.post(f"{path}?lang=en", form), 422).wrong_fields == ["reason"]
    assert (await browser.post(PAGE, form | {"reason": "The letter of March"})).status_code == 303
    assert newest(database).profile is Profile.CONTACTS
