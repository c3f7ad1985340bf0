"""The count: what the tally says, and whether it is what the rows say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.signatures.models import Signature, Tally, TallyPart
from petitions.signatures.rollups import DIMENSIONS


@dataclass(frozen=True)
class Recount:
    """A tally held against its rows."""

    slug: str
    tallied: int
    rows: int  # with those that are purged, and go on being counted

    @property
    def drift(self) -> int:
        """Above 0: the page says more than there is."""
        return self.tallied - self.rows


def find_count(session: Session, campaign_id: int) -> int:
    """How many signatures count."""
    return session.scalar(select(Tally.counted).where(Tally.campaign_id == campaign_id)) or 0


@dataclass(frozen=True)
class People:
    """How many people signed. Each of the two has a line of its own: they are never added up."""

    online: int = 0
    paper: int = 0


def find_people(session: Session, campaign_id: int) -> People:
    """How many signatures count, online and on paper."""
    found = session.execute(
        select(Tally.counted, Tally.paper).where(Tally.campaign_id == campaign_id)
    ).one_or_none()
    return People(*found) if found is not None else People()


def find_all_people(session: Session) -> dict[int, People]:
    """The same of every campaign."""
    query = select(Tally.campaign_id, Tally.counted, Tally.paper)
    return {row.campaign_id: People(row.counted, row.paper) for row in session.execute(query)}


def recount(session: Session, campaign_id: int, now: datetime, *, repair: bool) -> Recount:
    """Hold the tally of a campaign against its rows. Without `repair` it only looks: a transaction that reads is
    enough, and nobody waits for it. With `repair`, no row can come or go meanwhile, a wrong tally is set right,
    and the roll-ups begin anew."""
    return _repair(session, campaign_id, now) if repair else _compare(session, campaign_id)


def _compare(session: Session, campaign_id: int) -> Recount:
    # In one statement, and so of one moment: with two, what is confirmed between them would look like drift.
    counted = select(func.count()).where(*_counting(campaign_id)).scalar_subquery()
    found = session.execute(
        select(Campaign.slug, Tally.counted, counted + Tally.purged)
        .join(Campaign, Campaign.id == Tally.campaign_id)
        .where(Tally.campaign_id == campaign_id)
    ).one()
    return Recount(*found)


def _repair(session: Session, campaign_id: int, now: datetime) -> Recount:
    tallied, purged, purging, slug = session.execute(
        select(Tally.counted, Tally.purged, Tally.purging, Campaign.slug)
        .join(Campaign, Campaign.id == Tally.campaign_id)
        .where(Tally.campaign_id == campaign_id)
        .with_for_update(of=Tally)
    ).one()
    counted, last_serial = session.execute(
        select(func.count(), func.coalesce(func.max(Signature.serial), 0)).where(*_counting(campaign_id))
    ).one()
    counted += purged
    result = Recount(slug, tallied, counted)
    values: dict[str, Any] = {"recounted_at": now, "drift": 0}
    if result.drift:
        last = select(Tally.last_serial).where(Tally.campaign_id == campaign_id)
        values |= {"counted": counted, "last_serial": max(last_serial, session.scalar(last) or 0)}
        values |= {"changed_at": now}
        if not purging:  # the rows to roll up again are there
            values |= {"rolled_up_serial": 0}
            shares = (TallyPart.campaign_id == campaign_id, TallyPart.dimension.in_(DIMENSIONS))
            session.execute(delete(TallyPart).where(*shares))
    session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(values))
    return result


def _counting(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Signature.campaign_id == campaign_id, Signature.removed_at.is_(None))
