"""The chain over what leads did: sealed once, by whoever, and whatever is killed."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from petitions.audit.chain import START, Head, find_head, lock_head, parse_head
from petitions.audit.recording import record
from petitions.audit.sealing import seal, seal_step
from petitions.clock import utc_now
from petitions.db import Database
from tests.audit.support import OLGA, check, sealed_chain, stored, write_entries

SECONDS = 60

#: On SQLite whoever writes is alone.
where_many_write = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


def test_entries_get_places_in_the_order_of_their_ids(database: Database) -> None:
    write_entries(database, 3)
    assert seal(database, utc_now()) == 3
    entries = stored(database)
    assert [entry.place for entry in entries] == [1, 2, 3]
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)
    assert len({entry.digest for entry in entries}) == 3
    with database.reading() as session:
        assert find_head(session) == Head(3, entries[-1].digest or b"")


def test_sealing_again_changes_nothing(database: Database) -> None:
    before = sealed_chain(database, 3)
    assert seal(database, utc_now()) == 0
    assert check(database) == before


def test_an_empty_log_has_a_chain_of_nothing(database: Database) -> None:
    assert seal(database, utc_now()) == 0
    found = check(database)
    assert (found.count, found.head, found.broken_at) == (0, START, None)


def test_more_than_one_step_is_sealed(database: Database) -> None:
    with database.writing() as session:
        for number in range(1_201):
            record(session, OLGA, "campaign.saved", utc_now(), number=number)
    assert seal(database, utc_now()) == 1_201
    found = check(database)
    assert (found.count, found.broken_at, found.unsealed) == (1_201, None, 0)


@where_many_write
def test_an_entry_that_is_committed_late_gets_a_later_place(database: Database) -> None:
    with database.writing() as slow:
        record(slow, OLGA, "campaign.closed", utc_now())
        slow.flush()  # it has its id, and is not there yet for anybody else
        write_entries(database, 2)
        assert seal(database, utc_now()) == 2
    assert seal(database, utc_now()) == 1
    entries = stored(database)
    assert [entry.action for entry in entries] == ["campaign.saved", "campaign.saved", "campaign.closed"]
    assert entries[-1].id < entries[0].id
    assert check(database).is_whole


def test_sealers_at_once_make_one_chain(database: Database) -> None:
    """Four sealers, each with a store of its own as in processes, while entries come in."""
    url = database.engine.url.render_as_string(hide_password=False)
    databases = [Database(url) for _ in range(4)]
    ready, written = threading.Barrier(5), threading.Event()

    def seal_on(other: Database) -> int:
        ready.wait(SECONDS)
        sealed = 0
        while not written.is_set():
            sealed += seal(other, utc_now())
        return sealed

    with ThreadPoolExecutor(4) as pool:
        sealers = [pool.submit(seal_on, other) for other in databases]
        ready.wait(SECONDS)
        write_entries(database, 60)
        written.set()
        sealed = sum(sealer.result(SECONDS) for sealer in sealers)
    for other in databases:
        other.close()
    sealed += seal(database, utc_now())
    assert sealed == 60
    found = check(database)
    assert (found.count, found.broken_at, found.unsealed) == (60, None, 0)


@where_many_write
def test_a_second_sealer_waits_for_the_first(database: Database) -> None:
    """The head is locked: else both would follow the same entry, and the chain would fork."""
    sealed_chain(database, 1)
    write_entries(database, 2)
    with database.writing() as session:
        assert seal_step(session) == 2
        with database.writing() as second:
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError):
                lock_head(second)
            second.rollback()
    with database.writing() as second:
        assert seal_step(second) == 0
    assert check(database).count == 3


KILLED = """
import sys
from petitions.audit import sealing
from petitions.clock import utc_now
from petitions.db import Database

follow, seen = sealing.follow, 0

def follow_and_stop(head, entry):
    global seen
    seen += 1
    if seen == int(sys.argv[2]):
        print("in the middle", flush=True)
        sys.stdin.read()
    return follow(head, entry)

sealing.follow = follow_and_stop
sealing._STEP = 10
sealing.seal(Database(sys.argv[1]), utc_now())
"""


@pytest.mark.parametrize("after", [1, 10, 15])
def test_a_killed_sealer_leaves_a_chain_that_goes_on(database: Database, store_url: str, after: int) -> None:
    write_entries(database, 25)
    sealer = subprocess.Popen(
        [sys.executable, "-c", KILLED, store_url, str(after)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert sealer.stdout is not None
    assert sealer.stdout.readline() == "in the middle\n"
    sealer.kill()
    sealer.communicate()
    whole_steps = (after - 1) // 10 * 10
    killed = check(database)
    assert (killed.count, killed.broken_at, killed.unsealed) == (whole_steps, None, 25 - whole_steps)
    assert seal(database, utc_now()) == 25 - whole_steps
    assert (check(database).count, check(database).broken_at) == (25, None)


@given(st.integers(0, 10**17), st.binary(min_size=32, max_size=32))
def test_a_head_is_read_as_it_was_written(place: int, digest: bytes) -> None:
    head = Head(place, digest)
    assert parse_head(f" {str(head).upper()}\n") == head


@given(st.text())
def test_anything_else_is_no_head(typed: str) -> None:
    with pytest.raises(ValueError, match="expected a place"):
        parse_head(typed)
