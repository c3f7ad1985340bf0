import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import update

from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.mail.outbox import KEPT
from petitions.mail.transport import FolderTransport, SmtpTransport
from petitions.settings import SmtpServer
from petitions.templating import environment
from petitions.worker import Chore, choose_transport, run_worker
from tests.mail.support import (
    BRISK,
    MESSAGE,
    LogEvents,
    build_greetings,
    make_campaign,
    make_settings,
    queue_mails,
    stored_all,
)

pytestmark = pytest.mark.anyio
HOUR, MOMENT = timedelta(hours=1), timedelta(milliseconds=10)


@pytest.fixture
def worker_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A store with campaign 1; and the message "greeting"."""
    assert environment.loader is not None
    monkeypatch.setattr(environment, "loader", ChoiceLoader([DictLoader(MESSAGE), environment.loader]))
    make_campaign(database)
    return database


@pytest.fixture
def log_events() -> Iterator[LogEvents]:
    handler = LogEvents()
    logging.getLogger("petitions").addHandler(handler)
    yield handler
    logging.getLogger("petitions").removeHandler(handler)


class Turns:
    """A chore's turns, which happen in a thread, told to the loop of the test."""

    def __init__(self, wanted: int, fails: bool = False) -> None:
        self.count = 0
        self.done = asyncio.Event()
        self._wanted, self._fails = wanted, fails
        self._loop = asyncio.get_running_loop()

    def __call__(self, database: Database, now: datetime) -> None:
        assert now.tzinfo is not None
        self.count += 1
        if self.count >= self._wanted:
            self._loop.call_soon_threadsafe(self.done.set)
        if self._fails:
            raise RuntimeError("Ana's chore is broken")


async def test_worker_sends_mail_into_the_folder_until_it_is_told_to_stop(
    worker_database: Database, tmp_path: Path
) -> None:
    queue_mails(worker_database, 3, utc_now())
    mailbox, stop = tmp_path / "mailbox", asyncio.Event()
    settings = make_settings(mailbox_dir=mailbox)

    def look(database: Database, now: datetime) -> None:
        if len(list(mailbox.glob("*.eml"))) == 3:
            loop.call_soon_threadsafe(stop.set)

    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        await run_worker(
            settings,
            worker_database,
            {"confirm": build_greetings},
            [Chore("look", MOMENT, look)],
            stop,
            BRISK,
        )
    assert all(row.sent_at is not None for row in stored_all(worker_database))


async def test_without_a_way_out_mail_waits_and_chores_are_done(
    worker_database: Database, log_events: LogEvents
) -> None:
    queue_mails(worker_database, 1, utc_now())
    turns, stop = Turns(wanted=2), asyncio.Event()
    chores = [Chore("count", MOMENT, turns)]
    worker = asyncio.create_task(run_worker(make_settings(), worker_database, {}, chores, stop))
    async with asyncio.timeout(10):
        await turns.done.wait()
        stop.set()
        await worker
    assert log_events.named("mail_not_configured") == [{}]
    assert [(row.attempts, row.sent_at) for row in stored_all(worker_database)] == [(0, None)]


async def test_chore_that_fails_gets_its_next_turn_and_stops_nothing(
    worker_database: Database, log_events: LogEvents
) -> None:
    broken, sound, stop = Turns(wanted=3, fails=True), Turns(wanted=3), asyncio.Event()
    chores = [Chore("broken", MOMENT, broken), Chore("sound", MOMENT, sound)]
    worker = asyncio.create_task(run_worker(make_settings(), worker_database, {}, chores, stop))
    async with asyncio.timeout(10):
        await broken.done.wait()
        await sound.done.wait()
        stop.set()
        await worker
    assert log_events.named("chore_failed")[:3] == [{"chore": "broken"}] * 3


async def test_chore_waits_for_its_time(worker_database: Database) -> None:
    rare, often, stop = Turns(wanted=1), Turns(wanted=5), asyncio.Event()
    chores = [Chore("rare", HOUR, rare), Chore("often", MOMENT, often)]
    worker = asyncio.create_task(run_worker(make_settings(), worker_database, {}, chores, stop))
    async with asyncio.timeout(10):
        await often.done.wait()
        await rare.done.wait()
        stop.set()
        await worker
    assert rare.count == 1


async def test_worker_purges_the_outbox(worker_database: Database) -> None:
    queue_mails(worker_database, 2, utc_now() - 2 * KEPT)
    with worker_database.writing() as session:
        session.execute(update(Outbox).values(sent_at=utc_now() - KEPT - HOUR))
    [kept] = queue_mails(worker_database, 1, utc_now())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # By the time of this chore the worker's own has begun, and it is let finish.
    chores = [Chore("stop", HOUR, lambda database, now: loop.call_soon_threadsafe(stop.set))]
    async with asyncio.timeout(10):
        await run_worker(make_settings(), worker_database, {}, chores, stop)
    assert [row.id for row in stored_all(worker_database)] == [kept.id]


def test_folder_goes_before_the_server(tmp_path: Path) -> None:
    server = SmtpServer("127.0.0.1", 25, "none")
    assert choose_transport(make_settings()) is None
    to_server = choose_transport(make_settings(smtp=server))
    to_folder = choose_transport(make_settings(smtp=server, mailbox_dir=tmp_path))
    assert to_server is not None
    assert to_folder is not None
    assert isinstance(to_server(), SmtpTransport)
    assert isinstance(to_folder(), FolderTransport)
