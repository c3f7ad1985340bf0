"""One organisation: what leads know of it, what it wants changed, those that look like it, what they decide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.console.audit_words import ACTIONS, words_of
from petitions.console.guard import Desk, for_desk
from petitions.console.organisation_words import (
    BUTTONS,
    ERASED,
    FIELD_WORDS,
    LOOK_WORDS,
    LOOKED,
    NOTE,
    NOTE_NEEDED,
    STATE_WORDS,
    label,
)
from petitions.console.organisations import (
    Left,
    Sent,
    carry_out,
    find_left,
    find_problem,
    problem_of,
    read_sent,
    seen_of,
    seen_value,
)
from petitions.console.pages import show
from petitions.errors import CampaignPurged, InvalidRequest, PageNotFound
from petitions.i18n import Message
from petitions.organisations import merging, noting
from petitions.organisations.deciding import Decided, Decision, Seen, may_decide
from petitions.organisations.history import find_history
from petitions.organisations.kinds import KINDS
from petitions.organisations.models import APPROVED, Organisation, OrganisationLogo
from petitions.organisations.queue import Row, find_row, is_proven_once_approved, logos_of, rows_of
from petitions.organisations.reminding import PAUSE, is_awaited, next_reminder, remind
from petitions.web.caching import no_store
from petitions.web.pages import see_other

_NOTHING = Sent("", (), "", "")


@dataclass(frozen=True)
class Found:
    """An organisation with all that belongs to it."""

    row: Row
    similar: Sequence[Row]
    history: Sequence[AuditEntry]  # the newest first


@dataclass(frozen=True)
class Said:
    """What the page says of a form that was not carried out."""

    sent: Sent = _NOTHING
    problem: Message | None = None
    left: Sequence[Left] = ()
    is_merge: bool = False  # one of two that were to be merged had changed


@for_desk(Permission.ORGANISATIONS)
async def show_organisation(request: Request, desk: Desk) -> Response:
    """Everything about one of them."""
    return await _show(desk, _id(request))


@for_desk(Permission.ORGANISATIONS)
async def act_on_organisation(request: Request, desk: Desk) -> Response:
    """Decide about it, or note something, if nobody else was faster."""
    sent = read_sent(await desk.form())
    if len(sent.seen) != 1 or sent.seen[0].id != _id(request) or sent.act not in (*Decision, NOTE, LOOKED):
        raise InvalidRequest
    problem = NOTE_NEEDED if sent.act == NOTE and not sent.note else problem_of(sent)
    problem = problem or await desk.site.database.read(find_problem, desk.campaign.id, sent)
    if problem is not None:
        return await _show(desk, _id(request), 422, Said(sent, problem))
    try:
        decided, left = await desk.site.database.write(_act, desk, sent)
    except CampaignPurged:
        return await _show(desk, _id(request), 409, Said(sent, ERASED))
    if not decided.done:
        return await _show(desk, _id(request), 409, Said(sent, left=left))
    return _back(desk, _id(request), sent.act)


@for_desk(Permission.ORGANISATIONS)
async def merge_organisations(request: Request, desk: Desk) -> Response:
    """Let one of two stand for both."""
    data = await desk.form()
    kept, other = seen_of(data.get("kept")), seen_of(data.get("other"))
    if _id(request) not in (kept.id, other.id):
        raise InvalidRequest
    return await _settle(request, desk, merging.merge, kept, other, "merged")


@for_desk(Permission.ORGANISATIONS)
async def tell_apart(request: Request, desk: Desk) -> Response:
    """Say that two which look alike are two."""
    data = await desk.form()
    one, other = seen_of(data.get("row")), seen_of(data.get("other"))
    if one.id != _id(request):
        raise InvalidRequest
    return await _settle(request, desk, merging.tell_apart, one, other, "apart")


async def _settle(
    request: Request,
    desk: Desk,
    settle: Callable[[Session, int, Seen, Seen, Actor, datetime], bool],
    one: Seen,
    other: Seen,
    saved: str,
) -> Response:
    """Have it decided what two that look alike are, or say why that was not done."""
    try:
        done = await desk.site.database.write(settle, desk.campaign.id, one, other, desk.actor, desk.now)
    except CampaignPurged:
        return await _show(desk, _id(request), 409, Said(problem=ERASED))
    if not done:
        return await _show(desk, _id(request), 409, Said(is_merge=True))
    return _back(desk, one.id, saved)


@for_desk(Permission.ORGANISATIONS)
async def remind_organisation(request: Request, desk: Desk) -> Response:
    """One more mail to its contact."""
    await desk.form()
    ids = [_id(request)]
    try:
        reminded = await desk.site.database.write(remind, desk.campaign.id, ids, desk.actor, desk.now)
    except CampaignPurged:
        return await _show(desk, _id(request), 409, Said(problem=ERASED))
    return _back(desk, _id(request), "reminded" if reminded.done else "not_reminded")


@for_desk(Permission.ORGANISATIONS)
async def show_logo(request: Request, desk: Desk) -> Response:
    """Its logo, or the one that it wants to be shown; nobody keeps it."""
    digest = request.path_params["digest"][:32]
    image = await desk.site.database.read(_find_logo, desk.campaign.id, _id(request), digest)
    if image is None:
        raise PageNotFound
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return no_store(Response(image, media_type="image/webp", headers=headers))


def _id(request: Request) -> UUID:
    identifier: UUID = request.path_params["organisation_id"]
    return identifier


def _back(desk: Desk, organisation_id: UUID, saved: str) -> Response:
    return see_other(desk.url(f"{desk.path}/organisations/{organisation_id}", saved=saved))


def _act(session: Session, desk: Desk, sent: Sent) -> tuple[Decided, Sequence[Left]]:
    if sent.act == NOTE:
        return noting.note(session, desk.campaign.id, sent.seen[0], sent.note, desk.actor, desk.now), ()
    decided = carry_out(session, desk, sent)
    return decided, find_left(session, desk.campaign.id, sent, decided)


def _find_logo(session: Session, campaign_id: int, organisation_id: UUID, digest: str) -> bytes | None:
    organisation = session.get(Organisation, (campaign_id, organisation_id))
    if organisation is None or digest not in logos_of(organisation):
        return None
    logo = session.get(OrganisationLogo, (campaign_id, digest))
    return logo.image if logo is not None else None


def _find(session: Session, campaign_id: int, organisation_id: UUID) -> Found | None:
    row = find_row(session, campaign_id, organisation_id)
    if row is None:
        return None
    history = find_history(session, campaign_id, row.organisation.number)
    return Found(row, rows_of(session, campaign_id, row.similar), history)


def _others(entry: AuditEntry) -> dict[str, Any]:
    """What an entry says besides which organisation it is about."""
    return {key: value for key, value in entry.details.items() if key != "organisation"}


async def _show(desk: Desk, organisation_id: UUID, status: int = 200, said: Said | None = None) -> Response:
    found = await desk.site.database.read(_find, desk.campaign.id, organisation_id)
    if found is None:
        return show(desk, "organisation.html", 404, found=None)
    organisation = found.row.organisation
    buttons = [one for one in BUTTONS[organisation.state] if may_decide(organisation, one)]
    if organisation.email_key is None:
        buttons = [one for one in buttons if one is not Decision.ASK]
    if organisation.state == APPROVED and organisation.proposed is None:
        buttons = [one for one in buttons if one is not Decision.APPROVE]
    return show(
        desk,
        "organisation.html",
        status,
        found=found,
        organisation=organisation,
        said=said or Said(),
        saved=desk.request.query_params.get("saved", "") if status == 200 else "",
        buttons=[(one, label(one, organisation.state)) for one in buttons],
        needs_note=Decision.APPROVE in buttons and not is_proven_once_approved(organisation),
        may_stand_for=merging.may_merge,
        needs_a_look=noting.needs_a_look(organisation),
        look_words=LOOK_WORDS,
        is_awaited=is_awaited(organisation) and organisation.email_key is not None,
        next_reminder=next_reminder(organisation),
        pause=PAUSE,
        value_of=seen_value,
        kinds=KINDS,
        state_words=STATE_WORDS,
        field_words=FIELD_WORDS,
        actions=ACTIONS,
        details_of=lambda entry: words_of(_others(entry), desk.words),
        most=noting.MAX_NOTE,
    )
