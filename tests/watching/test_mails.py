"""How confirm mails went out, added up hour by hour, each once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.watching import mails
from petitions.watching.flows import add_to_flows
from petitions.watching.mails import MARGIN, watch_mails
from petitions.watching.models import HourlyFlow
from tests.factories import make_campaign
from tests.watching.support import DAY, HOUR, MINUTE, NOON, SECOND, add_mail, flows


def sums(database: Database) -> dict[datetime, tuple[int, int, int, int]]:
    """Mailed, failed, delay, longest; by hour."""
    return {h: (f.mailed, f.failed, f.delay_ms, f.longest_ms) for h, f in flows(database).items()}


def test_sent_and_failed_mails_are_added_to_their_hours(database: Database, campaign: CampaignSnapshot) -> None:
    add_mail(database, campaign, NOON, sent_at=NOON + 2 * SECOND)
    add_mail(database, campaign, NOON, sent_at=NOON + 3 * SECOND)
    add_mail(database, campaign, NOON, sent_at=NOON + HOUR)
    add_mail(database, campaign, NOON, failed_at=NOON + HOUR, failure="refused")
    add_mail(database, campaign, NOON)  # still waiting
    add_mail(database, campaign, NOON, kind="already_signed", sent_at=NOON + SECOND)
    watch_mails(database, NOON + 2 * HOUR)
    assert sums(database) == {NOON: (2, 0, 5_000, 3_000), NOON + HOUR: (1, 1, 3_600_000, 3_600_000)}


def test_run_again_nothing_is_counted_twice_and_what_comes_is_added(
    database: Database, campaign: CampaignSnapshot
) -> None:
    add_mail(database, campaign, NOON, sent_at=NOON + SECOND)
    for _ in range(3):
        watch_mails(database, NOON + MINUTE)
    add_mail(database, campaign, NOON, sent_at=NOON + MINUTE)
    watch_mails(database, NOON + 2 * MINUTE)
    assert sums(database) == {NOON: (2, 0, 61_000, 60_000)}


def test_the_last_seconds_wait_for_those_who_write_late(database: Database, campaign: CampaignSnapshot) -> None:
    add_mail(database, campaign, NOON, sent_at=NOON + SECOND)
    watch_mails(database, NOON + MARGIN)
    assert sums(database) == {}
    add_mail(database, campaign, NOON, sent_at=NOON + SECOND)  # its writer had to wait
    watch_mails(database, NOON + MARGIN + SECOND)
    assert sums(database)[NOON][0] == 2


def test_after_days_without_a_worker_everything_that_is_left_is_read(
    database: Database, campaign: CampaignSnapshot
) -> None:
    add_mail(database, campaign, NOON - DAY, sent_at=NOON - DAY + SECOND)
    add_mail(database, campaign, NOON, sent_at=NOON + SECOND)
    watch_mails(database, NOON + HOUR)
    assert sums(database) == {NOON - DAY: (1, 0, 1_000, 1_000), NOON: (1, 0, 1_000, 1_000)}


def test_several_workers_count_every_mail_once(database: Database, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="free-ana")
    for minute in range(30):
        add_mail(database, campaign, NOON, sent_at=NOON + minute * MINUTE)
        add_mail(database, other, NOON, failed_at=NOON + minute * MINUTE)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: watch_mails(database, NOON + HOUR), range(3)))
    with database.reading() as session:
        rows = session.query(Campaign.slug, HourlyFlow.mailed, HourlyFlow.failed).join(HourlyFlow).all()
    assert sorted(tuple(row) for row in rows) == [("free-ana", 0, 30), ("free-boris", 30, 0)]


def test_a_worker_that_is_killed_in_it_leaves_nothing_half_done(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(0, 30, 3):
        add_mail(database, campaign, NOON, sent_at=NOON + minute * MINUTE)
    steps = 0

    def killed(session: Session, added: Mapping[tuple[int, datetime], Mapping[str, int]]) -> None:
        nonlocal steps
        steps += 1
        adding(session, added)
        if steps % 2 == 0:
            raise SystemExit

    adding = add_to_flows
    monkeypatch.setattr(mails, "add_to_flows", killed)
    for _ in range(20):
        try:
            watch_mails(database, NOON + HOUR)
        except SystemExit:
            continue
        break
    assert steps > 5
    assert sums(database)[NOON][:2] == (10, 0)


@pytest.mark.plans
def test_sent_and_failed_mails_are_found_by_their_indexes(database: Database, campaign: CampaignSnapshot) -> None:
    for at, index in ((mails._outbox.sent_at, "ix_outbox_sent"), (mails._outbox.failed_at, "ix_outbox_failed")):
        query = mails._done(campaign.id, at, NOON, NOON + HOUR)
        with database.reading() as session:
            said = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
            explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
            plan = " ".join(str(tuple(row)) for row in session.connection().exec_driver_sql(f"{explain} {said}"))
        assert index in plan
