"""Two requests of one organisation become one; or a lead says that they are two."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor
from petitions.organisations import counting
from petitions.organisations.confirming import log, queue
from petitions.organisations.deciding import Seen, is_known
from petitions.organisations.models import APPROVED, ASKED, MERGED, WAITING, Organisation
from petitions.organisations.proposing import drop_proposal

MERGED_MAIL = "organisation_merged"


def merge(session: Session, campaign_id: int, kept: Seen, other: Seen, actor: Actor, now: datetime) -> bool:
    """Let `kept` stand for both; the other one is shown no more, and its contact is told. False where either has
    changed meanwhile or is gone, or `kept` cannot stand for the other (may_merge). Raises CampaignPurged."""
    tally = counting.lock(session, campaign_id)
    found = _find_both(session, campaign_id, kept, other)
    if found is None or not may_merge(*found):
        return False
    stays, goes = found
    counting.unshow(tally, goes, MERGED)
    drop_proposal(session, goes)
    goes.merged_into = stays.number
    for one in found:
        one.revision += 1
    goes.decided_at, goes.decided_by = now, actor.name
    log(session, actor, "organisation.merged", goes, now, into=stays.number)
    session.flush()
    if is_known(goes):
        queue(session, MERGED_MAIL, goes, now)
    return True


def may_merge(stays: Organisation, goes: Organisation) -> bool:
    """Whether `stays` can stand for both: what is shown gives way only to what is shown, and a request only to one
    that somebody confirmed, or both would be gone when that one runs out."""
    if goes.state == MERGED or not is_known(stays):
        return False
    return stays.state == APPROVED or (stays.state in (WAITING, ASKED) and goes.state != APPROVED)


def tell_apart(session: Session, campaign_id: int, one: Seen, other: Seen, actor: Actor, now: datetime) -> bool:
    """Two that look alike are two; they are not offered for merging again. False where either has changed or is
    gone. Raises CampaignPurged."""
    counting.lock(session, campaign_id)
    found = _find_both(session, campaign_id, one, other)
    if found is None:
        return False
    found[0].distinct_from = sorted({*(found[0].distinct_from or ()), found[1].number})
    found[0].revision += 1
    log(session, actor, "organisation.told_apart", found[0], now, other=found[1].number)
    return True


def _find_both(
    session: Session, campaign_id: int, one: Seen, other: Seen
) -> tuple[Organisation, Organisation] | None:
    query = select(Organisation).where(
        Organisation.campaign_id == campaign_id, Organisation.id.in_([one.id, other.id])
    )
    rows: dict[UUID, Organisation] = {
        row.id: row for row in session.scalars(query.execution_options(populate_existing=True))
    }
    for seen in (one, other):
        if seen.id not in rows or rows[seen.id].revision != seen.revision:
            return None
    return (rows[one.id], rows[other.id]) if one.id != other.id else None
