"""Rows of which somebody has to say whether they are the same person as another one; and taking that back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.paper.judging import judge, may_wait_for
from petitions.paper.locking import lock, set_state
from petitions.signatures.models import Signature, Tally
from petitions.signatures.paper import COUNTED, ONLINE, TWICE, WAITING, PaperSignature


class Verdict(StrEnum):
    """What somebody says of a row."""

    SAME = "same"  # the same person: it does not count
    OTHER = "other"  # somebody else: it counts
    REOPEN = "reopen"  # what was said is taken back: it waits again


_LOGGED = {Verdict.SAME: "paper.same", Verdict.OTHER: "paper.other", Verdict.REOPEN: "paper.reopened"}


@dataclass(frozen=True)
class Seen:
    """A row as somebody saw it."""

    number: int
    state: str


@dataclass(frozen=True)
class Decided:
    """What became of the rows, by their numbers."""

    done: Sequence[int] = ()
    changed: Sequence[int] = ()  # they are in another state by now, and stay so
    gone: Sequence[int] = ()  # deleted, or withdrawn by their signer
    states: Counter[str] = field(default_factory=Counter)  # of those that are done


def decide(
    session: Session, campaign_id: int, verdict: Verdict, seen: Sequence[Seen], actor: Actor, now: datetime
) -> Decided:
    """Decide about rows as somebody saw them. One whose address signed online meanwhile does not count, whatever
    is said; one that waited for a row that is gone is compared anew instead. Raises CampaignPurged and
    NotPossible."""
    tally = lock(session, campaign_id)
    wanted = {each.number: each.state for each in seen}
    rows = find_rows(session, campaign_id, sorted(wanted))
    done, changed, states = [], [], Counter[str]()
    for row in rows:
        if row.state != wanted[row.number] or not may_decide(row, verdict):
            changed.append(row.number)
            continue
        if row.state == WAITING and not may_wait_for(session, row):
            judge(session, tally, [row])
            changed.append(row.number)
            continue
        _decide_one(session, tally, row, verdict, actor)
        done.append(row.number)
        states[row.state] += 1
    if done:
        record(session, actor, _LOGGED[verdict], now, campaign_id, paper=done)
    session.flush()
    there = {row.number for row in rows}
    return Decided(done, changed, [number for number in wanted if number not in there], states)


def may_decide(row: PaperSignature, verdict: Verdict) -> bool:
    """Whether this can be said of a row as it is: what an address says of itself is nobody's to decide."""
    return row.decided_by is not None if verdict is Verdict.REOPEN else row.is_open


def find_rows(session: Session, campaign_id: int, numbers: Sequence[int]) -> Sequence[PaperSignature]:
    """These rows as they are now that the tally is locked, in the order of their numbers."""
    query = (
        select(PaperSignature)
        .where(PaperSignature.campaign_id == campaign_id, PaperSignature.number.in_(numbers))
        .order_by(PaperSignature.number)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _decide_one(session: Session, tally: Tally, row: PaperSignature, verdict: Verdict, actor: Actor) -> None:
    serial, number = row.like_serial, row.like_number
    if verdict is Verdict.REOPEN:
        set_state(tally, row, WAITING, serial=serial, number=number)
        row.decided_by = None
        session.flush()
        if not may_wait_for(session, row):  # the other one is gone, or waits for this one by now
            judge(session, tally, [row])
        return
    if verdict is Verdict.SAME:
        set_state(tally, row, TWICE if number is not None else ONLINE, serial=serial, number=number)
        row.decided_by = actor.name
        return
    if (serial_of_address := _find_online(session, row)) is not None:
        set_state(tally, row, ONLINE, serial=serial_of_address)
    elif (number_of_address := _find_on_paper(session, row)) is not None:
        set_state(tally, row, TWICE, number=number_of_address)
    else:
        set_state(tally, row, COUNTED, serial=serial, number=number)
        row.decided_by = actor.name
    session.flush()  # the next of these may have the same address


def _find_online(session: Session, row: PaperSignature) -> int | None:
    """The signature of the same address that came while the row waited."""
    if row.email_key is None:
        return None
    query = select(Signature.serial).where(
        Signature.email_key == row.email_key, Signature.campaign_id == row.campaign_id
    )
    return session.scalar(query)


def _find_on_paper(session: Session, row: PaperSignature) -> int | None:
    if row.email_key is None:
        return None
    query = select(PaperSignature.number).where(
        PaperSignature.email_key == row.email_key,
        PaperSignature.campaign_id == row.campaign_id,
        PaperSignature.state == COUNTED,
        PaperSignature.number != row.number,
    )
    return session.scalars(query).first()
