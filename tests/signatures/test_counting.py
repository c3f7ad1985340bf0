"""The tally is what the rows say; where it is not, recounting finds and mends it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.counting import People, Recount, find_all_people, find_count, recount
from petitions.signatures.models import Signature, Tally, TallyPart
from petitions.signatures.rollups import find_parts, roll_up
from tests.factories import confirm, make_campaign, sign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def say(database: Database, campaign: CampaignSnapshot, **values: int) -> None:
    """Put something else into the tally, as a broken program would."""
    with database.writing() as session:
        session.execute(update(Tally).where(Tally.campaign_id == campaign.id).values(values))


def check(database: Database, campaign: CampaignSnapshot, *, repair: bool) -> Recount:
    with database.writing() if repair else database.reading() as session:
        return recount(session, campaign.id, NOON, repair=repair)


def test_counts_of_campaigns(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="other")
    for _ in range(3):
        sign_and_confirm(database, settings, campaign)
    sign(database, settings, other)
    with database.reading() as session:
        assert find_all_people(session) == {campaign.id: People(3), other.id: People(0)}
        assert find_count(session, campaign.id) == 3
        assert find_count(session, 999) == 0


@pytest.mark.parametrize("wrong", [0, 1, 3, 7])
def test_drift_is_found_and_left_without_repair(
    database: Database, settings: Settings, campaign: CampaignSnapshot, wrong: int
) -> None:
    for _ in range(2):
        sign_and_confirm(database, settings, campaign)
    say(database, campaign, counted=wrong)
    result = check(database, campaign, repair=False)
    assert result == Recount("free-boris", tallied=wrong, rows=2)
    assert result.drift == wrong - 2
    with database.reading() as session:
        tally = session.get_one(Tally, campaign.id)
        assert (tally.counted, tally.recounted_at) == (wrong, None)


def test_what_is_confirmed_meanwhile_is_no_drift(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The tally and the rows are of one moment, on PostgreSQL too, where each statement has its own."""
    sign_and_confirm(database, settings, campaign)
    draft = sign(database, settings, campaign)
    looked: list[bool] = []

    def confirm_meanwhile(*_: Any) -> None:
        if not looked:
            looked.append(True)
            confirm(database, draft)

    event.listen(database.engine, "after_cursor_execute", confirm_meanwhile)
    assert check(database, campaign, repair=False).drift == 0
    assert check(database, campaign, repair=False) == Recount("free-boris", tallied=2, rows=2)


def test_drift_is_repaired(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="other")
    for _ in range(2):
        sign_and_confirm(database, settings, campaign)
    say(database, campaign, counted=40)
    say(database, other, counted=5)
    assert check(database, campaign, repair=True).drift == 38
    assert check(database, campaign, repair=True).drift == 0
    with database.reading() as session:
        assert find_all_people(session) == {campaign.id: People(2), other.id: People(5)}
        tally = session.get_one(Tally, campaign.id)
        assert (tally.changed_at, tally.recounted_at) == (NOON, NOON)


def test_removed_rows_do_not_count(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    removed = sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == removed.id).values(removed_at=utc_now()))
    assert check(database, campaign, repair=True) == Recount("free-boris", tallied=2, rows=1)
    with database.reading() as session:
        assert find_count(session, campaign.id) == 1


def test_rows_that_are_purged_go_on_being_counted(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """At every moment of a purge the count is what it was, and no drift; and so it stays."""
    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(4)]
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == drafts[0].id).values(removed_at=utc_now()))
    say(database, campaign, counted=3)
    seen = []

    def look(_rows: int) -> None:
        seen.append(check(database, campaign, repair=False))
        seen.append(check(database, campaign, repair=True))

    assert purge(database, campaign.id, NOON, progress=look).erased == 4
    look(0)
    assert set(seen) == {Recount("free-boris", tallied=3, rows=3)}
    with database.reading() as session:
        assert session.scalars(select(Signature.id)).all() == []
        assert find_count(session, campaign.id) == 3


def test_repair_during_a_purge_keeps_the_shares(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The rows to roll up again are gone."""
    for country in ("ES", "ES", "IE"):
        sign_and_confirm(database, settings, campaign, country=country)
    purge(database, campaign.id, NOON)
    say(database, campaign, counted=9)
    assert check(database, campaign, repair=True) == Recount("free-boris", tallied=9, rows=3)
    roll_up(database, NOON)
    with database.reading() as session:
        assert find_count(session, campaign.id) == 3
        assert find_parts(session, campaign.id, "country") == [("ES", 2), ("IE", 1)]


def test_a_right_tally_is_left_alone(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    sign_and_confirm(database, settings, campaign)
    roll_up(database, NOON)
    with database.reading() as session:
        before = session.get_one(Tally, campaign.id)
    assert check(database, campaign, repair=True).drift == 0
    with database.reading() as session:
        after = session.get_one(Tally, campaign.id)
        assert (after.counted, after.last_serial, after.rolled_up_serial, after.changed_at) == (
            before.counted,
            before.last_serial,
            before.rolled_up_serial,
            before.changed_at,
        )
        assert find_parts(session, campaign.id, "country") == [("ES", 1)]


def test_repair_never_gives_a_serial_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for _ in range(3):
        sign_and_confirm(database, settings, campaign)
    say(database, campaign, counted=1, last_serial=1)
    check(database, campaign, repair=True)
    latest = sign_and_confirm(database, settings, campaign)
    with database.reading() as session:
        assert session.scalar(select(Signature.serial).where(Signature.id == latest.id)) == 4


def test_repair_begins_the_roll_ups_anew(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for country in ("ES", "ES", "IE"):
        sign_and_confirm(database, settings, campaign, country=country)
    roll_up(database, NOON)
    say(database, campaign, counted=9)
    with database.writing() as session:
        session.execute(update(TallyPart).values(counted=77))
    check(database, campaign, repair=True)
    with database.reading() as session:
        assert find_parts(session, campaign.id, "country") == []
    roll_up(database, NOON)
    with database.reading() as session:
        assert find_parts(session, campaign.id, "country") == [("ES", 2), ("IE", 1)]
        assert find_parts(session, campaign.id, "visibility") == [("public", 3)]
