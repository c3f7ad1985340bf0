"""What became of organisations and by whom, as the audit log has it."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from petitions.audit.models import AuditEntry

#: An organisation that was brought in with others stands between two numbers of one entry.
IMPORTED, MERGED = "organisation.imported", "organisation.merged"
_MOST = 100


def find_history(session: Session, campaign_id: int, number: int) -> Sequence[AuditEntry]:
    """What was done to one of them, the newest first."""
    first, last = AuditEntry.details["first"].as_integer(), AuditEntry.details["last"].as_integer()
    imported = and_(AuditEntry.action == IMPORTED, first <= number, last >= number)
    merged = and_(AuditEntry.action == MERGED, AuditEntry.details["into"].as_integer() == number)
    query = (
        select(AuditEntry)
        .where(AuditEntry.campaign_id == campaign_id, or_(_is_about([number]), imported, merged))
        .order_by(AuditEntry.id.desc())
        .limit(_MOST)
    )
    return session.scalars(query).all()


def find_last(session: Session, campaign_id: int, numbers: Collection[int]) -> Mapping[int, AuditEntry]:
    """The last thing that was done to each of them, by their numbers."""
    if not numbers:
        return {}
    query = (
        select(AuditEntry).where(AuditEntry.campaign_id == campaign_id, _is_about(numbers)).order_by(AuditEntry.id)
    )
    return {entry.details["organisation"]: entry for entry in session.scalars(query)}


def _is_about(numbers: Collection[int]) -> ColumnElement[bool]:
    about = AuditEntry.details["organisation"].as_integer()
    return and_(AuditEntry.action.like("organisation.%"), about.in_(sorted(numbers)))
