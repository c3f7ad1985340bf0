"""The signatures of a batch of actions: locked with one query, written with a few.

One query for each of them cost more than all the rest of a change.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from petitions.db import insert_ignoring
from petitions.signatures.models import Signature, SignatureWord
from petitions.signatures.names import folded_words
from petitions.signatures.rollups import add_to_parts
from petitions.tokens import Named

#: What a signer can change.
_CHANGED = (
    *("name", "country", "city", "affiliation", "comment", "answers", "visibility"),
    *("updates", "updates_key", "updates_at"),
)

# Built once, over the tables and not their classes: see drafting.py.
_signatures, _words = cast("Table", Signature.__table__), cast("Table", SignatureWord.__table__)
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
_DROP_WORD = delete(_words).where(
    _words.c.campaign_id == bindparam("campaign_id"),
    _words.c.word == bindparam("word"),
    _words.c.serial == bindparam("serial"),
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
        self._words_gone: list[dict[str, Any]] = []
        self._words_new: list[dict[str, Any]] = []
        self._moved: Counter[tuple[str, str]] = Counter()

    def find(self, link: Named) -> Row[Any] | None:
        """The signature of a link, if the link works."""
        row = self._signatures.get(link.row_id)
        return row if row is not None and row.link_epoch == link.epoch else None

    def change(self, signature: Row[Any], values: dict[str, Any]) -> None:
        """Write new values, and keep the search and the roll-ups what the row says."""
        before = {name: getattr(signature, name) for name in _CHANGED}
        after = before | values
        self._updates.append({**after, "this_campaign": self.campaign_id, "this_id": signature.id})
        words_before = _shown_words(signature.visibility, signature.name)
        words_after = _shown_words(after["visibility"], after["name"])
        self._words_gone += self._places(signature, words_before - words_after)
        self._words_new += self._places(signature, words_after - words_before)
        if signature.removed_at is None and signature.serial <= self.rolled_up:
            for dimension in ("country", "visibility"):
                self._moved[dimension, before[dimension]] -= 1
                self._moved[dimension, after[dimension]] += 1

    def write(self) -> None:
        """Store what was changed."""
        connection = self._session.connection()
        for statement, rows in (
            (_UPDATE, self._updates),
            (_DROP_WORD, self._words_gone),
            (insert_ignoring(self._session, SignatureWord), self._words_new),
        ):
            if rows:
                connection.execute(statement, rows)
        add_to_parts(self._session, self.campaign_id, {part: by for part, by in self._moved.items() if by})

    def _places(self, signature: Row[Any], words: Collection[str]) -> list[dict[str, Any]]:
        return [
            {"campaign_id": self.campaign_id, "word": word, "serial": signature.serial} for word in sorted(words)
        ]


def _shown_words(visibility: str, name: str | None) -> set[str]:
    return set(folded_words(name)) if visibility == "public" and name else set()


def drop_words(session: Session, campaign_id: int, serial: int, words: Collection[str]) -> None:
    """Take a name out of the search."""
    these = (_words.c.campaign_id == campaign_id, _words.c.word.in_(sorted(words)), _words.c.serial == serial)
    session.connection().execute(delete(_words).where(*these))
