"""The honest count: what the page and the JSON say is what the rows say, and it adds up."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import LANGUAGES
from petitions.moderation.removing import REASONS, remove_signatures, restore_signatures
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.counting import recount
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Tally
from petitions.signatures.reckoning import Reckoning, find_reckoning
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import Withdraw
from petitions.watching.flows import hour_of
from petitions.watching.waiting import count_waiting
from petitions.web.site import Site
from tests import factories
from tests.console.support import Queries
from tests.factories import act, confirm, link_to, make_campaign, sign_and_confirm
from tests.web.support import Page, page_of

COUNT, JSON = "/c/free-boris/count", "/api/v1/campaigns/free-boris/count"


def reckon(database: Database, campaign: CampaignSnapshot) -> Reckoning:
    with database.reading() as session:
        return find_reckoning(session, campaign.id)


def tell(database: Database, **at: int) -> None:
    """The hourly look of the worker, now or so long after."""
    count_waiting(database, utc_now() + timedelta(**at))


def remove(database: Database, draft: NewDraft, reason: str = "fake") -> None:
    with database.writing() as session:
        remove_signatures(session, draft.campaign_id, [draft.id], reason, utc_now())


def restore(database: Database, draft: NewDraft) -> None:
    with database.writing() as session:
        restore_signatures(session, draft.campaign_id, [draft.id], utc_now())


def withdraw(database: Database, draft: NewDraft) -> None:
    act(database, Withdraw(link_to(draft), utc_now()))


def set_tally(database: Database, campaign: CampaignSnapshot, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(Tally).where(Tally.campaign_id == campaign.id).values(**values))


def sum_of(page: Page) -> list[tuple[str, str]]:
    """The lines of the sum: what each is called, and its number."""
    names, numbers = page.all("th", scope="row"), page.all("td")
    return [(" ".join(n.text.split()), v.text) for n, v in zip(names, numbers, strict=True)]


def number_in(text: str) -> int:
    return int(re.sub(r"[^0-9-]", "", text.replace("−", "-")))


def test_the_numbers_add_up_whatever_people_and_moderators_do(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Everything that lets a signature come, go or stay, in an order of its own each time."""
    chance = random.Random(2026)
    signed: list[NewDraft] = []
    removed: list[NewDraft] = []
    for step in range(60):
        deed = chance.choice(["sign", "sign", "sign", "remove", "restore", "withdraw", "withdraw removed", "roll"])
        if deed == "sign":
            signed.append(sign_and_confirm(database, settings, campaign))
        elif deed == "remove" and signed:
            removed.append(signed.pop(chance.randrange(len(signed))))
            remove(database, removed[-1], chance.choice(list(REASONS)))
        elif deed == "restore" and removed:
            signed.append(removed.pop())
            restore(database, signed[-1])
        elif deed == "withdraw" and signed:
            withdraw(database, signed.pop())
        elif deed == "withdraw removed" and removed and step > 30:
            withdraw(database, removed.pop())
        elif deed == "roll":
            roll_up(database, utc_now())
    removed.append(sign_and_confirm(database, settings, campaign))
    remove(database, removed[-1])  # at least one
    found = reckon(database, campaign)
    assert found.adds_up
    assert (found.counted, found.removed_in_all) == (len(signed), len(removed))
    assert min(found.removed_in_all, found.withdrawn, found.erased_removed) > 0
    gone = found.removed_in_all + found.withdrawn + found.erased_removed
    assert found.confirmed == found.counted + gone
    with database.reading() as session:
        assert recount(session, campaign.id, utc_now(), repair=False).drift == 0
    purge(database, campaign.id, utc_now())
    purged = reckon(database, campaign)
    assert (purged.erased, purged.counted) == (len(signed), len(signed))
    assert (purged.confirmed, purged.removed, purged.withdrawn) == (
        found.confirmed,
        found.removed,
        found.withdrawn,
    )


def test_confirming_again_and_other_drafts_of_an_address_take_no_number(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = factories.sign(database, settings, campaign, email="ana@example.org")
    second = factories.sign(database, settings, campaign, email="ana@example.org", name="Ana")
    confirm(database, first)
    confirm(database, first)
    confirm(database, second)
    found = reckon(database, campaign)
    assert (found.confirmed, found.counted, found.removed) == (1, 1, {})


@pytest.mark.anyio
async def test_the_page_and_the_json_say_every_number(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(9)]
    for draft, reason in zip(drafts, ("fake", "fake", "duplicate", "robot"), strict=False):
        remove(database, draft, reason)
    withdraw(database, drafts[3])
    withdraw(database, drafts[4])
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    tell(database)
    set_tally(database, campaign, waiting=120, held=0, looked_at=noon, recounted_at=noon)
    page = page_of(await client.get(COUNT))
    assert sum_of(page) == [
        ("Ever confirmed Each takes the next number, and no number is given twice.", "9"),
        ("Withdrawn by their signers", "− 1"),
        ("Removed by the campaign: no real person, or in the name of somebody else", "− 2"),
        ("Removed by the campaign: signed twice", "− 1"),
        ("Removed by the campaign, then erased by their signers", "− 1"),
        ("These count", "4"),
    ]
    said = [number_in(number) for _name, number in sum_of(page)]
    assert sum(said[:-1]) == said[-1]
    waiting, held = (" ".join(e.text.split()) for e in page.all("dd"))
    assert waiting == "about 120 have our mail and have not pressed its button."
    assert held.startswith("fewer than 10 are held back")
    assert "exactly right" in page.by_id("main").text
    answer = await client.get(JSON)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {
        "slug": "free-boris",
        "confirmed": 9,
        "counted": 4,
        "removed": 3,
        "removed_by_reason": {"fake": 2, "duplicate": 1},
        "withdrawn": 1,
        "removed_then_withdrawn": 1,
        "names_erased": 0,
        "on_paper": 0,
        "on_paper_waiting": 0,
        "on_paper_repeated": 0,
        "waiting": 120,
        "held": 0,
        "looked_at": "2026-11-23T12:00:00Z",
        "recounted_at": "2026-11-23T12:00:00Z",
        "drift": 0,
    }
    described = (await client.get("/api/openapi.json")).json()["paths"]["/api/v1/campaigns/{slug}/count"]
    schema = described["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["required"] == list(answer.json())


@pytest.mark.anyio
async def test_who_confirms_or_withdraws_within_the_hour_moves_no_number(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, campaign: CampaignSnapshot
) -> None:
    """Whoever stands beside somebody, or makes them withdraw, must not see it happen."""

    async def look(again: int) -> tuple[list[tuple[str, str]], dict[str, Any]]:
        site.pages._values.clear()
        page, json = await client.get(f"{COUNT}?{again}"), await client.get(f"{JSON}?{again}")
        return sum_of(page_of(page)), json.json()

    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(4)]
    remove(database, drafts[0])
    begin = hour_of(utc_now())
    count_waiting(database, begin)
    before = await look(0)
    sign_and_confirm(database, settings, campaign)
    withdraw(database, drafts[0])
    withdraw(database, drafts[1])
    remove(database, drafts[2])
    for minutes in (1, 59):
        count_waiting(database, begin + timedelta(minutes=minutes))
        assert await look(minutes) == before
    count_waiting(database, begin + timedelta(hours=1))
    lines, json = await look(60)
    assert [number for _name, number in lines] == ["5", "− 1", "− 1", "− 1", "2"]
    assert [json[name] for name in ("confirmed", "counted", "withdrawn", "removed_then_withdrawn")] == [5, 2, 1, 1]
    assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 2


@pytest.mark.anyio
async def test_the_number_beside_the_statement_is_live(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    tell(database)
    sign_and_confirm(database, settings, campaign)
    assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 1
    assert (await client.get(JSON)).json()["counted"] == 0


@pytest.mark.anyio
async def test_a_campaign_that_nobody_has_looked_at_says_so(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.get(COUNT))
    assert page.all("table") == []
    words = page.by_id("main").text
    assert "It was not made yet" in words
    assert "It was not looked at yet." in words
    assert "that was not done yet." in words
    json = (await client.get(JSON)).json()
    numbers = ("confirmed", "counted", "removed", "withdrawn", "removed_then_withdrawn", "names_erased", "waiting")
    assert [json[name] for name in numbers] == [None] * 7
    tell(database)
    site.pages._values.clear()
    page = page_of(await client.get(f"{COUNT}?again"))
    assert [number for _name, number in sum_of(page)] == ["0", "− 0", "− 0", "0"]


@pytest.mark.anyio
@pytest.mark.parametrize(("drift", "words"), [(2, "2 too many"), (-1, "1 too few")])
async def test_what_a_recount_found_is_said(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, drift: int, words: str
) -> None:
    set_tally(database, campaign, drift=drift, recounted_at=utc_now())
    page = page_of(await client.get(COUNT))
    assert words in page.by_id("main").text
    assert "exactly right" not in page.by_id("main").text
    assert (await client.get(JSON)).json()["drift"] == drift


@pytest.mark.anyio
async def test_a_sum_that_does_not_come_out_is_not_hidden(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    set_tally(database, campaign, counted=5, last_serial=3)
    tell(database)
    page = page_of(await client.get(COUNT))
    assert [e.text.split(":")[0] for e in page.all("p", **{"class": "notice"})] == ["This sum does not come out"]


@pytest.mark.anyio
async def test_after_the_purge_the_numbers_stay_and_nothing_is_said_of_drafts(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(3)]
    remove(database, drafts[0])
    purge(database, campaign.id, utc_now())
    tell(database)
    page = page_of(await client.get(COUNT))
    assert [number for _name, number in sum_of(page)] == ["3", "− 0", "− 1", "2"]
    assert [e.text for e in page.all("h2")] == ["The sum", "Is it right?", "From a form to the count"]
    assert "everything personal of 2 is erased for good" in page.by_id("main").text


@pytest.mark.anyio
async def test_the_statement_leads_to_it_and_it_is_cached_like_the_statement(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, campaign: CampaignSnapshot
) -> None:
    link = "/c/free-boris/count?lang=en"
    assert page_of(await client.get("/c/free-boris")).all("a", href=link) == []  # nothing to count yet
    sign_and_confirm(database, settings, campaign)
    site.pages._values.clear()
    answer = await client.get("/c/free-boris?fresh")
    assert [a.text for a in page_of(answer).all("a", href=link)] == ["How we count"] * 2
    counted = await client.get(link)
    assert counted.headers["cache-control"] == answer.headers["cache-control"]
    site.pages._values.clear()
    with Queries(site.database) as queries:
        await client.get(f"{link}&again")
    assert queries.count == 1
    with Queries(site.database) as queries:
        await client.get(f"{link}&once-more")
    assert queries.count == 0


@pytest.mark.anyio
async def test_a_statement_of_organisations_has_none(client: httpx.AsyncClient, database: Database) -> None:
    make_campaign(database, slug="free-ana", signers=["organisations"])
    assert (await client.get("/c/free-ana/count")).status_code == 404
    assert (await client.get("/api/v1/campaigns/free-ana/count")).status_code == 404
    assert (await client.get("/c/nobody/count")).status_code == 404
    assert (await client.get("/api/v1/campaigns/nobody/count")).status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_there_in_every_language(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    language: str,
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    remove(database, draft)
    tell(database)
    set_tally(database, campaign, waiting=10, held=10, looked_at=utc_now(), recounted_at=utc_now() - timedelta(1))
    page = page_of(await client.get(f"{COUNT}?lang={language}"))
    assert page.one("html")["lang"] == language
    assert len(sum_of(page)) == 4
