import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from jinja2 import DictLoader
from sqlalchemy import update
from sqlalchemy.orm import Session

from petitions import batches
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.mail.models import Outbox
from petitions.mail.outbox import KEPT
from petitions.mail.transport import FolderTransport, SmtpTransport
from petitions.privacy import purging
from petitions.settings import Settings, SmtpServer
from petitions.templating import loader
from petitions.worker import CHORES, PURGE_OUTBOX, Chore, choose_transport, run_worker, work
from tests import factories
from tests.audit.support import check, write_entries
from tests.mail.support import (
    BRISK,
    MESSAGE,
    Inbox,
    LogEvents,
    build_greetings,
    make_campaign,
    make_settings,
    queue_mails,
    smtp_server,
    stored_all,
)
from tests.privacy.support import check_count, draft_many, left, sign_many, totals

pytestmark = pytest.mark.anyio
HOUR, MOMENT = timedelta(hours=1), timedelta(milliseconds=10)


@pytest.fixture
def worker_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A store with campaign 1; and the message "greeting"."""
    monkeypatch.setattr(loader, "loaders", [DictLoader(MESSAGE), *loader.loaders])
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


# Purging


@pytest.fixture
def due(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CampaignSnapshot:
    """A campaign with 40 signatures whose time has come, to be erased in batches of ten."""
    for name in ("_SMALLEST", "_FIRST", "_LARGEST"):
        monkeypatch.setattr(batches, name, 10)
    campaign = factories.make_campaign(database)
    sign_many(database, settings, campaign, 40)
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=utc_now() - timedelta(days=300)))
    return campaign


class Awaited(logging.Handler):
    """Lets the loop of a test await an event that a thread logs."""

    def __init__(self, event: str) -> None:
        super().__init__()
        self.seen = asyncio.Event()
        self._event, self._loop = event, asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == self._event:
            self._loop.call_soon_threadsafe(self.seen.set)


@contextmanager
def awaited(event: str) -> Iterator[asyncio.Event]:
    handler, logger = Awaited(event), logging.getLogger("petitions")
    level = logger.level
    logger.setLevel("DEBUG")
    logger.addHandler(handler)
    yield handler.seen
    logger.removeHandler(handler)
    logger.setLevel(level)


async def test_the_worker_purges_what_is_due(
    database: Database, settings: Settings, due: CampaignSnapshot
) -> None:
    other = factories.make_campaign(database, slug="other")
    sign_many(database, settings, other, 5)
    stop = asyncio.Event()
    with awaited("purged") as purged:
        worker = asyncio.create_task(work(settings, database, stop))
        async with asyncio.timeout(30):
            await purged.wait()
            stop.set()
            await worker
    assert left(database, due) == {}
    assert left(database, other)["signatures"] == 5
    assert totals(database, due)[0] == 40
    check_count(database, due)


async def test_a_worker_that_is_told_to_stop_does_not_wait_for_the_whole_purge(
    database: Database, settings: Settings, due: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, told = asyncio.Event(), threading.Event()
    loop, erase = asyncio.get_running_loop(), purging._erase_signatures

    def tell() -> None:
        stop.set()
        told.set()

    def erase_and_be_told(session: Session, campaign_id: int, most: int) -> int | None:
        loop.call_soon_threadsafe(tell)
        assert told.wait(10)
        return erase(session, campaign_id, most)

    monkeypatch.setattr(purging, "_erase_signatures", erase_and_be_told)
    async with asyncio.timeout(30):
        await work(settings, database, stop)
    assert left(database, due)["signatures"] == 30
    check_count(database, due)
    monkeypatch.undo()
    (report,) = purging.purge_due(database, utc_now())
    assert (report.done, report.erased) == (True, 30)


async def test_a_purge_that_fails_is_tried_again_and_holds_nothing_up(
    database: Database,
    settings: Settings,
    due: CampaignSnapshot,
    log_events: LogEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mail goes out meanwhile."""
    inbox, stop = Inbox(), asyncio.Event()
    other = factories.make_campaign(database, slug="other")
    (draft,) = draft_many(database, settings, other, 1)

    def fail(*_: object) -> int:
        raise StoreUnavailable

    with monkeypatch.context() as patch, awaited("chore_failed") as failed:
        patch.setattr(purging, "_erase_signatures", fail)
        async with smtp_server(inbox) as server, asyncio.timeout(30):
            worker = asyncio.create_task(work(replace(settings, smtp=server), database, stop))
            await failed.wait()
            await inbox.wait_for(lambda inbox: draft.email in inbox.recipients())
            stop.set()
            await worker
    assert log_events.named("chore_failed") == [{"chore": "purge"}]
    assert left(database, due)["signatures"] == 40
    assert purging.purge_due(database, utc_now())[0].done


def test_every_chore_that_forgets_somebody_is_done_by_every_worker() -> None:
    """And often enough for what the privacy page says: within an hour of its time."""
    hourly = {chore.name for chore in (*CHORES, PURGE_OUTBOX) if chore.every <= HOUR}
    assert {
        "drop_expired_drafts",
        "forget_draft_networks",
        "forget_networks",
        "forget_withdrawals",
        "purge_outbox",
        "scrub",
    } <= hourly


async def test_every_worker_seals_what_leads_did_and_reminds(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    yesterday = utc_now() - timedelta(hours=25)
    made = UUID(int=int(yesterday.timestamp() * 1000) << 80)
    factories.sign(database, settings, campaign, id=made, arrived_at=yesterday)
    write_entries(database, 2)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    done = {"seal": asyncio.Event(), "remind": asyncio.Event()}

    def watched(chore: Chore) -> Chore:
        def run(database: Database, now: datetime) -> None:
            chore.run(database, now)
            loop.call_soon_threadsafe(done[chore.name].set)

        return Chore(chore.name, chore.every, run)

    chores = [watched(chore) for chore in CHORES if chore.name in done]
    worker = asyncio.create_task(run_worker(settings, database, {}, chores, stop))
    for event in done.values():
        await event.wait()
    stop.set()
    await worker
    assert (check(database).count, check(database).unsealed) == (2, 0)
    with database.reading() as session:
        assert session.query(Outbox).filter_by(kind="remind", subject_id=made).count() == 1
