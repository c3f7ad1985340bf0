"""Changing one's own signature: the only way in which a name becomes more visible."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from petitions.signatures.consents import wording_key
from petitions.signatures.locked import Locked
from petitions.signatures.models import Signature
from petitions.signatures.own import Done
from petitions.tokens import Named


@dataclass(frozen=True)
class Said:
    """What a signer says, besides the address and the wording; a form that was found right."""

    name: str | None = field(repr=False)
    country: str
    city: str | None = field(repr=False)
    affiliation: str | None = field(repr=False)
    comment: str | None = field(repr=False)
    answers: dict[str, str] | None = field(repr=False)
    visibility: str
    updates: bool


@dataclass(frozen=True)
class Change:
    """The form of the own page, sent."""

    link: Named
    said: Said
    updates_wording: str  # beside the box, whether it was ticked or not
    arrived_at: datetime

    def apply(self, session: Session, locked: Locked) -> Done:
        """Store it; a consent that was there keeps its wording and time."""
        signature = locked.find(self.link)
        if signature is None:
            return Done.GONE
        values = dict(vars(self.said))
        if not self.said.updates:
            values |= {"updates_key": None, "updates_at": None}
        elif not signature.updates:
            locked.wordings.add(self.updates_wording)
            values |= {"updates_key": wording_key(self.updates_wording), "updates_at": self.arrived_at}
        locked.change(signature, values)
        return Done.DONE


@dataclass(frozen=True)
class Unsubscription:
    """One click that stops mails about the campaign. Its link works whatever became of the others."""

    link: Named

    def apply(self, session: Session, locked: Locked) -> Done:
        this = (Signature.campaign_id == self.link.campaign_id, Signature.id == self.link.row_id)
        session.execute(update(Signature).where(*this).values(updates=False, updates_key=None, updates_at=None))
        return Done.DONE
