"""Shares of the count, kept up by the worker so that no page has to count.

A signature is in one share of each dimension. Times are in UTC: an hour is written like 2026-11-23T14.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.db import Database, adding
from petitions.signatures.models import Signature, Tally, TallyPart

#: Rows of one transaction: the tally is locked meanwhile, so it must stay short.
_STEP = 2_000
#: What `parts_of` gives of each signature; "drafted" is the day on which its form was sent.
DIMENSIONS = ("country", "visibility", "language", "day", "hour", "drafted")
#: The dimension of those that moderators removed, by their reason; they are in none of the others.
REMOVED_PART = "removed"

Part = tuple[str, str]

_PARTS_COLUMNS = (
    *(Signature.country, Signature.visibility, Signature.language),
    *(Signature.confirmed_at, Signature.drafted_at),
)


def roll_up(database: Database, now: datetime) -> None:
    """Bring the roll-ups of every campaign up to its last signature."""
    with database.reading() as session:
        behind = session.scalars(select(Tally.campaign_id).where(Tally.rolled_up_serial < Tally.last_serial)).all()
    for campaign_id in behind:
        while True:
            with database.writing() as session:
                if not roll_up_step(session, campaign_id):
                    break


def parts_of(signature: Any) -> tuple[Part, ...]:
    """The shares that a signature, or a row with its columns, is counted in."""
    confirmed_at = signature.confirmed_at.isoformat()
    return (
        ("country", signature.country),
        ("visibility", signature.visibility),
        ("language", signature.language),
        ("day", confirmed_at[:10]),
        ("hour", confirmed_at[:13]),
        ("drafted", signature.drafted_at.isoformat()[:10]),
    )


def roll_up_step(session: Session, campaign_id: int) -> bool:
    """Take the next serials into the roll-ups; whether any were left to take."""
    through, last = session.execute(
        select(Tally.rolled_up_serial, Tally.last_serial).where(Tally.campaign_id == campaign_id).with_for_update()
    ).one()
    if through >= last:
        return False
    upto = min(through + _STEP, last)
    rows = session.execute(
        select(*_PARTS_COLUMNS).where(
            Signature.campaign_id == campaign_id,
            Signature.serial > through,
            Signature.serial <= upto,
            Signature.removed_at.is_(None),
        )
    )
    parts: Counter[Part] = Counter()
    for row in rows:
        parts.update(parts_of(row))
    add_to_parts(session, campaign_id, parts)
    session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(rolled_up_serial=upto))
    return True


def add_to_parts(session: Session, campaign_id: int, parts: Mapping[Part, int]) -> None:
    """Add to shares, by dimension and value, while the tally is locked; what leaves one is below 0."""
    rows = [
        {"campaign_id": campaign_id, "dimension": dimension, "value": value, "counted": counted}
        for (dimension, value), counted in sorted(parts.items())
    ]
    if rows:
        session.connection().execute(adding(session, TallyPart, "counted"), rows)


def find_parts(session: Session, campaign_id: int, dimension: str) -> list[tuple[str, int]]:
    """The shares of one of DIMENSIONS, the largest first."""
    query = (
        select(TallyPart.value, TallyPart.counted)
        .where(TallyPart.campaign_id == campaign_id, TallyPart.dimension == dimension, TallyPart.counted > 0)
        .order_by(TallyPart.counted.desc(), TallyPart.value)
    )
    return [(value, counted) for value, counted in session.execute(query)]
