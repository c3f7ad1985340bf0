"""One row of a paper sheet: mend a slip, say again what it is, take it out."""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions import names
from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.paper_decide import seen_of, seen_value, verdict_of
from petitions.console.paper_words import ERASED, GONE, MEANWHILE, STATE_WORDS
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible
from petitions.i18n import COUNTRY_CODES, N_, Message
from petitions.paper.changing import MAX_REASON, Outcome, correct, entry_of, remove
from petitions.paper.csv_rows import Entry, read_entry
from petitions.paper.deciding import decide
from petitions.paper.headings import COLUMNS
from petitions.paper.listing import find_one
from petitions.signatures.paper import PaperSignature
from petitions.web.pages import see_other

_CHANGE, _REMOVE = "change", "remove"
_SAY_WHY = N_("Please say in a few words why it is taken out.")
_TOO_LONG = N_("Please keep it to %(most)s characters.", most=MAX_REASON)
_UNREADABLE = N_("It holds characters that cannot be shown. Please type it again.")
_PROBLEMS: Mapping[Outcome, Message] = {Outcome.MEANWHILE: MEANWHILE, Outcome.GONE: GONE}


@dataclass(frozen=True)
class Said:
    """What the page says of a form that was not carried out, and what stood in it."""

    problem: Message | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    wrong: Mapping[str, Message] = field(default_factory=dict)
    reason: str = field(default="", repr=False)


@for_desk(Permission.PAPER)
async def show_row(request: Request, desk: Desk) -> Response:
    """Everything about one of them."""
    return await _show(desk, _number(request))


@for_desk(Permission.PAPER)
async def act_on_row(request: Request, desk: Desk) -> Response:
    """Change it, take it out, or decide about it, if nobody else was faster."""
    data = await desk.form()
    try:
        if data.get("act") == _CHANGE:
            return await _change(request, desk, data)
        if data.get("act") == _REMOVE:
            return await _remove(request, desk, data)
        return await _decide(request, desk, data)
    except (CampaignPurged, NotPossible):
        return await _show(desk, _number(request), 409, Said(ERASED))


async def _change(request: Request, desk: Desk, data: FormData) -> Response:
    texts = {column: str(data.get(column, "")) for column in COLUMNS}
    entry, wrong = read_entry(texts, desk.now.date())
    if entry is None:
        return await _show(desk, _number(request), 422, Said(texts=texts, wrong=dict(wrong)))
    outcome = await desk.site.database.write(
        correct,
        desk.campaign.id,
        _number(request),
        _seen(data),
        entry,
        desk.site.settings.email_key,
        desk.actor,
        desk.now,
    )
    if (problem := _PROBLEMS.get(outcome)) is not None:
        return await _show(desk, _number(request), 409, Said(problem, texts))
    return _back(desk, request)


async def _remove(request: Request, desk: Desk, data: FormData) -> Response:
    reason = names.tidy(str(data.get("reason", "")))
    problem = _problem_of(reason)
    if problem is not None:
        return await _show(desk, _number(request), 422, Said(problem, reason=reason))
    outcome = await desk.site.database.write(
        remove, desk.campaign.id, _number(request), _seen(data), reason, desk.actor, desk.now
    )
    if outcome is Outcome.MEANWHILE:
        return await _show(desk, _number(request), 409, Said(MEANWHILE, reason=reason))
    return see_other(desk.url(f"{desk.path}/paper", saved="removed"))


async def _decide(request: Request, desk: Desk, data: FormData) -> Response:
    verdict, seen = verdict_of(data), seen_of(data.get("row"))
    if seen.number != _number(request):
        raise InvalidRequest
    decided = await desk.site.database.write(decide, desk.campaign.id, verdict, [seen], desk.actor, desk.now)
    if decided.gone:
        return await _show(desk, seen.number, 404)
    if decided.changed:
        return await _show(desk, seen.number, 409, Said(MEANWHILE))
    return _back(desk, request)


def _problem_of(reason: str) -> Message | None:
    if names.is_blank(reason):
        return _SAY_WHY
    if len(reason) > MAX_REASON:
        return _TOO_LONG
    return _UNREADABLE if names.has_forbidden_characters(reason) else None


def _number(request: Request) -> int:
    number: int = request.path_params["number"]
    if number > 2**62:
        raise InvalidRequest
    return number


def _seen(data: FormData) -> Entry:
    """The row as the page showed it. Raises InvalidRequest."""
    try:
        values = json.loads(str(data.get("seen", "")))
        return Entry(*values)
    except (ValueError, TypeError):
        raise InvalidRequest from None


def _seen_value(row: PaperSignature) -> str:
    """What `_seen` reads."""
    return json.dumps(astuple(entry_of(row)), ensure_ascii=False)


def _back(desk: Desk, request: Request) -> Response:
    return see_other(desk.url(f"{desk.path}/paper/{_number(request)}", saved="1"))


async def _show(desk: Desk, number: int, status: int = 200, said: Said | None = None) -> Response:
    found = await desk.site.database.read(find_one, desk.campaign.id, number)
    if found is None:
        return show(desk, "paper_row.html", 404, found=None, number=number)
    row = found.row
    typed = {
        "name": row.name,
        "city": row.city or "",
        "country": row.country,
        "mail": "",
        "affiliation": row.affiliation or "",
        "date": row.signed_on or "",
        "sheet": str(row.sheet or ""),
        "line": str(row.line or ""),
    }
    said = said or Said()
    return show(
        desk,
        "paper_row.html",
        status,
        found=found,
        number=number,
        said=said,
        texts=typed | dict(said.texts),
        columns=COLUMNS,
        countries=sorted(COUNTRY_CODES),
        seen=_seen_value(row),
        value=seen_value(row),
        state_words=STATE_WORDS,
        most=MAX_REASON,
    )
