"""The numbers of printed sheets: each is given once."""

from datetime import datetime

from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.paper.locking import lock

#: Of one file.
MAX_SHEETS = 200


def take_numbers(
    session: Session, campaign_id: int, count: int, language: str, actor: Actor, now: datetime
) -> int:
    """The first of so many numbers, which nobody else gets. Raises CampaignPurged and NotPossible."""
    tally = lock(session, campaign_id)
    first = tally.last_sheet + 1
    tally.last_sheet += count
    record(session, actor, "paper.sheets", now, campaign_id, language=language, sheets=[first, tally.last_sheet])
    session.flush()
    return first
