"""What becomes of rows that are there: slips of typing are mended, rows and whole files taken out again."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petitions.addresses import make_email_key
from petitions.audit.recording import Actor, record
from petitions.paper.comparing import NO_NAMES, Names
from petitions.paper.csv_rows import Entry
from petitions.paper.judging import find_likes, judge, look_before
from petitions.paper.locking import enter, leave, lock
from petitions.paper.persons import person_key
from petitions.signatures.models import Tally
from petitions.signatures.paper import PaperBatch, PaperSignature

#: Characters of a reason.
MAX_REASON = 200


class Outcome(Enum):
    DONE = "done"
    SAME = "same"  # nothing was changed
    MEANWHILE = "meanwhile"  # somebody else changed it
    GONE = "gone"


@dataclass(frozen=True)
class Undone:
    """What undoing a file did."""

    rows: int = 0
    is_gone: bool = False  # there is no such file, or it was undone before


def entry_of(row: PaperSignature) -> Entry:
    """What stands on the sheet, as far as it is kept: the address is not."""
    return Entry(row.name, row.city, row.country, None, row.affiliation, row.signed_on, row.sheet, row.line)


def correct(
    session: Session,
    campaign_id: int,
    number: int,
    seen: Entry,
    entry: Entry,
    email_secret: str,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Write what stands on the sheet, if the row still says what somebody has `seen`. An address in it replaces
    the one that was typed; without one that stays. The row is compared anew where that can matter, and so are
    those that repeated it. Raises CampaignPurged and NotPossible."""
    tally = lock(session, campaign_id)
    row = _find(session, campaign_id, number)
    if row is None:
        return Outcome.GONE
    before = entry_of(row)
    if before != seen:
        return Outcome.MEANWHILE
    email_key = make_email_key(entry.mail, email_secret) if entry.mail else row.email_key
    changed = [
        f.name for f in fields(Entry) if f.name != "mail" and getattr(before, f.name) != getattr(entry, f.name)
    ]
    if email_key != row.email_key:
        changed.append("mail")
    if not changed:
        return Outcome.SAME
    matters = {"name", "city", "mail", "sheet", "line"} & set(changed)
    likes = find_likes(session, campaign_id, [number]) if matters else ()
    leave(tally, row)
    row.name, row.city, row.country, row.affiliation = entry.name, entry.city, entry.country, entry.affiliation
    row.signed_on, row.sheet, row.line = entry.date, entry.sheet, entry.line
    row.person_key, row.email_key = person_key(entry.name, entry.city), email_key
    enter(tally, row)
    session.flush()
    if matters:
        judge(session, tally, [row, *likes])
    record(session, actor, "paper.changed", now, campaign_id, paper=[number], columns=sorted(changed))
    return Outcome.DONE


def remove(
    session: Session, campaign_id: int, number: int, seen: Entry, reason: str, actor: Actor, now: datetime
) -> Outcome:
    """Take a row out. What repeated it is compared anew, so nobody is dropped with it. Raises CampaignPurged and
    NotPossible."""
    tally = lock(session, campaign_id)
    row = _find(session, campaign_id, number)
    if row is None:
        return Outcome.GONE
    if entry_of(row) != seen:
        return Outcome.MEANWHILE
    _take_out(session, tally, [row])
    record(session, actor, "paper.removed", now, campaign_id, paper=[number], why=reason)
    return Outcome.DONE


def look_before_undo(session: Session, campaign_id: int, batch_id: UUID) -> Names:
    """What `undo` needs to know of those who signed online; reading it may take seconds, and nothing is locked."""
    of_batch = (PaperSignature.campaign_id == campaign_id, PaperSignature.batch_id == batch_id)
    numbers = session.scalars(select(PaperSignature.number).where(*of_batch)).all()
    return look_before(session, campaign_id, find_likes(session, campaign_id, numbers))


def undo(
    session: Session, campaign_id: int, batch_id: UUID, actor: Actor, now: datetime, names: Names = NO_NAMES
) -> Undone:
    """Take the rows of a file out again. Their numbers are given to nobody else. Raises CampaignPurged and
    NotPossible."""
    tally = lock(session, campaign_id)
    batch = session.get(PaperBatch, (campaign_id, batch_id), populate_existing=True)
    if batch is None or batch.undone_at is not None:
        return Undone(is_gone=True)
    of_batch = (PaperSignature.campaign_id == campaign_id, PaperSignature.batch_id == batch_id)
    query = select(PaperSignature).where(*of_batch).order_by(PaperSignature.number)
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    _take_out(session, tally, rows, names)
    batch.undone_at = now
    record(session, actor, "paper.undone", now, campaign_id, rows=len(rows))
    session.flush()
    return Undone(len(rows))


def _find(session: Session, campaign_id: int, number: int) -> PaperSignature | None:
    return session.get(PaperSignature, (campaign_id, number), populate_existing=True)


def _take_out(session: Session, tally: Tally, rows: Sequence[PaperSignature], names: Names = NO_NAMES) -> None:
    numbers = [row.number for row in rows]
    if not numbers:
        return
    likes = find_likes(session, tally.campaign_id, numbers)
    for row in rows:
        leave(tally, row)
        session.expunge(row)
    these = (PaperSignature.campaign_id == tally.campaign_id, PaperSignature.number.in_(numbers))
    session.execute(delete(PaperSignature).where(*these).execution_options(synchronize_session=False))
    judge(session, tally, likes, names)
