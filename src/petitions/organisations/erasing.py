"""An organisation is gone: its row, its contact and its pictures."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from petitions.organisations import counting
from petitions.organisations.logos import drop_logo
from petitions.organisations.models import Organisation, OrganisationTally


def erase(session: Session, tally: OrganisationTally, organisation: Organisation) -> None:
    """Delete it with its logos; it counts no more. Under the lock."""
    counting.unshow(tally, organisation, organisation.state)
    logos = {organisation.logo, (organisation.proposed or {}).get("logo")}
    session.execute(
        delete(Organisation).where(
            Organisation.campaign_id == organisation.campaign_id, Organisation.id == organisation.id
        )
    )
    for digest in logos:
        drop_logo(session, organisation.campaign_id, digest)
