"""Logos: whatever was sent is decoded and made anew as a small picture; nothing of the file itself is kept."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from petitions.db import insert_ignoring
from petitions.i18n import Message
from petitions.organisations.models import Organisation, OrganisationLogo


class InvalidLogo(ValueError):
    """The file is no picture that we take; `problem` says why and what helps."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Logo:
    """A picture that we made."""

    image: bytes = field(repr=False)  # WebP
    width: int  # pixels
    height: int

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that name its content."""
        return hashlib.sha256(self.image).hexdigest()[:32]


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
