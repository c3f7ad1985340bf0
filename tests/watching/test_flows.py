"""Forms and sources: counted in memory, written now and then, shown by the hour."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.watching import flows as flows_module
from petitions.watching.flows import Flows, Gathered, add_to_flows, show_sources, store_flows
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.watching.sources import DIRECT, OTHER
from tests.factories import make_campaign
from tests.watching.support import DAY, HOUR, MINUTE, NOON, flows, sources

SECRET = "s" * 40


def store(database: Database, campaign: CampaignSnapshot, **counts: int) -> None:
    """Forms by source, written."""
    gathered = Gathered()
    for source, count in counts.items():
        gathered.forms[campaign.id, NOON] += count
        gathered.sources[campaign.id, source] += count
    with database.writing() as session:
        store_flows(session, gathered, SECRET)


@pytest.mark.anyio
async def test_forms_are_counted_by_the_hour_and_added_to_what_is_there(
    database: Database, campaign: CampaignSnapshot
) -> None:
    counted = Flows(database, SECRET)
    for at in (NOON, NOON + 59 * MINUTE, NOON + HOUR):
        counted.note(campaign.id, at, None)
    await counted.write()
    counted.note(campaign.id, NOON + MINUTE, None)
    await counted.write()
    await counted.write()  # nothing is left to write
    assert {hour: flow.arrived for hour, flow in flows(database).items()} == {NOON: 3, NOON + HOUR: 1}


@pytest.mark.anyio
async def test_what_is_left_is_written_at_the_end(database: Database, campaign: CampaignSnapshot) -> None:
    counted = Flows(database, SECRET)
    counted.start()
    counted.note(campaign.id, NOON, "poster")
    await counted.stop()
    assert flows(database)[NOON].arrived == 1


@pytest.mark.anyio
async def test_a_source_counts_once_for_each_network_and_hour(
    database: Database, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="free-ana")
    counted = Flows(database, SECRET)
    for at, network in ((NOON, "192.0.2.1"), (NOON + 59 * MINUTE, "192.0.2.1"), (NOON, "192.0.2.2")):
        counted.note(campaign.id, at, "poster", network)
    counted.note(campaign.id, NOON, "letter", "192.0.2.1")
    counted.note(other.id, NOON, "poster", "192.0.2.1")
    counted.note(campaign.id, NOON + MINUTE, "poster", "192.0.2.3", trapped=True)
    await counted.write()
    assert sources(database) == [(None, 2, 0), (None, 1, 0), (None, 1, 0)]
    counted.note(campaign.id, NOON + HOUR, "poster", "192.0.2.1")
    await counted.write()
    assert sources(database) == [(None, 3, 0), (None, 1, 0), (None, 1, 0)]


@pytest.mark.anyio
async def test_of_networks_nothing_is_kept_but_hashes_and_they_go_with_the_hour(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows_module, "EVERY", 0.0)
    monkeypatch.setattr(flows_module, "utc_now", lambda: NOON + HOUR)
    counted = Flows(database, SECRET)
    counted.note(campaign.id, NOON, "poster", "192.0.2.1")
    assert len(counted._seen._hashes) == 1
    assert "192.0.2.1" not in repr(vars(counted._seen))
    counted.start()
    while counted._seen._hashes:
        await asyncio.sleep(0.005)
    await counted.stop()


def test_sources_without_a_name_make_room_after_a_day(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever sends forms with made up names would fill the list for good."""
    monkeypatch.setattr(flows_module, "MOST", 3)
    store(database, campaign, poster=5, junk=1, trash=4)
    show_sources(database, NOON + DAY)
    store(database, campaign, newsletter=6)
    assert sources(database) == [(OTHER, 6, 0), ("poster", 5, 5), (None, 4, 4), (None, 1, 1)]
    show_sources(database, NOON + 2 * DAY)
    assert sources(database) == [(OTHER, 6, 6), ("poster", 5, 5)]
    store(database, campaign, newsletter=6)
    assert ("newsletter", 6, 0) in sources(database)


@pytest.mark.anyio
async def test_it_writes_by_itself(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows_module, "EVERY", 0.0)
    counted = Flows(database, SECRET)
    counted.note(campaign.id, NOON, None)
    counted.start()
    while not flows(database):
        await asyncio.sleep(0.005)
    await counted.stop()
    assert flows(database)[NOON].arrived == 1


@pytest.mark.anyio
async def test_while_the_store_is_away_nothing_is_lost_and_nothing_counted_twice(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Flows(database, SECRET)
    counted.note(campaign.id, NOON, "poster")

    def away(_session: Session, gathered: Gathered, _secret: str) -> None:
        counted.note(campaign.id, NOON, "poster")  # another one arrives meanwhile
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(flows_module, "store_flows", away)
        await counted.write()
    assert flows(database) == {}
    await counted.write()
    assert flows(database)[NOON].arrived == 2
    assert sources(database) == [(None, 2, 0)]


def test_two_who_add_to_the_same_hours_at_once_lose_nothing(
    database: Database, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="free-ana")
    keys = [(campaign.id, NOON), (other.id, NOON), (campaign.id, NOON + HOUR), (other.id, NOON + HOUR)]

    def add(turn: int) -> None:
        for _ in range(10):
            with database.writing() as session:
                some = keys if turn else list(reversed(keys))
                add_to_flows(session, {key: {"arrived": 1, "longest_ms": turn} for key in some})

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(add, (0, 1)))
    with database.reading() as session:
        rows = session.query(HourlyFlow).all()
    assert [(row.arrived, row.longest_ms) for row in rows] == [(20, 1)] * 4


def test_a_source_has_a_name_in_the_store_from_the_fifth_form_on(
    database: Database, campaign: CampaignSnapshot
) -> None:
    store(database, campaign, newsletter=2)
    store(database, campaign, newsletter=2)
    assert sources(database) == [(None, 4, 0)]
    store(database, campaign, newsletter=1)
    assert sources(database) == [("newsletter", 5, 0)]
    store(database, campaign, poster=7)
    assert sources(database) == [("poster", 7, 0), ("newsletter", 5, 0)]


def test_past_the_most_sources_new_ones_are_counted_as_others(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows_module, "MOST", 2)
    store(database, campaign, a=5, b=6)
    store(database, campaign, a=1, c=7, d=8, **{DIRECT: 9})
    assert sources(database) == [(OTHER, 15, 0), (DIRECT, 9, 0), ("a", 6, 0), ("b", 6, 0)]


def test_of_a_name_nothing_is_left_in_the_store_before_the_fifth_form(
    database: Database, campaign: CampaignSnapshot
) -> None:
    store(database, campaign, **{"very-own-link": 4})
    with database.reading() as session:
        rows = session.execute(SourceCount.__table__.select()).all()
    assert "very-own-link" not in repr(rows)
    assert b"very-own-link" not in b"".join(row.key for row in rows)


def test_what_is_shown_is_renewed_by_the_hour(database: Database, campaign: CampaignSnapshot) -> None:
    store(database, campaign, poster=7)
    show_sources(database, NOON + MINUTE)
    assert sources(database) == [("poster", 7, 7)]
    store(database, campaign, poster=9)
    show_sources(database, NOON + 59 * MINUTE)
    assert sources(database) == [("poster", 16, 7)]
    show_sources(database, NOON + HOUR)
    assert sources(database) == [("poster", 16, 16)]


def test_a_few_forms_are_not_shown_by_themselves(database: Database, campaign: CampaignSnapshot) -> None:
    """Who signs alone within an hour would be told by the figure that rises."""
    store(database, campaign, poster=7)
    show_sources(database, NOON)
    store(database, campaign, poster=1, newsletter=3)
    show_sources(database, NOON + HOUR)
    assert sources(database) == [("poster", 8, 7), (None, 3, 0)]
    store(database, campaign, **{DIRECT: 1})
    show_sources(database, NOON + 2 * HOUR)
    assert sources(database) == [("poster", 8, 8), (None, 3, 3), (None, 1, 1)]


def test_other_campaigns_count_for_themselves(database: Database, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="free-ana")
    store(database, campaign, poster=4)
    store(database, other, poster=4)
    show_sources(database, NOON)
    assert sources(database) == [(None, 4, 0), (None, 4, 0)]
    with database.writing() as session:
        session.execute(update(SourceCount).where(SourceCount.campaign_id == other.id).values(arrived=5))
    show_sources(database, NOON + HOUR)
    assert sources(database) == [(None, 5, 5), (None, 4, 0)]
