"""What the way of a signature needs to know of those on paper: an online one of the same person counts instead.

Everything else about paper is in `petitions.paper`. The tally of the campaign is the lock of both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import Base, UtcDateTime
from petitions.signatures.models import Tally

#: Counts; waits for somebody to say whether it is the same person as another one; the same person signed online;
#: the same person stands on another sheet.
COUNTED, WAITING, ONLINE, TWICE = "counted", "waiting", "online", "twice"
STATES = (COUNTED, WAITING, ONLINE, TWICE)


class PaperSignature(Base):
    """A row of a paper sheet, as somebody typed it. Rows are never dropped: those that do not count say why."""

    __tablename__ = "paper_signatures"
    __table_args__ = (
        Index("ix_paper_signatures_email_key", "email_key", "campaign_id"),
        Index("ix_paper_signatures_state", "campaign_id", "state", "number"),
        Index("ix_paper_signatures_person_key", "campaign_id", "person_key"),
        Index("ix_paper_signatures_like_serial", "campaign_id", "like_serial"),
        Index("ix_paper_signatures_batch_id", "campaign_id", "batch_id"),
        Index("ix_paper_signatures_statement_id", "statement_id"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # without reuse
    batch_id: Mapped[UUID] = mapped_column(Uuid)
    state: Mapped[str] = mapped_column(String(8))
    #: Of whom it may be, or is, a repetition: the serial of an online signature, or the number of one on paper.
    like_serial: Mapped[int | None] = mapped_column(BigInteger)
    like_number: Mapped[int | None] = mapped_column(BigInteger)
    sheet: Mapped[int | None] = mapped_column(Integer)  # the number that is printed on it
    line: Mapped[int | None] = mapped_column(Integer)  # of that sheet
    name: Mapped[str] = mapped_column(String(120))
    city: Mapped[str | None] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    affiliation: Mapped[str | None] = mapped_column(String(120))
    signed_on: Mapped[str | None] = mapped_column(String(10))  # the day, as on the sheet: YYYY-MM-DD
    #: Of the address, which is not kept: it only keeps somebody from being counted twice.
    email_key: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    person_key: Mapped[str] = mapped_column(String(260))  # folded name and city: who may be the same
    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id"))  # the wording on the sheet
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(120))  # who said that it is, or is not, somebody else

    @property
    def is_asked(self) -> bool:
        """It counts, and goes on counting until somebody says whether a later signature is of the same person."""
        return self.state == COUNTED and self.decided_by is None and self.like_serial is not None

    @property
    def is_open(self) -> bool:
        """Somebody has to say what it is."""
        return self.state == WAITING or self.is_asked


_rows = cast("Table", PaperSignature.__table__).c
_THEIRS: Sequence[Any] = (
    *(_rows.number, _rows.state, _rows.email_key, _rows.like_number, _rows.decided_by),
    *(_rows.sheet, _rows.line, _rows.signed_on, _rows.entered_at),
)
#: As `PaperSignature.is_asked`. No serial is 0: written so, the store finds them by an index.
IS_ASKED = and_(
    PaperSignature.like_serial > 0, PaperSignature.state == COUNTED, PaperSignature.decided_by.is_(None)
)
IS_OPEN = or_(PaperSignature.state == WAITING, IS_ASKED)


class PaperBatch(Base):
    """Rows that were typed together: one file."""

    __tablename__ = "paper_batches"
    __table_args__ = (Index("ix_paper_batches_digest", "campaign_id", "digest"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    rows: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))  # of the rows: the same file twice is noticed
    entered_by: Mapped[str | None] = mapped_column(String(120))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def count_states(session: Session, campaign_id: int) -> Mapping[str, int]:
    """How many rows are in each state."""
    query = (
        select(PaperSignature.state, func.count())
        .where(PaperSignature.campaign_id == campaign_id)
        .group_by(PaperSignature.state)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return {state: counts.get(state, 0) for state in STATES}


def count_asked(session: Session, campaign_id: int) -> int:
    """How many of those that count may repeat somebody who signed online later."""
    return session.scalar(select(func.count()).where(PaperSignature.campaign_id == campaign_id, IS_ASKED)) or 0


def give_way(session: Session, campaign_id: int, serials: Mapping[bytes, int]) -> int:
    """These addresses sign online now, under these serials: what they signed on paper does not count beside it,
    nor do rows of which somebody said that they are the same person. How many counted; the tally is locked. Costs
    a query, so ask only where `tallies.paper_keyed` is above 0."""
    of_campaign = select(*_THEIRS).where(_rows.campaign_id == campaign_id)
    rows = session.execute(of_campaign.where(_rows.email_key.in_(sorted(serials)))).all()
    due = [(row, serials[row.email_key], None) for row in rows]
    seen = {row.number for row in rows}
    given = []
    while due:
        row, serial, said_by = due.pop()
        given.append(row)
        this = (PaperSignature.campaign_id == campaign_id, PaperSignature.number == row.number)
        values = {"state": ONLINE, "like_serial": serial, "like_number": None, "decided_by": said_by}
        session.execute(update(PaperSignature).where(*this).values(values))
        if row.state == TWICE and row.like_number not in seen:
            seen.add(row.like_number)
            likes = of_campaign.where(_rows.number == row.like_number, _rows.state != ONLINE)
            due += [(like, serial, row.decided_by or said_by) for like in session.execute(likes)]
    return _uncount(session, campaign_id, given)


def list_theirs(session: Session, campaign_id: int, email_key: bytes, serial: int = 0) -> Sequence[Any]:
    """Rows on paper of whoever signed online under this serial, or signed on paper alone, as far as their address
    or somebody's decision says so, also over other rows: number, state, sheet, line, signed_on, entered_at and
    more."""
    of_campaign = select(*_THEIRS).where(_rows.campaign_id == campaign_id)
    is_theirs = or_(_rows.email_key == email_key, and_(_rows.like_serial == serial, _rows.state == ONLINE))
    found: dict[int, Any] = {}
    new = session.execute(of_campaign.where(is_theirs)).all()
    while new:
        found |= {row.number: row for row in new}
        repeated = [row.like_number for row in new if row.state == TWICE]
        repeats = and_(_rows.state == TWICE, _rows.like_number.in_([row.number for row in new]))
        likes = session.execute(of_campaign.where(or_(_rows.number.in_(repeated), repeats)))
        new = [row for row in likes if row.number not in found]
    return [found[number] for number in sorted(found)]


def forget(session: Session, campaign_id: int, email_key: bytes, serial: int = 0) -> int:
    """Whoever signed under this serial, or on paper alone, takes it back: what they signed on paper goes with it;
    how many rows. Those that wait because they may be the same person are compared anew within the hour, see
    paper/later.py: a number that rose in the same second would tell who withdrew. The tally is locked."""
    if found := list_theirs(session, campaign_id, email_key, serial):
        numbers = [row.number for row in found]
        session.execute(
            delete(PaperSignature).where(
                PaperSignature.campaign_id == campaign_id, PaperSignature.number.in_(numbers)
            )
        )
        _uncount(session, campaign_id, found)
    return len(found)


def _uncount(session: Session, campaign_id: int, rows: Sequence[Any]) -> int:
    """These rows count no more, as far as they did."""
    counted = [row for row in rows if row.state == COUNTED]
    if counted:
        keyed = sum(row.email_key is not None for row in counted)
        session.execute(
            update(Tally)
            .where(Tally.campaign_id == campaign_id)
            .values(paper=Tally.paper - len(counted), paper_keyed=Tally.paper_keyed - keyed)
        )
    return len(counted)
