"""The tally of a campaign as the lock under which rows on paper come, change and go."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.errors import CampaignPurged, NotPossible
from petitions.signatures.models import Tally
from petitions.signatures.paper import COUNTED, PaperSignature


def lock(session: Session, campaign_id: int) -> Tally:
    """The tally, locked until the end of the transaction. Raises CampaignPurged where the data go or are gone, and
    NotPossible for a campaign that was never published."""
    query = select(Tally).where(Tally.campaign_id == campaign_id).with_for_update()
    tally = session.scalar(query.execution_options(populate_existing=True))
    if tally is None:
        raise NotPossible
    if tally.purging:
        raise CampaignPurged(session.get_one(Campaign, campaign_id).slug)
    return tally


def set_state(
    tally: Tally, row: PaperSignature, state: str, *, serial: int | None = None, number: int | None = None
) -> None:
    """Let a row be in a state, like somebody or nobody, and the tally what the rows say."""
    leave(tally, row)
    row.state, row.like_serial, row.like_number = state, serial, number
    enter(tally, row)


def enter(tally: Tally, row: PaperSignature) -> None:
    """A row comes."""
    if row.state == COUNTED:
        tally.paper += 1
        tally.paper_keyed += row.email_key is not None


def leave(tally: Tally, row: PaperSignature) -> None:
    """A row goes."""
    if row.state == COUNTED:
        tally.paper -= 1
        tally.paper_keyed -= row.email_key is not None
