"""What waits, as of the hour and rounded; and the daily look whether the count is right."""

import logging

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations.models import OrganisationTally
from petitions.settings import Settings
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import Draft, Tally
from petitions.signatures.reckoning import Reckoning, find_reckoning
from petitions.watching import waiting
from petitions.watching.flows import hour_of
from petitions.watching.waiting import check_counts, count_waiting, rounded
from tests.factories import make_draft, sign_and_confirm
from tests.organisations.acting import shown
from tests.watching.support import DAY, HOUR, MINUTE, NOON, alerts


def tally(database: Database) -> Tally:
    with database.reading() as session:
        return session.scalars(select(Tally)).one()


def draft_many(database: Database, settings: Settings, campaign: CampaignSnapshot, many: int, held: int) -> None:
    drafts = [make_draft(campaign, settings) for _ in range(many)]
    with database.writing() as session:
        store_drafts(session, drafts, settings.sign_rate)
        ids = [draft.id for draft in drafts[:held]]
        session.execute(update(Draft).where(Draft.id.in_(ids)).values(held_reason="rate"))


@pytest.mark.parametrize(("count", "told"), [(0, 0), (9, 0), (10, 10), (14, 10), (15, 20), (1_234, 1_230)])
def test_it_is_told_in_tens_and_not_below_ten(count: int, told: int) -> None:
    assert rounded(count) == told


def test_what_waits_and_what_is_held_is_noted_once_in_an_hour(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft_many(database, settings, campaign, 40, held=12)
    begin = hour_of(utc_now())
    count_waiting(database, begin + MINUTE)
    assert (tally(database).waiting, tally(database).held) == (30, 10)
    draft_many(database, settings, campaign, 30, held=0)
    count_waiting(database, begin + 59 * MINUTE)
    assert (tally(database).waiting, tally(database).looked_at) == (30, begin + MINUTE)
    count_waiting(database, begin + HOUR)
    assert (tally(database).waiting, tally(database).looked_at) == (60, begin + HOUR)


def test_of_two_workers_at_once_one_tells(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told stays for the hour, else the difference would tell what happened between the two."""
    begin = hour_of(utc_now())

    def find_and_be_overtaken(session: Session, campaign_id: int) -> Reckoning:
        monkeypatch.undo()
        count_waiting(database, begin)
        sign_and_confirm(database, settings, campaign)
        return find_reckoning(session, campaign_id)

    monkeypatch.setattr(waiting, "find_reckoning", find_and_be_overtaken)
    count_waiting(database, begin + MINUTE)
    assert tally(database).looked_at == begin
    reckoned = tally(database).reckoned
    assert reckoned is not None
    assert (reckoned["confirmed"], reckoned["removed"]) == (0, [])


def test_a_few_are_none(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft_many(database, settings, campaign, 9, held=3)
    count_waiting(database, NOON)
    assert (tally(database).waiting, tally(database).held) == (0, 0)


def test_a_right_count_is_noted(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    sign_and_confirm(database, settings, campaign)
    now = utc_now()
    check_counts(database, now)
    assert (tally(database).recounted_at, tally(database).drift) == (now, 0)
    assert alerts(database) == []
    check_counts(database, now + HOUR)
    assert tally(database).recounted_at == now
    check_counts(database, now + DAY)
    assert tally(database).recounted_at == now + DAY


def test_a_wrong_count_is_logged_and_told_and_left_as_it_is(
    database: Database, settings: Settings, campaign: CampaignSnapshot, caplog: pytest.LogCaptureFixture
) -> None:
    sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Tally).values(counted=4))
    with caplog.at_level(logging.ERROR, "petitions"):
        check_counts(database, NOON)
    assert [(r.message, r.__dict__["fields"]) for r in caplog.records] == [
        ("count_drifts", {"campaign": campaign.id, "drift": 3})
    ]
    assert (tally(database).counted, tally(database).drift) == (4, 3)
    assert [(alert.kind, alert.drafts, alert.label) for alert in alerts(database)] == [("drift", 3, None)]
    with database.writing() as session:
        session.execute(update(Tally).values(counted=1))
    check_counts(database, NOON + DAY)
    assert tally(database).drift == 0


def test_a_wrong_count_of_organisations_is_told_too(
    database: Database, settings: Settings, campaign: CampaignSnapshot, caplog: pytest.LogCaptureFixture
) -> None:
    shown(database, settings, campaign, members=5)
    check_counts(database, NOON)
    assert alerts(database) == []
    with database.writing() as session:
        session.execute(update(OrganisationTally).values(counted=0))
    with caplog.at_level(logging.ERROR, "petitions"):
        check_counts(database, NOON + DAY)
    assert [(r.message, r.__dict__["fields"]) for r in caplog.records] == [
        ("organisations_drift", {"campaign": campaign.id, "drift": -1})
    ]
    with database.reading() as session:
        kept = session.scalars(select(OrganisationTally)).one()
    assert (kept.counted, kept.drift, tally(database).drift) == (0, -1, 0)
    assert [(alert.kind, alert.drafts) for alert in alerts(database)] == [("drift", 1)]
