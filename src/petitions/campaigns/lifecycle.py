"""When a campaign takes signatures."""

from datetime import datetime, timedelta
from typing import Literal

Status = Literal["upcoming", "open", "closed"]

#: Who signed before the closing may still press the button in the mail for so long after it.
CONFIRM_GRACE = timedelta(hours=24)


def status_at(opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> Status:
    """The state of a published campaign at `now`."""
    if opens_at is not None and now < opens_at:
        return "upcoming"
    if closes_at is not None and now >= closes_at:
        return "closed"
    return "open"


def may_confirm(closes_at: datetime | None, drafted_at: datetime, now: datetime) -> bool:
    """Whether a draft that arrived at `drafted_at` counts when its button is pressed at `now`."""
    return closes_at is None or (drafted_at < closes_at and now < closes_at + CONFIRM_GRACE)
