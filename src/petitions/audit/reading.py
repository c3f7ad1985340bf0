"""Reading what leads did."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from petitions.audit.models import AuditEntry
from petitions.db import Database

PAGE_SIZE = 50
_STREAMED = 500


def list_entries(
    session: Session, campaign_id: int | None, before: int | None = None, limit: int = PAGE_SIZE
) -> tuple[Sequence[AuditEntry], int | None]:
    """A page of what was done in a campaign (None: on the whole site), the newest first, and the key of the next
    page (None: this is the last); `before` is the key that the page above named."""
    query = _about(campaign_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    entries = session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit + 1)).all()
    shown = entries[:limit]
    return shown, shown[-1].id if len(entries) > limit else None


def stream_entries(database: Database, campaign_id: int | None) -> Iterator[Sequence[AuditEntry]]:
    """Everything that was done, the oldest first, in pages of a transaction each."""
    after = 0
    while True:
        with database.reading() as session:
            query = _about(campaign_id).where(AuditEntry.id > after)
            entries = session.scalars(query.order_by(AuditEntry.id).limit(_STREAMED)).all()
        if not entries:
            return
        yield entries
        after = entries[-1].id


def _about(campaign_id: int | None) -> Select[AuditEntry]:
    query = select(AuditEntry)
    return query.where(AuditEntry.campaign_id == campaign_id) if campaign_id is not None else query
