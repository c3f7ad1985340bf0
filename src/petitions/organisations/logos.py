"""Logos in the store: every picture is one row of a campaign, as long as somebody shows or proposes it."""

from datetime import datetime

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from petitions.db import insert_ignoring
from petitions.organisations.models import APPROVED, Organisation, OrganisationLogo
from petitions.organisations.pictures import InvalidLogo as InvalidLogo
from petitions.organisations.pictures import Logo as Logo
from petitions.organisations.pictures import read_logo as read_logo
from petitions.organisations.sealing import seal_logo as seal_logo
from petitions.organisations.sealing import unseal_logo as unseal_logo


def keep_logo(session: Session, campaign_id: int, logo: Logo, now: datetime) -> None:
    """Store it; the same one again is one row."""
    row = {
        "campaign_id": campaign_id,
        "digest": logo.digest,
        "width": logo.width,
        "height": logo.height,
        "created_at": now,
        "image": logo.image,
    }
    session.connection().execute(insert_ignoring(session, OrganisationLogo), [row])


def find_logo(session: Session, campaign_id: int, digest: str) -> bytes | None:
    """The picture of this name, whoever has it: the caller knows that the reader may see it."""
    row = (OrganisationLogo.campaign_id == campaign_id, OrganisationLogo.digest == digest)
    return session.scalar(select(OrganisationLogo.image).where(*row))


def find_shown_logo(session: Session, campaign_id: int, digest: str) -> bytes | None:
    """The picture of this name, if an organisation that everybody sees has it: asking to co-sign alone puts no
    picture on this site."""
    shown = exists().where(
        Organisation.campaign_id == campaign_id, Organisation.state == APPROVED, Organisation.logo == digest
    )
    row = (OrganisationLogo.campaign_id == campaign_id, OrganisationLogo.digest == digest)
    return session.scalar(select(OrganisationLogo.image).where(*row, shown))


def drop_logo(session: Session, campaign_id: int, digest: str | None) -> None:
    """Delete it, unless an organisation has it or proposes it; under the lock of the tally, after the row says
    what it shall say."""
    if digest is None:
        return
    session.flush()
    proposing = Organisation.proposed["logo"].as_string() == digest
    used = select(Organisation.id).where(
        Organisation.campaign_id == campaign_id, or_(Organisation.logo == digest, proposing)
    )
    if session.scalar(used.limit(1)) is None:
        session.execute(
            delete(OrganisationLogo).where(
                OrganisationLogo.campaign_id == campaign_id, OrganisationLogo.digest == digest
            )
        )
