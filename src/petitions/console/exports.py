"""Lists that were asked for: how far each is, stopping it, deleting its file, making it anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.campaigns.terms import text_in
from petitions.console import pages
from petitions.console.export_words import STATE_OF_EXPORT, say_phase, say_plan, say_problem
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.delivery import jobs
from petitions.delivery.candidates import DELIVERABLE
from petitions.delivery.deliveries import list_deliveries
from petitions.delivery.models import ExportJob
from petitions.delivery.outdated import count_gone
from petitions.errors import CampaignPurged, InvalidRequest, NotAllowed, NotPossible
from petitions.i18n import N_, Message, Translator
from petitions.lists.plans import Plan
from petitions.lists.profiles import PROFILES
from petitions.web.pages import see_other

#: What the page of an export says after an action.
_DONE: Mapping[str, Message] = {
    "asked": N_("It is being made. You can leave this page: it goes on without you."),
    "cancelled": N_("It is stopped, and nothing of it was kept."),
    "removed": N_("The file is deleted."),
}
_ENDED = N_("It had ended already.")
_GONE = N_("Its file had gone already.")
NOT_DELETED = N_("The file could not be deleted. Tell whoever looks after the server.")
ERASED = N_("The names are being erased or are gone, so there are no lists any more.")
TOO_MANY = N_("Three lists of this campaign are being made already. Wait for one of them, or stop one.")
CHANGED = N_("A delivery that should be left out was taken back or changed meanwhile. Please look once more.")


@dataclass(frozen=True)
class Line:
    """An export as pages show it."""

    id: UUID
    profile: Message
    is_mine: bool  # whoever looks may have what is in it
    state: str
    state_words: Message
    which: Sequence[tuple[str, str]]  # what is in it, in words
    by: str
    at: datetime
    reason: str | None
    cut_off: datetime
    phase: Message | None
    share: int  # percent of its rows
    rows: int | None
    problem: Message | None
    spells: bool  # it can be made with codes in place of the letters that have no font
    name: str | None
    size: int | None
    sha256: str | None
    ended_at: datetime | None
    expires_at: datetime | None
    host: str | None
    is_here: bool  # its file lies on this host
    files: Sequence[Mapping[str, Any]]  # in it: name, rows, size, sha256
    holds_signatures: bool  # it can be recorded as delivered
    gone: int = 0  # of its signatures, withdrawn or removed since; on its own page alone

    @property
    def is_open(self) -> bool:
        return self.state in jobs.OPEN

    @property
    def is_ready(self) -> bool:
        return self.state == jobs.DONE

    @property
    def may_again(self) -> bool:
        """Whether it can be made once more, having no file."""
        return self.state in (jobs.FAILED, jobs.CANCELLED, jobs.EXPIRED)


@for_desk(Permission.DOWNLOAD)
async def show_exports(request: Request, desk: Desk) -> Response:
    """Everything that was asked for, the newest first."""
    found: tuple[CampaignSnapshot | None, Sequence[Line], UUID | None] = (None, (), None)
    before = _key(request)
    if desk.campaign.published_at is not None:
        found = await desk.site.database.read(_list, desk, before)
    campaign, lines, next_key = found
    addressees = campaign.terms.addressees if campaign else ()
    language = desk.campaign.default_language
    return show(
        desk,
        "exports.html",
        campaign=campaign,
        lines=lines,
        next_key=next_key,
        before=before,
        addressees=[text_in(name, language, language) for name in addressees],
        erased=desk.campaign.purge_began_at is not None,
        purge_due_at=campaign.purge_due_at if campaign else None,
        kept_for=jobs.KEPT_FOR.days,
    )


@for_desk(Permission.DOWNLOAD)
async def show_export(request: Request, desk: Desk) -> Response:
    """One of them: how far it is, and the file."""
    return await show_one(request, desk, done=_DONE.get(request.query_params.get("saved", "")))


@for_desk(Permission.DOWNLOAD, renews=True)
async def show_part(request: Request, desk: Desk) -> Response:
    """How far it is alone, to be put into the page where it was."""
    line = await desk.site.database.read(_find, desk, request.path_params["export_id"])
    return pages.show_part(desk, "export_part.html", line=line)


@for_desk(Permission.DOWNLOAD)
async def cancel_export(request: Request, desk: Desk) -> Response:
    """Stop it; nothing of it is kept."""
    await desk.form()
    job = await find_job(request, desk)
    try:
        await desk.site.database.write(jobs.cancel, desk.campaign.id, job.id, desk.actor, desk.now)
    except NotPossible:
        return await show_one(request, desk, 409, problem=_ENDED)
    return back_to(desk, job.id, "cancelled")


@for_desk(Permission.DOWNLOAD)
async def remove_export(request: Request, desk: Desk) -> Response:
    """Delete its file before its time."""
    await desk.form()
    job = await find_job(request, desk)
    settings = desk.site.settings
    try:
        await desk.site.database.write(jobs.remove, settings, desk.campaign.id, job.id, desk.actor, desk.now)
    except NotPossible:
        return await show_one(request, desk, 409, problem=_GONE)
    except OSError:
        return await show_one(request, desk, 500, problem=NOT_DELETED)
    return back_to(desk, job.id, "removed")


@for_desk(Permission.DOWNLOAD, password=True)
async def make_again(request: Request, desk: Desk) -> Response:
    """The same list once more, with what was signed meanwhile; letters without a font as codes where wanted."""
    data = await desk.form()
    job = await find_job(request, desk)
    plan = Plan.from_json(job.plan)
    if data.get("spell_out") == "y":
        plan = replace(plan, spell_out=True)
    try:
        new_id = await desk.site.database.write(begin, desk, plan, job.reason)
    except CampaignPurged:
        return await show_one(request, desk, 409, problem=ERASED)
    except NotPossible:
        return await show_one(request, desk, 409, problem=await why_not(desk))
    return back_to(desk, new_id, "asked")


@for_desk(Permission.DOWNLOAD)
async def leave_download(_request: Request, desk: Desk) -> Response:
    """Where the list was once."""
    return see_other(desk.url(f"{desk.path}/exports"))


def begin(session: Session, desk: Desk, plan: Plan, reason: str | None) -> UUID:
    """Ask for a list. Raises NotAllowed, CampaignPurged and NotPossible."""
    if not desk.may(PROFILES[plan.profile].permission):
        raise NotAllowed
    campaign = get_snapshot(session, desk.campaign.slug)
    return jobs.begin(session, campaign, plan, desk.actor, desk.now, reason)


async def why_not(desk: Desk) -> Message:
    """Why a list that is allowed was not begun."""
    page = await desk.site.database.read(jobs.list_jobs, desk.campaign.id)
    return TOO_MANY if sum(job.state in jobs.OPEN for job in page.jobs) >= jobs.MOST_OPEN else CHANGED


async def find_job(request: Request, desk: Desk) -> ExportJob:
    """The job of the address. Raises PageNotFound, and NotAllowed for a list that this lead may not have."""
    job = await desk.site.database.read(jobs.get_job, desk.campaign.id, request.path_params["export_id"])
    if not _may_have(desk, job):
        raise NotAllowed
    return job


def back_to(desk: Desk, export_id: UUID, saved: str) -> Response:
    """The page of an export, which says what was done."""
    return see_other(desk.url(f"{desk.path}/exports/{export_id}", saved=saved))


async def show_one(
    request: Request, desk: Desk, status: int = 200, *, done: Message | None = None, problem: Message | None = None
) -> Response:
    """The page of an export. Raises PageNotFound and NotAllowed."""
    line = await desk.site.database.read(_find, desk, request.path_params["export_id"])
    return show(desk, "export.html", status, line=line, done=done, problem=problem)


def _find(session: Session, desk: Desk, export_id: UUID) -> Line:
    """Raises PageNotFound and NotAllowed."""
    job = jobs.get_job(session, desk.campaign.id, export_id)
    if not _may_have(desk, job):
        raise NotAllowed
    line = _line(desk, job, _names_of(session, desk))
    return replace(line, gone=count_gone(session, job)) if line.is_ready else line


def _list(
    session: Session, desk: Desk, before: UUID | None
) -> tuple[CampaignSnapshot, Sequence[Line], UUID | None]:
    page = jobs.list_jobs(session, desk.campaign.id, before)
    names = _names_of(session, desk) if page.jobs else {}
    campaign = get_snapshot(session, desk.campaign.slug)
    return campaign, [_line(desk, job, names) for job in page.jobs], page.next_key


def _names_of(session: Session, desk: Desk) -> Mapping[UUID, str]:
    """What each delivery is called."""
    return {
        row.id: name_delivery(row.recipient, row.delivered_on, desk.words)
        for row in list_deliveries(session, desk.campaign.id)
    }


def name_delivery(recipient: str, day: Any, words: Translator) -> str:
    """A delivery in a few words."""
    return words.translate(N_("%(recipient)s, %(day)s", recipient=recipient, day=words.date(day)))


def _may_have(desk: Desk, job: ExportJob) -> bool:
    return desk.may(PROFILES[Plan.from_json(job.plan).profile].permission)


def _line(desk: Desk, job: ExportJob, deliveries: Mapping[UUID, str]) -> Line:
    plan = Plan.from_json(job.plan)
    problem = job.problem or {}
    return Line(
        id=job.id,
        profile=PROFILES[plan.profile].name,
        is_mine=_may_have(desk, job),
        state=job.state,
        state_words=STATE_OF_EXPORT.get(job.state, Message(job.state)),
        which=say_plan(plan, deliveries, desk.words),
        by=job.by_name,
        at=job.created_at,
        reason=job.reason,
        cut_off=job.cut_off,
        phase=say_phase(job.phase) if job.state == jobs.RUNNING else None,
        share=min(100, 100 * job.done // job.expected) if job.expected else 0,
        rows=job.rows,
        problem=say_problem(job.problem) if job.state == jobs.FAILED else None,
        spells=problem.get("code") == "scripts" and not plan.spell_out,
        name=job.name,
        size=job.size,
        sha256=job.sha256,
        ended_at=job.ended_at,
        expires_at=job.expires_at,
        host=job.host,
        is_here=jobs.is_here(desk.site.settings, job),
        files=(job.result or {}).get("files") or (),
        holds_signatures=job.state in (jobs.DONE, jobs.EXPIRED) and plan.profile in DELIVERABLE,
    )


def _key(request: Request) -> UUID | None:
    """The key of the page that is asked for. Raises InvalidRequest."""
    key = request.query_params.get("before")
    try:
        return UUID(key) if key is not None else None
    except ValueError:
        raise InvalidRequest from None
