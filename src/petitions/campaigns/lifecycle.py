"""When a campaign takes signatures, and when the personal data of its signers go."""

import calendar
from datetime import MAXYEAR, UTC, datetime, time, timedelta
from typing import Literal

from petitions.campaigns.terms import Retention

Status = Literal["upcoming", "open", "closed"]

#: Who signed before the closing may still press the button in the mail for so long after it.
CONFIRM_GRACE = timedelta(hours=24)
#: Campaigns without an end close here: one moment more cannot be written.
_LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


def status_at(opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> Status:
    """The state of a published campaign at `now`."""
    if opens_at is not None and now < opens_at:
        return "upcoming"
    if closes_at is not None and now >= closes_at:
        return "closed"
    return "open"


def may_confirm(closes_at: datetime | None, drafted_at: datetime, now: datetime) -> bool:
    """Whether a draft that arrived at `drafted_at` counts when its button is pressed at `now`."""
    return closes_at is None or (drafted_at < closes_at and now - closes_at < CONFIRM_GRACE)


def purge_due_at(retention: Retention | None, closes_at: datetime | None) -> datetime | None:
    """From when on the personal data are to be erased; None while nobody can say. Never before the last draft
    can be confirmed."""
    if retention is None:
        return None
    if retention.until is not None:
        due = datetime.combine(retention.until, time(), UTC)
    elif closes_at is not None:
        due = _add_months(closes_at, retention.months_after_closing)
    else:
        return None
    return due if closes_at is None else max(due, closes_at + min(CONFIRM_GRACE, _LAST_MOMENT - closes_at))


def _add_months(moment: datetime, months: int) -> datetime:
    """The same day so many months later; the last one of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = min(moment.year + years, MAXYEAR)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
