"""When a campaign takes signatures, and when the personal data of its signers go."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from petitions.campaigns.lifecycle import CONFIRM_GRACE, may_confirm, purge_due_at, status_at
from petitions.campaigns.terms import Retention

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "status"),
    [
        (None, None, "open"),
        (NOON, None, "open"),
        (NOON + SECOND, None, "upcoming"),
        (None, NOON + SECOND, "open"),
        (None, NOON, "closed"),
        (NOON - DAY, NOON - SECOND, "closed"),
        (NOON + DAY, NOON + 2 * DAY, "upcoming"),
    ],
)
def test_the_state_of_a_campaign(opens_at: datetime | None, closes_at: datetime | None, status: str) -> None:
    assert status_at(opens_at, closes_at, NOON) == status


@pytest.mark.parametrize(
    ("closes_at", "drafted_at", "allowed"),
    [
        (None, NOON - 29 * DAY, True),
        (NOON + SECOND, NOON, True),
        (NOON, NOON - SECOND, True),
        (NOON - DAY + SECOND, NOON - DAY, True),
        (NOON - DAY, NOON - DAY - SECOND, False),
        (NOON - SECOND, NOON - SECOND, False),
    ],
)
def test_a_draft_may_be_confirmed_for_a_day_after_the_closing(
    closes_at: datetime | None, drafted_at: datetime, allowed: bool
) -> None:
    assert may_confirm(closes_at, drafted_at, NOON) is allowed


FIRST_MOMENT, LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
moments = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize("closes_at", [LAST_MOMENT, datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_campaign_that_closes_at_the_end_of_time_can_be_confirmed(closes_at: datetime) -> None:
    assert may_confirm(closes_at, NOON - SECOND, NOON) is True
    assert may_confirm(closes_at, closes_at, closes_at) is False


@given(moments, moments, moments)
@example(LAST_MOMENT, NOON, LAST_MOMENT)
def test_what_may_be_confirmed_was_drafted_in_time_and_pressed_in_time(
    closes_at: datetime, drafted_at: datetime, now: datetime
) -> None:
    allowed = may_confirm(closes_at, drafted_at, now)
    assert allowed == (drafted_at < closes_at and (now - closes_at).total_seconds() < 24 * 3600)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("closes_at", "months", "due_at"),
    [
        ("2026-11-22T12:00", 6, "2027-05-22T12:00"),
        ("2026-11-22T12:00", 1, "2026-12-22T12:00"),
        ("2026-11-22T12:00", 2, "2027-01-22T12:00"),
        ("2026-12-31T23:59:59", 12, "2027-12-31T23:59:59"),
        ("2026-12-15T00:00", 36, "2029-12-15T00:00"),
        ("2027-01-31T18:00", 1, "2027-02-28T18:00"),  # the last day of a shorter month
        ("2028-01-31T18:00", 1, "2028-02-29T18:00"),  # of a leap year
        ("2027-01-29T18:00", 1, "2027-02-28T18:00"),
        ("2027-01-28T18:00", 1, "2027-02-28T18:00"),
        ("2028-02-29T18:00", 12, "2029-02-28T18:00"),
        ("2028-02-29T18:00", 1, "2028-03-29T18:00"),
        ("2025-02-28T18:00", 36, "2028-02-28T18:00"),
        ("2099-11-30T18:00", 3, "2100-02-28T18:00"),  # no leap year
        ("1999-08-31T18:00", 6, "2000-02-29T18:00"),  # one
        ("2027-03-31T18:00", 1, "2027-04-30T18:00"),
        ("2026-11-22T12:00", 0, "2026-11-23T12:00"),  # never before the last draft can be confirmed
        ("2026-12-31T12:00", 0, "2027-01-01T12:00"),
        ("9999-12-31T12:00", 0, "9999-12-31T23:59:59.999999"),
        ("9999-12-31T12:00", 6, "9999-12-31T23:59:59.999999"),
    ],
)
def test_data_go_so_many_months_after_the_closing(closes_at: str, months: int, due_at: str) -> None:
    assert purge_due_at(Retention(months), at(closes_at)) == at(due_at)


@pytest.mark.parametrize(
    ("until", "closes_at", "due_at"),
    [
        (date(2027, 6, 30), None, "2027-06-30T00:00"),
        (date(2027, 6, 30), "2026-11-22T12:00", "2027-06-30T00:00"),
        (date(2026, 11, 22), "2026-11-22T12:00", "2026-11-23T12:00"),
        (date(2026, 11, 23), "2026-11-22T12:00", "2026-11-23T12:00"),
        (date(2026, 11, 24), "2026-11-22T12:00", "2026-11-24T00:00"),
        (date(2020, 2, 29), "2026-11-22T12:00", "2026-11-23T12:00"),
        (date.max, "9999-12-31T00:00", "9999-12-31T23:59:59.999999"),
    ],
)
def test_data_go_on_a_day_that_is_set(until: date, closes_at: str | None, due_at: str) -> None:
    """Whatever the months say; the day begins in UTC."""
    for months in (0, 36):
        assert purge_due_at(Retention(months, until), at(closes_at) if closes_at else None) == at(due_at)


def test_without_a_day_and_without_a_closing_nobody_can_say_when_data_go() -> None:
    assert purge_due_at(Retention(), None) is None
    assert purge_due_at(Retention(0), None) is None


@given(moments, st.integers(0, 36))
@example(datetime(2028, 2, 29, tzinfo=UTC), 12)
@example(datetime(2027, 12, 31, 23, 59, tzinfo=UTC), 2)
def test_months_after_a_closing_are_months_of_the_calendar(closes_at: datetime, months: int) -> None:
    assume(closes_at.year < 9990)
    due_at = purge_due_at(Retention(months), closes_at)
    assert due_at is not None
    assert due_at.tzinfo is UTC
    if months == 0:
        assert due_at == closes_at + CONFIRM_GRACE
        return
    assert (due_at.year - closes_at.year) * 12 + due_at.month - closes_at.month == months
    assert due_at.timetz() == closes_at.timetz()
    if due_at.day != closes_at.day:  # only where that month has no such day
        assert due_at.day < closes_at.day
        assert (due_at + DAY).month != due_at.month


retentions = st.builds(Retention, st.integers(0, 36), st.none() | st.dates())


@given(retentions, moments)
@example(Retention(36), LAST_MOMENT)
@example(Retention(0, date.max), LAST_MOMENT)
@example(Retention(0, date.min), FIRST_MOMENT)
def test_data_never_go_while_a_draft_can_be_confirmed(retention: Retention, closes_at: datetime) -> None:
    due_at = purge_due_at(retention, closes_at)
    assert due_at is not None
    assert due_at >= closes_at
    drafted_at = closes_at - min(SECOND, closes_at - FIRST_MOMENT)
    assert due_at == LAST_MOMENT or not may_confirm(closes_at, drafted_at, due_at)


@given(st.integers(0, 36), st.integers(0, 36), moments, moments)
def test_a_later_closing_or_more_months_never_bring_the_day_forward(
    months: int, more: int, one: datetime, other: datetime
) -> None:
    sooner = purge_due_at(Retention(min(months, more)), min(one, other))
    later = purge_due_at(Retention(max(months, more)), max(one, other))
    assert sooner is not None
    assert later is not None
    assert sooner <= later
