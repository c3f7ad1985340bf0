"""Lists and packs that somebody asked for in the console. They are begun, cancelled and removed here; the worker
makes them, see running.py.

    waiting → running → done → expired
                      → failed
            → cancelled

The log says of each who, when, for whom the list is, what was left out, how many rows, and the digest by which the
file is known again. It says nothing about signers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, defer

from petitions.accounts.roles import Permission
from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.delivery.candidates import DELIVERABLE
from petitions.delivery.keeping import place_of, unseal
from petitions.delivery.known import find_known
from petitions.delivery.models import ExportJob
from petitions.errors import CampaignPurged, NotPossible, PageNotFound
from petitions.ids import new_id
from petitions.lists.cuts import cut_now
from petitions.lists.plans import Plan, Profile
from petitions.lists.profiles import PROFILES, columns_of
from petitions.settings import Settings
from petitions.signatures.models import Tally

WAITING, RUNNING, DONE = "waiting", "running", "done"
FAILED, CANCELLED, EXPIRED = "failed", "cancelled", "expired"
#: The states of a job that goes on.
OPEN = (WAITING, RUNNING)
#: Jobs of one campaign that go on at the same time.
MOST_OPEN = 3
#: For so long a finished list is kept.
KEPT_FOR = timedelta(days=7)
PAGE_SIZE = 20
MAX_REASON = 500


@dataclass(frozen=True)
class JobPage:
    """Some jobs of a campaign, the newest first."""

    jobs: Sequence[ExportJob]
    next_key: UUID | None  # None: this is the last page


def check_plan(campaign: CampaignSnapshot, plan: Plan, reason: str | None) -> None:
    """Raises NotPossible, which says why, for a plan that this campaign does not allow, or one without the reason
    that it needs."""
    columns = columns_of(plan.profile, campaign.terms)
    unknown = [key for key in plan.columns if key not in columns]
    if unknown:
        raise NotPossible(f"this list has no column {', '.join(unknown)}; it can have: {', '.join(columns)}")
    if plan.pack and plan.profile not in DELIVERABLE:
        raise NotPossible("a pack is for handing over, so it is of lists for the addressee or for everybody alone")
    if PROFILES[plan.profile].needs_reason and not (reason or "").strip():
        raise NotPossible("a list with addresses needs a reason")
    if len(reason or "") > MAX_REASON:
        raise NotPossible(f"a reason has {MAX_REASON} characters at most")
    if plan.profile is Profile.PUBLIC and campaign.terms.public_list != "full":
        raise NotPossible("the site does not show everybody's name, so there is no list for everybody")
    if plan.since is not None and plan.until is not None and plan.since > plan.until:
        raise NotPossible("the last day comes before the first")


def begin(
    session: Session,
    campaign: CampaignSnapshot,
    plan: Plan,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
) -> UUID:
    """Ask for a list of everything that is confirmed by now; the id of its job. The same one asked for twice, as
    when somebody presses a button twice, is one. Raises CampaignPurged, and NotPossible for a plan that is not
    allowed or while too many go on."""
    check_plan(campaign, plan, reason)
    assert actor.user_id is not None  # whoever works at the command line gets the file at once
    lock(session, campaign.id)
    find_known(session, campaign.id, plan.without)  # what cannot be left out is said now, and not in an hour
    data = plan.to_json()
    going_on = _list_open(session, campaign.id)
    for job in going_on:
        if (job.by_id, job.plan) == (actor.user_id, data):
            return job.id
    if len(going_on) >= MOST_OPEN:
        raise NotPossible
    cut = cut_now(session, campaign.id, now)
    job = ExportJob(
        id=new_id(),
        campaign_id=campaign.id,
        plan=data,
        reason=(reason or "").strip() or None,
        cut_off=cut.moment,
        through_serial=cut.through_serial,
        through_number=cut.through_number,
        state=WAITING,
        by_id=actor.user_id,
        by_name=actor.name,
        created_at=now,
        done=0,
        expected=0,
        attempts=0,
    )
    session.add(job)
    session.flush()
    record_job(session, job, "export.asked", actor, now)
    return job.id


def cancel(session: Session, campaign_id: int, job_id: UUID, actor: Actor, now: datetime) -> None:
    """Let a job stop; who makes it notices within a second, and nothing is left of it. Raises PageNotFound, and
    NotPossible for one that has ended."""
    job = get_job(session, campaign_id, job_id, lock=True)
    if job.state not in OPEN:
        raise NotPossible
    close(job, CANCELLED, now)
    record_job(session, job, "export.cancelled", actor, now)


def remove(
    session: Session, settings: Settings, campaign_id: int, job_id: UUID, actor: Actor, now: datetime
) -> None:
    """The file goes now; where it lies on another host, its key goes now, and so nobody can read it any more. That
    it was there, and who was in it, stays. Raises PageNotFound, NotPossible for a job without a file, and
    OSError."""
    job = get_job(session, campaign_id, job_id, lock=True)
    if job.state != DONE:
        raise NotPossible
    expire(settings, job)
    record_job(session, job, "export.removed", actor, now)


def expire(settings: Settings, job: ExportJob) -> None:
    """Forget the file of a job, and the key without which it is noise. Raises OSError."""
    place_of(settings, job.id).unlink(missing_ok=True)
    job.state, job.key = EXPIRED, None


def get_job(session: Session, campaign_id: int, job_id: UUID, *, lock: bool = False) -> ExportJob:
    """Raises PageNotFound for one that is not there, or is another campaign's."""
    query = select(ExportJob).where(ExportJob.campaign_id == campaign_id, ExportJob.id == job_id)
    job = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if job is None:
        raise PageNotFound
    return job


def list_jobs(session: Session, campaign_id: int, before: UUID | None = None, limit: int = PAGE_SIZE) -> JobPage:
    """A page of the jobs of a campaign; `before`: the last one of the page before. Raises PageNotFound."""
    query = select(ExportJob).where(ExportJob.campaign_id == campaign_id)
    if before is not None:
        last = get_job(session, campaign_id, before)
        same_time = and_(ExportJob.created_at == last.created_at, ExportJob.id < last.id)
        query = query.where(or_(ExportJob.created_at < last.created_at, same_time))
    query = query.options(defer(ExportJob.serials), defer(ExportJob.paper_numbers))  # long, and in no list
    query = query.order_by(ExportJob.created_at.desc(), ExportJob.id.desc()).limit(limit + 1)
    jobs = session.scalars(query).all()
    return JobPage(jobs[:limit], jobs[limit - 1].id if len(jobs) > limit else None)


def record_download(session: Session, job: ExportJob, actor: Actor, now: datetime) -> None:
    """Write down that somebody takes the file along, before they get its first byte. Raises NotPossible where
    there is none any more, and CampaignPurged while the names are being erased."""
    lock(session, job.campaign_id)
    these = (ExportJob.id == job.id, ExportJob.state == DONE, ExportJob.expires_at > now)
    if session.scalar(select(ExportJob.id).where(*these).with_for_update()) is None:
        raise NotPossible
    record_job(session, job, "export.downloaded", actor, now)


def open_file(settings: Settings, job: ExportJob) -> Iterator[bytes]:
    """The finished file, `job.size` bytes, a chunk at a time. The first chunk is read when this returns, so that a
    file which is not there or is another one's raises here and not in the middle: SealBroken, OSError."""
    if job.state != DONE or job.key is None:
        raise FileNotFoundError(job.id.hex)
    chunks = unseal(settings, job.id, job.key)
    first = next(chunks)

    def all_chunks() -> Iterator[bytes]:
        yield first
        yield from chunks

    return all_chunks()


def is_here(settings: Settings, job: ExportJob) -> bool:
    """Whether the file of a finished job lies on this host; else `job.host` says where."""
    return job.state == DONE and place_of(settings, job.id).is_file()


def permission_of(job: ExportJob) -> Permission:
    """What somebody needs to look at a job's rows, or to download, stop or remove it."""
    return PROFILES[Plan.from_json(job.plan).profile].permission


def close(job: ExportJob, state: str, now: datetime, problem: Mapping[str, Any] | None = None) -> None:
    """It has come to its end."""
    job.state, job.ended_at, job.claim, job.claimed_until = state, now, None, None
    job.problem = dict(problem) if problem is not None else None


def cancel_all(session: Session, campaign_id: int, now: datetime) -> None:
    """No list of a campaign is made any more, for its names are to be erased. The tally of the campaign is
    locked."""
    for job in _list_open(session, campaign_id):
        close(job, CANCELLED, now)
        record_job(session, job, "export.cancelled", Actor(job.by_id, job.by_name), now)


def forget_keys(session: Session, campaign_id: int) -> None:
    """What was made of a campaign is noise from now on, on whatever host it lies; there the worker clears it
    up."""
    these = (ExportJob.campaign_id == campaign_id, ExportJob.key.is_not(None))
    session.execute(update(ExportJob).where(*these).values(state=EXPIRED, key=None))


def record_preview(
    session: Session, campaign_id: int, plan: Plan, rows: int, actor: Actor, now: datetime, reason: str | None
) -> None:
    """Write down that somebody looks at the first rows of a list with addresses, before they see them. Raises
    CampaignPurged."""
    lock(session, campaign_id)
    details = describe_plan(plan) | {"rows": rows} | ({"why": reason} if reason else {})
    record(session, actor, "export.previewed", now, campaign_id, **details)


def record_job(session: Session, job: ExportJob, action: str, actor: Actor, now: datetime) -> None:
    """Write down what became of a job: what was asked for and, where it is made, its rows and its digest."""
    details = describe_plan(Plan.from_json(job.plan)) | {"cut_off": job.cut_off.isoformat(), "job": job.id.hex}
    if action == "export.asked" and job.reason is not None:
        details["why"] = job.reason
    if job.sha256 is not None:
        details |= {"rows": job.rows, "sha256": job.sha256}
    if job.problem is not None:
        details["problem"] = job.problem["code"]
    record(session, actor, action, now, job.campaign_id, **details)


def describe_plan(plan: Plan) -> dict[str, Any]:
    """A plan as the log has it: for whom, as which files, and what is left out."""
    said: dict[str, Any] = {"profile": str(plan.profile), "formats": [str(one) for one in plan.formats]}
    filters = {
        key: value
        for key, value in plan.to_json().items()
        if key in ("countries", "languages", "since", "until", "without")
    }
    more = {"pack": plan.pack, "organisations": plan.organisations, "on_paper": plan.on_paper}
    said |= {f"with_{key}": True for key, wanted in more.items() if wanted}
    return (
        said
        | ({"columns": list(plan.columns)} if plan.columns else {})
        | ({"filters": filters} if filters else {})
    )


def _list_open(session: Session, campaign_id: int) -> Sequence[ExportJob]:
    these = (ExportJob.campaign_id == campaign_id, ExportJob.state.in_(OPEN))
    return session.scalars(select(ExportJob).where(*these).order_by(ExportJob.id).with_for_update()).all()


def lock(session: Session, campaign_id: int) -> None:
    """Nobody begins to erase the names before this transaction ends. Raises CampaignPurged where somebody did."""
    purging = select(Tally.purging).where(Tally.campaign_id == campaign_id).with_for_update()
    campaign = session.get_one(Campaign, campaign_id)
    if session.scalar(purging) or campaign.purge_began_at is not None:
        raise CampaignPurged(campaign.slug)
