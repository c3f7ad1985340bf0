"""When a campaign opens and closes and how long names are kept: a change of it can erase all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from petitions.campaigns.lifecycle import purge_due_at
from petitions.campaigns.models import Campaign
from petitions.campaigns.reading import read_terms
from petitions.campaigns.terms import Retention
from petitions.campaigns.values import TermsError

#: No change lets names go sooner than this from now: whoever notices it can still undo it.
NOTICE = timedelta(days=7)


@dataclass(frozen=True)
class Schedule:
    """The days of a campaign."""

    opens_at: datetime | None
    closes_at: datetime | None
    retention: Retention | None

    @property
    def purge_due_at(self) -> datetime | None:
        """From when on the names are to be erased; None while nobody can say."""
        return purge_due_at(self.retention, self.closes_at)


def schedule_of(campaign: Campaign) -> Schedule | None:
    """What is in force; None where nothing was published yet."""
    if campaign.published_at is None:
        return None
    return Schedule(campaign.opens_at, campaign.closes_at, read_terms(campaign.terms, ()).retention)


def find_moved(before: Schedule | None, after: Schedule) -> Sequence[str]:
    """What another schedule changes in a published campaign: "opens_at", "closes_at", "retention"."""
    if before is None:
        return ()
    return [name for name, value in vars(before).items() if value != getattr(after, name)]


def check_closing(before: Schedule | None, after: Schedule, now: datetime) -> None:
    """A published campaign is not closed by a day that has passed. Raises TermsError."""
    is_other = before is not None and before.closes_at != after.closes_at
    if is_other and after.closes_at is not None and after.closes_at <= now:
        raise TermsError("closes", "expected a day to come")


def check_notice(before: Schedule | None, after: Schedule, now: datetime) -> None:
    """A change of a published campaign leaves time before the names go. What is to go soon anyway may go then, and
    later. Raises TermsError."""
    due_at = after.purge_due_at
    if before is None or due_at is None or due_at >= now + NOTICE:
        return
    if before.purge_due_at is None or due_at < before.purge_due_at:
        expected = f"expected a day at least {NOTICE.days} days from now: the data of the signers would be erased"
        raise TermsError("retention", expected)
