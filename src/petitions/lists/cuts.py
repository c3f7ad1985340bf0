"""Where a list ends: one moment, and the last numbers that were given until then."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.signatures.models import Signature, Tally
from petitions.signatures.paper import PaperSignature


@dataclass(frozen=True)
class Cut:
    """Whatever has a higher number came later. What is withdrawn or removed after the moment is in no list that is
    made after it, though."""

    moment: datetime  # whole seconds
    through_serial: int
    through_number: int  # of signatures on paper

    @property
    def ends_at(self) -> datetime:
        """The end of its second: whatever has no numbers was decided before."""
        return self.moment + timedelta(seconds=1)


def cut_now(session: Session, campaign_id: int, now: datetime) -> Cut:
    """Everything that is confirmed by now."""
    tally = session.get(Tally, campaign_id, populate_existing=True)
    moment = now.replace(microsecond=0)
    if tally is None:
        return Cut(moment, 0, 0)
    return Cut(moment, tally.last_serial, tally.last_paper_number)


def cut_at(session: Session, campaign_id: int, moment: datetime) -> Cut:
    """Everything that was confirmed until a moment that is past; parts of a second do not count."""
    moment = moment.replace(microsecond=0)
    serial = select(func.max(Signature.serial)).where(
        Signature.campaign_id == campaign_id, Signature.confirmed_at <= moment
    )
    number = select(func.max(PaperSignature.number)).where(
        PaperSignature.campaign_id == campaign_id, PaperSignature.entered_at <= moment
    )
    return Cut(moment, session.scalar(serial) or 0, session.scalar(number) or 0)
