"""What is done to many at once: a list, how far each is, stopping it, undoing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.console import pages
from petitions.console.audit_log import page_key
from petitions.console.guard import Desk, for_desk
from petitions.console.job_words import KIND_WORDS, STATE_OF_JOB, say_which
from petitions.console.pages import show
from petitions.errors import CampaignPurged, NotPossible
from petitions.i18n import N_, Message, Translator
from petitions.moderation import jobs
from petitions.moderation.models import Job
from petitions.moderation.removing import REASONS
from petitions.web.pages import see_other

#: What the page of a job says after an action.
_DONE: Mapping[str, Message] = {
    "started": N_("It begins in a moment. You can leave this page: it goes on without you."),
    "cancelled": N_("It is stopped. What it did stays as it is, and can be undone."),
    "undone": N_("They are brought back. It begins in a moment."),
}
_ENDED = N_("It had ended already.")
_NOT_UNDONE = N_("There is nothing to undo any more: somebody else did, or it is still under way.")
_ERASED = N_("The data of the signers are being erased or are gone, so nothing can be undone any more.")


@dataclass(frozen=True)
class Line:
    """A job as pages show it."""

    id: int
    kind: str
    what: Message
    state: str
    state_words: Message
    which: Sequence[tuple[str, str]]  # the conditions in words
    reason: Message | None
    by: str
    at: datetime
    ended_at: datetime | None
    expected: int
    done: int
    passed: int
    undoes: int | None
    undone_by: int | None  # the last job that was to undo it
    may_undo: bool

    @property
    def is_open(self) -> bool:
        return self.state in jobs.OPEN

    @property
    def share(self) -> int:
        """Percent of what was expected; a preview may have counted fewer than there were."""
        return 100 if not self.expected else min(100, 100 * (self.done + self.passed) // self.expected)


@for_desk(Permission.MODERATE)
async def show_jobs(request: Request, desk: Desk) -> Response:
    """Everything that was done to many, the newest first."""
    before = page_key(request)
    lines, next_key = await desk.site.database.read(_list, desk, before)
    return show(desk, "jobs.html", lines=lines, next_key=next_key, before=before)


@for_desk(Permission.MODERATE)
async def show_job(request: Request, desk: Desk) -> Response:
    """One of them, and how far it is."""
    return await _show(request, desk, done=_DONE.get(request.query_params.get("saved", "")))


@for_desk(Permission.MODERATE, renews=True)
async def show_part(request: Request, desk: Desk) -> Response:
    """How far it is alone, to be put into the page where it was."""
    line = await desk.site.database.read(_find, desk, request.path_params["job_id"])
    return pages.show_part(desk, "job_part.html", line=line)


@for_desk(Permission.MODERATE)
async def cancel_job(request: Request, desk: Desk) -> Response:
    """Stop it before its next step."""
    await desk.form()
    job_id = request.path_params["job_id"]
    try:
        await desk.site.database.write(jobs.cancel, desk.campaign.id, job_id, desk.actor, desk.now)
    except NotPossible:
        return await _show(request, desk, 409, problem=_ENDED)
    return see_other(desk.url(f"{desk.path}/jobs/{job_id}", saved="cancelled"))


@for_desk(Permission.MODERATE)
async def undo_job(request: Request, desk: Desk) -> Response:
    """Bring back what it removed."""
    await desk.form()
    job_id = request.path_params["job_id"]
    try:
        undoing = await desk.site.database.write(jobs.undo, desk.campaign.id, job_id, desk.actor, desk.now)
    except NotPossible:
        return await _show(request, desk, 409, problem=_NOT_UNDONE)
    except CampaignPurged:
        return await _show(request, desk, 409, problem=_ERASED)
    return see_other(desk.url(f"{desk.path}/jobs/{undoing}", saved="undone"))


async def _show(
    request: Request, desk: Desk, status: int = 200, *, done: Message | None = None, problem: Message | None = None
) -> Response:
    line = await desk.site.database.read(_find, desk, request.path_params["job_id"])
    return show(desk, "job.html", status, line=line, done=done, problem=problem)


def _find(session: Session, desk: Desk, job_id: int) -> Line:
    """Raises PageNotFound."""
    job = jobs.get_job(session, desk.campaign.id, job_id)
    return _line(job, jobs.find_undoing(session, job), desk.words)


def _list(session: Session, desk: Desk, before: int | None) -> tuple[Sequence[Line], int | None]:
    page = jobs.list_jobs(session, desk.campaign.id, before)
    return [_line(job, None, desk.words) for job in page.jobs], page.next_key


def _line(job: Job, undoing: Job | None, words: Translator) -> Line:
    return Line(
        id=job.id,
        kind=job.kind,
        what=KIND_WORDS.get(job.kind, Message(job.kind)),
        state=job.state,
        state_words=STATE_OF_JOB.get(job.state, Message(job.state)),
        which=say_which(job, words),
        reason=REASONS.get(job.reason or ""),
        by=job.by_name,
        at=job.created_at,
        ended_at=job.ended_at,
        expected=job.expected,
        done=job.done,
        passed=job.passed,
        undoes=job.undoes,
        undone_by=undoing.id if undoing is not None else None,
        may_undo=jobs.may_undo(job, undoing),
    )
