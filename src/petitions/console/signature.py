"""One signature: what moderators see of it, what was done to it, and what they can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.signatures import target_of, target_value
from petitions.errors import InvalidRequest
from petitions.i18n import N_, Message
from petitions.moderation.acting import Act, Acted, Target, act, list_acts
from petitions.moderation.models import Job, Moderation
from petitions.moderation.removing import REASONS
from petitions.moderation.searching import find_signature
from petitions.web.pages import see_other

#: What was done to a signature.
ACT_WORDS: Mapping[str, Message] = {
    Act.HIDE_NAME: N_("hid the name"),
    Act.SHOW_NAME: N_("showed the name again"),
    Act.APPROVE_COMMENT: N_("approved the comment"),
    Act.HIDE_COMMENT: N_("hid the comment"),
    Act.REMOVE: N_("removed the signature"),
    Act.RESTORE: N_("brought the signature back"),
}
_NO_REASON = N_("Please choose a reason.")


@dataclass(frozen=True)
class Found:
    """A signature with its history."""

    row: Row[Any]
    acts: Sequence[Moderation]  # the newest first
    job: Job | None  # that removed it, with others


@for_desk(Permission.MODERATE)
async def show_signature(request: Request, desk: Desk) -> Response:
    """Everything that moderators may see of one signature."""
    return await _show(desk, request.path_params["signature_id"])


@for_desk(Permission.MODERATE)
async def act_on_signature(request: Request, desk: Desk) -> Response:
    """Hide, approve, remove or undo, if nobody else did anything to it since the page was shown."""
    data, signature_id = await desk.form(), request.path_params["signature_id"]
    target, sent, reason = target_of(data.get("row")), data.get("act"), str(data.get("reason", ""))
    if sent not in ACT_WORDS or target.id != signature_id:
        raise InvalidRequest
    action = Act(str(sent))
    if action is Act.REMOVE and reason not in REASONS:
        return await _show(desk, signature_id, 422, problem=_NO_REASON)
    acted = await desk.site.database.write(_act, desk, action, target, reason)
    if acted.done or acted.already:
        return see_other(desk.url(f"{desk.path}/signatures/{signature_id}", saved="1"))
    return await _show(desk, signature_id, 409, acted=acted, seen=target.seen)


def _act(session: Session, desk: Desk, action: Act, target: Target, reason: str) -> Acted:
    return act(session, desk.campaign.id, action, [target], desk.actor, desk.now, reason)


def _find(session: Session, campaign_id: int, signature_id: UUID) -> Found | None:
    row = find_signature(session, campaign_id, signature_id)
    if row is None:
        return None
    job = session.get(Job, row.removed_job) if row.removed_job is not None else None
    return Found(row, list_acts(session, campaign_id, signature_id), job)


async def _show(
    desk: Desk,
    signature_id: UUID,
    status: int = 200,
    *,
    problem: Message | None = None,
    acted: Acted | None = None,
    seen: int = 0,
) -> Response:
    found = await desk.site.database.read(_find, desk.campaign.id, signature_id)
    if found is None:
        return show(desk, "signature.html", 404, found=None)
    return show(
        desk,
        "signature.html",
        status,
        found=found,
        value=target_value(found.row),
        act_words=ACT_WORDS,
        reasons=REASONS,
        problem=problem,
        acted=acted,
        meanwhile=[one for one in found.acts if one.number > seen] if acted is not None else [],
    )
