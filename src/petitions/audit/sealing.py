"""Sealing what leads did: the worker gives each entry its place in a chain of digests.

A digest covers its entry and the digest before it, so no entry can be changed, taken out or put in without
changing every digest after it. Whoever noted the head of the chain down sees that it is no longer what it was.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.chain import HEAD, START, Head, follow, lock_head, note_head
from petitions.audit.models import AuditEntry
from petitions.db import Database, Fact, insert_ignoring

#: Entries of one transaction: on SQLite nobody else writes meanwhile.
_STEP = 200


def seal(database: Database, _now: datetime) -> int:
    """Seal every entry that is not sealed yet; how many. Several workers may do it at the same time."""
    sealed = 0
    while _find_unsealed(database):
        with database.writing() as session:
            sealed += seal_step(session)
    return sealed


def _find_unsealed(database: Database) -> bool:
    """Whether there is anything to seal; asking takes no lock."""
    with database.reading() as session:
        return session.scalar(select(AuditEntry.id).where(AuditEntry.place.is_(None)).limit(1)) is not None


def seal_step(session: Session) -> int:
    """Seal the next entries, in the order of their ids; how many. An entry that was committed late has a lower
    id than some that are sealed, and a later place."""
    # The row is there before it is locked, or two sealers of a new chain would both find none.
    session.execute(insert_ignoring(session, Fact), {"name": HEAD, "value": str(START)})
    head = _last(session, lock_head(session))
    entries = _next(session)
    for entry in entries:
        head = follow(head, entry)
        entry.place, entry.digest = head.place, head.digest
    note_head(session, head)
    return len(entries)


def _next(session: Session) -> Sequence[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.place.is_(None)).order_by(AuditEntry.id).limit(_STEP)
    return session.scalars(query).all()


def _last(session: Session, noted: Head) -> Head:
    """Where to go on: behind whatever has the highest place. A row that is missing at the end leaves a gap, and a
    row that somebody put there breaks the chain; both are for `verify` to say, and nothing stays unsealed."""
    query = select(AuditEntry.place, AuditEntry.digest).where(AuditEntry.place.is_not(None))
    row = session.execute(query.order_by(AuditEntry.place.desc()).limit(1)).one_or_none()
    if row is None or row.place <= noted.place:
        return noted
    return Head(row.place, row.digest or bytes(32))
