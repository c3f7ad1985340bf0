"""Drafts that wait for somebody's look before any mail is sent: released, dropped, one by one or all of a kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, select, update
from sqlalchemy.orm import Session

from petitions.mail.limited import LimitedMails
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.models import Draft

#: Rows of one transaction of a release or a drop.
STEP = 500


@dataclass(frozen=True)
class Release:
    """How many went on, and how many are still held because their addresses have had enough mails."""

    released: int
    kept_back: int


@dataclass(frozen=True)
class Group:
    """Drafts that are held for the same; `by` is what they share, None where that is nothing or forgotten."""

    reason: str
    by: str | None


class HeldJob(Protocol):
    """What is done to a whole group; see moderation/models.py."""

    kind: str
    conditions: Any  # of group_conditions
    upto: int
    cursor_id: UUID | None


@dataclass(frozen=True)
class Step:
    """How far a job came with one transaction."""

    cursor_id: UUID
    done: int
    passed: int  # looked at, and still held


def in_group(campaign_id: int, group: Group) -> list[ColumnElement[bool]]:
    """The conditions under which a draft belongs to a group."""
    by = Draft.held_for.is_(None) if group.by is None else Draft.held_for == group.by
    return [Draft.campaign_id == campaign_id, Draft.held_reason == group.reason, by]


def group_conditions(group: Group) -> dict[str, str | None]:
    """A group as a job keeps it."""
    return {"reason": group.reason, "for": group.by}


def until(moment_ms: int) -> ColumnElement[bool]:
    """Those that came at this moment or before: their ids begin with it."""
    return Draft.id < UUID(int=(moment_ms + 1) << 80)


def moment_of(draft_id: UUID) -> int:
    """Milliseconds since 1970 at which a draft came."""
    return draft_id.int >> 80


def release(session: Session, campaign_id: int, ids: Sequence[UUID], now: datetime) -> Release:
    """Let these held drafts go on: their mails are queued. A draft without a mail would never be confirmed, so
    it stays when its address is over the limit."""
    held = lock_held(session, campaign_id, ids)
    mails = LimitedMails(session, {draft.email_key for draft in held}, now)
    released = [
        draft.id for draft in held if mails.add(CONFIRM, campaign_id, draft.id, draft.email_key, draft.language)
    ]
    let_go(session, campaign_id, released, mails)
    return Release(len(released), len(held) - len(released))


def lock_held(
    session: Session, campaign_id: int, ids: Sequence[UUID]
) -> Sequence[Row[UUID, bytes, str, bytes | None, str | None, str | None]]:
    """Those of them that are held still, locked in the order in which everybody locks drafts."""
    columns = (Draft.id, Draft.email_key, Draft.language, Draft.network, Draft.held_reason, Draft.held_for)
    return session.execute(
        select(*columns)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_(ids), Draft.held_reason.is_not(None))
        .order_by(Draft.email_key, Draft.id)
        .with_for_update()
    ).all()


def let_go(session: Session, campaign_id: int, ids: Sequence[UUID], mails: LimitedMails) -> None:
    """These drafts are held no longer, and their mails are queued."""
    session.execute(
        update(Draft)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_(ids))
        .values(held_reason=None, held_for=None)
    )
    mails.queue()


def drop(session: Session, campaign_id: int, ids: Sequence[UUID]) -> int:
    """Delete these held drafts. How many were dropped."""
    held = [draft.id for draft in lock_held(session, campaign_id, ids)]
    session.execute(delete(Draft).where(Draft.campaign_id == campaign_id, Draft.id.in_(held)))
    return len(held)


def step(session: Session, campaign_id: int, job: HeldJob, most: int, now: datetime) -> Step | None:
    """Do the next rows of a job, at most so many; None: nothing is left. The job itself is the caller's."""
    if job.conditions is None:
        return None
    group = Group(job.conditions["reason"], job.conditions["for"])
    rows = select(Draft.id).where(*in_group(campaign_id, group), until(job.upto)).order_by(Draft.id).limit(most)
    if job.cursor_id is not None:
        rows = rows.where(Draft.id > job.cursor_id)
    ids = session.scalars(rows).all()
    if not ids:
        return None
    done = act(session, campaign_id, job.kind, ids, now)
    return Step(ids[-1], done, len(ids) - done)


def act(session: Session, campaign_id: int, kind: str, ids: Iterable[UUID], now: datetime) -> int:
    """Release or drop these held drafts: how many."""
    if kind == "drop":
        return drop(session, campaign_id, list(ids))
    return release(session, campaign_id, list(ids), now).released
