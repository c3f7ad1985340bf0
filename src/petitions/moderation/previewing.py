"""What a bulk removal would be about, before it begins: how many signatures, and a look at some of them.

Both look at a bounded number of rows at a time, so that others can read in between.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from petitions.moderation.conditions import Conditions
from petitions.moderation.searching import Way, find_page, find_way, look
from petitions.signatures.models import Signature, Tally

#: Rows of one read.
_READ = 4_000
#: Signatures that are shown; from so many places between the first and the last.
SAMPLE, _PLACES = 20, 4


def to_remove(conditions: Conditions) -> Conditions:
    """The same, of those that count: nothing else can be removed."""
    return replace(conditions, state="counted") if conditions.state is None else conditions


def find_last_serial(session: Session, campaign_id: int) -> int:
    """The serial up to which a preview looks: nobody who signs afterwards is removed without having been in it."""
    return session.scalar(select(Tally.last_serial).where(Tally.campaign_id == campaign_id)) or 0


class Count:
    """How many signatures conditions mean, counted in as many reads as that takes."""

    def __init__(self, campaign_id: int, conditions: Conditions, upto: int) -> None:
        self._campaign_id, self._conditions = campaign_id, conditions
        self._upto = upto
        self._way: Way | None = None
        self.counted = 0  # so far
        self.is_complete = False

    @property
    def is_new(self) -> bool:
        """Whether nothing was read yet."""
        return self._way is None

    def read(self, session: Session) -> None:
        """Look at the next rows."""
        way = self._way or find_way(session, self._campaign_id, self._conditions, self._upto)
        seen = look(session, self._campaign_id, self._conditions, way, _READ)
        self.counted += self._count_counting(session, [signature_id for _serial, signature_id in seen.found])
        self.is_complete = seen.through is None
        self._way = replace(way, start=(seen.through or way.end) + 1)

    def _count_counting(self, session: Session, ids: Sequence[UUID]) -> int:
        if not ids or self._conditions.state in ("counted", "unread"):
            return len(ids)
        these = (Signature.campaign_id == self._campaign_id, Signature.id.in_(ids), Signature.removed_at.is_(None))
        return session.scalar(select(func.count()).where(*these)) or 0


def sample(session: Session, campaign_id: int, conditions: Conditions, upto: int) -> Sequence[Row[Any]]:
    """Some of them as a moderator sees them, the newest first: all where there are few, else some from early,
    middle and late. May be fewer where they are far between."""
    found: dict[int, Row[Any]] = {}
    shown: set[int] = set()
    for place in range(_PLACES, 0, -1):
        page = find_page(session, campaign_id, conditions, upto * place // _PLACES + 1)
        counting = [row for row in page.rows if row.removed_at is None]
        found |= {row.serial: row for row in counting}
        if place == _PLACES and page.next_key is None:
            shown = set(sorted(found)[:: max(1, -(-len(found) // SAMPLE))])
            break
        shown |= {row.serial for row in counting[: SAMPLE // _PLACES]}
    left = [serial for serial in sorted(found, reverse=True) if serial not in shown]
    shown |= set(left[: SAMPLE - len(shown)])
    return [found[serial] for serial in sorted(shown, reverse=True)]
