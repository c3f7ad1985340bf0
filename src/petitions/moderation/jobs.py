"""Jobs: what is done to many signatures or held drafts at once. They are begun, cancelled and undone here; the
worker runs them, see running.py.

What the log keeps of a job is who, when, why and how many. Its conditions may name somebody, and stand in the job
alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.abuse.rules import NETWORK_KEYS
from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Campaign
from petitions.errors import CampaignPurged, NotPossible, PageNotFound
from petitions.moderation.models import Job
from petitions.moderation.removing import REASONS, lock_tally
from petitions.signatures.holds import HELD_RULE, OF_NETWORKS
from petitions.signatures.models import Tally

REMOVE, RESTORE, RELEASE, DROP = "remove", "restore", "release", "drop"
WAITING, RUNNING, DONE, CANCELLED = "waiting", "running", "done", "cancelled"
#: The states of a job that goes on.
OPEN = (WAITING, RUNNING)
PAGE_SIZE = 20
#: No id is larger, nor any number of rows.
MOST = 2**31 - 1


@dataclass(frozen=True)
class NewJob:
    """Something that is to be done to many."""

    kind: str
    conditions: Mapping[str, Any] = field(repr=False)  # plain JSON: which rows
    upto: int  # nothing that came later is touched; see models.py
    expected: int  # rows that whoever begins it was shown
    reason: str | None = None  # one of REASONS where signatures are removed


@dataclass(frozen=True)
class JobPage:
    """Some jobs of a campaign, the newest first."""

    jobs: Sequence[Job]
    next_key: int | None  # None: this is the last page


def start(session: Session, campaign_id: int, new: NewJob, actor: Actor, now: datetime) -> int:
    """Begin a job; its id. The same one begun twice, as when somebody presses a button twice, is one. Raises
    CampaignPurged, and KeyError for a reason that is none of REASONS."""
    if new.kind == REMOVE:
        _known = REASONS[new.reason or ""]
    last_serial = _lock(session, campaign_id)
    upto = min(new.upto, last_serial) if new.kind == REMOVE else new.upto
    for job in _list_open(session, campaign_id):
        same = (job.kind, job.conditions, job.reason, job.upto, job.by_id)
        if same == (new.kind, dict(new.conditions), new.reason, upto, actor.user_id):
            return job.id
    job = _add(
        session,
        actor,
        now,
        campaign_id=campaign_id,
        kind=new.kind,
        conditions=dict(new.conditions),
        reason=new.reason,
        upto=upto,
        expected=new.expected,
    )
    _record(session, actor, "bulk.started", job, now, reason=new.reason, shown=new.expected)
    return job.id


def cancel(session: Session, campaign_id: int, job_id: int, actor: Actor, now: datetime) -> None:
    """Let a job stop before its next step; what it did stays done. Raises PageNotFound, and NotPossible for one
    that has ended."""
    job = get_job(session, campaign_id, job_id, lock=True)
    if job.state not in OPEN:
        raise NotPossible
    _close(job, CANCELLED, now)
    _record(session, actor, "bulk.cancelled", job, now, rows=job.done)


def undo(session: Session, campaign_id: int, job_id: int, actor: Actor, now: datetime) -> int:
    """Begin a job that brings back what another one removed; its id. While one is under way, it is that one.
    Raises PageNotFound, CampaignPurged, and NotPossible where there is nothing to bring back."""
    _lock(session, campaign_id)
    job = get_job(session, campaign_id, job_id, lock=True)
    latest = find_undoing(session, job)
    if latest is not None and latest.state in OPEN:
        return latest.id
    if not may_undo(job, latest):
        raise NotPossible
    undoing = _add(
        session,
        actor,
        now,
        campaign_id=campaign_id,
        kind=RESTORE,
        undoes=job.id,
        upto=job.cursor,
        expected=job.done,
    )
    _record(session, actor, "bulk.undone", undoing, now, undoes=job.id, rows=job.done)
    return undoing.id


def may_undo(job: Job, undoing: Job | None) -> bool:
    """Whether there is anything to bring back of an ended job; `undoing`: the last that tried."""
    return (
        job.kind == REMOVE
        and job.state not in OPEN
        and job.done > 0
        and (undoing is None or undoing.state == CANCELLED)
    )


def end(session: Session, job: Job, state: str, now: datetime) -> None:
    """It has nothing more to do; the log says so in the name of whoever began it."""
    _close(job, state, now)
    actor = Actor(job.by_id, job.by_name)
    _record(session, actor, "bulk.ended", job, now, rows=job.done, complete=state == DONE)


def end_all(session: Session, campaign_id: int, now: datetime) -> None:
    """The jobs of a campaign stop where they are, for the rows that they are about are to be erased. The tally of
    the campaign is locked."""
    for job in _list_open(session, campaign_id):
        end(session, job, CANCELLED, now)


def get_job(session: Session, campaign_id: int, job_id: int, *, lock: bool = False) -> Job:
    """Raises PageNotFound for one that is not there, or is another campaign's."""
    if job_id > MOST:
        raise PageNotFound
    query = select(Job).where(Job.campaign_id == campaign_id, Job.id == job_id)
    job = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if job is None:
        raise PageNotFound
    return job


def find_undoing(session: Session, job: Job) -> Job | None:
    """The last job that was to undo this one."""
    undoing = select(Job).where(Job.campaign_id == job.campaign_id, Job.undoes == job.id, Job.id > job.id)
    return session.scalars(undoing.order_by(Job.id.desc()).limit(1)).one_or_none()


def list_jobs(session: Session, campaign_id: int, before: int | None = None, limit: int = PAGE_SIZE) -> JobPage:
    """A page of the jobs of a campaign; those with smaller ids than `before`."""
    query = select(Job).where(Job.campaign_id == campaign_id).order_by(Job.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Job.id < min(before, MOST))
    jobs = session.scalars(query).all()
    return JobPage(jobs[:limit], jobs[limit - 1].id if len(jobs) > limit else None)


def _close(job: Job, state: str, now: datetime) -> None:
    """It stops. Which network it was about is forgotten, as it is beside drafts after two days."""
    job.state, job.ended_at = state, now
    held = job.conditions or {}
    by_rule = held.get("reason") == HELD_RULE and str(held.get("for")).startswith(NETWORK_KEYS)
    if by_rule or held.get("reason") in OF_NETWORKS:
        job.conditions = {**held, "for": None}


def _lock(session: Session, campaign_id: int) -> int:
    """Lock the tally; its last serial. Raises CampaignPurged where the rows are being erased or are gone."""
    lock_tally(session, campaign_id)
    found = session.execute(
        select(Tally.last_serial, Tally.purging, Campaign.slug)
        .join(Campaign, Campaign.id == Tally.campaign_id)
        .where(Tally.campaign_id == campaign_id)
    ).one_or_none()
    if found is None:  # it was never published
        return 0
    if found.purging:
        raise CampaignPurged(found.slug)
    return int(found.last_serial)


def _list_open(session: Session, campaign_id: int) -> Sequence[Job]:
    these = (Job.campaign_id == campaign_id, Job.state.in_(OPEN))
    return session.scalars(select(Job).where(*these).order_by(Job.id).with_for_update()).all()


def _add(session: Session, actor: Actor, now: datetime, **values: Any) -> Job:
    assert actor.user_id is not None  # whoever works at the command line does it in one go
    job = Job(state=WAITING, by_id=actor.user_id, by_name=actor.name, created_at=now, **values)
    session.add(job)
    session.flush()
    return job


def _record(session: Session, actor: Actor, action: str, job: Job, now: datetime, **details: Any) -> None:
    said = {key: value for key, value in details.items() if value is not None}
    record(session, actor, action, now, job.campaign_id, job=job.id, kind=job.kind, **said)
