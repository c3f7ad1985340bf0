"""Looking through the signatures of a campaign, and removing some of them at once.

A search may name somebody, so it is sent as a form, from page to page too, and never stands in an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, MultiDict
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.search_form import OPEN_FIELDS, STATE_WORDS, SearchForm
from petitions.errors import InvalidRequest
from petitions.i18n import LANGUAGES, N_, Message
from petitions.moderation.acting import MOST, Act, Acted, Target, act, digest_of
from petitions.moderation.removing import REASONS
from petitions.moderation.searching import LAST, Page, find_page, list_numbers
from petitions.web.pages import see_other

_NOTHING = Page((), None)
_DONE: dict[str, Message] = {
    Act.REMOVE: N_("They are removed, and count no more."),
    Act.RESTORE: N_("They are brought back, and count again."),
}
_NOTHING_TICKED = N_("Please tick the signatures that you mean.")
_NO_REASON = N_("Please choose a reason.")


@dataclass(frozen=True)
class Said:
    """What the page says above the list."""

    done: Message | None = None
    problem: Message | None = None  # with the buttons
    acted: Acted | None = None  # where not all of it was done
    left: Sequence[tuple[int, UUID]] = ()  # serials and ids of those that stay as they are


@for_desk(Permission.MODERATE)
async def show_signatures(request: Request, desk: Desk) -> Response:
    """The newest signatures; of conditions only those that name nobody."""
    query = request.query_params
    form = SearchForm(MultiDict([(name, query[name]) for name in OPEN_FIELDS if name in query]))
    done = _DONE.get(query.get("saved", ""))
    return await _show(desk, form, _key(query.get("before")), said=Said(done=done))


@for_desk(Permission.MODERATE)
async def search_signatures(_request: Request, desk: Desk) -> Response:
    """What a search finds, page by page."""
    data = await desk.form()
    return await _show(desk, SearchForm(data), _key(data.get("before")))


@for_desk(Permission.MODERATE)
async def leave_search(_request: Request, desk: Desk) -> Response:
    """A search is a form and has no address; whoever asks for one gets the newest."""
    return see_other(desk.url(f"{desk.path}/signatures"))


@for_desk(Permission.MODERATE)
async def act_on_signatures(_request: Request, desk: Desk) -> Response:
    """Remove those that were ticked, or bring them back."""
    data = await desk.form()
    form, before = SearchForm(data), _key(data.get("before"))
    action = _action(data)
    targets = [target_of(ticked) for ticked in data.getlist("row")][:MOST]
    reason = str(data.get("reason", ""))
    if not targets:
        return await _show(desk, form, before, 422, Said(problem=_NOTHING_TICKED))
    if action is Act.REMOVE and reason not in REASONS:
        ticked = frozenset(target.id for target in targets)
        return await _show(desk, form, before, 422, Said(problem=_NO_REASON), ticked)
    acted, left = await desk.site.database.write(_act, desk, action, targets, reason)
    if not (left or acted.gone) and form.is_open and form.validate():
        more = {"before": str(before)} if before is not None else {}
        return see_other(desk.url(f"{desk.path}/signatures", **dict(form.filled), **more, saved=action))
    said = Said(done=_DONE[action] if acted.done or acted.already else None, acted=acted, left=left)
    return await _show(desk, form, before, 409 if left else 200, said)


def target_of(value: Any) -> Target:
    """What a form of ours says of a signature that somebody saw. Raises InvalidRequest."""
    name, _, rest = str(value).partition(".")
    seen, _, read = rest.partition(".")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        raise InvalidRequest
    try:
        return Target(UUID(name), int(seen), read)
    except ValueError:
        raise InvalidRequest from None


def target_value(row: Row[Any]) -> str:
    """What `target_of` reads."""
    return f"{row.id}.{row.moderated}.{digest_of(row)}"


def _act(
    session: Session, desk: Desk, action: Act, targets: Sequence[Target], reason: str
) -> tuple[Acted, Sequence[tuple[int, UUID]]]:
    acted = act(session, desk.campaign.id, action, targets, desk.actor, desk.now, reason)
    return acted, list_numbers(session, desk.campaign.id, [*acted.meanwhile, *acted.reworded])


def _action(data: FormData) -> Act:
    sent = data.get("act")
    if sent not in _DONE:
        raise InvalidRequest
    return Act(str(sent))


def _key(text: object) -> int | None:
    """The serial below which a page begins. Raises InvalidRequest."""
    if text is None or text == "":
        return None
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidRequest
    return min(int(text), LAST)


async def _show(
    desk: Desk,
    form: SearchForm,
    before: int | None,
    status: int = 200,
    said: Said | None = None,
    ticked: frozenset[UUID] = frozenset(),
) -> Response:
    page = _NOTHING
    if form.validate():
        conditions = form.conditions(desk.site.settings.email_key)
        page = await desk.site.database.read(find_page, desk.campaign.id, conditions, before)
    elif status == 200:
        status = 422
    return show(
        desk,
        "signatures.html",
        status,
        form=form,
        page=page,
        before=before,
        said=said or Said(),
        ticked=ticked,
        value_of=target_value,
        reasons=REASONS,
        states=list(STATE_WORDS.items()),
        languages=LANGUAGES,
    )
