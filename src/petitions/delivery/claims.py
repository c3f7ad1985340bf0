"""Who makes which list: a process claims a job, says every second that it lives and how far it is, and hands in
what came of it. Whoever is heard of no more has lost the job to the next one, who begins it anew."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor
from petitions.delivery.jobs import (
    DONE,
    FAILED,
    KEPT_FOR,
    RUNNING,
    WAITING,
    close,
    record_job,
)
from petitions.delivery.making import Made
from petitions.delivery.models import ExportJob
from petitions.errors import ExportCancelled

#: For so long a process that says nothing is taken to live.
CLAIMED_FOR = timedelta(seconds=30)
#: A job over which so many processes died is not tried again.
MOST_ATTEMPTS = 3


def find_next(session: Session, now: datetime) -> UUID | None:
    """The job that has waited longest; also one whose process is heard of no more."""
    lost = (ExportJob.state == RUNNING) & (ExportJob.claimed_until < now)
    query = select(ExportJob.id).where(or_(ExportJob.state == WAITING, lost))
    return session.scalar(query.order_by(ExportJob.created_at, ExportJob.id).limit(1))


def take(session: Session, job_id: UUID, claim: UUID, now: datetime) -> ExportJob | None:
    """Take a job, or begin with one that was taken by this claim; None where somebody else has it, or too many
    died over it, which ends it."""
    job = session.scalars(select(ExportJob).where(ExportJob.id == job_id).with_for_update()).one_or_none()
    if job is not None and job.state == RUNNING and job.claim == claim:
        job.claimed_until = now + CLAIMED_FOR
        return job
    if job is None or not (job.state == WAITING or (job.state == RUNNING and _is_lost(job, now))):
        return None
    if job.attempts >= MOST_ATTEMPTS:
        _fail(session, job, now, {"code": "died"})
        return None
    job.state, job.claim, job.claimed_until = RUNNING, claim, now + CLAIMED_FOR
    job.attempts += 1
    job.phase, job.done, job.expected = None, 0, 0
    return job


def beat(
    session: Session, job_id: UUID, claim: UUID, now: datetime, phase: str | None, done: int, expected: int
) -> bool:
    """Say that one lives, and how far one is; False where nobody wants the list any more, or another has the
    job."""
    mine = update(ExportJob).where(*_mine(job_id, claim))
    values = {"claimed_until": now + CLAIMED_FOR, "phase": phase, "done": done, "expected": expected}
    return bool(session.execute(mine.values(values)).rowcount)  # type: ignore[attr-defined]


def give_back(
    session: Session, job_id: UUID, claim: UUID, now: datetime, *, died: bool, code: str = "died"
) -> None:
    """Let the job wait again, if the claim still holds. `died`: it counts as an attempt, and the last one ends
    the job with this code; else it was stopped in order, or never begun."""
    job = _get(session, job_id, claim)
    if job is None:
        return
    if died and job.attempts >= MOST_ATTEMPTS:
        _fail(session, job, now, {"code": code})
        return
    job.state, job.claim, job.claimed_until, job.phase = WAITING, None, None, None
    job.done = job.expected = 0
    if not died:
        job.attempts -= 1


def fail(session: Session, job_id: UUID, claim: UUID, now: datetime, problem: Mapping[str, Any]) -> None:
    """It cannot be made; `problem` is {"code": …} and what belongs to it. See running.py for the codes."""
    job = _get(session, job_id, claim)
    if job is not None:
        _fail(session, job, now, problem)


def finish(
    session: Session,
    job_id: UUID,
    claim: UUID,
    now: datetime,
    made: Made,
    kept: tuple[bytes, int, str],
    host: str,
) -> None:
    """The file is there; `kept`: its wrapped key, size and SHA-256. Raises ExportCancelled where nobody wants it
    any more, as when the names are being erased, whose purge began by cancelling every job."""
    job = _get(session, job_id, claim)
    if job is None:
        raise ExportCancelled
    job.key, job.size, job.sha256 = kept
    job.name, job.rows, job.host = made.name, made.rows, host
    job.result = dict(made.to_json())
    job.serials, job.paper_numbers = made.serials.pack(), made.paper_numbers.pack()
    job.done, job.phase = job.expected, None
    close(job, DONE, now)
    job.expires_at = now + KEPT_FOR
    record_job(session, job, "export.made", Actor(job.by_id, job.by_name), now)


def _fail(session: Session, job: ExportJob, now: datetime, problem: Mapping[str, Any]) -> None:
    close(job, FAILED, now, problem)
    record_job(session, job, "export.failed", Actor(job.by_id, job.by_name), now)


def _get(session: Session, job_id: UUID, claim: UUID) -> ExportJob | None:
    query = select(ExportJob).where(*_mine(job_id, claim)).with_for_update()
    return session.scalars(query).one_or_none()


def _mine(job_id: UUID, claim: UUID) -> tuple[Any, ...]:
    return (ExportJob.id == job_id, ExportJob.claim == claim, ExportJob.state == RUNNING)


def _is_lost(job: ExportJob, now: datetime) -> bool:
    return job.claimed_until is None or job.claimed_until < now
