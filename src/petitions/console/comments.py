"""Comments that nobody has read yet: each is approved or hidden."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.signatures import target_of, target_value
from petitions.errors import InvalidRequest
from petitions.moderation.acting import Act, Acted, Target, act
from petitions.moderation.searching import list_numbers, list_unread
from petitions.web.forms import read_number
from petitions.web.pages import see_other

_PAGE = 25


@for_desk(Permission.MODERATE)
async def show_comments(request: Request, desk: Desk) -> Response:
    """The oldest that nobody has read; with `after`, those above that number."""
    return await _show(desk, max(read_number(request.query_params.get("after")), 0))


@for_desk(Permission.MODERATE)
async def act_on_comments(_request: Request, desk: Desk) -> Response:
    """Approve one, hide one, or approve all that the page showed."""
    data = await desk.form()
    action, targets = _asked(data)
    after = max(read_number(data.get("after")), 0)
    acted, left = await desk.site.database.write(_act, desk, action, targets)
    if left:
        return await _show(desk, after, 409, acted, left)
    more = {"after": str(after)} if after else {}
    return see_other(desk.url(f"{desk.path}/comments", saved="1", **more))


def _asked(data: FormData) -> tuple[Act, Sequence[Target]]:
    """What the button says, and about which. Raises InvalidRequest."""
    shown = [target_of(value) for value in data.getlist("row")]
    if data.get("approve") == "all":
        return Act.APPROVE_COMMENT, shown
    for button, action in (("approve", Act.APPROVE_COMMENT), ("hide", Act.HIDE_COMMENT)):
        if button in data:
            return action, [_only(shown, str(data[button]))]
    raise InvalidRequest


def _only(shown: Sequence[Target], wanted: str) -> Target:
    try:
        signature_id = UUID(wanted)
    except ValueError:
        raise InvalidRequest from None
    for target in shown:
        if target.id == signature_id:
            return target
    raise InvalidRequest


def _act(
    session: Session, desk: Desk, action: Act, targets: Sequence[Target]
) -> tuple[Acted, Sequence[tuple[int, UUID]]]:
    acted = act(session, desk.campaign.id, action, targets, desk.actor, desk.now)
    return acted, list_numbers(session, desk.campaign.id, [*acted.meanwhile, *acted.reworded])


async def _show(
    desk: Desk,
    after: int,
    status: int = 200,
    acted: Acted | None = None,
    left: Sequence[tuple[int, UUID]] = (),
) -> Response:
    page = await desk.site.database.read(list_unread, desk.campaign.id, after, _PAGE)
    return show(
        desk,
        "comments.html",
        status,
        page=page,
        after=after,
        acted=acted,
        left=left,
        value_of=target_value,
    )
