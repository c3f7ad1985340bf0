"""What follows from the pace, and when nothing is said."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from petitions.watching.forecast import ClosingForecast, GoalForecast, forecast

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = [10, 20, 30, 40, 50, 60, 70]


def test_the_goal_is_reached_at_the_pace_of_the_last_days() -> None:
    found = forecast(WEEK, 1_000, 2_000, None, NOW)
    assert found is not None
    assert (found.days, found.pace, found.closing) == (7, 40, None)
    # 20, 40 and 60 a day: the thirds are three days each.
    assert found.goal == GoalForecast(2_000, date(2026, 12, 10), date(2026, 12, 18), date(2027, 1, 12))


def test_the_closing_day_brings_what_the_pace_brings() -> None:
    found = forecast(WEEK, 1_000, 5_000, NOW + timedelta(days=10), NOW)
    assert found is not None
    assert found.goal is None
    assert found.closing == ClosingForecast(date(2026, 12, 3), 1_200, 1_400, 1_600)


def test_a_goal_before_the_closing_day_is_told_beside_it() -> None:
    found = forecast(WEEK, 1_000, 1_100, NOW + timedelta(days=10), NOW)
    assert found is not None
    assert found.goal is not None
    assert found.goal.expected == date(2026, 11, 26)


def test_days_on_which_nobody_signed_leave_the_end_open() -> None:
    found = forecast([0, 0, 0, 50, 0, 0, 0], 100, 200, None, NOW)
    assert found is not None
    assert found.goal is not None
    assert found.goal.latest is None


def test_where_there_is_too_little_nothing_is_said() -> None:
    closing = NOW + timedelta(days=10)
    assert forecast([], 0, 100, closing, NOW) is None
    assert forecast([500, 500], 1_000, 2_000, closing, NOW) is None
    assert forecast([1, 2, 3], 6, 100, closing, NOW) is None


def test_nothing_is_said_of_a_closed_campaign_or_without_anything_to_expect() -> None:
    assert forecast(WEEK, 1_000, 2_000, NOW, NOW) is None
    assert forecast(WEEK, 1_000, None, None, NOW) is None
    assert forecast(WEEK, 2_000, 1_000, None, NOW) is None
    assert forecast(WEEK, 1_000, 10**9, None, NOW) is None


days = st.lists(st.integers(0, 10**6), max_size=10)


@given(days, st.integers(0, 10**8), st.one_of(st.none(), st.integers(1, 10**9)), st.integers(-10, 4_000))
def test_the_range_holds_what_is_expected(counts: list[int], count: int, goal: int | None, left: int) -> None:
    found = forecast(counts, count, goal, NOW + timedelta(days=left), NOW)
    if found is None:
        return
    assert left > 0
    if found.goal is not None:
        assert NOW.date() <= found.goal.earliest <= found.goal.expected
        assert found.goal.latest is None or found.goal.expected <= found.goal.latest
    if found.closing is not None:
        assert count <= found.closing.least <= found.closing.expected <= found.closing.most
