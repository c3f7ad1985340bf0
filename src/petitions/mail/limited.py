"""Queueing mails within the limits of each address: the one way in which features ask for mail."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.mail import outbox
from petitions.mail.limits import may_mail, recent_mails

#: The same mail asked for again within this time is a double click, not a wish for another.
REPEAT = timedelta(minutes=10)


class LimitedMails:
    """The mails of one transaction; collected first, queued together."""

    def __init__(self, session: Session, email_keys: Collection[bytes], now: datetime) -> None:
        self._session, self._now = session, now
        self._recent = recent_mails(session, email_keys, now)
        self._queued: list[outbox.NewMail] = []

    def add(
        self,
        kind: str,
        campaign_id: int,
        subject_id: UUID,
        email_key: bytes,
        language: str,
        priority: int = outbox.CONFIRMATION,
    ) -> bool:
        """Ask for a mail; False when the address has had enough of them."""
        if not may_mail(self._recent, email_key, campaign_id):
            return False
        self._recent.add(email_key, campaign_id, (kind, subject_id), self._now)
        self._queued.append(outbox.NewMail(kind, campaign_id, subject_id, email_key, language, priority))
        return True

    def was_just_asked(self, kind: str, subject_id: UUID, within: timedelta = REPEAT) -> bool:
        """Whether this very mail was asked for within a time of at most a day."""
        last = self._recent.last_about((kind, subject_id))
        return last is not None and self._now - last < within

    def queue(self) -> int:
        """Put them into the outbox. How many."""
        outbox.queue(self._session, self._queued, self._now)
        return len(self._queued)
