"""Whether the tally of the signatures on paper is what the rows say."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.signatures.models import Tally
from petitions.signatures.paper import COUNTED, PaperSignature


def recount(session: Session, campaign_id: int, *, repair: bool) -> int:
    """Hold the tally against the rows: by how many it is wrong, or else those of them with an address; above 0
    it says more than there are. Without `repair` it only looks, and nobody waits for it; with it, a wrong tally is
    set right. Once a purge began there is nothing to hold it against: the number stays and the rows go."""
    if repair:
        session.execute(select(Tally.paper).where(Tally.campaign_id == campaign_id).with_for_update())
    counted = (PaperSignature.campaign_id == campaign_id, PaperSignature.state == COUNTED)
    rows = select(func.count()).where(*counted).scalar_subquery()
    keyed = select(func.count(PaperSignature.email_key)).where(*counted).scalar_subquery()
    last = select(func.max(PaperSignature.number)).where(PaperSignature.campaign_id == campaign_id)
    # In one statement, and so of one moment: with two, what comes in between them would look like drift.
    found = session.execute(
        select(Tally.paper - rows, Tally.paper_keyed - keyed, last.scalar_subquery()).where(
            Tally.campaign_id == campaign_id, Tally.purging.is_(False)
        )
    ).one_or_none()
    if found is None:
        return 0
    too_many, too_many_keyed, last_number = int(found[0]), int(found[1]), found[2] or 0
    if repair and (too_many or too_many_keyed):
        tally = session.get_one(Tally, campaign_id, populate_existing=True)
        tally.paper -= too_many
        tally.paper_keyed -= too_many_keyed
        tally.last_paper_number = max(tally.last_paper_number, last_number)
        session.flush()
    return too_many or too_many_keyed
