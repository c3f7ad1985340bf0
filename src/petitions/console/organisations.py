"""Organisations that want to co-sign: what they say beside what proves it, and decisions about several at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions import names
from petitions.accounts.roles import Permission
from petitions.audit.models import AuditEntry
from petitions.console.audit_words import ACTIONS
from petitions.console.guard import Desk, for_desk
from petitions.console.organisation_words import (
    EMPTY_WORDS,
    ERASED,
    FIELD_WORDS,
    LOOK_WORDS,
    LOOKED,
    NO_ADDRESS,
    NOTHING_TICKED,
    NOTHING_TO_LOOK_AT,
    QUESTION_NEEDED,
    REASON_NEEDED,
    REMIND,
    STATE_WORDS,
    TABS,
    TOO_LONG,
    UNREADABLE,
)
from petitions.console.pages import show
from petitions.errors import CampaignPurged, InvalidRequest
from petitions.i18n import Message
from petitions.organisations.deciding import Decided, Decision, Seen, decide
from petitions.organisations.history import find_last
from petitions.organisations.kinds import KINDS
from petitions.organisations.models import WAITING, Organisation
from petitions.organisations.noting import MAX_NOTE, look, signed_note
from petitions.organisations.queue import (
    PAGE_SIZE,
    QueuePage,
    Waiting,
    count_waiting,
    find_page,
    find_unproven,
    find_unreachable,
)
from petitions.organisations.reminding import remind
from petitions.web.forms import read_number, tidy_lines
from petitions.web.pages import see_other

#: What can be done with several at once.
_ACTS = (Decision.APPROVE, Decision.ASK, Decision.DECLINE, REMIND, LOOKED)


@dataclass(frozen=True)
class Sent:
    """A form about organisations, as somebody sent it."""

    act: str
    seen: Sequence[Seen]
    message: str  # to them
    note: str  # for the leads

    @property
    def ticked(self) -> frozenset[UUID]:
        return frozenset(each.id for each in self.seen)


@dataclass(frozen=True)
class Left:
    """One that stays as it is: somebody was faster."""

    number: int
    name: str
    id: UUID
    last: AuditEntry | None  # the last thing that was done to it


@dataclass(frozen=True)
class Said:
    """What the page says above the list, and what it keeps of a form."""

    act: str = ""
    done: int = 0
    left: Sequence[Left] = ()
    gone: int = 0
    early: int = 0  # that had a mail too lately for another one
    idle: int = 0  # that nobody waits for
    problem: Message | None = None
    sent: Sent = field(default_factory=lambda: Sent("", (), "", ""))


@for_desk(Permission.ORGANISATIONS)
async def show_organisations(request: Request, desk: Desk) -> Response:
    """Those of a state, the oldest first; with `after`, those above that number."""
    query = request.query_params
    said = Said(query.get("saved", ""), max(read_number(query.get("done")), 0))
    return await _show(desk, query.get("state", WAITING), max(read_number(query.get("after")), 0), said=said)


@for_desk(Permission.ORGANISATIONS)
async def act_on_organisations(_request: Request, desk: Desk) -> Response:
    """Approve, ask back, decline or remind those that are ticked."""
    data = await desk.form()
    state, sent = str(data.get("state", WAITING)), read_sent(data)
    if sent.act not in _ACTS:
        raise InvalidRequest
    problem = problem_of(sent) or await desk.site.database.read(find_problem, desk.campaign.id, sent)
    if problem is not None:
        return await _show(desk, state, 0, 422, Said(problem=problem, sent=sent))
    try:
        said = await desk.site.database.write(_act, desk, sent)
    except CampaignPurged:
        return await _show(desk, state, 0, 409, Said(problem=ERASED, sent=sent))
    if said.left or said.gone or said.early or said.idle or said.problem is not None:
        return await _show(desk, state, 0, 409, said)
    more = {"state": state, "saved": sent.act, "done": str(said.done)}
    return see_other(desk.url(f"{desk.path}/organisations", **more))


def read_sent(data: FormData) -> Sent:
    """What a form of ours says. Raises InvalidRequest."""
    return Sent(
        act=str(data.get("act", "")),
        seen=[seen_of(value) for value in data.getlist("row")][:PAGE_SIZE],
        message=tidy_lines(str(data.get("message", ""))),
        note=tidy_lines(str(data.get("note", ""))),
    )


def seen_of(value: object) -> Seen:
    """An organisation as somebody saw it. Raises InvalidRequest."""
    identifier, _, revision = str(value).partition(":")
    number = read_number(revision)
    try:
        if number < 0:
            raise InvalidRequest
        return Seen(UUID(identifier[:40]), number)
    except ValueError:
        raise InvalidRequest from None


def seen_value(organisation: Organisation) -> str:
    """What `seen_of` reads."""
    return f"{organisation.id}:{organisation.revision}"


def problem_of(sent: Sent) -> Message | None:
    """What is missing or wrong with a form, as far as it says itself."""
    if not sent.seen:
        return NOTHING_TICKED
    if sent.act == Decision.ASK and names.is_blank(sent.message):
        return QUESTION_NEEDED
    for text in (sent.message, sent.note):
        if len(text) > MAX_NOTE:
            return TOO_LONG
        if names.has_forbidden_characters(text):
            return UNREADABLE
    return None


def find_problem(session: Session, campaign_id: int, sent: Sent) -> Message | None:
    """Whether a lead has to note why they approve, and whether a question reaches anybody. What changes afterwards
    is found by its revision."""
    if sent.act == Decision.ASK:
        return NO_ADDRESS if find_unreachable(session, campaign_id, sent.seen) else None
    needed = sent.act == Decision.APPROVE and names.is_blank(sent.note)
    return REASON_NEEDED if needed and find_unproven(session, campaign_id, sent.seen) else None


def carry_out(session: Session, desk: Desk, sent: Sent) -> Decided:
    """Decide as the form says, or write down that somebody looked. Raises CampaignPurged."""
    if sent.act == LOOKED:
        return look(session, desk.campaign.id, sent.seen, desk.actor, desk.now)
    return decide(
        session,
        desk.campaign.id,
        Decision(sent.act),
        sent.seen,
        desk.actor,
        desk.now,
        message=sent.message,
        note=signed_note(sent.note, desk.actor, desk.now),
    )


def find_left(session: Session, campaign_id: int, sent: Sent, decided: Decided) -> Sequence[Left]:
    """Those about which nothing was decided, with what became of them meanwhile."""
    last = find_last(session, campaign_id, decided.changed)
    found = [session.get(Organisation, (campaign_id, each.id)) for each in sent.seen] if decided.changed else []
    return [
        Left(each.number, each.name, each.id, last.get(each.number))
        for each in found
        if each is not None and each.number in decided.changed
    ]


def _act(session: Session, desk: Desk, sent: Sent) -> Said:
    if sent.act == REMIND:
        ids = [each.id for each in sent.seen]
        mails = remind(session, desk.campaign.id, ids, desk.actor, desk.now)
        early, idle = len(mails.too_early), len(mails.not_waiting)
        return Said(sent.act, len(mails.done), gone=mails.gone, early=early, idle=idle)
    decided = carry_out(session, desk, sent)
    left = find_left(session, desk.campaign.id, sent, decided)
    found_nothing = not (decided.done or left or decided.gone)
    problem = NOTHING_TO_LOOK_AT if found_nothing else None
    return Said(sent.act, len(decided.done), left, decided.gone, problem=problem, sent=sent)


def _find(session: Session, campaign_id: int, state: str, after: int) -> tuple[QueuePage, Waiting]:
    return find_page(session, campaign_id, state, after), count_waiting(session, campaign_id)


async def _show(desk: Desk, state: str, after: int, status: int = 200, said: Said | None = None) -> Response:
    if state not in TABS:
        raise InvalidRequest
    page, waiting = await desk.site.database.read(_find, desk.campaign.id, state, after)
    return show(
        desk,
        "organisations.html",
        status,
        state=state,
        after=after,
        page=page,
        waiting=waiting,
        said=said or Said(),
        tabs=TABS,
        kinds=KINDS,
        state_words=STATE_WORDS,
        field_words=FIELD_WORDS,
        look_words=LOOK_WORDS,
        empty_words=EMPTY_WORDS[state],
        actions=ACTIONS,
        value_of=seen_value,
        most=MAX_NOTE,
    )
