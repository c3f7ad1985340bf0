"""Alerts: what trends is written down once a day, and those who moderate the campaign are told by mail."""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from petitions.accounts.models import Membership, User
from petitions.accounts.roles import MAY, Permission, Role
from petitions.addresses import make_email_key
from petitions.campaigns.queries import list_snapshots
from petitions.db import Database, Fact, insert_for, insert_ignoring
from petitions.mail import outbox
from petitions.mail.models import Outbox
from petitions.mail.outbox import NewMail
from petitions.watching.models import Alert

#: What an alert is about.
NETWORK, DOMAIN, WORDING, DRIFT = "network", "domain", "wording", "drift"
#: Of the mails that tell of it.
ALERT = "alert"
#: Somebody gets a mail about a campaign at most so often, and none about what is older than so much.
EVERY, NEWS = timedelta(hours=1), timedelta(days=1)
KEPT = timedelta(days=90)
#: Who is told; of a count that is wrong the owners alone.
_TOLD = frozenset(role for role in Role if Permission.MODERATE in MAY[role])
_TELLING = "alerts_told"
_MOMENT = timedelta(milliseconds=1)
#: Of each kind so many are written down at a time, and stand in a mail, or a flood would hide what matters.
_MOST = 10


@dataclass(frozen=True)
class Trend:
    """Something unusual, as it is written down."""

    kind: str
    key: bytes  # 16 bytes that stand for it
    label: str | None
    drafts: int


_Kind = TypeVar("_Kind", Trend, Alert)


def largest_of_each(found: Sequence[_Kind]) -> list[_Kind]:
    """The largest of each kind, in the order of their size."""
    of_kind: dict[str, list[_Kind]] = defaultdict(list)
    for one in sorted(found, key=lambda one: -one.drafts):
        of_kind[one.kind].append(one)
    return [one for some in of_kind.values() for one in some[:_MOST]]


def store_alerts(session: Session, campaign_id: int, trends: Sequence[Trend], now: datetime) -> None:
    """Write down what trends: a new alert, or what is known of it today."""
    told_at = _lock_telling(session)
    # Its id begins with the time, and must not look as if it had been told.
    first = _first_id(max(now, told_at + _MOMENT) if told_at else now)
    insert = insert_for(session, Alert)
    for trend in sorted(trends, key=lambda trend: (trend.kind, trend.key)):
        new = {"id": UUID(int=first.int | secrets.randbits(80)), "campaign_id": campaign_id, "day": now.date()}
        row = insert.values(**new, at=now, **vars(trend))
        seen = {"drafts": row.excluded.drafts, "at": row.excluded.at}
        these = ["campaign_id", "day", "kind", "key"]
        session.execute(row.on_conflict_do_update(index_elements=these, set_=seen))


def tell(database: Database, now: datetime, email_key: str) -> None:
    """Queue the mails about alerts that somebody was not told of yet."""
    with database.reading() as session:
        news = session.scalars(select(Alert.campaign_id).where(_is_news(now)).distinct()).all()
        open_ids = (
            {found.id for found in list_snapshots(session) if found.status(now) == "open"} if news else set()
        )
        due = [key for key in sorted(open_ids.intersection(news)) if _mails(session, key, now, email_key)]
    if not due:
        return
    with database.writing() as session:
        _lock_telling(session)
        for campaign_id in due:
            outbox.queue(session, _mails(session, campaign_id, now, email_key), now)
        session.execute(update(Fact).where(Fact.name == _TELLING).values(value=now.isoformat()))


def _lock_telling(session: Session) -> datetime | None:
    """When somebody was told last. Locked, so that no two workers tell the same, and no alert is passed over."""
    session.execute(insert_ignoring(session, Fact), {"name": _TELLING, "value": ""})
    value = session.scalar(select(Fact.value).where(Fact.name == _TELLING).with_for_update())
    return datetime.fromisoformat(value) if value else None


def list_alerts(session: Session, campaign_id: int, most: int) -> Sequence[Alert]:
    """The newest alerts of a campaign."""
    query = select(Alert).where(Alert.campaign_id == campaign_id).order_by(Alert.day.desc(), Alert.id.desc())
    found = session.scalars(query.limit(most)).all()
    session.expunge_all()
    return found


def find_news(session: Session, campaign_ids: Sequence[int], now: datetime) -> Mapping[int, Sequence[Alert]]:
    """The alerts of the last day, the oldest first, by campaign."""
    query = select(Alert).where(Alert.campaign_id.in_(campaign_ids), _is_news(now)).order_by(Alert.id)
    found: dict[int, list[Alert]] = defaultdict(list)
    for alert in session.scalars(query):
        found[alert.campaign_id].append(alert)
    return found


def is_told(role: str, kind: str) -> bool:
    """Whether a role is told of this kind of alert."""
    return role == Role.OWNER if kind == DRIFT else role in _TOLD


def wants_alerts(session: Session, campaign_id: int, user_id: UUID) -> bool | None:
    """Whether somebody wants mails about alerts; None for somebody without a role."""
    member = session.get(Membership, (campaign_id, user_id))
    return member.wants_alerts if member is not None else None


def choose_alerts(session: Session, campaign_id: int, user_id: UUID, *, wanted: bool) -> bool:
    """Take a choice about the mails; whether it was another before."""
    these = (Membership.campaign_id == campaign_id, Membership.user_id == user_id)
    changed = update(Membership).where(*these, Membership.wants_alerts != wanted).values(wants_alerts=wanted)
    return session.scalar(changed.returning(Membership.user_id)) is not None


def forget_alerts(database: Database, now: datetime) -> None:
    """Delete alerts that are older than KEPT."""
    old = Alert.day < (now - KEPT).date()
    with database.reading() as session:
        if session.scalar(select(func.count()).select_from(Alert).where(old)) == 0:
            return
    with database.writing() as session:
        session.execute(delete(Alert).where(old))


def _is_news(now: datetime) -> ColumnElement[bool]:
    return (Alert.day >= (now - NEWS).date()) & (Alert.id >= _first_id(now - NEWS))


def _first_id(moment: datetime) -> UUID:
    """Ids from then on are not below; they begin with the time."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _mails(session: Session, campaign_id: int, now: datetime, email_key: str) -> Sequence[NewMail]:
    """A mail for everybody who does not know the newest alert, and got none within EVERY."""
    newest: dict[str, UUID] = {}
    for alert in find_news(session, [campaign_id], now)[campaign_id]:
        newest[alert.kind] = alert.id
    people = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.campaign_id == campaign_id, Membership.wants_alerts, User.disabled_at.is_(None))
        .where(User.password_hash.is_not(None))
        .order_by(User.id)
    )
    mails = []
    for user, role in session.execute(people):
        last = max((found for kind, found in newest.items() if is_told(role, kind)), default=None)
        key = make_email_key(user.email, email_key)
        told_at = _last_mail(session, campaign_id, user.id, key)
        if last is None or (
            told_at is not None and (now - told_at < EVERY or last < _first_id(told_at + _MOMENT))
        ):
            continue
        mails.append(NewMail(ALERT, campaign_id, user.id, key, user.language, outbox.LATER))
    return mails


def _last_mail(session: Session, campaign_id: int, user_id: UUID, key: bytes) -> datetime | None:
    """When somebody was told of the campaign last; what is done stays in the outbox for two days."""
    this = (Outbox.kind == ALERT, Outbox.campaign_id == campaign_id, Outbox.subject_id == user_id)
    return session.scalar(select(func.max(Outbox.created_at)).where(Outbox.email_key == key, *this))
