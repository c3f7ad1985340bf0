"""Which signatures were delivered already.

Whoever stood on paper in a delivery and is known to stand elsewhere too since, online or on another sheet, was
delivered all the same: they are followed to the row that counts now.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from petitions.delivery.models import Delivery
from petitions.errors import NotPossible
from petitions.lists.gathering import Known
from petitions.lists.serials import Serials
from petitions.signatures.paper import ONLINE, TWICE, PaperSignature


def list_delivered(session: Session, campaign_id: int) -> tuple[tuple[UUID, ...], tuple[int, ...]]:
    """The deliveries of a campaign of which it is known whom they held, and the numbers of the others, which were
    recorded without a list of ours."""
    query = select(Delivery.id, Delivery.number, Delivery.serials.is_not(None).label("is_known"))
    rows = session.execute(query.where(Delivery.campaign_id == campaign_id).order_by(Delivery.number)).all()
    return tuple(row.id for row in rows if row.is_known), tuple(row.number for row in rows if not row.is_known)


def find_known(session: Session, campaign_id: int, delivery_ids: Sequence[UUID]) -> Known:
    """Everybody whom these deliveries held, also where they count elsewhere by now. Raises NotPossible where
    one is not there, or nobody knows any more whom it held: a list without only some of them would send the others
    twice."""
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
    if known.paper_numbers.bits:
        _follow(session, campaign_id, known)
    return known


def find_on_paper(session: Session, campaign_id: int, serial: int) -> set[int]:
    """The numbers of the rows on paper that are this person's, who signed online."""
    is_first = and_(PaperSignature.state == ONLINE, PaperSignature.like_serial == serial)
    found: set[int] = set()
    latest = set(session.scalars(_numbers(campaign_id, is_first)))
    while latest:
        found |= latest
        repeats = and_(PaperSignature.state == TWICE, PaperSignature.like_number.in_(sorted(latest)))
        latest = set(session.scalars(_numbers(campaign_id, repeats))) - found
    return found


def _numbers(campaign_id: int, which: ColumnElement[bool]) -> Select[int]:
    return select(PaperSignature.number).where(PaperSignature.campaign_id == campaign_id, which)


def _follow(session: Session, campaign_id: int, known: Known) -> None:
    """Add whom those on paper turned out to be."""
    query = select(PaperSignature.number, PaperSignature.like_number, PaperSignature.like_serial).where(
        PaperSignature.campaign_id == campaign_id,
        or_(
            and_(PaperSignature.state == ONLINE, PaperSignature.like_serial.is_not(None)),
            and_(PaperSignature.state == TWICE, PaperSignature.like_number.is_not(None)),
        ),
    )
    likes = {row.number: (row.like_number, row.like_serial) for row in session.execute(query)}
    latest = [number for number in likes if number in known.paper_numbers]
    while latest:
        number = latest.pop()
        like_number, like_serial = likes.get(number, (None, None))
        if like_serial is not None:
            known.serials.add_all((like_serial,))
        elif like_number is not None and like_number not in known.paper_numbers:
            known.paper_numbers.add_all((like_number,))
            latest.append(like_number)
