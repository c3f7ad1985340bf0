"""What the worker does about lists: it starts a process for each, one at a time, and clears up after all of them.

A process of its own, because writing a million rows needs memory that a worker would never give back, and because
what dies over a list must not take the mail along.
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions import log
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import claims
from petitions.delivery.jobs import DONE, RUNNING, expire
from petitions.delivery.keeping import exports_folder, list_kept, place_to_work, sweep
from petitions.delivery.models import ExportJob
from petitions.ids import new_id
from petitions.mail.waiting import wait_for_event
from petitions.settings import Settings

_COMMAND = (sys.executable, "-m", "petitions")
#: Seconds between two looks for a job.
_EVERY = 2.0
#: And after a process that did not end well: perhaps none can start on this host.
_AFTER_DEATH = 10.0
#: Seconds that a process has to clear up when it is told to stop.
_GRACE = 15.0


async def make_lists(settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """Make the lists that somebody asked for, until `stop` is set. An error is logged, and the next turn comes."""
    while not stop.is_set():
        went_well = False
        claim = new_id()
        try:
            job_id = await asyncio.to_thread(_take_work, settings, database, claim)
            went_well = job_id is None or await _make_one(database, job_id, claim, stop)
        except Exception as error:
            log.error("export_not_started", error)
        await wait_for_event(stop, _EVERY if went_well else _AFTER_DEATH)


def clear_up(database: Database, now: datetime, settings: Settings) -> None:
    """Let lists go whose time is over, and what was left on this host by processes that were killed."""
    due = select(ExportJob).where(ExportJob.state == DONE, ExportJob.expires_at <= now)
    with database.writing() as session:
        for job in session.scalars(due.with_for_update(skip_locked=True)):
            expire(settings, job)
    kept = list(list_kept(settings))
    with database.reading() as session:
        orphans = set(kept) - _list_known(session, kept)
    sweep(settings, orphans)


def _list_known(session: Session, kept: list[UUID]) -> set[UUID]:
    """Which of these have a row that needs its file, or may need it in a moment."""
    query = select(ExportJob.id).where(ExportJob.id.in_(kept), ExportJob.state.in_((DONE, RUNNING)))
    return set(session.scalars(query))


def _take_work(settings: Settings, database: Database, claim: UUID) -> UUID | None:
    """Take the next job, before a process is started for it: one that dies before it can say anything counts as
    well. Raises OSError where nothing can be made in the folder, which counts too."""
    with database.reading() as session:
        job_id = claims.find_next(session, utc_now())
    if job_id is None:
        return None
    try:
        with place_to_work(exports_folder(settings)) as is_free:
            return job_id if is_free and _take(database, job_id, claim) else None
    except OSError:
        if _take(database, job_id, claim):
            _give_back(database, job_id, claim, died=True, code="folder")
        raise


def _take(database: Database, job_id: UUID, claim: UUID) -> bool:
    with database.writing() as session:
        return claims.take(session, job_id, claim, utc_now()) is not None


async def _make_one(database: Database, job_id: UUID, claim: UUID, stop: asyncio.Event) -> bool:
    """Start a process and wait for its end; whether that was in order."""
    try:
        code = await _run(job_id, claim, stop)
    finally:
        await asyncio.to_thread(_give_back, database, job_id, claim, died=not stop.is_set())
    if code != 0:
        log.error("export_process_died", job=job_id, code=code)
    return code == 0


async def _run(job_id: UUID, claim: UUID, stop: asyncio.Event) -> int:
    """The exit code of the process. It ends by itself when this one does: it holds one end of a pipe that only we
    keep open. Raises OSError where none can be started."""
    read_end, write_end = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            *("export-job", job_id.hex, claim.hex, "--lifeline", str(read_end)),
            pass_fds=(read_end,),
            start_new_session=True,  # Ctrl-C reaches us alone, and we end it in order
        )
        os.close(read_end)
        read_end = -1
        return await _wait(process, stop)
    finally:
        if read_end >= 0:
            os.close(read_end)
        os.close(write_end)


async def _wait(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    ended, told = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((ended, told), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait((ended,), timeout=_GRACE)
        if not ended.done():
            with suppress(ProcessLookupError):
                process.kill()
        return await ended
    finally:
        told.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()


def _give_back(database: Database, job_id: UUID, claim: UUID, *, died: bool, code: str = "died") -> None:
    """Where it handed nothing in, the job waits for the next process at once, and not until its claim runs out."""
    with database.writing() as session:
        claims.give_back(session, job_id, claim, utc_now(), died=died, code=code)
