"""What everybody may know of the deliveries of a campaign."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.delivery.models import Delivery, Evidence


@dataclass(frozen=True)
class ShownPicture:
    """An image of a delivery."""

    id: UUID
    digest: str
    description: str
    width: int  # pixels
    height: int


@dataclass(frozen=True)
class ShownDelivery:
    """One that is shown."""

    id: UUID
    delivered_on: date
    recipient: str
    way: str  # one of WAYS in deliveries.py
    people: int
    on_paper: int
    organisations: int
    by_hand: bool  # the campaign counted them itself
    note: str | None
    pictures: tuple[ShownPicture, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """The deliveries that are shown, the newest first."""

    deliveries: tuple[ShownDelivery, ...] = ()


NOTHING = Timeline()


def find_timeline(session: Session, campaign_id: int) -> Timeline:
    """One query where nothing is shown, two otherwise."""
    of_campaign = (Delivery.campaign_id == campaign_id, Delivery.shown.is_(True))
    query = (
        select(
            Delivery.id,
            Delivery.delivered_on,
            Delivery.recipient,
            Delivery.way,
            Delivery.people,
            Delivery.on_paper,
            Delivery.organisations,
            Delivery.export_id.is_(None).label("by_hand"),
            Delivery.note,
        )
        .where(*of_campaign)
        .order_by(Delivery.delivered_on.desc(), Delivery.number.desc())
    )
    rows = session.execute(query).mappings().all()
    if not rows:
        return NOTHING
    pictures = _find_pictures(session, campaign_id)
    return Timeline(tuple(ShownDelivery(**row, pictures=pictures.get(row["id"], ())) for row in rows))


def _find_pictures(session: Session, campaign_id: int) -> dict[UUID, tuple[ShownPicture, ...]]:
    """By delivery, in the order in which they came."""
    columns = ("id", "digest", "description", "width", "height")
    query = (
        select(Evidence.delivery_id, *(getattr(Evidence, name) for name in columns))
        .where(Evidence.campaign_id == campaign_id, Evidence.shown.is_(True))
        .order_by(Evidence.created_at, Evidence.id)
    )
    found: dict[UUID, tuple[ShownPicture, ...]] = {}
    for row in session.execute(query):
        picture = ShownPicture(row.id, row.digest, row.description or "", row.width or 0, row.height or 0)
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), picture)
    return found
