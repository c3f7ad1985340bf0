"""Bringing in rows of paper sheets: first every row is looked at, then all come in together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions import names
from petitions.accounts.roles import Permission
from petitions.addresses import make_email_key
from petitions.audit.recording import record
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.paper import look_for_long, refusal_of
from petitions.console.paper_words import ERASED, STATE_WORDS
from petitions.csv_lists import UnreadableList, decode_list
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible
from petitions.i18n import COUNTRY_CODES, N_, Message
from petitions.paper.csv_rows import MAX_ROWS, read_rows
from petitions.paper.headings import COLUMNS
from petitions.paper.importing import Imported, Look, Plan, bring_in, look_at
from petitions.paper.listing import list_wordings
from petitions.signatures.paper import COUNTED, STATES
from petitions.web.bodies import Upload
from petitions.web.forms import read_number
from petitions.web.pages import see_other

_CHECK, _STORE = "check", "store"
#: Rows of the preview: those with something to say, and of the others the first.
_SHOWN, _SHOWN_RIGHT = 200, 20

_NOTHING_SENT = N_("Please choose a file, or paste the rows.")
_WRONG_ROWS = N_("Some rows are wrong. Correct them, or tick that they are left out.")
_NO_ROW_LEFT = N_("No row is left that could come in.")
_NO_WORDING = N_("Please choose which wording stands on the sheets.")
_KNOWN = N_("The same rows came in before. Tick that they are others, if they are.")
_IN_ALREADY = N_("This list was brought in a moment ago. Nothing was stored twice.")
_WORDING_GONE = N_(
    "The campaign was published anew this very moment. Nothing was stored. Choose the wording and press once more."
)


@dataclass(frozen=True)
class Sent:
    """The form, as somebody sent it."""

    id: UUID = field(default_factory=uuid4)
    rows: str = field(repr=False, default="")
    country: str = ""
    statement_id: int = 0
    leaves_wrong: bool = False
    again: bool = False


@for_desk(Permission.PAPER)
async def show_import(request: Request, desk: Desk) -> Response:
    """The form, and what came of the last one."""
    return await _show(desk, Sent(), done=_outcome(request))


@for_desk(Permission.PAPER)
async def import_paper(_request: Request, desk: Desk) -> Response:
    """Look at a list, or bring it in."""
    data, file = await desk.upload("file")
    sent = _read(data)
    try:
        if file is not None and file.data:
            sent = replace(sent, rows=decode_list(file.data))
        if names.is_blank(sent.rows):
            return await _show(desk, sent, 422, problem=_NOTHING_SENT)
        if (refusal := refusal_of(desk)) is not None:
            return await _show(desk, sent, 409, problem=refusal)
        look = await look_for_long(desk, lambda session: _look(session, desk, sent))
    except UnreadableList as error:
        return await _show(desk, sent, 422, problem=error.problem)
    if look is None:
        return await _show(desk, sent, 422, problem=_NO_WORDING)
    if _is_only_a_look(data, file):
        return await _show_look(desk, sent, look)
    if look.wrong and not sent.leaves_wrong:
        return await _show_look(desk, sent, look, 422, _WRONG_ROWS)
    try:
        imported = await desk.site.database.write(_store, desk, sent, look)
    except CampaignPurged:
        return await _show_look(desk, sent, look, 409, ERASED)
    except NotPossible:
        return await _show_look(desk, sent, look, 409, _WORDING_GONE)
    if not imported.rows:
        return await _show_look(desk, sent, look, 409, _why_not(imported))
    said = {state: str(imported.states.get(state, 0)) for state in STATES}
    return see_other(desk.url(f"{desk.path}/paper/import", saved="1", wrong=str(imported.wrong), **said))


def _read(data: FormData) -> Sent:
    """What was sent. Raises InvalidRequest."""
    country = str(data.get("country", ""))
    if country and country not in COUNTRY_CODES:
        raise InvalidRequest
    try:
        return Sent(
            id=UUID(str(data.get("id", ""))[:40]),
            rows=str(data.get("rows", "")),
            country=country,
            statement_id=max(read_number(data.get("statement")), 0),
            leaves_wrong="leaves_wrong" in data,
            again="again" in data,
        )
    except ValueError:
        raise InvalidRequest from None


def _is_only_a_look(data: FormData, file: Upload | None) -> bool:
    """Nobody has seen the rows of a new file yet. Raises InvalidRequest."""
    if data.get("act") not in (_CHECK, _STORE):
        raise InvalidRequest
    return data.get("act") == _CHECK or file is not None


def _look(session: Session, desk: Desk, sent: Sent) -> Look | None:
    """None where no such wording is there. Raises UnreadableList."""
    if sent.statement_id not in {each.id for each in list_wordings(session, desk.campaign.id)}:
        return None
    rows = read_rows(sent.rows, sent.country, desk.now.date())
    return look_at(session, desk.campaign.id, rows, sent.statement_id, desk.site.settings.email_key)


async def _show_look(
    desk: Desk, sent: Sent, look: Look, status: int = 200, problem: Message | None = None
) -> Response:
    """What was found. It tells whether an address, or somebody of a name and city, signed online, so it is written
    down before it is shown, whatever is said beside it."""
    await desk.site.database.write(_note_look, desk, look)
    return await _show(desk, sent, status, look=look, problem=problem)


def _note_look(session: Session, desk: Desk, look: Look) -> None:
    mails = [row.entry.mail for row in look.rows if row.entry is not None and row.entry.mail]
    addresses = {make_email_key(mail, desk.site.settings.email_key) for mail in mails}
    details = {"rows": len(look.rows), "addresses": len(addresses)}
    record(session, desk.actor, "paper.looked", desk.now, desk.campaign.id, **details)


def _store(session: Session, desk: Desk, sent: Sent, look: Look) -> Imported:
    secret = desk.site.settings.email_key
    plan = Plan(sent.id, look, sent.statement_id, sent.leaves_wrong, sent.again, secret)
    return bring_in(session, desk.campaign.id, plan, desk.actor, desk.now)


def _why_not(imported: Imported) -> Message:
    if imported.is_done:
        return _IN_ALREADY
    return _KNOWN if imported.is_known else _NO_ROW_LEFT


def _outcome(request: Request) -> Mapping[str, int] | None:
    """What was just brought in, as the address says."""
    query = request.query_params
    numbers = {name: read_number(query.get(name)) for name in (*STATES, "wrong")}
    is_ours = query.get("saved") == "1" and all(0 <= number <= MAX_ROWS for number in numbers.values())
    return numbers if is_ours else None


def _worth_showing(look: Look) -> Sequence[Any]:
    """Rows in their order: what is wrong or repeats somebody, and some of the others, so that somebody can see
    whether the columns were understood."""
    right = [row.line for row in look.rows if row.entry is not None and look.found[row.line].state == COUNTED]
    some = set(right[:_SHOWN_RIGHT])
    others = [row.line for row in look.rows if row.entry is None or look.found[row.line].state != COUNTED]
    some.update(others[:_SHOWN])
    return [row for row in look.rows if row.line in some]


async def _show(
    desk: Desk,
    sent: Sent,
    status: int = 200,
    *,
    look: Look | None = None,
    problem: Message | None = None,
    done: Mapping[str, int] | None = None,
) -> Response:
    wordings = await desk.site.database.read(list_wordings, desk.campaign.id)
    default = next((each.id for each in wordings if each.language == desk.campaign.default_language), 0)
    return show(
        desk,
        "paper_import.html",
        status,
        sent=sent if sent.statement_id else replace(sent, statement_id=default),
        look=look,
        shown=_worth_showing(look) if look is not None else (),
        problem=problem,
        done=done,
        refusal=refusal_of(desk),
        wordings=wordings,
        columns=COLUMNS,
        state_words=STATE_WORDS,
        most_rows=MAX_ROWS,
    )
