"""What the way of a signature needs to know of those on paper: an online one of the same person counts instead.

Everything else about paper is in `petitions.paper`. The tally of the campaign is the lock of both.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Uuid,
    delete,
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


def give_way(session: Session, campaign_id: int, email_keys: Collection[bytes]) -> int:
    """These addresses sign online now: those of them that count on paper count no more. How many; the tally is
    locked. Costs a query, so it is asked only where `tallies.paper_keyed` is above 0."""
    these = (PaperSignature.email_key.in_(sorted(email_keys)), PaperSignature.campaign_id == campaign_id)
    rows = session.execute(select(PaperSignature.number, PaperSignature.state).where(*these)).all()
    if not rows:
        return 0
    session.execute(
        update(PaperSignature)
        .where(PaperSignature.campaign_id == campaign_id, PaperSignature.number.in_([r.number for r in rows]))
        .values(state=ONLINE)
    )
    return _uncount(session, campaign_id, [row.state for row in rows])


def forget(session: Session, campaign_id: int, email_key: bytes) -> None:
    """Somebody takes their signature back: what they signed on paper goes with it. The tally is locked."""
    these = (PaperSignature.email_key == email_key, PaperSignature.campaign_id == campaign_id)
    states = session.scalars(select(PaperSignature.state).where(*these)).all()
    if states:
        session.execute(delete(PaperSignature).where(*these))
        _uncount(session, campaign_id, states)


def _uncount(session: Session, campaign_id: int, states: Sequence[str]) -> int:
    counted = sum(state == COUNTED for state in states)
    if counted:
        session.execute(
            update(Tally)
            .where(Tally.campaign_id == campaign_id)
            .values(paper=Tally.paper - counted, paper_keyed=Tally.paper_keyed - counted)
        )
    return counted
