"""Hiding a name or a comment: whoever signed goes on being counted.

With a name goes everything that stands beside it, and it leaves the search of the site. What a signer changes
later stays hidden.
"""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, update
from sqlalchemy.orm import Session

from petitions.signatures.models import Signature
from petitions.signatures.words import WordChanges, places_of

_signatures = cast("Table", Signature.__table__)
_c = _signatures.c


def set_name_hidden(
    session: Session, campaign_id: int, ids: Sequence[UUID], *, hidden: bool
) -> Sequence[Row[Any]]:
    """Hide these names, or show them again, while the tally is locked. The rows that changed."""
    rows: Sequence[Row[Any]] = session.execute(
        update(_signatures)
        .where(_c.campaign_id == campaign_id, _c.id.in_(ids), _c.name_hidden.is_not(hidden))
        .values(name_hidden=hidden, moderated=_c.moderated + 1)
        .returning(*_c)
    ).all()
    words = WordChanges(campaign_id)
    for row in rows:
        before = places_of(row.visibility, row.name, hidden=not hidden)
        after = places_of(row.visibility, row.name, hidden=hidden)
        words.drop(row.serial, before - after)
        words.add(row.serial, after - before)
    words.write(session)
    return rows


def set_comment_state(session: Session, campaign_id: int, ids: Sequence[UUID], state: int) -> Sequence[Row[Any]]:
    """What is said of these comments from now on, COMMENT_HIDDEN for example, while the tally is locked. The rows
    that changed."""
    rows: Sequence[Row[Any]] = session.execute(
        update(_signatures)
        .where(_c.campaign_id == campaign_id, _c.id.in_(ids), _c.comment_state != state)
        .values(comment_state=state, moderated=_c.moderated + 1)
        .returning(*_c)
    ).all()
    return rows
