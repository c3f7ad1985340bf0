"""Whether what leads did is as it was sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.audit.chain import START, Head, find_head, follow
from petitions.audit.models import AuditEntry

_PAGE = 500


@dataclass(frozen=True)
class Verified:
    """What became of a chain. `broken_at`: the first place where it is not as it was sealed."""

    count: int  # entries that are as they were sealed
    head: Head  # of these
    broken_at: int | None
    unsealed: int

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None


def verify(session: Session, noted: Head | None = None) -> Verified:
    """Go through the whole chain. `noted`: a head that somebody noted down; the chain must still hold it."""
    # First, for the chain may grow meanwhile: what is sealed later is no break.
    known = [head for head in (find_head(session), noted) if head is not None and head != START]
    head, broken_at = START, None
    for place, entry in _walk(session):
        following = follow(head, entry) if entry is not None else head
        if entry is None or place != following.place or entry.digest != following.digest:
            broken_at = head.place + 1
            break
        if any(following.place == other.place and following.digest != other.digest for other in known):
            broken_at = following.place
            break
        head = following
    if broken_at is None and any(other.place > head.place for other in known):
        broken_at = head.place + 1
    unsealed = session.scalar(select(func.count()).where(AuditEntry.place.is_(None))) or 0
    return Verified(head.place, head, broken_at, unsealed)


def _walk(session: Session) -> Iterator[tuple[int, AuditEntry | None]]:
    """Every sealed entry in the order of its place; None for a row that cannot even be read."""
    after: int | None = None
    while True:
        try:
            entries, unreadable = _page(session, after, _PAGE), None
        except (ValueError, TypeError):  # somebody wrote into it what no program of ours would
            entries, unreadable = _readable(session, after)
        for entry in entries:
            assert entry.place is not None
            yield entry.place, entry
            after = entry.place
        session.expunge_all()  # a chain is longer than what fits the memory
        if unreadable is not None:
            yield unreadable, None
            return
        if not entries:
            return


def _page(session: Session, after: int | None, limit: int) -> Sequence[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.place.is_not(None))
    if after is not None:
        query = query.where(AuditEntry.place > after)
    return session.scalars(query.order_by(AuditEntry.place).limit(limit)).all()


def _readable(session: Session, after: int | None) -> tuple[Sequence[AuditEntry], int | None]:
    """The entries up to one that cannot be read, and the place of that."""
    entries: list[AuditEntry] = []
    while True:
        query = select(func.min(AuditEntry.place))
        place = session.scalar(query.where(AuditEntry.place > after) if after is not None else query)
        if place is None:
            return entries, None
        try:
            entries += _page(session, after, 1)
        except (ValueError, TypeError):
            return entries, place
        after = place
