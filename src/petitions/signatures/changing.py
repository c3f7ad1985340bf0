"""Changing one's own signature: the only way in which a name becomes more visible."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Table, delete, update
from sqlalchemy.orm import Session

from petitions.db import insert_ignoring
from petitions.signatures.consents import wording_key
from petitions.signatures.models import Signature, SignatureWord
from petitions.signatures.names import folded_words
from petitions.signatures.own import Done, Locked, lock_signature
from petitions.signatures.rollups import add_to_parts
from petitions.tokens import Named

# Over the tables and not their classes: the ORM around a row cost as much as the rest of a change.
_signatures, _words = cast("Table", Signature.__table__), cast("Table", SignatureWord.__table__)


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
        signature = lock_signature(session, self.link)
        if signature is None:
            return Done.GONE
        values = dict(vars(self.said))
        if not self.said.updates:
            values |= {"updates_key": None, "updates_at": None}
        elif not signature.updates:
            locked.wordings.add(self.updates_wording)
            values |= {"updates_key": wording_key(self.updates_wording), "updates_at": self.arrived_at}
        _store(session, signature, values, locked.rolled_up)
        return Done.DONE


@dataclass(frozen=True)
class Unsubscription:
    """One click that stops mails about the campaign. Its link works whatever became of the others."""

    link: Named

    def apply(self, session: Session, locked: Locked) -> Done:
        this = (Signature.campaign_id == self.link.campaign_id, Signature.id == self.link.row_id)
        session.execute(update(Signature).where(*this).values(updates=False, updates_key=None, updates_at=None))
        return Done.DONE


def _store(session: Session, signature: Row[Any], values: dict[str, object], rolled_up: int) -> None:
    """Write new values, and keep the search and the roll-ups what the row says."""
    words_before = _shown_words(signature.visibility, signature.name)
    shares_before = {"country": signature.country, "visibility": signature.visibility}
    this = (_signatures.c.campaign_id == signature.campaign_id, _signatures.c.id == signature.id)
    session.connection().execute(update(_signatures).where(*this).values(**values))
    shares = {name: str(values.get(name, before)) for name, before in shares_before.items()}
    name = values.get("name", signature.name)
    words = _shown_words(shares["visibility"], str(name) if name else None)
    place = {"campaign_id": signature.campaign_id, "serial": signature.serial}
    if gone := words_before - words:
        drop_words(session, signature.campaign_id, signature.serial, gone)
    if new := words - words_before:
        session.connection().execute(
            insert_ignoring(session, SignatureWord), [{**place, "word": word} for word in sorted(new)]
        )
    if signature.removed_at is None and signature.serial <= rolled_up:
        for dimension, before in shares_before.items():
            if shares[dimension] != before:
                moved = {(dimension, before): -1, (dimension, shares[dimension]): 1}
                add_to_parts(session, signature.campaign_id, moved)


def _shown_words(visibility: str, name: str | None) -> set[str]:
    return set(folded_words(name)) if visibility == "public" and name else set()


def drop_words(session: Session, campaign_id: int, serial: int, words: Collection[str]) -> None:
    """Take a name out of the search."""
    these = (_words.c.campaign_id == campaign_id, _words.c.word.in_(sorted(words)), _words.c.serial == serial)
    session.connection().execute(delete(_words).where(*these))
