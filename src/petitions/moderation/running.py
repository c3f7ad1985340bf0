"""Running jobs, in small steps: each takes the next rows, changes them, and notes how far it came, in one
transaction. So a job that was killed anywhere goes on where it was, and ends as if nothing had happened.

Several workers may run on one store: whoever sees that another one took a step leaves the job to that one.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions import log
from petitions.batches import Batches
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import CANCELLED, DONE, DROP, OPEN, RELEASE, REMOVE, RESTORE, RUNNING, end
from petitions.moderation.models import Job
from petitions.moderation.removing import lock_tally, remove_signatures, restore_signatures
from petitions.moderation.searching import Way, find_way, look
from petitions.signatures import holding
from petitions.signatures.models import REMOVED, Signature

#: The rest after a step, as a multiple of its time: who signs goes first.
_REST = 3.0
#: Seconds after which the next job has its turn.
_TURN = 5.0
#: A job that fails so often, one turn after the other, will never do otherwise.
_TRIES = 20
#: How often each has failed since it last came further, by store.
_failed: WeakKeyDictionary[Database, Counter[int]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Step:
    """What came of the next rows of a job."""

    done: int
    passed: int
    is_last: bool


#: Does a job to its next rows, at most so many, and moves its cursor past them; the tally and the job are locked.
#: The way was found before, for who signs waits meanwhile.
Stepper = Callable[[Session, Job, int, datetime, Way], Step]


def remove_step(session: Session, job: Job, most: int, now: datetime, way: Way) -> Step:
    """Remove the next signatures that the conditions of the job mean and that count."""
    conditions = _conditions(job)
    way = replace(way, start=max(way.start, job.cursor + 1))
    seen = look(session, job.campaign_id, conditions, way, most)
    ids = [signature_id for _serial, signature_id in seen.found]
    gone = remove_signatures(session, job.campaign_id, ids, job.reason or "", now, job_id=job.id) if ids else ()
    job.cursor = job.upto if seen.through is None else seen.through
    return Step(len(gone), 0, seen.through is None)


def restore_step(session: Session, job: Job, most: int, now: datetime, _way: Way) -> Step:
    """Bring back the next signatures that the job which this one undoes removed, unless somebody brought them back
    since; what else was done to them stays."""
    rows = session.execute(
        select(Signature.serial, Signature.id)
        .where(Signature.campaign_id == job.campaign_id, REMOVED)
        .where(Signature.serial > job.cursor, Signature.serial <= job.upto)
        .order_by(Signature.serial)
        .limit(most)
    ).all()
    ids = [row.id for row in rows]
    back = restore_signatures(session, job.campaign_id, ids, now, job_id=job.undoes) if ids else ()
    is_last = len(rows) < most
    job.cursor = job.upto if is_last else rows[-1].serial
    return Step(len(back), 0, is_last)


def held_step(session: Session, job: Job, most: int, now: datetime, _way: Way) -> Step:
    """Release or drop the next held drafts."""
    held = holding.step(session, job.campaign_id, job, most, now)
    if held is None:
        return Step(0, 0, is_last=True)
    job.cursor_id = held.cursor_id
    return Step(held.done, held.passed, is_last=False)


#: How each kind of job goes on.
KINDS: Mapping[str, Stepper] = {
    REMOVE: remove_step,
    RESTORE: restore_step,
    RELEASE: held_step,
    DROP: held_step,
}


def run_jobs(database: Database, now: datetime, stop: Callable[[], bool] = lambda: False) -> None:
    """Run every job to its end; in turns, so that a long one keeps no other campaign waiting. `now` is when this
    began: a step asks for the time itself, for it may be much later. A job that fails at every turn is ended."""
    del now
    failed = _failed.setdefault(database, Counter())
    while not stop():
        failure: Exception | None = None
        moved = False
        for job_id in _list_open(database):
            try:
                if _work(database, job_id, stop):
                    moved = True
                    failed.pop(job_id, None)
            except Exception as error:  # one job must not keep the others
                failure = error
                failed[job_id] += not isinstance(error, StoreUnavailable)
                if failed[job_id] >= _TRIES:
                    log.error("job_given_up", error, job=job_id)
                    _give_up(database, job_id)
                    del failed[job_id]
        if failure is not None:
            raise failure
        if not moved:
            return


def _list_open(database: Database) -> Sequence[int]:
    with database.reading() as session:
        return session.scalars(select(Job.id).where(Job.state.in_(OPEN)).order_by(Job.id)).all()


def _give_up(database: Database, job_id: int) -> None:
    """What it did stays done, and can be undone."""
    with database.writing() as session:
        campaign_id = session.scalars(select(Job.campaign_id).where(Job.id == job_id)).one()
        lock_tally(session, campaign_id)
        job = session.scalars(select(Job).where(Job.id == job_id).with_for_update()).one()
        if job.state in OPEN:
            end(session, job, CANCELLED, utc_now())


def _work(database: Database, job_id: int, stop: Callable[[], bool]) -> bool:
    """One turn of a job; whether it came any further."""
    turn_ends = time.monotonic() + _TURN
    with database.reading() as session:
        job = session.get(Job, job_id)
        if job is None or job.state not in OPEN:
            return False
        runner, steps = _Runner(job.campaign_id, job_id, _find_way(session, job)), 0
    batches = Batches(database, lambda: stop() or (steps > 0 and time.monotonic() > turn_ends), rest=_REST)
    for _rows in batches.run(runner.step):
        steps += 1
    return steps > 0


def _find_way(session: Session, job: Job) -> Way:
    if job.kind != REMOVE:
        return Way(1, job.upto)
    return find_way(session, job.campaign_id, _conditions(job), job.upto)


def _conditions(job: Job) -> Conditions:
    assert job.conditions  # they go with the names; without any, everybody would be meant
    return Conditions.from_json(job.conditions)


class _Runner:
    """The steps of one turn."""

    def __init__(self, campaign_id: int, job_id: int, way: Way) -> None:
        self._campaign_id, self._job_id, self._way = campaign_id, job_id, way
        self._left_at: tuple[int, UUID | None] | None = None  # how far our last step came

    def step(self, session: Session, most: int) -> int | None:
        """The next step; None where there is none, or another worker takes them."""
        lock_tally(session, self._campaign_id)
        this = select(Job).where(Job.id == self._job_id).with_for_update()
        job = session.scalars(this).one_or_none()
        if job is None or job.state not in OPEN:
            return None
        if self._left_at is not None and self._left_at != (job.cursor, job.cursor_id):
            return None
        now = utc_now()
        job.state = RUNNING
        step = KINDS[job.kind](session, job, most, now, self._way)
        job.done += step.done
        job.passed += step.passed
        if step.is_last:
            end(session, job, DONE, now)
        self._left_at = (job.cursor, job.cursor_id)
        return step.done
