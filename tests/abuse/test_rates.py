"""Drafts of a network in a sliding window."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from petitions.abuse.forgetting import forget_networks
from petitions.abuse.models import NetworkCount
from petitions.abuse.rates import Seen, _window_start, add_counts, find_counts
from petitions.db import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
A, B = b"a" * 16, b"b" * 16


def count(database: Database, at: datetime, period: timedelta = HOUR, **arrivals: int) -> dict[str, float]:
    """What was known of each network before these arrivals, which are added."""
    with database.writing() as session:
        keyed = Counter({name.encode() * 16: number for name, number in arrivals.items()})
        found = find_counts(session, keyed, period, at)
        add_counts(session, keyed, {}, period, at)
        return {key[:1].decode(): found.get(key, Seen()).drafts for key in keyed}


def test_arrivals_are_counted_after_they_were_judged(database: Database) -> None:
    assert count(database, NOON, a=2) == {"a": 0}
    assert count(database, NOON + MINUTE, a=1, b=4) == {"a": 2, "b": 0}
    assert count(database, NOON + 59 * MINUTE, a=1, b=1) == {"a": 3, "b": 4}


def test_the_window_before_weighs_what_the_period_still_covers(database: Database) -> None:
    count(database, NOON + 30 * MINUTE, a=60)
    weights = {minutes: count(database, NOON + minutes * MINUTE, a=0)["a"] for minutes in (60, 75, 90, 105, 119)}
    assert weights == pytest.approx({60: 60, 75: 45, 90: 30, 105: 15, 119: 1})
    assert count(database, NOON + 120 * MINUTE, a=0) == {"a": 0}


def test_periods_differ(database: Database) -> None:
    assert count(database, NOON, MINUTE, a=5) == {"a": 0}
    assert count(database, NOON + timedelta(seconds=90), MINUTE, a=0) == pytest.approx({"a": 2.5})
    assert count(database, NOON + 2 * MINUTE, MINUTE, a=0) == {"a": 0}


_moments = st.integers(946_684_800_000, 4_102_444_800_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


@given(_moments, st.sampled_from([MINUTE, HOUR, timedelta(days=1)]))
def test_windows_cover_time_without_gaps(now: datetime, period: timedelta) -> None:
    start = _window_start(period, now)
    assert start <= now < start + period
    assert _window_start(period, start) == start
    assert _window_start(period, start + period) == start + period


def test_processes_that_count_at_once_lose_nothing(database: Database) -> None:
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def work() -> None:
        start.wait(30)
        try:
            for _ in range(10):
                count(database, NOON, a=1, b=2)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(database, NOON, a=0, b=0) == {"a": 40, "b": 80}


def test_counts_go_with_their_keys(database: Database) -> None:
    for hours in (0, 47, 49, 100):
        count(database, NOON - hours * HOUR, a=1)
    forget_networks(database, NOON)
    with database.reading() as session:
        assert session.scalar(select(func.min(NetworkCount.window_start))) == NOON - 47 * HOUR
        assert session.scalar(select(func.count()).select_from(NetworkCount)) == 2


def test_what_was_held_of_a_network_is_known_as_long_as_its_counts(database: Database) -> None:
    for hours, held in ((0, 2), (1, 0), (5, 3)):
        with database.writing() as session:
            add_counts(session, {A: 4, B: 1}, {A: held}, HOUR, NOON + hours * HOUR)
    with database.reading() as session:
        found = find_counts(session, [A, B], HOUR, NOON + 10 * HOUR)
    assert found == {A: Seen(drafts=0, total=8, held=5, confirmed=0)}
