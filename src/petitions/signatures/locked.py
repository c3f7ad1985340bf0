"""The signatures of a batch of actions: locked with one query, written with a few.

One query for each of them cost more than all the rest of a change.
"""

from collections import Counter
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, select, update
from sqlalchemy.orm import Session

from petitions.signatures.models import COMMENT_APPROVED, COMMENT_UNREAD, Signature
from petitions.signatures.rollups import add_to_parts, parts_of
from petitions.signatures.words import WordChanges, places_of
from petitions.tokens import Named

#: What a signer can change.
_CHANGED = (
    *("name", "country", "city", "affiliation", "comment", "answers", "visibility"),
    *("updates", "updates_key", "updates_at", "comment_state"),
)

# Built once, over the tables and not their classes: see drafting.py.
_signatures = cast("Table", Signature.__table__)
_LOCKED = (
    select(_signatures)
    .where(
        _signatures.c.campaign_id == bindparam("campaign"), _signatures.c.id.in_(bindparam("ids", expanding=True))
    )
    .order_by(_signatures.c.id)
    .with_for_update()
)
_UPDATE = (
    update(_signatures)
    .where(_signatures.c.campaign_id == bindparam("this_campaign"), _signatures.c.id == bindparam("this_id"))
    .values({name: bindparam(name) for name in _CHANGED})
)


class Locked:
    """Signatures of one campaign whose tally is locked, each of them once. `write` stores what became of them."""

    def __init__(self, session: Session, campaign_id: int, rolled_up: int, ids: Iterable[UUID]) -> None:
        self.campaign_id = campaign_id
        self.rolled_up = rolled_up  # the last serial in the roll-ups
        self.wordings: set[str] = set()  # of consents that were given
        self._session = session
        rows = session.connection().execute(_LOCKED, {"campaign": campaign_id, "ids": list(ids)})
        self._signatures = {row.id: row for row in rows}
        self._updates: list[dict[str, Any]] = []
        self._words = WordChanges(campaign_id)
        self._moved: Counter[tuple[str, str]] = Counter()

    def find(self, link: Named) -> Row[Any] | None:
        """The signature of a link, if the link works."""
        row = self._signatures.get(link.row_id)
        return row if row is not None and row.link_epoch == link.epoch else None

    def change(self, signature: Row[Any], values: dict[str, Any]) -> None:
        """Write new values, and keep the search and the roll-ups what the row says."""
        before = {name: getattr(signature, name) for name in _CHANGED}
        after = before | values
        if before["comment_state"] == COMMENT_APPROVED and after["comment"] != before["comment"]:
            after["comment_state"] = COMMENT_UNREAD  # what was hidden stays so, whatever it says now
        self._updates.append({**after, "this_campaign": self.campaign_id, "this_id": signature.id})
        hidden = signature.name_hidden
        places_before = places_of(signature.visibility, signature.name, hidden=hidden)
        places_after = places_of(after["visibility"], after["name"], hidden=hidden)
        self._words.drop(signature.serial, places_before - places_after)
        self._words.add(signature.serial, places_after - places_before)
        if signature.removed_at is None and signature.serial <= self.rolled_up:
            self._moved.subtract(parts_of(signature))
            self._moved.update(parts_of(SimpleNamespace(**{**signature._mapping, **after})))  # noqa: SLF001 - public

    def write(self) -> None:
        """Store what was changed."""
        if self._updates:
            self._session.connection().execute(_UPDATE, self._updates)
        self._words.write(self._session)
        add_to_parts(self._session, self.campaign_id, {part: by for part, by in self._moved.items() if by})
