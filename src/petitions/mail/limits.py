"""How many mails one address may get, however often it is typed into forms."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from petitions.mail.models import Outbox

PERIOD = timedelta(days=1)
MAILS_PER_CAMPAIGN = 5  # to one address about one campaign
MAILS_PER_ADDRESS = 10  # to one address about all campaigns


#: What a mail is about: its kind and its subject.
About = tuple[str, UUID]


class RecentMails:
    """What each address of a batch got within PERIOD, kept up while the batch adds to it."""

    def __init__(self) -> None:
        self.about_campaign: Counter[tuple[bytes, int]] = Counter()
        self.to_address: Counter[bytes] = Counter()
        self._last_about: dict[About, datetime] = {}

    def add(self, email_key: bytes, campaign_id: int, about: About, at: datetime, count: int = 1) -> None:
        """Count mails about one subject, the last of them queued then."""
        self.about_campaign[email_key, campaign_id] += count
        self.to_address[email_key] += count
        self._last_about[about] = max(at, self._last_about.get(about, at))

    def last_about(self, about: About) -> datetime | None:
        return self._last_about.get(about)


def may_mail(recent: RecentMails, email_key: bytes, campaign_id: int) -> bool:
    """Whether the address may get one more mail about the campaign."""
    about_campaign, to_address = recent.about_campaign[email_key, campaign_id], recent.to_address[email_key]
    return about_campaign < MAILS_PER_CAMPAIGN and to_address < MAILS_PER_ADDRESS


_columns = cast("Table", Outbox.__table__).c
_RECENT = (
    select(
        _columns.email_key,
        _columns.campaign_id,
        _columns.kind,
        _columns.subject_id,
        func.max(_columns.created_at),
        func.count(),
    )
    .where(
        _columns.email_key.in_(bindparam("email_keys", expanding=True)),
        _columns.created_at > bindparam("since"),
    )
    .group_by(_columns.email_key, _columns.campaign_id, _columns.kind, _columns.subject_id)
)


def recent_mails(session: Session, email_keys: Collection[bytes], now: datetime) -> RecentMails:
    """The mails queued for these addresses within PERIOD, in one query."""
    recent = RecentMails()
    if not email_keys:
        return recent
    values = {"email_keys": list(email_keys), "since": now - PERIOD}
    for email_key, campaign_id, kind, subject_id, last, count in session.connection().execute(_RECENT, values):
        recent.add(email_key, campaign_id, (kind, subject_id), last, count)
    return recent
