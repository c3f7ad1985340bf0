"""Forms that wait for a look before any mail is sent: seen by what they share, let go on, or dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.abuse.rules import Rule
from petitions.accounts.roles import Permission
from petitions.audit.recording import record
from petitions.console.guard import Desk, for_desk
from petitions.console.held_words import MEANINGS, REASONS, by_words
from petitions.console.pages import show
from petitions.errors import CampaignPurged, InvalidRequest
from petitions.i18n import N_, Message
from petitions.moderation import jobs
from petitions.signatures.holding import (
    STEP,
    Group,
    act,
    group_conditions,
    in_group,
    moment_of,
    until,
)
from petitions.signatures.holds import HELD_RULE
from petitions.signatures.models import Draft
from petitions.signatures.queue import (
    PAGE_SIZE,
    HeldDraft,
    Queue,
    count_group,
    find_queue,
    find_rules,
    list_held,
)
from petitions.web.pages import see_other

_MAX_BY = 253
_NOTHING_TICKED = N_("Tick the forms that you mean.")
_ERASED = N_("The data of the signers are being erased, and what is held goes with them.")


@dataclass(frozen=True)
class Outcome:
    """What became of a wish: how many were changed, how many were there no more or have to stay."""

    meant: int
    done: int
    job_id: int | None = None


@dataclass(frozen=True)
class GroupPage:
    """Some forms of a group."""

    drafts: Sequence[HeldDraft]
    next_key: UUID | None
    count: int
    last_id: UUID | None
    rules: Mapping[str, Rule]


@for_desk(Permission.MODERATE)
async def show_held(request: Request, desk: Desk) -> Response:
    """Everything that is held, by what it shares."""
    queue, rules = await desk.site.database.read(_find_queue, desk.campaign.id)
    return show(
        desk,
        "held.html",
        queue=queue,
        reasons=REASONS,
        meanings=MEANINGS,
        by_words=lambda group: by_words(group, rules),
        moment_of=moment_of,
        said=_said(request),
    )


@for_desk(Permission.MODERATE)
async def show_group(request: Request, desk: Desk) -> Response:
    """The forms of one group, the oldest first."""
    group = _group(request, request.query_params.get("for"))
    return await _show_group(request, desk, group, _identifier(request.query_params.get("after")))


@for_desk(Permission.MODERATE)
async def release_held(request: Request, desk: Desk) -> Response:
    """Let forms go on: their mails are sent."""
    return await _act(request, desk, jobs.RELEASE)


@for_desk(Permission.MODERATE)
async def drop_held(request: Request, desk: Desk) -> Response:
    """Delete forms."""
    return await _act(request, desk, jobs.DROP)


async def _act(request: Request, desk: Desk, kind: str) -> Response:
    data = await desk.form()
    by = data.get("for")
    group = _group(request, by if isinstance(by, str) else None)
    if data.get("all"):
        try:
            outcome = await desk.site.database.write(_act_on_group, desk, group, kind, _number(data, "upto"))
        except CampaignPurged:
            return await _show_group(request, desk, group, None, 409, problem=_ERASED)
    else:
        ids = [found for text in data.getlist("id") if (found := _identifier(text)) is not None]
        if not ids:
            return await _show_group(request, desk, group, None, 422, problem=_NOTHING_TICKED)
        outcome = await desk.site.database.write(_act_on_ticked, desk, group, kind, ids[:PAGE_SIZE])
    if outcome.job_id is not None:
        return see_other(desk.url(f"{desk.path}/jobs/{outcome.job_id}"))
    said = {"saved": kind, "done": str(outcome.done), "left": str(outcome.meant - outcome.done)}
    return see_other(desk.url(f"{desk.path}/held", **said))


def _act_on_ticked(session: Session, desk: Desk, group: Group, kind: str, ids: Sequence[UUID]) -> Outcome:
    these = [*in_group(desk.campaign.id, group), Draft.id.in_(ids)]
    here = session.scalars(select(Draft.id).where(*these)).all()
    return Outcome(len(ids), _do(session, desk, group, kind, here))


def _act_on_group(session: Session, desk: Desk, group: Group, kind: str, upto: int) -> Outcome:
    """Act on those that were there when somebody looked; a large group is left to the worker."""
    these = [*in_group(desk.campaign.id, group), until(upto)]
    ids = session.scalars(select(Draft.id).where(*these).order_by(Draft.id).limit(STEP + 1)).all()
    if len(ids) <= STEP:
        return Outcome(len(ids), _do(session, desk, group, kind, ids))
    count, _last = count_group(session, desk.campaign.id, group)
    new = jobs.NewJob(kind, group_conditions(group), upto, count)
    return Outcome(count, 0, jobs.start(session, desk.campaign.id, new, desk.actor, desk.now))


def _do(session: Session, desk: Desk, group: Group, kind: str, ids: Sequence[UUID]) -> int:
    done = act(session, desk.campaign.id, kind, ids, desk.now) if ids else 0
    if done:
        verb = "held.dropped" if kind == jobs.DROP else "held.released"
        record(session, desk.actor, verb, desk.now, desk.campaign.id, held_for=group.reason, rows=done)
    return done


def _find_queue(session: Session, campaign_id: int) -> tuple[Queue, Mapping[str, Rule]]:
    queue = find_queue(session, campaign_id)
    of_rules = any(each.group.reason == HELD_RULE for each in queue.groups)
    return queue, find_rules(session, campaign_id) if of_rules else {}


def _find_group(session: Session, campaign_id: int, group: Group, after: UUID | None) -> GroupPage:
    drafts = list_held(session, campaign_id, group, after, PAGE_SIZE + 1)
    count, last_id = count_group(session, campaign_id, group)
    rules = find_rules(session, campaign_id) if group.reason == HELD_RULE else {}
    shown = drafts[:PAGE_SIZE]
    return GroupPage(shown, shown[-1].id if len(drafts) > PAGE_SIZE else None, count, last_id, rules)


async def _show_group(
    request: Request,
    desk: Desk,
    group: Group,
    after: UUID | None,
    status: int = 200,
    *,
    problem: Message | None = None,
) -> Response:
    page = await desk.site.database.read(_find_group, desk.campaign.id, group, after)
    return show(
        desk,
        "held_group.html",
        status,
        group=group,
        page=page,
        after=after,
        reason=REASONS.get(group.reason, Message(group.reason)),
        meaning=MEANINGS.get(group.reason),
        by=by_words(group, page.rules),
        upto=moment_of(page.last_id) if page.last_id is not None else 0,
        problem=problem,
    )


def _group(request: Request, by: str | None) -> Group:
    """Raises InvalidRequest."""
    reason = request.path_params["reason"][:20]
    if by is not None and (len(by) > _MAX_BY or not by.isprintable()):
        raise InvalidRequest
    return Group(reason, by or None)


def _identifier(text: object) -> UUID | None:
    """Raises InvalidRequest."""
    if not text:
        return None
    try:
        return UUID(str(text)[:40])
    except ValueError:
        raise InvalidRequest from None


def _number(data: FormData, name: str) -> int:
    """Raises InvalidRequest."""
    text = str(data.get(name) or "")
    if not (text.isascii() and text.isdigit() and len(text) <= 14):
        raise InvalidRequest
    return int(text)


def _said(request: Request) -> dict[str, object] | None:
    """What was just done, as the address says."""
    query = request.query_params
    numbers = [query.get("done", ""), query.get("left", "")]
    if query.get("saved") not in (jobs.RELEASE, jobs.DROP) or not all(
        text.isascii() and text.isdigit() and len(text) < 7 for text in numbers
    ):
        return None
    return {"kind": query["saved"], "done": int(numbers[0]), "left": int(numbers[1])}
