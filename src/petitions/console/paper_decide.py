"""Rows of paper that may repeat somebody, beside whom they may repeat: the same person, or somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.paper_words import ERASED, STATE_WORDS
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible
from petitions.i18n import N_, Message
from petitions.paper.deciding import Decided, Seen, Verdict, decide
from petitions.paper.listing import PAGE_SIZE, Page, find_open
from petitions.signatures.paper import STATES, WAITING, PaperSignature, count_asked, count_states
from petitions.web.forms import read_number
from petitions.web.pages import see_other

_NOTHING_TICKED = N_("Please tick the rows that you mean.")


@dataclass(frozen=True)
class Said:
    """What the page says above the list."""

    verdict: str = ""
    done: int = 0
    decided: Decided | None = None  # where not all of it was done
    problem: Message | None = None


@for_desk(Permission.PAPER)
async def show_decisions(request: Request, desk: Desk) -> Response:
    """Those of which somebody has to say what they are, the first that came first; with `after`, those above that
    number."""
    query = request.query_params
    said = Said(query.get("saved", ""), max(read_number(query.get("done")), 0))
    return await _show(desk, max(read_number(query.get("after")), 0), said=said)


@for_desk(Permission.PAPER)
async def decide_rows(_request: Request, desk: Desk) -> Response:
    """Say of those that are ticked what they are."""
    data = await desk.form()
    after = max(read_number(data.get("after")), 0)
    verdict, seen = verdict_of(data), [seen_of(value) for value in data.getlist("row")][:PAGE_SIZE]
    if not seen:
        return await _show(desk, after, 422, Said(problem=_NOTHING_TICKED))
    try:
        decided = await desk.site.database.write(decide, desk.campaign.id, verdict, seen, desk.actor, desk.now)
    except (CampaignPurged, NotPossible):
        return await _show(desk, after, 409, Said(problem=ERASED))
    if decided.changed or decided.gone:
        return await _show(desk, after, 409, Said(verdict, len(decided.done), decided))
    back = {"saved": str(verdict), "done": str(len(decided.done)), "after": str(after)}
    return see_other(desk.url(f"{desk.path}/paper/decisions", **back))


def verdict_of(data: FormData) -> Verdict:
    """Which button was pressed. Raises InvalidRequest."""
    try:
        return Verdict(str(data.get("act", "")))
    except ValueError:
        raise InvalidRequest from None


def seen_of(value: object) -> Seen:
    """A row as somebody saw it. Raises InvalidRequest."""
    number, _, state = str(value).partition(":")
    if state not in STATES or read_number(number) < 1:
        raise InvalidRequest
    return Seen(read_number(number), state)


def seen_value(row: PaperSignature) -> str:
    """What `seen_of` reads."""
    return f"{row.number}:{row.state}"


def _find(session: Session, campaign_id: int, after: int) -> tuple[Page, int, int]:
    waiting = count_states(session, campaign_id)[WAITING]
    return find_open(session, campaign_id, after), waiting, count_asked(session, campaign_id)


async def _show(desk: Desk, after: int, status: int = 200, said: Said | None = None) -> Response:
    page, waiting, asked = await desk.site.database.read(_find, desk.campaign.id, after)
    if not page.rows and after:
        page, waiting, asked = await desk.site.database.read(_find, desk.campaign.id, 0)
    numbers: Sequence[int] = [listed.row.number for listed in page.rows]
    return show(
        desk,
        "paper_decide.html",
        status,
        page=page,
        numbers=numbers,
        waiting=waiting,
        asked=asked,
        after=after,
        said=said or Said(),
        state_words=STATE_WORDS,
        value_of=seen_value,
    )
