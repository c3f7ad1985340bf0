import asyncio
import sys
from asyncio.subprocess import Process
from collections import defaultdict
from pathlib import Path

import pytest

from petitions.clock import utc_now
from petitions.db import Database
from tests.mail.support import BRISK, Arrival, Inbox, address_of, queue_mails, smtp_server, stored_all

MAILS = 300
KILLED_AFTER = 180
LEASE = 2.0
#: What may be sent before the sender waits for its marks; and what a busy machine adds to the clock of the test.
UNMARKED, SLACK = 0.1, 0.15

pytestmark = pytest.mark.anyio


async def start_worker(url: str, port: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.mail.worker_process",
        url,
        str(port),
        str(LEASE),
        cwd=Path(__file__).parents[2],
    )


async def test_kill_loses_no_mail_and_repeats_only_the_last_moment(
    mail_database: Database, store_url: str
) -> None:
    mails = queue_mails(mail_database, MAILS, utc_now())
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        worker = await start_worker(store_url, server.port)
        await inbox.wait_for(lambda inbox: len(inbox.arrivals) >= KILLED_AFTER)
        worker.kill()
        await worker.wait()
        before = len(inbox.arrivals)
        killed_at = inbox.arrivals[-1].at
        worker = await start_worker(store_url, server.port)
        await inbox.wait_for(lambda inbox: len(set(inbox.recipients())) == MAILS)
        worker.terminate()
        assert await worker.wait() == 0

    by_recipient: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in inbox.arrivals:
        by_recipient[arrival.recipient].append(arrival)
    assert sorted(by_recipient) == sorted(address_of(mail.subject_id) for mail in mails)
    assert all(row.sent_at is not None for row in stored_all(mail_database))

    repeated = [copies for copies in by_recipient.values() if len(copies) > 1]
    assert before < MAILS
    assert all(len(copies) == 2 for copies in repeated)
    assert all(first.message_id == second.message_id for first, second in repeated)
    assert all(first.at >= killed_at - UNMARKED - SLACK for first, _ in repeated)
    last_moment = [arrival for arrival in inbox.arrivals[:before] if arrival.at >= killed_at - UNMARKED - SLACK]
    assert len(repeated) <= len(last_moment) + BRISK.connections
