"""Reading campaigns."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import (
    CampaignSnapshot,
    find_due_for_purge,
    find_slug,
    get_snapshot,
    list_snapshots,
)
from petitions.campaigns.terms import Retention
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignNotFound
from tests.factories import make_campaign

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def test_a_campaign_that_is_not_there_is_not_found(database: Database) -> None:
    with database.reading() as session:
        with pytest.raises(CampaignNotFound, match=r"^nowhere$"):
            get_snapshot(session, "nowhere")
        assert list_snapshots(session) == []


def test_a_campaign_that_is_not_published_is_not_found(database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(published_at=None))
    with database.reading() as session:
        with pytest.raises(CampaignNotFound):
            get_snapshot(session, campaign.slug)
        assert list_snapshots(session) == []


def test_a_snapshot_outlives_its_transaction(campaign: CampaignSnapshot) -> None:
    assert campaign.statements["en"].title == "Free Boris"
    assert campaign.status(utc_now()) == "open"


def test_the_slug_of_a_campaign(database: Database, campaign: CampaignSnapshot) -> None:
    with database.reading() as session:
        assert find_slug(session, campaign.id) == "free-boris"
        assert find_slug(session, campaign.id + 1) is None


def due(database: Database, now: datetime) -> list[str | None]:
    """Slugs of what is to be purged."""
    with database.reading() as session:
        return [find_slug(session, campaign_id) for campaign_id in find_due_for_purge(session, now)]


def test_a_campaign_is_due_from_its_moment_on(database: Database) -> None:
    closes = {"closes_at": NOON}
    make_campaign(database, slug="six-months", **closes)
    make_campaign(database, slug="one-month", **closes, retention={"months_after_closing": 1})
    make_campaign(database, slug="a-day", **closes, retention={"months_after_closing": 0})
    make_campaign(database, slug="until", retention={"until": "2027-01-10"})
    make_campaign(database, slug="never")
    make_campaign(database, slug="never-either", retention={"months_after_closing": 0})
    expected: list[tuple[datetime, list[str]]] = [
        (NOON + DAY, ["a-day"]),
        (datetime(2026, 12, 22, 12, tzinfo=UTC), ["one-month", "a-day"]),
        (datetime(2027, 1, 10, tzinfo=UTC), ["one-month", "a-day", "until"]),
        (datetime(2027, 5, 22, 12, tzinfo=UTC), ["six-months", "one-month", "a-day", "until"]),
        (datetime.max.replace(tzinfo=UTC), ["six-months", "one-month", "a-day", "until"]),
    ]
    before: list[str] = []
    for moment, slugs in expected:
        assert due(database, moment - SECOND) == before
        assert due(database, moment) == slugs
        before = slugs


def test_a_campaign_that_closes_at_the_end_of_time_stops_no_purge(database: Database) -> None:
    make_campaign(database, slug="endless", closes_at=datetime(9999, 12, 31, 18, tzinfo=UTC))
    make_campaign(database, slug="due", closes_at=NOON, retention={"months_after_closing": 0})
    assert due(database, NOON + 2 * DAY) == ["due"]


def test_a_campaign_that_is_not_published_is_purged_like_any_other(database: Database) -> None:
    make_campaign(database, closes_at=NOON)
    with database.writing() as session:
        session.execute(update(Campaign).values(published_at=None))
    assert due(database, NOON + 365 * DAY) == ["free-boris"]


@pytest.mark.parametrize("columns", [("purge_began_at",), ("purge_began_at", "purged_at")])
def test_a_purge_that_began_goes_on_and_the_campaign_stays_closed(
    database: Database, campaign: CampaignSnapshot, columns: tuple[str, ...]
) -> None:
    """Also when it is done: a straggler may have come in. No date opens the campaign again."""
    values: dict[str, Any] = dict.fromkeys(columns, NOON)
    with database.writing() as session:
        session.execute(update(Campaign).values(values))
    assert due(database, NOON) == ["free-boris"]
    with database.reading() as session:
        snapshot = get_snapshot(session, "free-boris")
    assert (snapshot.opens_at, snapshot.closes_at) == (None, None)
    assert (snapshot.purge_began_at, snapshot.purged_at) == (NOON, values.get("purged_at"))
    assert {snapshot.status(moment) for moment in (NOON - DAY, NOON, NOON + 1000 * DAY)} == {"closed"}


def test_a_snapshot_says_when_its_data_go(database: Database) -> None:
    until = make_campaign(database, slug="until", retention={"until": "2027-06-30"})
    assert until.purge_due_at == datetime(2027, 6, 30, tzinfo=UTC)
    months = make_campaign(database, slug="months", closes_at=NOON, retention={"months_after_closing": 3})
    assert months.purge_due_at == datetime(2027, 2, 22, 12, tzinfo=UTC)
    default = make_campaign(database, slug="default", closes_at=NOON)
    assert default.purge_due_at == datetime(2027, 5, 22, 12, tzinfo=UTC)
    assert make_campaign(database, slug="open").purge_due_at is None
    with database.reading() as session:
        assert get_snapshot(session, "until").terms.retention == Retention(until=date(2027, 6, 30))
