"""What was handed over: when, to whom, how, and which signatures. Leads record it; everybody may read it.

Which signatures they were is copied from the list that was made here, serial by serial, for the list itself goes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Campaign
from petitions.delivery.candidates import counts_of, find_list
from petitions.delivery.known import find_on_paper
from petitions.delivery.models import Delivery, Evidence
from petitions.errors import CampaignPurged, DeliveredTooEarly, DeliveredTwice, NotPossible, PageNotFound
from petitions.lists.serials import Serials
from petitions.signatures.models import Tally

HANDED_OVER, MAILED, UPLOADED, OTHER = "handed_over", "mailed", "uploaded", "other"
WAYS = (HANDED_OVER, MAILED, UPLOADED, OTHER)
MAX_RECIPIENT, MAX_NOTE = 200, 900
#: No count that somebody types is larger.
MOST = 1_000_000_000
#: Of a campaign.
MOST_DELIVERIES = 500
#: Somewhere it is still yesterday.
_ANOTHER_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NewDelivery:
    """A delivery as somebody describes it."""

    delivered_on: date
    recipient: str
    way: str  # one of WAYS
    note: str | None = None  # for everybody, where it is shown
    remark: str | None = None  # for leads
    shown: bool = True
    export_id: UUID | None = None  # the list of ours that was delivered; None: what follows was counted by hand
    people: int = 0
    on_paper: int = 0
    organisations: int = 0


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery without the numbers of who was in it, which are long."""

    id: UUID
    number: int
    revision: int
    delivered_on: date
    recipient: str
    way: str
    note: str | None
    remark: str | None
    shown: bool
    export_id: UUID | None
    manifest_sha256: str | None
    cut_off: datetime | None
    people: int
    on_paper: int
    organisations: int
    has_serials: bool  # it is known who was in it
    created_at: datetime
    created_by: str

    @property
    def by_hand(self) -> bool:
        """Whether somebody typed the counts."""
        return self.export_id is None


def record_delivery(
    session: Session, campaign_id: int, delivery_id: UUID, new: NewDelivery, actor: Actor, now: datetime
) -> DeliveryRow:
    """Write a delivery down; the same id again, as when somebody presses a button twice, is one. Raises
    CampaignPurged where it is no longer known who was in the list, DeliveredTwice where they have this list by
    another delivery, DeliveredTooEarly, and NotPossible where the list is not there or there are
    MOST_DELIVERIES."""
    slug, is_erased = _lock(session, campaign_id)
    found = session.get(Delivery, delivery_id)
    if found is not None:
        return get_delivery(session, campaign_id, delivery_id)
    numbers = select(func.coalesce(func.max(Delivery.number), 0), func.count(Delivery.id))
    last, many = session.execute(numbers.where(Delivery.campaign_id == campaign_id)).one()
    if many >= MOST_DELIVERIES:
        raise NotPossible
    delivery = Delivery(
        id=delivery_id,
        campaign_id=campaign_id,
        number=last + 1,
        revision=1,
        created_at=now,
        created_by=actor.name,
    )
    _describe(delivery, new)
    if new.export_id is None:
        _count_by_hand(delivery, new)
    elif is_erased:
        raise CampaignPurged(slug)
    else:
        _check_once(session, delivery, new)
        _copy_list(session, delivery, new.export_id)
    _check_day(delivery)
    session.add(delivery)
    session.flush()
    _record(session, actor, "delivery.recorded", delivery, now)
    return get_delivery(session, campaign_id, delivery_id)


def change_delivery(
    session: Session,
    campaign_id: int,
    delivery_id: UUID,
    revision: int,
    new: NewDelivery,
    actor: Actor,
    now: datetime,
) -> DeliveryRow:
    """Say it otherwise. Another list may be named; without one the counts are those that somebody typed. Raises
    PageNotFound, CampaignPurged, DeliveredTwice, DeliveredTooEarly, and NotPossible where somebody else changed it
    since `revision`, or the list is not there."""
    slug, is_erased = _lock(session, campaign_id)
    delivery = _get(session, campaign_id, delivery_id)
    if delivery.revision != revision:
        raise NotPossible
    is_same_list = new.export_id == delivery.export_id
    _check_once(session, delivery, new)
    _describe(delivery, new)
    if new.export_id is None:
        _count_by_hand(delivery, new)
    elif not is_same_list:
        if is_erased:
            raise CampaignPurged(slug)
        _copy_list(session, delivery, new.export_id)
    _check_day(delivery)
    delivery.revision += 1
    session.flush()
    _record(session, actor, "delivery.changed", delivery, now)
    return get_delivery(session, campaign_id, delivery_id)


def take_back(
    session: Session, campaign_id: int, delivery_id: UUID, revision: int, actor: Actor, now: datetime
) -> None:
    """It never was: it goes with its evidence. The log says what it was. Raises PageNotFound, and NotPossible
    where somebody changed it since `revision`."""
    _lock(session, campaign_id)
    delivery = _get(session, campaign_id, delivery_id)
    if delivery.revision != revision:
        raise NotPossible
    _record(session, actor, "delivery.taken_back", delivery, now)
    session.execute(delete(Evidence).where(Evidence.delivery_id == delivery_id))
    session.delete(delivery)
    session.flush()


def list_deliveries(session: Session, campaign_id: int) -> Sequence[DeliveryRow]:
    """All of a campaign, the newest first."""
    query = _ROWS.where(Delivery.campaign_id == campaign_id)
    rows = session.execute(query.order_by(Delivery.delivered_on.desc(), Delivery.number.desc()))
    return [DeliveryRow(**row) for row in rows.mappings()]


def get_delivery(session: Session, campaign_id: int, delivery_id: UUID) -> DeliveryRow:
    """Raises PageNotFound for one that is not there, or is another campaign's."""
    query = _ROWS.where(Delivery.campaign_id == campaign_id, Delivery.id == delivery_id)
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        raise PageNotFound
    return DeliveryRow(**row)


def find_containing(session: Session, campaign_id: int, serial: int) -> Sequence[DeliveryRow]:
    """The deliveries that held this signature, or its signer's on paper, whether everybody is told of them or not,
    the newest first."""
    held = session.execute(
        select(Delivery.id, Delivery.serials, Delivery.paper_numbers).where(
            Delivery.campaign_id == campaign_id,
            Delivery.serials.is_not(None),
            or_(Delivery.people > 0, Delivery.on_paper > 0),
        )
    ).all()
    on_paper = find_on_paper(session, campaign_id, serial) if held else set()
    ids = {row.id for row in held if _has_any(row.serials, (serial,)) or _has_any(row.paper_numbers, on_paper)}
    return [row for row in list_deliveries(session, campaign_id) if row.id in ids] if ids else []


def _has_any(packed: bytes | None, numbers: Collection[int]) -> bool:
    held = Serials.unpack(packed if numbers else None)
    return any(number in held for number in numbers)


_ROWS = select(
    *(
        getattr(Delivery, name)
        for name in (
            *("id", "number", "revision", "delivered_on", "recipient", "way", "note", "remark", "shown"),
            *("export_id", "manifest_sha256", "cut_off", "people", "on_paper", "organisations"),
            *("created_at", "created_by"),
        )
    ),
    Delivery.serials.is_not(None).label("has_serials"),
)


def _lock(session: Session, campaign_id: int) -> tuple[str, bool]:
    """Lock the tally; the slug, and whether the names are being erased or are gone. Raises NotPossible for a
    campaign that was never published."""
    session.execute(select(Tally.campaign_id).where(Tally.campaign_id == campaign_id).with_for_update())
    row = session.execute(
        select(Campaign.slug, Tally.purging, Campaign.purge_began_at)
        .join(Tally, Tally.campaign_id == Campaign.id)
        .where(Campaign.id == campaign_id)
    ).one_or_none()
    if row is None:
        raise NotPossible
    return row.slug, bool(row.purging) or row.purge_began_at is not None


def _get(session: Session, campaign_id: int, delivery_id: UUID) -> Delivery:
    query = select(Delivery).where(Delivery.campaign_id == campaign_id, Delivery.id == delivery_id)
    delivery = session.scalars(query.with_for_update()).one_or_none()
    if delivery is None:
        raise PageNotFound
    return delivery


def _check_once(session: Session, delivery: Delivery, new: NewDelivery) -> None:
    """One list may go to several, and to each of them once: else its people stand twice on the page. Raises
    DeliveredTwice."""
    if new.export_id is None:
        return
    others = select(Delivery.recipient).where(
        Delivery.campaign_id == delivery.campaign_id,
        Delivery.export_id == new.export_id,
        Delivery.id != delivery.id,
    )
    if _same(new.recipient) in map(_same, session.scalars(others)):
        raise DeliveredTwice


def _check_day(delivery: Delivery) -> None:
    """Nobody hands over what is not made yet. Raises DeliveredTooEarly."""
    if delivery.cut_off is not None and delivery.cut_off.date() > delivery.delivered_on + _ANOTHER_DAY:
        raise DeliveredTooEarly(delivery.cut_off)


def _same(recipient: str) -> str:
    return " ".join(recipient.split()).casefold()


def _describe(delivery: Delivery, new: NewDelivery) -> None:
    delivery.delivered_on, delivery.recipient, delivery.way = new.delivered_on, new.recipient, new.way
    delivery.note, delivery.remark, delivery.shown = new.note or None, new.remark or None, new.shown
    delivery.export_id = new.export_id


def _count_by_hand(delivery: Delivery, new: NewDelivery) -> None:
    delivery.people, delivery.on_paper, delivery.organisations = new.people, new.on_paper, new.organisations
    delivery.serials = delivery.paper_numbers = delivery.manifest_sha256 = delivery.cut_off = None


def _copy_list(session: Session, delivery: Delivery, export_id: UUID) -> None:
    """Raises NotPossible."""
    job = find_list(session, delivery.campaign_id, export_id)
    if job is None:
        raise NotPossible
    for name, value in counts_of(job.result).items():
        setattr(delivery, name, value)
    delivery.cut_off, delivery.serials, delivery.paper_numbers = job.cut_off, job.serials, job.paper_numbers


def _record(session: Session, actor: Actor, action: str, delivery: Delivery, now: datetime) -> None:
    details: dict[str, Any] = {
        "delivery": delivery.number,
        "delivered_on": delivery.delivered_on.isoformat(),
        "people": delivery.people,
    }
    if delivery.manifest_sha256 is not None:
        details["sha256"] = delivery.manifest_sha256
    record(session, actor, action, now, delivery.campaign_id, **details)
