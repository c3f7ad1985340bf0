"""Slowing down whoever guesses, and nobody else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import select

from petitions.accounts.forgetting import forget_logins
from petitions.accounts.models import Failures
from petitions.accounts.throttling import FREE, LONGEST_WAIT, MEMORY, Throttle, Try, begin_try, end_try, find_wait
from petitions.clock import utc_now
from petitions.db import Database

THROTTLE = Throttle("secret" * 8)
NOW = utc_now()
HERE, THERE = "192.0.2.1", "198.51.100.7"


def begin(database: Database, attempt: Try, now: datetime = NOW) -> timedelta | None:
    with database.writing() as session:
        return begin_try(session, attempt, now)


def end(database: Database, attempt: Try) -> None:
    with database.writing() as session:
        end_try(session, attempt)


def fail(database: Database, attempt: Try, times: int) -> None:
    for _ in range(times):
        assert begin(database, attempt) is None


def test_after_the_free_tries_the_wait_doubles_up_to_a_quarter_of_an_hour(database: Database) -> None:
    attempt, now, waits = THROTTLE.stranger("ana@example.org", HERE), NOW, []
    fail(database, attempt, FREE["pair"])
    for _ in range(9):
        wait = begin(database, attempt, now)
        assert wait is not None
        waits.append(wait.total_seconds())
        now += wait
        assert begin(database, attempt, now) is None
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    assert timedelta(seconds=900) == LONGEST_WAIT


def test_a_try_that_has_to_wait_makes_the_wait_no_longer(database: Database) -> None:
    """Else whoever never stops would keep the owner out for ever."""
    attempt = THROTTLE.stranger("ana@example.org", HERE)
    fail(database, attempt, FREE["pair"])
    for second in range(15):
        assert begin(database, attempt, NOW + timedelta(seconds=second)) == timedelta(seconds=15 - second)
    assert begin(database, attempt, NOW + timedelta(seconds=15)) is None


def test_one_network_that_guesses_leaves_others_alone(database: Database) -> None:
    attempt = THROTTLE.stranger("ana@example.org", HERE)
    fail(database, attempt, FREE["pair"])
    assert begin(database, attempt) is not None
    assert begin(database, THROTTLE.stranger("ana@example.org", THERE)) is None
    assert begin(database, THROTTLE.stranger("boris@example.org", HERE)) is None


def test_where_no_network_is_known_the_address_alone_is_counted(database: Database) -> None:
    for _ in range(FREE["address"]):
        assert begin(database, THROTTLE.stranger("ana@example.org", None)) is None
    assert begin(database, THROTTLE.stranger("ana@example.org", None)) == timedelta(seconds=15)
    assert begin(database, THROTTLE.stranger("boris@example.org", None)) is None
    for _ in range(FREE["forgot"] + 1):
        assert begin(database, THROTTLE.forgotten(None)) is None
    with database.reading() as session:
        assert len(session.scalars(select(Failures)).all()) == 2


def test_looking_how_long_to_wait_counts_nothing(database: Database) -> None:
    attempt = THROTTLE.forgotten(HERE)
    with database.reading() as session:
        assert [find_wait(session, attempt, NOW) for _ in range(30)] == [None] * 30
    fail(database, attempt, FREE["forgot"])
    with database.reading() as session:
        assert find_wait(session, attempt, NOW) == timedelta(seconds=15)


def test_the_spelling_of_an_address_gives_no_further_tries(database: Database) -> None:
    fail(database, THROTTLE.stranger("ana@example.org", HERE), FREE["pair"])
    assert begin(database, THROTTLE.stranger(" ANA@Example.org ", HERE)) is not None


def test_a_network_that_sprays_one_password_over_many_accounts_has_to_wait(database: Database) -> None:
    for number in range(FREE["network"]):
        assert begin(database, THROTTLE.stranger(f"lead{number}@example.org", HERE)) is None
    assert begin(database, THROTTLE.stranger("another@example.org", HERE)) == timedelta(seconds=15)
    assert begin(database, THROTTLE.stranger("another@example.org", THERE)) is None


def test_logging_in_to_an_account_of_their_own_gives_a_sprayer_no_further_tries(database: Database) -> None:
    own = THROTTLE.stranger("mallory@example.org", HERE)
    for number in range(FREE["network"]):
        assert begin(database, THROTTLE.stranger(f"lead{number}@example.org", HERE)) is None
        if number < FREE["network"] - 1:
            assert begin(database, own) is None
            end(database, own)
    assert begin(database, THROTTLE.stranger("another@example.org", HERE)) is not None


def test_many_networks_that_guess_one_password_have_to_wait(database: Database) -> None:
    for number in range(FREE["address"]):
        assert begin(database, THROTTLE.stranger("ana@example.org", f"203.0.113.{number}")) is None
    assert begin(database, THROTTLE.stranger("ana@example.org", THERE)) is not None


def test_no_stranger_makes_a_known_browser_wait(database: Database) -> None:
    for number in range(FREE["address"]):
        begin(database, THROTTLE.stranger("ana@example.org", f"203.0.113.{number}"))
    known = THROTTLE.known("ana:1")
    assert begin(database, known) is None
    assert begin(database, THROTTLE.known("ana:2")) is None
    fail(database, known, FREE["browser"] - 1)
    assert begin(database, known) is not None  # but it may not guess for ever either


def test_the_right_password_forgets_the_wrong_ones(database: Database) -> None:
    attempt = THROTTLE.stranger("ana@example.org", HERE)
    fail(database, attempt, FREE["pair"])
    end(database, attempt)
    fail(database, attempt, FREE["pair"])
    assert begin(database, attempt) is not None


def test_what_has_to_wait_leaves_nothing_in_the_store(database: Database) -> None:
    """Else a network that is made to wait could fill it with addresses."""
    for number in range(FREE["network"]):
        assert begin(database, THROTTLE.stranger(f"lead{number}@example.org", HERE)) is None
    with database.reading() as session:
        before = len(session.scalars(select(Failures)).all())
    for number in range(5):
        assert begin(database, THROTTLE.stranger(f"random{number}@example.org", HERE)) is not None
    with database.reading() as session:
        assert len(session.scalars(select(Failures)).all()) == before


def test_after_a_day_everything_is_forgotten(database: Database) -> None:
    attempt = THROTTLE.stranger("ana@example.org", HERE)
    fail(database, attempt, FREE["pair"])
    later = NOW + MEMORY
    forget_logins(database, later)
    with database.reading() as session:
        assert len(session.scalars(select(Failures)).all()) == 3  # a moment too early
    assert begin(database, attempt, later) is None
    with database.reading() as session:
        assert set(session.scalars(select(Failures.count))) == {1}
    forget_logins(database, later + MEMORY + timedelta(seconds=1))
    with database.reading() as session:
        assert session.scalars(select(Failures)).all() == []


def test_the_store_tells_nothing_about_who_tried(database: Database) -> None:
    begin(database, THROTTLE.stranger("ana@example.org", HERE))
    with database.reading() as session:
        keys = set(session.scalars(select(Failures.key)))
    assert keys == set(THROTTLE.stranger("ana@example.org", HERE).keys)
    assert keys.isdisjoint(Throttle("another" * 8).stranger("ana@example.org", HERE).keys)


def test_a_hundred_tries_at_once_are_not_more_than_one_after_the_other(database: Database) -> None:
    attempt = THROTTLE.stranger("ana@example.org", HERE)
    start = threading.Barrier(8)

    def guess() -> int:
        start.wait(10)
        return sum(begin(database, attempt) is None for _ in range(3))

    with ThreadPoolExecutor(8) as threads:
        allowed = sum(future.result() for future in [threads.submit(guess) for _ in range(8)])
    assert allowed == FREE["pair"]
