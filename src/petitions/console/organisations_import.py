"""Bringing in a list of organisations: first every row is looked at, then all come in together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions import names
from petitions.accounts.roles import Permission
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import get_snapshot
from petitions.console.guard import Desk, for_desk
from petitions.console.organisation_words import ERASED, TOO_LONG, UNREADABLE
from petitions.console.pages import show
from petitions.csv_lists import UnreadableList, decode_list
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible
from petitions.i18n import LANGUAGES, N_, Message
from petitions.organisations.csv_rows import COLUMNS, MAX_ROWS, Row, read_list
from petitions.organisations.importing import Alike, Imported, Plan, bring_in, find_alike
from petitions.organisations.kinds import KINDS
from petitions.organisations.noting import MAX_NOTE, signed_note
from petitions.privacy.consent import CONSENT_VERSION
from petitions.web.bodies import Upload
from petitions.web.forms import tidy_lines
from petitions.web.pages import see_other

VOUCH, ASK = "vouch", "ask"
_CHECK, _STORE = "check", "store"

_NOTHING_SENT = N_("Please choose a file, or paste the rows.")
_NOT_PUBLISHED = N_("The campaign is not published yet, so there is no wording that they could sign.")
_NOT_FOR_THEM = N_("Organisations cannot sign this campaign. Allow it under Details, and publish.")
_NOT_OPEN = N_("The campaign is not open, so nobody can be asked to sign it. You can bring in who has signed.")
_CHOOSE = N_("Please say whether they have signed already, or are to be asked.")
_SAY_HOW = N_("Please note where their letters lie, or how you know that they signed.")
_NO_EMAIL = N_("There is no mail address, so nobody can be asked.")
_WRONG_ROWS = N_("Some rows are wrong. Correct them, or tick that they are left out.")
_NO_ROW_LEFT = N_("No row is left that could come in.")
_OTHER_WORDING = N_(
    "The campaign was published anew this very moment. Nothing was stored. Press the button once more."
)
_IN_ALREADY = N_("This list was brought in a moment ago. Nothing was stored twice.")


@dataclass(frozen=True)
class Sent:
    """The form, as somebody sent it."""

    id: UUID = field(default_factory=uuid4)
    rows: str = field(repr=False, default="")
    how: str = ""
    note: str = ""
    leaves_wrong: bool = False
    leaves_alike: bool = True


@dataclass(frozen=True)
class Checked:
    """The rows of a list, and what they look like, by their lines."""

    rows: Sequence[Row] = ()
    alike: Mapping[int, Alike] = field(default_factory=dict)

    @property
    def wrong(self) -> int:
        return sum(row.entry is None for row in self.rows)


@for_desk(Permission.ORGANISATIONS)
async def show_import(request: Request, desk: Desk) -> Response:
    """The form, and what came of the last one."""
    return await _show(desk, Sent(), done=_outcome(request))


@for_desk(Permission.ORGANISATIONS)
async def import_organisations(_request: Request, desk: Desk) -> Response:
    """Look at a list, or bring it in."""
    data, file = await desk.upload("file")
    try:
        sent = _read(data, file)
        if names.is_blank(sent.rows):
            return await _show(desk, sent, 422, problem=_NOTHING_SENT)
        checked = await desk.site.database.read(_check, desk, sent)
    except UnreadableList as error:
        return await _show(desk, _read(data, None), 422, problem=error.problem)
    if data.get("act") == _CHECK or file is not None:  # nobody has seen the rows of a new file yet
        return await _show(desk, sent, checked=checked)
    if data.get("act") != _STORE:
        raise InvalidRequest
    problem = _problem_of(desk, sent, checked)
    if problem is not None:
        return await _show(desk, sent, 422, checked=checked, problem=problem)
    try:
        imported = await desk.site.database.write(_store, desk, sent, checked)
    except CampaignPurged:
        return await _show(desk, sent, 409, checked=checked, problem=ERASED)
    except NotPossible:
        return await _show(desk, sent, 409, checked=checked, problem=_OTHER_WORDING)
    if not imported.done:
        problem = _IN_ALREADY if imported.again else _NO_ROW_LEFT
        return await _show(desk, sent, 409, checked=checked, problem=problem)
    more = {"done": imported.done, "wrong": imported.wrong, "alike": imported.alike, "unasked": imported.unasked}
    said = {name: str(number) for name, number in more.items()}
    return see_other(desk.url(f"{desk.path}/organisations/import", saved=sent.how, **said))


def _read(data: FormData, file: Upload | None) -> Sent:
    """What was sent; a file goes before what stands in the field. Raises UnreadableList, InvalidRequest."""
    try:
        identifier = UUID(str(data.get("id", ""))[:40])
    except ValueError:
        raise InvalidRequest from None
    return Sent(
        id=identifier,
        rows=decode_list(file.data) if file is not None and file.data else str(data.get("rows", "")),
        how=str(data.get("how", ""))[:10],
        note=tidy_lines(str(data.get("note", ""))),
        leaves_wrong="leaves_wrong" in data,
        leaves_alike="leaves_alike" in data or "looked" not in data,
    )


def _check(session: Session, desk: Desk, sent: Sent) -> Checked:
    """Raises UnreadableList."""
    rows = read_list(sent.rows, _language(desk.campaign))
    return Checked(rows, find_alike(session, desk.campaign.id, rows))


def _language(campaign: Campaign) -> str:
    """Of rows that say none: that of the campaign, or one that it can get mails in."""
    language = campaign.default_language
    return language if language in LANGUAGES else LANGUAGES[0]


def _refusal(desk: Desk) -> Message | None:
    """Why nobody can be brought in."""
    if desk.campaign.purge_began_at is not None:
        return ERASED
    if desk.campaign.published_at is None:
        return _NOT_PUBLISHED
    return None if desk.takes_organisations else _NOT_FOR_THEM


def _problem_of(desk: Desk, sent: Sent, checked: Checked) -> Message | None:
    """What is missing before it can be stored."""
    coming = [row for row in checked.rows if row.entry is not None]
    if sent.leaves_alike:
        coming = [row for row in coming if row.line not in checked.alike]
    problems = (
        (_refusal(desk), True),
        (_CHOOSE, sent.how not in (VOUCH, ASK)),
        (_NOT_OPEN, sent.how == ASK and desk.state != "open"),
        (_SAY_HOW, sent.how == VOUCH and names.is_blank(sent.note)),
        (TOO_LONG, len(sent.note) > MAX_NOTE),
        (UNREADABLE, names.has_forbidden_characters(sent.note)),
        (_WRONG_ROWS, checked.wrong and not sent.leaves_wrong),
        (_NO_EMAIL, sent.how == ASK and any(row.email is None for row in coming)),
    )
    return next((problem for problem, holds in problems if holds and problem is not None), None)


def _store(session: Session, desk: Desk, sent: Sent, checked: Checked) -> Imported:
    snapshot = get_snapshot(session, desk.campaign.slug)
    plan = Plan(
        id=sent.id,
        rows=checked.rows,
        vouches=sent.how == VOUCH,
        note=signed_note(sent.note, desk.actor, desk.now),
        leaves_wrong=sent.leaves_wrong,
        leaves_alike=sent.leaves_alike,
        statements={language: statement.id for language, statement in snapshot.statements.items()},
        consent_version=CONSENT_VERSION,
        email_secret=desk.site.settings.email_key,
    )
    return bring_in(session, desk.campaign.id, plan, desk.actor, desk.now)


def _outcome(request: Request) -> Mapping[str, object] | None:
    """What was just brought in, as the address says."""
    query = request.query_params
    numbers = {name: query.get(name, "") for name in ("done", "wrong", "alike", "unasked")}
    if query.get("saved") not in (VOUCH, ASK) or not all(
        text.isascii() and text.isdigit() and len(text) < 5 for text in numbers.values()
    ):
        return None
    return {"how": query["saved"], **{name: int(text) for name, text in numbers.items()}}


async def _show(
    desk: Desk,
    sent: Sent,
    status: int = 200,
    *,
    checked: Checked | None = None,
    problem: Message | None = None,
    done: Mapping[str, object] | None = None,
) -> Response:
    return show(
        desk,
        "organisations_import.html",
        status,
        sent=sent,
        checked=checked,
        problem=problem,
        done=done,
        refusal=_refusal(desk),
        columns=COLUMNS,
        kinds=KINDS,
        most_rows=MAX_ROWS,
        most=MAX_NOTE,
    )
