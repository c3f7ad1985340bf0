"""What leads decide about organisations: approve, ask back, decline, take down, and what is to be shown instead.

Every decision says which revision of the organisation was seen. When another lead, or the organisation itself, was
faster, nothing is done and the lead is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.audit.recording import Actor
from petitions.organisations import counting
from petitions.organisations.confirming import log, queue
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    DECLINED,
    MERGED,
    UNCONFIRMED,
    WAITING,
    Organisation,
    OrganisationTally,
)
from petitions.organisations.proposing import drop_proposal, may_take, take_proposal

APPROVED_MAIL, DECLINED_MAIL, KEPT_MAIL, ASKED_MAIL = (
    "organisation_approved",
    "organisation_declined",
    "organisation_kept",
    "organisation_asked",
)


class Decision(StrEnum):
    """What a lead presses."""

    APPROVE = "approve"  # also what is proposed to be shown instead, and what is shown though no lead has looked
    ASK = "ask"
    DECLINE = "decline"  # also one that is shown: it is taken down
    KEEP = "keep"  # what is shown stays, and what is proposed is not taken
    REOPEN = "reopen"  # one that was declined or merged waits again


#: The states in which a decision makes sense.
ALLOWED: dict[Decision, tuple[str, ...]] = {
    Decision.APPROVE: (WAITING, ASKED, DECLINED, APPROVED),
    Decision.ASK: (WAITING, ASKED, APPROVED),
    Decision.DECLINE: (UNCONFIRMED, WAITING, ASKED, APPROVED),
    Decision.KEEP: (APPROVED,),
    Decision.REOPEN: (DECLINED, MERGED),
}


@dataclass(frozen=True)
class Seen:
    """An organisation as it stood on the page on which somebody decides."""

    id: UUID
    revision: int


@dataclass
class Decided:
    """What became of it: numbers of those about which it was decided, and of those that had changed meanwhile or
    for which it makes no sense; and how many were gone."""

    done: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    gone: int = 0


def decide(
    session: Session,
    campaign_id: int,
    decision: Decision,
    seen: Sequence[Seen],
    actor: Actor,
    now: datetime,
    *,
    message: str = "",
    note: str = "",
) -> Decided:
    """Decide about some. `message` goes to the organisation by mail (ASK needs one), `note` stays with the leads
    and is added to what they noted before. Raises CampaignPurged."""
    decided = Decided()
    tally = counting.lock(session, campaign_id)
    for one in sorted(seen, key=lambda each: each.id):
        organisation = counting.find_locked(session, campaign_id, one.id)
        if organisation is None:
            decided.gone += 1
            continue
        if organisation.revision != one.revision or not may_decide(organisation, decision):
            decided.changed.append(organisation.number)
            continue
        is_news = is_known(organisation) and not _is_shown_already(organisation, decision)
        _apply(session, tally, organisation, decision, message)
        organisation.revision += 1
        organisation.decided_at, organisation.decided_by = now, actor.name
        organisation.look = None
        if note:
            organisation.note = add_note(organisation.note, note)
        log(session, actor, f"organisation.{_VERBS[decision]}", organisation, now)
        session.flush()
        if decision in _MAILS and is_news:
            queue(session, _MAILS[decision], organisation, now)
        decided.done.append(organisation.number)
    return decided


_VERBS = {
    Decision.APPROVE: "approved",
    Decision.ASK: "asked",
    Decision.DECLINE: "declined",
    Decision.KEEP: "kept",
    Decision.REOPEN: "reopened",
}
_MAILS = {
    Decision.APPROVE: APPROVED_MAIL,
    Decision.ASK: ASKED_MAIL,
    Decision.DECLINE: DECLINED_MAIL,
    Decision.KEEP: KEPT_MAIL,
}


def is_known(organisation: Organisation) -> bool:
    """Whether somebody said that the request is theirs: by the button in the mail, or in letters that a lead has.
    Nothing else is shown, and nobody else gets mails about it."""
    return organisation.confirmed_at is not None or organisation.vouched_by is not None


def may_decide(organisation: Organisation, decision: Decision) -> bool:
    """Whether it makes sense now."""
    if organisation.state not in ALLOWED[decision]:
        return False
    if decision is Decision.APPROVE:
        is_new = organisation.state != APPROVED or organisation.proposed is not None
        is_sound = organisation.proposed is None or may_take(organisation)
        return (is_new or organisation.look is not None) and is_sound and is_known(organisation)
    return decision is not Decision.KEEP or organisation.proposed is not None


def _is_shown_already(organisation: Organisation, decision: Decision) -> bool:
    """Whether a lead approves what everybody sees, so that nothing changes."""
    return decision is Decision.APPROVE and organisation.state == APPROVED and organisation.proposed is None


def _apply(
    session: Session, tally: OrganisationTally, organisation: Organisation, decision: Decision, message: str
) -> None:
    if decision is Decision.APPROVE:
        if organisation.state == APPROVED:
            tally.revision += organisation.proposed is not None
            take_proposal(session, tally, organisation)
        else:
            counting.show(tally, organisation)
        organisation.question = organisation.answer = None
    elif decision is Decision.ASK:
        organisation.question, organisation.answer = message, None
        if organisation.state != APPROVED:
            organisation.state = ASKED
    elif decision is Decision.DECLINE:
        organisation.question, organisation.answer = message or None, None
        counting.unshow(tally, organisation, DECLINED)
        drop_proposal(session, organisation)
    elif decision is Decision.KEEP:
        organisation.question, organisation.answer = message or None, None
        drop_proposal(session, organisation)
    else:
        organisation.state = WAITING if is_known(organisation) else UNCONFIRMED
        organisation.merged_into = organisation.question = organisation.answer = None


def add_note(before: str | None, note: str) -> str:
    """What leads noted, the newest last; the oldest give way."""
    return f"{before}\n{note}"[-1000:] if before else note[:1000]
