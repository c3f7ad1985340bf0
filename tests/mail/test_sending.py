import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.letters import Letter
from petitions.mail.outbox import LATER, ClaimedMail, NewMail
from petitions.mail.pace import Pace
from petitions.mail.sending import Sender
from petitions.mail.transport import SmtpTransport
from petitions.settings import Rate, SmtpServer
from tests.mail.conftest import Outage
from tests.mail.support import (
    BRISK,
    Inbox,
    LogEvents,
    address_of,
    always,
    build_greetings,
    make_letter,
    make_settings,
    queue_mails,
    smtp_server,
    stored,
    stored_all,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("greeting")]


@asynccontextmanager
async def sending(
    database: Database,
    server: SmtpServer,
    stop: asyncio.Event,
    pace: Pace = BRISK,
    builders: Any = None,
    **settings: Any,
) -> AsyncIterator[asyncio.Task[None]]:
    """A sender at work; at the end it is stopped, and has marked everything."""
    sender = Sender(
        database,
        lambda: SmtpTransport(server, "petitions@example.org"),
        builders or {"confirm": build_greetings},
        make_settings(**settings),
        pace,
    )
    task = asyncio.create_task(sender.run(stop))
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await task


def queue_now(database: Database, count: int = 1, **changes: Any) -> list[NewMail]:
    return queue_mails(database, count, utc_now(), **changes)


def addresses(mails: Sequence[NewMail]) -> list[str]:
    return sorted(address_of(mail.subject_id) for mail in mails)


async def test_sender_sends_what_is_due_and_marks_it(mail_database: Database, stop: asyncio.Event) -> None:
    mails = queue_now(mail_database, 250)
    inbox = Inbox()
    async with smtp_server(inbox) as server, sending(mail_database, server, stop):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= 250)
    assert inbox.recipients() == addresses(mails)
    assert sorted(a.message_id for a in inbox.arrivals) == sorted(f"<{m.id.hex}@example.org>" for m in mails)
    rows = stored_all(mail_database)
    assert all(row.sent_at is not None for row in rows)
    assert {row.attempts for row in rows} == {1}


async def test_sender_takes_up_what_is_queued_while_it_idles(mail_database: Database, stop: asyncio.Event) -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as server, sending(mail_database, server, stop):
        for count in (1, 2):
            queue_now(mail_database)
            await inbox.wait_for(lambda inbox, count=count: len(inbox.arrivals) == count)  # type: ignore[misc]


async def test_connections_work_side_by_side(mail_database: Database, stop: asyncio.Event) -> None:
    together = asyncio.Barrier(4)

    async def wait_for_the_others(_address: str) -> None:
        await together.wait()

    queue_now(mail_database, 4)
    inbox = Inbox(on_text=wait_for_the_others)
    pace = replace(BRISK, connections=4)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, pace):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 4)


async def test_confirmations_go_before_everything_else(mail_database: Database, stop: asyncio.Event) -> None:
    late = queue_now(mail_database, 5, priority=LATER)
    first = queue_now(mail_database, 5)
    inbox = Inbox()
    pace = replace(BRISK, connections=1, batch=4)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, pace):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 10)
    assert sorted(arrival.recipient for arrival in inbox.arrivals[:5]) == addresses(first)
    assert sorted(arrival.recipient for arrival in inbox.arrivals[5:]) == addresses(late)


async def test_idle_connection_is_closed(mail_database: Database, stop: asyncio.Event) -> None:
    inbox = Inbox()
    pace = replace(BRISK, connections=1, kept_open=0.05)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, pace):
        queue_now(mail_database)
        async with asyncio.timeout(10):
            await inbox.parted.wait()
        queue_now(mail_database)
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 2)


async def test_two_senders_send_each_mail_once(
    mail_database: Database, open_store: Callable[[], Database], stop: asyncio.Event
) -> None:
    mails = queue_now(mail_database, 200)
    inbox = Inbox()
    pace = replace(BRISK, batch=10)
    async with (
        smtp_server(inbox) as server,
        sending(mail_database, server, stop, pace),
        sending(open_store(), server, stop, pace),
    ):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= 200)
    assert inbox.recipients() == addresses(mails)


# Letters.


async def test_mail_without_a_letter_has_failed(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    gone, other = queue_now(mail_database, 2)

    def build(session: Session, mails: Sequence[ClaimedMail]) -> dict[UUID, Letter]:
        return build_greetings(session, [mail for mail in mails if mail.id != gone.id])

    inbox = Inbox()
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, builders={"confirm": build}):
        await log_events.wait_for("mail_subject_gone")
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 1)
    assert stored(mail_database, gone).failure == "subject_gone"
    assert stored(mail_database, gone).failed_at is not None
    assert stored(mail_database, other).sent_at is not None


async def test_one_letter_that_cannot_be_made_does_not_hold_up_the_others(
    mail_database: Database, stop: asyncio.Event
) -> None:
    mails = queue_now(mail_database, 4)
    unbuilt, uncomposed = mails[0], mails[1]

    def build(session: Session, some: Sequence[ClaimedMail]) -> dict[UUID, Letter]:
        if any(mail.id == unbuilt.id for mail in some):
            raise RuntimeError("a bug")
        return build_greetings(session, some) | {
            mail.id: make_letter(message="broken") for mail in some if mail.id == uncomposed.id
        }

    inbox = Inbox()
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, builders={"confirm": build}):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 2)
    assert inbox.recipients() == addresses(mails[2:])
    for mail in (unbuilt, uncomposed):
        row = stored(mail_database, mail)
        assert (row.failure, row.failed_at, row.sent_at) == ("letter_error", None, None)
        assert row.due_at > utc_now() + timedelta(seconds=30)


async def test_mail_of_an_unknown_kind_waits_for_a_newer_worker(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    [mail] = queue_now(mail_database, kind="from_the_future")
    async with smtp_server(Inbox()) as server, sending(mail_database, server, stop):
        await log_events.wait_for("mail_kind_unknown")
    row = stored(mail_database, mail)
    assert (row.failure, row.failed_at) == ("kind_unknown", None)


async def test_address_that_is_none_fails_without_the_server(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents, free_tcp_port: int
) -> None:
    [mail] = queue_now(mail_database)

    def build(session: Session, mails: Sequence[ClaimedMail]) -> dict[UUID, Letter]:
        return {mail.id: make_letter(recipient="nobody") for mail in mails}

    server = SmtpServer("127.0.0.1", free_tcp_port, "none")
    async with sending(mail_database, server, stop, builders={"confirm": build}):
        await log_events.wait_for("mail_failed")
    assert stored(mail_database, mail).failure == "address_invalid"


# What the server says.


async def test_refused_mail_has_failed_and_a_deferred_one_is_tried_later(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    refused, deferred, taken = queue_now(mail_database, 3)
    answers = {address_of(refused.subject_id): "550 no", address_of(deferred.subject_id): "450 later"}

    async def answer(address: str) -> str | None:
        return answers.get(address)

    inbox = Inbox(on_recipient=answer)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 1)
        await log_events.wait_for("mail_failed")
        await log_events.wait_for("mail_deferred")
    row = stored(mail_database, refused)
    assert (row.failure, row.failed_at is None, row.sent_at) == ("smtp_550", False, None)
    row = stored(mail_database, deferred)
    assert (row.failure, row.failed_at, row.sent_at, row.attempts) == ("smtp_450", None, None, 1)
    assert timedelta(seconds=40) < row.due_at - utc_now() < timedelta(seconds=80)
    assert stored(mail_database, taken).sent_at is not None


async def test_logs_hold_ids_and_codes_but_no_address(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    [mail] = queue_now(mail_database)
    inbox = Inbox(on_recipient=always(f"550 <{address_of(mail.subject_id)}> is unknown here"))
    async with smtp_server(inbox) as server, sending(mail_database, server, stop):
        await log_events.wait_for("mail_failed")
    assert log_events.lines == [
        ("mail_failed", {"mail": str(mail.id), "campaign": 1, "code": "smtp_550"}),
    ]


async def test_server_that_is_away_costs_no_attempts(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents, free_tcp_port: int
) -> None:
    mails = queue_now(mail_database, 30)
    inbox = Inbox()
    away = SmtpServer("127.0.0.1", free_tcp_port, "none")
    async with sending(mail_database, away, stop):
        await log_events.wait_for("mail_server_trouble", count=BRISK.connections + 3)
        async with smtp_server(inbox, port=free_tcp_port):
            await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= 30)
            await log_events.wait_for("mail_server_back")
            stop.set()
    assert inbox.recipients() == addresses(mails)
    assert {row.attempts for row in stored_all(mail_database)} == {1}
    # Only the first round tries with every connection at once; then one mail is sent ahead to see.
    assert len(log_events.named("mail_server_trouble")) < 30


@pytest.mark.parametrize("said", ["421 too busy", "454 try later", "530 log in first"])
async def test_server_that_serves_nobody_keeps_the_backlog(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents, said: str
) -> None:
    queue_now(mail_database, 30)
    async with (
        smtp_server(Inbox(on_mail=always(said))) as server,
        sending(mail_database, server, stop),
    ):
        await log_events.wait_for("mail_server_trouble", count=BRISK.connections + 3)
    rows = stored_all(mail_database)
    assert {(row.attempts, row.failed_at, row.sent_at) for row in rows} == {(0, None, None)}
    assert all(row.due_at <= utc_now() for row in rows)


async def test_a_lane_in_trouble_leaves_the_end_to_the_others(mail_database: Database) -> None:
    """It gives back what is queued, also when the others have been told already that there is no more."""
    sender = Sender(mail_database, lambda: NotImplemented, {}, make_settings(), BRISK)
    sender._queue.put_nowait(None)
    sender._release_queue()
    assert sender._queue.get_nowait() is None


async def test_server_with_few_connections_gets_everything_over_those(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    mails = queue_now(mail_database, 60)
    inbox = Inbox()
    chosen: set[str] = set()

    class Choosy(Inbox):
        async def handle_EHLO(  # noqa: N802
            self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
        ) -> list[str]:
            chosen.add(str(session.peer))
            if len(chosen) > 2:
                return ["421 too many connections"]
            session.host_name = hostname
            return responses

    inbox = Choosy()
    pace = replace(BRISK, connections=4, rest=30)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, pace):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= 60)
    assert inbox.recipients() == addresses(mails)
    assert len(log_events.named("mail_server_trouble")) == 2
    assert {row.attempts for row in stored_all(mail_database)} == {1}


async def test_server_that_never_answers_is_given_up(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    async def hang(_address: str) -> None:
        await asyncio.Event().wait()

    [mail] = queue_now(mail_database)
    pace = replace(BRISK, mail_limit=0.1)
    async with smtp_server(Inbox(on_text=hang)) as server, sending(mail_database, server, stop, pace):
        await log_events.wait_for("mail_server_trouble")
    row = stored(mail_database, mail)
    assert (row.failure, row.attempts, row.sent_at) == ("timeout", 1, None)


async def test_mail_whose_lease_runs_out_is_given_back_rather_than_sent(
    mail_database: Database, stop: asyncio.Event
) -> None:
    mails = queue_now(mail_database, 2)

    async def take_long(_address: str) -> None:
        await asyncio.sleep(0.3)

    inbox = Inbox(on_text=take_long)
    pace = replace(BRISK, connections=1, lease=timedelta(seconds=2), mail_limit=1.8)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, pace):
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 2)
    assert inbox.recipients() == addresses(mails)
    first, second = sorted(row.due_at for row in stored_all(mail_database))
    assert second - first >= timedelta(seconds=0.3)  # the second was claimed anew


def test_lease_must_be_longer_than_the_sending_of_a_mail() -> None:
    with pytest.raises(ValueError, match="lease"):
        Pace(lease=timedelta(seconds=10), mail_limit=10)


async def test_campaign_sends_no_more_confirmations_than_the_rate(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents
) -> None:
    queue_now(mail_database, 8)
    [other] = queue_now(mail_database, kind="already_signed", priority=LATER)
    inbox = Inbox()
    builders = {"confirm": build_greetings, "already_signed": build_greetings}
    rate = Rate(3, timedelta(hours=1))
    async with (
        smtp_server(inbox) as server,
        sending(mail_database, server, stop, builders=builders, confirm_rate=rate),
    ):
        await log_events.wait_for("campaign_braked")
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 4)
    rows = stored_all(mail_database)
    assert sorted((row.attempts, row.sent_at is not None) for row in rows) == [(0, False)] * 5 + [(1, True)] * 4
    assert stored(mail_database, other).sent_at is not None


# Stopping.


async def test_stop_finishes_what_is_under_way_and_gives_back_the_rest(
    mail_database: Database, stop: asyncio.Event
) -> None:
    mails = queue_now(mail_database, 40)
    go_on = asyncio.Event()
    under_way = asyncio.Barrier(4)

    async def wait(_address: str) -> None:
        if not go_on.is_set():
            await under_way.wait()
            await go_on.wait()

    inbox = Inbox(on_text=wait)
    pace = replace(BRISK, connections=3)
    async with smtp_server(inbox) as server:
        async with sending(mail_database, server, stop, pace):
            await under_way.wait()
            stop.set()
            go_on.set()
        rows = stored_all(mail_database)
        assert len(inbox.arrivals) == 3
        assert (
            sorted((row.attempts, row.sent_at is not None) for row in rows) == [(0, False)] * 37 + [(1, True)] * 3
        )
        assert all(row.due_at <= utc_now() for row in rows if row.sent_at is None)
        async with sending(mail_database, server, asyncio.Event()):
            await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= 40)
    assert inbox.recipients() == addresses(mails)


async def test_stop_does_not_wait_for_a_silent_server(mail_database: Database, stop: asyncio.Event) -> None:
    hangs = asyncio.Event()

    async def hang(_address: str) -> None:
        hangs.set()
        await asyncio.Event().wait()

    [mail] = queue_now(mail_database)
    pace = replace(BRISK, grace=0.1)
    async with smtp_server(Inbox(on_text=hang)) as server:
        async with sending(mail_database, server, stop, pace):
            await hangs.wait()
            stopped_at = time.monotonic()
        assert time.monotonic() - stopped_at < 5
    assert stored(mail_database, mail).failure == "timeout"


# The store is away.


async def test_outcomes_wait_for_the_store(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents, outage: Outage
) -> None:
    """And sending waits with them: else a kill would send twice what nobody marked."""
    mails = queue_now(mail_database, 500)
    first = asyncio.Event()
    go_on = asyncio.Event()

    async def wait(_address: str) -> None:
        first.set()
        await go_on.wait()

    inbox = Inbox(on_text=wait)
    pace = replace(BRISK, connections=2, batch=500)
    async with smtp_server(inbox) as server, sending(mail_database, server, stop, pace):
        await first.wait()
        with outage():
            go_on.set()
            await log_events.wait_for("mail_outcomes_wait", count=2)  # later than the 100 ms of grace
            sent_before = len(inbox.arrivals)
            await log_events.wait_for("mail_outcomes_wait", count=3)
            assert len(inbox.arrivals) <= sent_before + pace.connections
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= 500)
    assert inbox.recipients() == addresses(mails)
    assert all(row.sent_at is not None for row in stored_all(mail_database))


async def test_sender_goes_on_when_the_store_is_back(
    mail_database: Database, stop: asyncio.Event, log_events: LogEvents, outage: Outage
) -> None:
    inbox = Inbox()
    with ExitStack() as away:
        away.enter_context(outage())
        async with smtp_server(inbox) as server, sending(mail_database, server, stop):
            await log_events.wait_for("mail_store_unavailable", count=2)
            away.close()
            queue_now(mail_database)
            await inbox.wait_for(lambda inbox: len(inbox.arrivals) == 1)
