"""Which signatures were delivered already."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.delivery.models import Delivery
from petitions.errors import NotPossible
from petitions.lists.gathering import Known
from petitions.lists.serials import Serials


def list_delivered(session: Session, campaign_id: int) -> tuple[tuple[UUID, ...], tuple[int, ...]]:
    """The deliveries of a campaign of which it is known whom they held, and the numbers of the others, which were
    recorded without a list of ours."""
    query = select(Delivery.id, Delivery.number, Delivery.serials.is_not(None).label("is_known"))
    rows = session.execute(query.where(Delivery.campaign_id == campaign_id).order_by(Delivery.number)).all()
    return tuple(row.id for row in rows if row.is_known), tuple(row.number for row in rows if not row.is_known)


def find_known(session: Session, campaign_id: int, delivery_ids: Sequence[UUID]) -> Known:
    """Everybody whom these deliveries held. Raises NotPossible where one is not there, or nobody knows any more
    whom it held: a list without only some of them would send the others twice."""
    known = Known(Serials(), Serials())
    if not delivery_ids:
        return known
    rows = session.execute(
        select(Delivery.id, Delivery.serials, Delivery.paper_numbers)
        .where(Delivery.campaign_id == campaign_id, Delivery.id.in_(delivery_ids))
        .order_by(Delivery.id)
    ).all()
    if {row.id for row in rows} != set(delivery_ids):
        raise NotPossible("a delivery that is to be left out is not there")
    for row in rows:
        if row.serials is None:
            raise NotPossible("nobody knows any more whom a delivery held")
        known.serials.update(Serials.unpack(row.serials))
        known.paper_numbers.update(Serials.unpack(row.paper_numbers))
    return known
