"""Identifiers begin with the time, and the clock is aware."""

import time
from datetime import UTC, timedelta
from uuid import RFC_4122

from petitions.clock import utc_now
from petitions.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    for _ in range(200):
        identifier = new_id()
        assert (identifier.version, identifier.variant) == (7, RFC_4122)


def test_an_id_begins_with_its_time() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = new_id().int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_a_later_id_is_greater() -> None:
    first = new_id()
    while time.time_ns() // 1_000_000 == first.int >> 80:
        pass
    assert first < new_id()


def test_ids_differ() -> None:
    assert len({new_id() for _ in range(2000)}) == 2000


def test_the_clock_is_aware_and_of_utc() -> None:
    now = utc_now()
    assert now.tzinfo is UTC
    assert abs(now.timestamp() - time.time()) < timedelta(seconds=5).total_seconds()
