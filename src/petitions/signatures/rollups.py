"""Shares of the count by country and by visibility, kept up by the worker so that no page has to count."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from petitions.db import Database, insert_for
from petitions.signatures.models import Signature, Tally, TallyPart

#: Rows of one transaction: the tally is locked meanwhile, so it must stay short.
_STEP = 5_000
DIMENSIONS = ("country", "visibility")


def roll_up(database: Database, now: datetime) -> None:
    """Bring the roll-ups of every campaign up to its last signature."""
    with database.reading() as session:
        behind = session.scalars(select(Tally.campaign_id).where(Tally.rolled_up_serial < Tally.last_serial)).all()
    for campaign_id in behind:
        while True:
            with database.writing() as session:
                if not roll_up_step(session, campaign_id):
                    break


def roll_up_step(session: Session, campaign_id: int) -> bool:
    """Take the next serials into the roll-ups; whether any were left to take."""
    through, last = session.execute(
        select(Tally.rolled_up_serial, Tally.last_serial).where(Tally.campaign_id == campaign_id).with_for_update()
    ).one()
    if through >= last:
        return False
    upto = min(through + _STEP, last)
    query = (
        select(Signature.country, Signature.visibility, func.count())
        .where(
            Signature.campaign_id == campaign_id,
            Signature.serial > through,
            Signature.serial <= upto,
            Signature.removed_at.is_(None),
        )
        .group_by(Signature.country, Signature.visibility)
    )
    parts: Counter[tuple[str, str]] = Counter()
    for country, visibility, counted in session.execute(query):
        parts["country", country] += counted
        parts["visibility", visibility] += counted
    add_to_parts(session, campaign_id, parts)
    session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(rolled_up_serial=upto))
    return True


def add_to_parts(session: Session, campaign_id: int, parts: Mapping[tuple[str, str], int]) -> None:
    """Add to shares, by dimension and value, while the tally is locked; what leaves one is below 0."""
    rows = [
        {"campaign_id": campaign_id, "dimension": dimension, "value": value, "counted": counted}
        for (dimension, value), counted in sorted(parts.items())
    ]
    if rows:
        statement = insert_for(session, TallyPart)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["campaign_id", "dimension", "value"],
                set_={"counted": TallyPart.counted + statement.excluded.counted},
            ),
            rows,
        )


def find_parts(session: Session, campaign_id: int, dimension: str) -> list[tuple[str, int]]:
    """The shares of one of DIMENSIONS, the largest first."""
    query = (
        select(TallyPart.value, TallyPart.counted)
        .where(TallyPart.campaign_id == campaign_id, TallyPart.dimension == dimension, TallyPart.counted > 0)
        .order_by(TallyPart.counted.desc(), TallyPart.value)
    )
    return [(value, counted) for value, counted in session.execute(query)]
