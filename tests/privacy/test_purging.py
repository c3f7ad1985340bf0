"""A purge: what is personal goes, the count and the totals stay, whatever happens meanwhile."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions import batches
from petitions.campaigns.lifecycle import CONFIRM_GRACE
from petitions.campaigns.models import Campaign, Statement
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import exports
from petitions.errors import CampaignPurged, StoreUnavailable
from petitions.privacy import purging
from petitions.privacy.purging import purge, purge_due
from petitions.settings import Settings
from petitions.signatures import rollups
from petitions.signatures.changing import Change, Said
from petitions.signatures.confirming import Outcome
from petitions.signatures.counting import recount
from petitions.signatures.importing import import_files
from petitions.signatures.models import SignatureWord, Tally
from petitions.signatures.own import Done, store_actions
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import withdraw
from petitions.tokens import Named
from tests.factories import campaign_files, confirm, make_campaign, sign, sign_and_confirm
from tests.privacy.support import (
    PERSONAL,
    Logged,
    check_count,
    counted_among,
    find_campaign,
    left,
    of_campaign,
    populate,
    sign_many,
    totals,
    totals_of,
    withdraw_many,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten rows a batch, however fast they go."""
    for name in ("_SMALLEST", "_FIRST", "_LARGEST"):
        monkeypatch.setattr(batches, name, 10)


def closed(database: Database, **changes: Any) -> CampaignSnapshot:
    """A campaign whose retention has ended."""
    now = utc_now()
    changes = {"closes_at": now - 3 * DAY, "retention": {"months_after_closing": 0}} | changes
    return make_campaign(database, now - 9 * DAY, **changes)


def now_closed(database: Database, campaign: CampaignSnapshot, closes_at: datetime) -> None:
    """Time passes: people signed before the closing, which lies behind us now."""
    with database.writing() as session:
        session.execute(update(Campaign).where(Campaign.id == campaign.id).values(closes_at=closes_at))


# What goes and what stays


def test_everything_personal_goes_and_the_totals_stay(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    populate(database, settings, campaign, 60)
    roll_up(database, utc_now())
    found = left(database, campaign)
    assert set(found) == {table.__tablename__ for table in PERSONAL} - {"exports"} | {"organisations"}
    assert totals(database, campaign)[0] == 54
    before = of_campaign(database, campaign)
    report = purge(database, campaign.id, NOON)
    assert (report.slug, report.done, report.erased) == ("free-boris", True, 60)
    assert left(database, campaign) == {}
    assert totals(database, campaign)[0] == 54
    after = of_campaign(database, campaign)
    by_hour = [share for share in before["tally_parts"] if share[1] == "hour"]
    assert sum(share[3] for share in by_hour) == 54  # of a quiet hour they would tell too much
    assert after["tally_parts"] == [share for share in before["tally_parts"] if share not in by_hour]
    changed = {name for name in after if after[name] != before[name]}
    kept = {"campaigns", "tallies", "tally_parts", "organisation_logos"}
    assert changed == set(found) - {"rule_lists"} | kept
    with database.reading() as session:
        tally = session.get_one(Tally, campaign.id)
        assert (tally.purging, tally.purged, tally.counted, tally.withdrawn) == (True, 54, 54, 3)
        assert session.scalars(select(Statement.title)).all() == ["Free Boris"]


def test_totals_that_were_never_rolled_up_are_right_after_a_purge(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was behind, or had not begun."""
    monkeypatch.setattr(rollups, "_STEP", 7)
    signed = sign_many(database, settings, campaign, 40)
    with database.writing() as session:
        assert rollups.roll_up_step(session, campaign.id)
    purge(database, campaign.id, NOON)
    assert totals(database, campaign) == totals_of(signed)
    roll_up(database, utc_now())
    assert totals(database, campaign) == totals_of(signed)


def test_those_whom_the_campaign_removed_are_not_counted_afterwards(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None
) -> None:
    signed = populate(database, settings, campaign, 40)
    purge(database, campaign.id, NOON)
    assert totals(database, campaign) == totals_of(counted_among(signed))
    check_count(database, campaign)


def test_a_campaign_is_closed_from_the_beginning_of_its_purge(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    waiting = sign(database, settings, campaign)
    assert purge(database, campaign.id, utc_now(), stop=lambda: True).done is False
    found = find_campaign(database, campaign)
    assert found.purge_began_at is not None
    assert (found.purged_at, found.closes_at) == (None, found.purge_began_at)
    with database.reading() as session:
        assert get_snapshot(session, campaign.slug).status(utc_now()) == "closed"
    assert confirm(database, waiting) is Outcome.TOO_LATE
    assert left(database, campaign) == {"drafts": 1, "outbox": 1}
    check_count(database, campaign)


def test_the_closing_day_of_a_closed_campaign_stays(database: Database) -> None:
    campaign = closed(database)
    purge(database, campaign.id, utc_now())
    assert find_campaign(database, campaign).closes_at == campaign.closes_at


def test_a_campaign_that_nobody_signed(database: Database, campaign: CampaignSnapshot) -> None:
    report = purge(database, campaign.id, NOON)
    assert (report.done, report.erased, totals(database, campaign)) == (True, 0, (0, {}, {}))


def test_other_campaigns_are_left_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None
) -> None:
    other = make_campaign(database, slug="other")
    populate(database, settings, campaign, 30)
    populate(database, settings, other, 30)
    both = [
        sign_and_confirm(database, settings, each, email="ana@example.org", name="Both Campaigns")
        for each in (campaign, other)
    ]
    assert both[0].email_key == both[1].email_key
    before = of_campaign(database, other)
    purge(database, campaign.id, NOON)
    assert left(database, campaign) == {}
    assert of_campaign(database, other) == before
    check_count(database, other)


def test_a_purge_again_changes_nothing(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    populate(database, settings, campaign, 20)
    purge(database, campaign.id, NOON)
    before = of_campaign(database, campaign)
    report = purge(database, campaign.id, NOON + DAY)
    assert (report.done, report.erased) == (True, 0)
    assert of_campaign(database, campaign) == before


def test_a_purged_campaign_cannot_be_imported_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nor one whose purge has begun."""
    sign_and_confirm(database, settings, campaign)
    for stop in (True, False):
        purge(database, campaign.id, NOON, stop=lambda stop=stop: stop)  # type: ignore[misc]
        before = of_campaign(database, campaign)
        with pytest.raises(CampaignPurged, match=r"^free-boris: "), database.writing() as session:
            import_files(session, campaign_files(closes_at=utc_now() + 30 * DAY), utc_now())
        assert of_campaign(database, campaign) == before


# The count meanwhile


@pytest.mark.parametrize("repair", [False, True])
def test_a_recount_is_right_before_during_and_after(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None, repair: bool
) -> None:
    signed = counted_among(populate(database, settings, campaign, 40))
    seen = set()

    def look(_rows: int) -> None:
        result = check_count(database, campaign, repair=repair)
        seen.add((result.tallied, left(database, campaign).get("signatures", 0)))

    look(0)
    purge(database, campaign.id, NOON, progress=look)
    look(0)
    assert seen == {(36, rows) for rows in (40, 30, 20, 10, 0)}
    assert totals(database, campaign) == totals_of(signed)


@pytest.mark.parametrize("wrong_by", [-5, 5])
def test_a_wrong_count_is_repaired_in_the_middle_and_the_totals_stay(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None, wrong_by: int
) -> None:
    signed = sign_many(database, settings, campaign, 40)
    found = []

    def spoil_and_repair(_rows: int) -> None:
        if 0 < left(database, campaign).get("signatures", 0) < 40:
            with database.writing() as session:
                session.execute(update(Tally).values(counted=Tally.counted + wrong_by))
            with database.writing() as session:
                found.append(recount(session, campaign.id, utc_now(), repair=True))

    purge(database, campaign.id, NOON, progress=spoil_and_repair)
    assert [(each.tallied, each.rows) for each in found] == [(40 + wrong_by, 40)] * 3
    check_count(database, campaign)
    assert totals(database, campaign) == totals_of(signed)


# What signers do meanwhile


class InBetween:
    """Does something once, when the first signatures are erased."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act, self.done = act, False

    def __call__(self, rows: int) -> None:
        if rows and not self.done:
            self.done = True
            self._act()


def test_withdrawing_during_a_purge_lowers_the_count(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None
) -> None:
    signed = sign_many(database, settings, campaign, 40)
    erased, leaving = signed[:10], [signed[20], signed[35]]

    def leave() -> None:
        assert withdraw_many(database, [leaving[0]]) == [Done.DONE]
        with database.writing() as session:
            assert withdraw(session, campaign.id, leaving[1].email_key, utc_now())
        assert withdraw_many(database, erased) == [Done.GONE] * 10

    report = purge(database, campaign.id, NOON, progress=InBetween(leave))
    assert report.erased == 38
    assert totals(database, campaign) == totals_of([draft for draft in signed if draft not in leaving])
    check_count(database, campaign)
    assert left(database, campaign) == {}


def test_a_change_during_a_purge_leaves_nothing_behind(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None
) -> None:
    """A new name would otherwise stay in the search, where the old ones are erased already."""
    signed = sign_many(database, settings, campaign, 40)
    said = Said("Quite Another", "CH", None, None, None, None, "public", updates=False)

    def rename() -> None:
        with database.writing() as session:
            change = Change(Named(campaign.id, signed[30].id), said, "Write to me", utc_now())
            assert store_actions(session, [change]) == [Done.DONE]
        with database.reading() as session:
            assert session.scalars(select(SignatureWord.word)).all() == ["another", "quite"]

    assert (signed[30].visibility, signed[30].country) == ("public", "CH")
    purge(database, campaign.id, NOON, progress=InBetween(rename))
    assert left(database, campaign) == {}
    assert totals(database, campaign) == totals_of(signed)


def test_nobody_can_confirm_during_a_purge_or_after_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None
) -> None:
    signed = sign_many(database, settings, campaign, 30)
    waiting = sign(database, settings, campaign)
    outcomes = []
    purge(database, campaign.id, NOON, progress=InBetween(lambda: outcomes.append(confirm(database, waiting))))
    late = sign(database, settings, campaign)
    outcomes += [confirm(database, waiting), confirm(database, late)]
    assert outcomes == [Outcome.TOO_LATE, Outcome.GONE, Outcome.TOO_LATE]
    assert totals(database, campaign) == totals_of(signed)


def test_stragglers_are_swept_later(database: Database, settings: Settings) -> None:
    """A server that has not seen the purge yet takes a draft."""
    campaign, now = closed(database), utc_now()
    (first,) = purge_due(database, now)
    assert (first.done, first.erased) == (True, 0)
    assert purge_due(database, now) == []
    late = sign(database, settings, campaign)
    assert left(database, campaign) == {"drafts": 1, "outbox": 1}
    (second,) = purge_due(database, now + DAY)
    assert second.done
    assert left(database, campaign) == {}
    assert find_campaign(database, campaign).purged_at == now
    assert confirm(database, late) is Outcome.GONE
    assert purge_due(database, now + DAY) == []


def test_whoever_goes_on_signing_does_not_keep_a_purge_from_its_end(
    database: Database, settings: Settings, small_batches: None
) -> None:
    """Servers that have not seen the purge bring a draft after every batch."""
    campaign = closed(database)
    sent = []

    def send(_rows: int) -> None:
        sent.append(sign(database, settings, campaign))
        assert len(sent) < 50

    for _ in range(25):
        send(0)
    (report,) = purge_due(database, utc_now(), progress=send)
    assert report.done
    assert 0 < left(database, campaign)["drafts"] < 10
    purge_due(database, utc_now())
    assert left(database, campaign) == {}


# Stopping, breaking, going on


def test_a_purge_that_is_told_to_stop_stops_between_two_batches(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_batches: None, logged: Logged
) -> None:
    signed = counted_among(populate(database, settings, campaign, 40))
    rows: list[int] = []
    report = purge(database, campaign.id, NOON, stop=lambda: sum(rows) >= 20, progress=rows.append)
    assert (report.done, report.erased, sum(rows)) == (False, 20, 20)
    assert logged.named("purge_stopped") == [{"campaign": "free-boris", "signatures": 20}]
    assert left(database, campaign)["signatures"] == 20
    assert find_campaign(database, campaign).purged_at is None
    check_count(database, campaign)
    (report,) = purge_due(database, NOON)  # begun is begun: no day is asked any more
    assert (report.done, report.erased) == (True, 20)
    assert left(database, campaign) == {}
    assert totals(database, campaign) == totals_of(signed)
    assert logged.named("purged") == [{"campaign": "free-boris", "signatures": 20, "files_left": 0}]


def test_a_stop_is_asked_before_each_campaign(database: Database) -> None:
    first, second = closed(database, slug="first"), closed(database, slug="second")
    turns: list[str] = []

    def stop() -> bool:
        """The first is done, the second has not begun."""
        turns.append("asked")
        return find_campaign(database, first).purged_at is not None

    assert [report.slug for report in purge_due(database, utc_now(), stop)] == ["first"]
    assert find_campaign(database, second).purge_began_at is None
    assert turns


def test_what_failed_at_the_end_is_done_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not done before the copies of the store are gone."""
    sign_and_confirm(database, settings, campaign)

    def fail(_database: Database) -> int:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(purging, "forget_backups", fail)
        with pytest.raises(StoreUnavailable):
            purge(database, campaign.id, NOON)
    assert find_campaign(database, campaign).purged_at is None
    copy = copy_of_upgrade(database)
    (report,) = purge_due(database, NOON)
    assert report.done
    if copy is not None:
        assert report.backups_deleted == 1
        assert not copy.exists()
    assert find_campaign(database, campaign).purged_at == NOON


def copy_of_upgrade(database: Database, day: int = 1) -> Path | None:
    """A file where an upgrade leaves a copy of a SQLite store."""
    if database.file is None:
        return None
    copy = database.file.with_name(f"{database.file.name}.before-202611{day:02}T120000")
    copy.touch()
    return copy


@only_sqlite
def test_copies_of_the_store_go_once_with_each_campaign(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """What is copied afterwards holds nobody of this campaign, and is kept for its time."""
    other = make_campaign(database, slug="other")
    for each in (campaign, other):
        sign_and_confirm(database, settings, each)
    assert database.file is not None
    mine = database.file.with_name("my-own-copy.db")
    mine.touch()
    copies = [copy_of_upgrade(database, day) for day in (1, 2)]
    assert purge(database, campaign.id, NOON).backups_deleted == 2
    assert [copy.exists() for copy in copies if copy] == [False, False]
    later = copy_of_upgrade(database, 3)
    assert later is not None
    assert purge(database, campaign.id, NOON).backups_deleted == 0
    assert later.exists()
    assert purge(database, other.id, NOON).backups_deleted == 1
    assert not later.exists()
    assert mine.exists()


# When


@pytest.mark.parametrize(
    ("retention", "closes_at", "due_at"),
    [
        ({"until": "2027-06-30"}, None, datetime(2027, 6, 30, tzinfo=UTC)),
        ({"until": "2027-06-30"}, NOON, datetime(2027, 6, 30, tzinfo=UTC)),
        ({"until": "2026-11-22"}, NOON, NOON + CONFIRM_GRACE),
        ({"months_after_closing": 0}, NOON, NOON + CONFIRM_GRACE),
        ({"months_after_closing": 3}, NOON, datetime(2027, 2, 22, 12, tzinfo=UTC)),
        ({}, NOON, datetime(2027, 5, 22, 12, tzinfo=UTC)),
    ],
)
def test_a_campaign_is_purged_when_its_time_has_come_and_not_before(
    database: Database,
    settings: Settings,
    retention: dict[str, Any],
    closes_at: datetime | None,
    due_at: datetime,
) -> None:
    campaign = make_campaign(database, NOON - 30 * DAY, retention=retention)
    sign_and_confirm(database, settings, campaign)
    if closes_at is not None:
        now_closed(database, campaign, closes_at)
    early = due_at - timedelta(microseconds=1)
    assert purge_due(database, early) == []
    assert left(database, campaign)["signatures"] == 1
    assert find_campaign(database, campaign).purge_began_at is None
    (report,) = purge_due(database, due_at)
    assert (report.slug, report.done, report.erased) == (campaign.slug, True, 1)
    assert left(database, campaign) == {}


def test_a_campaign_without_a_closing_day_is_kept_until_it_has_one(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    assert purge_due(database, utc_now() + 9999 * DAY) == []
    assert left(database, campaign)["signatures"] == 1


def test_those_that_are_due_are_purged_and_no_others(database: Database, settings: Settings) -> None:
    campaigns = [make_campaign(database, slug=slug) for slug in ("one", "two", "three")]
    for campaign in campaigns:
        sign_and_confirm(database, settings, campaign)
    for campaign in campaigns[:2]:
        now_closed(database, campaign, NOON - 200 * DAY)
    assert [report.slug for report in purge_due(database, NOON)] == ["one", "two"]
    assert [len(left(database, campaign)) for campaign in campaigns] == [0, 0, 4]


def test_a_closing_that_was_put_off_meanwhile_is_heeded(
    database: Database, settings: Settings, small_batches: None
) -> None:
    """The purge of a large campaign takes its time, and the lead of the next one needs some more days."""
    first, second = closed(database, slug="first"), closed(database, slug="second")
    now_closed(database, first, utc_now() + DAY)
    now_closed(database, second, utc_now() + DAY)
    for campaign in (first, second):
        sign_and_confirm(database, settings, campaign)
        now_closed(database, campaign, utc_now() - 3 * DAY)
    put_off = InBetween(lambda: now_closed(database, second, utc_now() + DAY))
    assert [report.slug for report in purge_due(database, utc_now(), progress=put_off)] == ["first"]
    assert put_off.done
    assert left(database, second)["signatures"] == 1
    with database.reading() as session:
        assert get_snapshot(session, "second").status(utc_now()) == "open"
        assert session.get_one(Tally, second.id).purging is False


# How long a batch may hold the store


def test_a_purge_tells_the_longest_time_that_it_held_the_store(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_many(database, settings, campaign, 50)
    began = time.perf_counter()
    report = purge(database, campaign.id, NOON)
    assert 0 < report.longest_hold < time.perf_counter() - began


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_purge_that_fails_does_not_keep_the_others(database: Database, settings: Settings) -> None:
    """Something that cannot be deleted lies where a copy of the store would."""
    campaigns = [closed(database, slug=slug) for slug in ("first", "second")]
    assert database.file is not None
    blocked = database.file.with_name(f"{database.file.name}.before-20261122T120000")
    blocked.mkdir()
    reports = purge_due(database, utc_now() + timedelta(days=400))
    assert [(report.done, report.files_left) for report in reports] == [(True, [str(blocked)])] * 2
    assert all(find_campaign(database, campaign).purged_at for campaign in campaigns)


def test_an_error_in_one_purge_is_told_after_the_others(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (closed(database, slug=slug) for slug in ("first", "second"))
    delete = exports.delete_exports

    def fail(database: Database, campaign_id: int) -> list[str]:
        if campaign_id == first.id:
            raise OSError("broken")
        return delete(database, campaign_id)

    monkeypatch.setattr(purging, "delete_exports", fail)
    with pytest.raises(OSError, match="broken"):
        purge_due(database, utc_now() + timedelta(days=400))
    assert find_campaign(database, first).purged_at is None
    assert find_campaign(database, second).purged_at is not None
