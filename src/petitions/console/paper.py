"""Signatures on paper: how many there are, the files in which they came, and a look through the rows.

A search names somebody, so it is sent as a form, from page to page too, and never stands in an address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import anyio
import anyio.to_thread
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions import names
from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.paper_words import ERASED, NOT_FOR_THEM, NOT_PUBLISHED, STATE_WORDS, TABS
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible
from petitions.i18n import N_, Message
from petitions.paper.changing import look_before_undo, undo
from petitions.paper.listing import Batch, Page, find_page, list_batches
from petitions.signatures.paper import STATES, count_asked, count_states
from petitions.web.forms import read_number
from petitions.web.pages import see_other

_DONE: Mapping[str, Message] = {
    "undone": N_("The rows of that file are taken out."),
    "removed": N_("The row is taken out."),
}
_UNDONE_BEFORE = N_("The rows of that file were taken out already.")
_MAX_SEARCH = 200
_ONE_LOOK = anyio.CapacityLimiter(1)
T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """Which rows somebody wants to see."""

    state: str = ""
    text: str = ""
    after: int = 0


@dataclass(frozen=True)
class Stock:
    """What the page shows."""

    states: Mapping[str, int]
    asked: int  # of those that count: somebody has to say whether they repeat a later signature
    batches: Sequence[Batch]
    page: Page

    @property
    def total(self) -> int:
        return sum(self.states.values())


@for_desk(Permission.PAPER)
async def show_paper(request: Request, desk: Desk) -> Response:
    """The rows of a state, the first that came first; with `after`, those above that number."""
    query = request.query_params
    state = query.get("state", "")
    if state not in ("", *STATES):
        raise InvalidRequest
    asked = Asked(state, after=max(read_number(query.get("after")), 0))
    return await _show(desk, asked, done=_DONE.get(query.get("saved", "")))


@for_desk(Permission.PAPER)
async def search_paper(_request: Request, desk: Desk) -> Response:
    """What a search finds, page by page."""
    data = await desk.form()
    text = names.tidy(str(data.get("q", "")))[:_MAX_SEARCH]
    return await _show(desk, Asked(text=text, after=max(read_number(data.get("after")), 0)))


@for_desk(Permission.PAPER)
async def leave_search(_request: Request, desk: Desk) -> Response:
    """A search is a form and has no address."""
    return see_other(desk.url(f"{desk.path}/paper"))


@for_desk(Permission.PAPER)
async def undo_batch(request: Request, desk: Desk) -> Response:
    """Take the rows of a file out again."""
    await desk.form()
    batch_id = request.path_params["batch_id"]
    names_online = await look_for_long(desk, lambda session: look_before_undo(session, desk.campaign.id, batch_id))
    try:
        undone = await desk.site.database.write(
            undo, desk.campaign.id, batch_id, desk.actor, desk.now, names_online
        )
    except (CampaignPurged, NotPossible):
        return await _show(desk, Asked(), 409, problem=ERASED)
    if undone.is_gone:
        return await _show(desk, Asked(), 409, problem=_UNDONE_BEFORE)
    return see_other(desk.url(f"{desk.path}/paper", saved="undone"))


async def look_for_long(desk: Desk, look: Callable[[Session], T]) -> T:
    """Read what may take seconds where a million have signed: one at a time, and nobody else waits for it."""

    def run() -> T:
        with desk.site.database.reading() as session:
            return look(session)

    return await anyio.to_thread.run_sync(run, limiter=_ONE_LOOK)


def refusal_of(desk: Desk) -> Message | None:
    """Why nothing can come in or be printed."""
    if desk.campaign.purge_began_at is not None:
        return ERASED
    if desk.campaign.published_at is None:
        return NOT_PUBLISHED
    signers = desk.campaign.terms.get("signers") if desk.campaign.terms else None
    return NOT_FOR_THEM if signers and "individuals" not in signers else None


def _find(session: Session, campaign_id: int, asked: Asked) -> Stock:
    return Stock(
        count_states(session, campaign_id),
        count_asked(session, campaign_id),
        list_batches(session, campaign_id),
        find_page(session, campaign_id, asked.state, asked.text, asked.after),
    )


async def _show(
    desk: Desk, asked: Asked, status: int = 200, *, done: Message | None = None, problem: Message | None = None
) -> Response:
    stock = await desk.site.database.read(_find, desk.campaign.id, asked)
    return show(
        desk,
        "paper.html",
        status,
        asked=asked,
        stock=stock,
        done=done,
        problem=problem,
        refusal=refusal_of(desk),
        tabs=TABS,
        state_words=STATE_WORDS,
    )
