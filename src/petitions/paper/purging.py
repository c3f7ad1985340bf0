"""What a purge leaves of signatures on paper: their number."""

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from petitions.signatures.models import Tally
from petitions.signatures.paper import PaperBatch, PaperSignature


def erase(session: Session, campaign_id: int, most: int) -> int | None:
    """Erase some of the rows, then what is known of the files; None when nothing is left. The tally goes on saying
    how many there were: it says that the purge began, so nobody holds it against the rows any more."""
    of_campaign = PaperSignature.campaign_id == campaign_id
    query = select(PaperSignature.number).where(of_campaign).order_by(PaperSignature.number).limit(most)
    numbers = session.scalars(query).all()
    if numbers:
        session.execute(delete(PaperSignature).where(of_campaign, PaperSignature.number <= numbers[-1]))
        return 0
    session.execute(delete(PaperBatch).where(PaperBatch.campaign_id == campaign_id))
    session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(paper_keyed=0))
    return None


def is_left(session: Session, campaign_id: int) -> bool:
    """Whether anything of that is there."""
    rows = exists().where(PaperSignature.campaign_id == campaign_id)
    batches = exists().where(PaperBatch.campaign_id == campaign_id)
    return bool(session.scalar(select(rows | batches)))
