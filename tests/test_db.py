"""The store itself: transactions, the write lock, times."""

import itertools
import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.db import Database, Fact
from petitions.errors import StoreUnavailable
from petitions.write_lock import WriteLock
from tests.factories import make_campaign


def _take_turns(path: Path, start: Barrier, name: str) -> None:
    lock = WriteLock(path / "lock")
    start.wait()
    for _ in range(200):
        with lock.held(), (path / "turns").open("a") as turns:
            turns.write(name)
            time.sleep(0.001)  # as long as a transaction: longer than it takes to wake who waits


def test_two_processes_take_turns_at_the_write_lock(tmp_path: Path) -> None:
    """Nobody takes the lock again while another waits: a single flock lets one process run far ahead."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    processes = [context.Process(target=_take_turns, args=(tmp_path, start, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    order = (tmp_path / "turns").read_text()
    assert (order.count("a"), order.count("b")) == (200, 200)
    while_both = order[max(order.index("a"), order.index("b")) : min(order.rindex("a"), order.rindex("b"))]
    changes = sum(one != other for one, other in itertools.pairwise(while_both))
    assert changes > len(while_both) * 0.8


def test_threads_exclude_each_other_at_the_write_lock(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path / "lock")
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(50):
            with lock.held():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_write_is_undone_by_an_exception(database: Database) -> None:
    def write_half(session: Session) -> None:
        session.add(Fact(name="half", value="written"))
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.writing() as session:
        write_half(session)
    with database.reading() as session:
        assert session.get(Fact, "half") is None


def test_times_come_back_in_utc(database: Database) -> None:
    moment = datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=3)))
    make_campaign(database, closes_at=moment)
    with database.reading() as session:
        assert session.scalars(select(Campaign.closes_at)).one() == datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError), database.reading() as session:
        session.execute(select(Campaign.id).where(Campaign.closes_at > datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_store_that_is_away_says_nothing_about_what_it_was_given() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    with pytest.raises(StoreUnavailable) as caught, database.reading() as session:
        session.execute(text("SELECT :name"), {"name": "Ana Sánchez"})
    assert "Ana" not in str(caught.value)
    assert caught.value.__cause__ is None
    database.close()


def test_sqlite_is_as_durable_as_the_docs_say(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/store.db")
    with database.writing() as session:
        found = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
