"""The outbox in the store: mails are queued, claimed for a while, marked with what became of them, purged."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.mail.retries import MAX_ATTEMPTS, retry_delay

#: Confirmations go before everything else.
CONFIRMATION, LATER = 0, 10
#: Mails to addresses of which nobody knows yet whose they are; see mail/brake.py.
BRAKED_KINDS = ("confirm", "organisation_confirm", "organisation_contact")
#: The limits look a day back, the brake as well.
KEPT = timedelta(hours=48)
_PURGED_AT_ONCE = 500
_PURGED_IN_ALL = 50_000

_outbox = cast("Table", Outbox.__table__)
_columns = _outbox.c
_INSERT = insert(_outbox)
_is_pending = and_(_columns.sent_at.is_(None), _columns.failed_at.is_(None))


@dataclass(frozen=True, slots=True)
class NewMail:
    kind: str
    campaign_id: int | None  # None: about an account
    subject_id: UUID  # the row that it is about
    email_key: bytes
    language: str
    priority: int = CONFIRMATION
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    id: UUID
    kind: str
    campaign_id: int | None
    subject_id: UUID
    language: str
    attempts: int  # with this one; also tells this claim from a later one of the same mail
    email_key: bytes = field(default=b"", repr=False)  # of the address for which it was queued


class Verdict(Enum):
    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    RELEASED = "released"  # given back unsent, as if it had not been claimed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed mail; `failure` is a code of at most 40 characters."""

    mail: ClaimedMail
    verdict: Verdict
    failure: str | None = None


def queue(session: Session, mails: Sequence[NewMail], now: datetime) -> None:
    """Store mails to be sent at once."""
    if not mails:
        return
    rows = [
        {
            "id": mail.id,
            "kind": mail.kind,
            "campaign_id": mail.campaign_id,
            "subject_id": mail.subject_id,
            "email_key": mail.email_key,
            "language": mail.language,
            "priority": mail.priority,
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for mail in mails
    ]
    session.connection().execute(_INSERT, rows)


def _is_due(now: datetime, braked: Collection[int]) -> ColumnElement[bool]:
    due = and_(_is_pending, _columns.due_at <= now)
    if not braked:
        return due
    waits_for_nobody = and_(_columns.priority > CONFIRMATION, _columns.kind.not_in(BRAKED_KINDS))
    return and_(due, or_(waits_for_nobody, _columns.campaign_id.not_in(sorted(braked))))


def has_due(session: Session, now: datetime, braked: Collection[int] = ()) -> bool:
    """Whether a claim would find something; unlike a claim, asking takes no lock."""
    return session.scalar(select(1).select_from(_outbox).where(_is_due(now, braked)).limit(1)) is not None


def claim(
    session: Session, now: datetime, limit: int, lease: timedelta, braked: Collection[int] = ()
) -> list[ClaimedMail]:
    """Take at most `limit` due mails for the time of the lease, but of braked campaigns no mails to strangers.
    After the lease they are due again: their claimer is taken for dead."""
    due = (
        select(_columns.id)
        .where(_is_due(now, braked))
        .order_by(_columns.priority, _columns.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # a CTE with row locks is evaluated once; a subquery might not be
    )
    statement = (
        update(_outbox)
        .where(_columns.id.in_(select(due.c.id)))
        .values(due_at=now + lease, attempts=_columns.attempts + 1)
        .returning(
            _columns.id,
            _columns.kind,
            _columns.campaign_id,
            _columns.subject_id,
            _columns.language,
            _columns.attempts,
            _columns.email_key,
            _columns.priority,
        )
    )
    # RETURNING keeps no order; ids are in the order of making.
    rows = sorted(session.execute(statement), key=lambda row: (row.priority, row.id))
    return [ClaimedMail(*row[:-1]) for row in rows]


# The guard on `attempts` keeps a claimer whose lease ran out from undoing the claim of the next one.
_this = and_(_is_pending, _columns.id == bindparam("mail_id"))
_this_claim = and_(_this, _columns.attempts == bindparam("claim"))
_STATEMENTS = {
    Verdict.SENT: update(_outbox).where(_this).values(sent_at=bindparam("at"), failure=None),
    Verdict.FAILED: update(_outbox)
    .where(_this_claim)
    .values(failed_at=bindparam("at"), failure=bindparam("code")),
    Verdict.RETRY: update(_outbox).where(_this_claim).values(due_at=bindparam("at"), failure=bindparam("code")),
    Verdict.RELEASED: update(_outbox)
    .where(_this_claim)
    .values(due_at=bindparam("at"), attempts=_columns.attempts - 1),
}


def mark(
    session: Session,
    outcomes: Sequence[Outcome],
    now: datetime,
    chance: Callable[[], float] = random.random,
) -> None:
    """Store what became of claimed mails. Marking twice, or a row that is gone, does no harm."""
    rows: dict[Verdict, list[dict[str, Any]]] = defaultdict(list)
    # Sorted, so that two markers (or a purge) wait for each other rather than deadlock.
    for outcome in sorted(outcomes, key=lambda outcome: outcome.mail.id):
        verdict, row = _settle(outcome, now, chance)
        rows[verdict].append(row)
    for verdict, statement in _STATEMENTS.items():
        if verdict in rows:
            session.execute(statement, rows[verdict])


def _settle(outcome: Outcome, now: datetime, chance: Callable[[], float]) -> tuple[Verdict, dict[str, Any]]:
    mail, verdict, code = outcome.mail, outcome.verdict, outcome.failure
    at = now
    if verdict is Verdict.RETRY and mail.attempts >= MAX_ATTEMPTS:
        verdict, code = Verdict.FAILED, "exhausted"
    elif verdict is Verdict.RETRY:
        at = now + retry_delay(mail.attempts, chance())
    row: dict[str, Any] = {"mail_id": mail.id, "at": at}
    if verdict is not Verdict.SENT:
        row["claim"] = mail.attempts
    if verdict in (Verdict.FAILED, Verdict.RETRY):
        row["code"] = code[:40] if code else None
    return verdict, row


def forget_pending(session: Session, campaign_id: int, email_key: bytes) -> None:
    """Delete the mails of an address about a campaign that nobody sent yet."""
    session.execute(
        delete(_outbox).where(_columns.email_key == email_key, _columns.campaign_id == campaign_id, _is_pending)
    )


def purge(database: Database, now: datetime) -> int:
    """Delete what was sent or failed more than KEPT ago, in small transactions; how many rows.

    One look finds them without a lock, for no index serves it: an hourly scan costs less than another
    index on every signature."""
    before = now - KEPT
    is_done = or_(_columns.sent_at < before, _columns.failed_at < before)
    with database.reading() as session:
        ids = sorted(session.scalars(select(_columns.id).where(is_done).limit(_PURGED_IN_ALL)))
    for start in range(0, len(ids), _PURGED_AT_ONCE):
        with database.writing() as session:
            some = ids[start : start + _PURGED_AT_ONCE]
            session.execute(delete(_outbox).where(_columns.id.in_(some)))
    return len(ids)
