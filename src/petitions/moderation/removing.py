"""Removing signatures from the count, with a reason, and bringing them back.

A removed row stays, and with it the key of its address: it cannot come back by signing again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, select, update
from sqlalchemy.orm import Session

from petitions.i18n import N_, Message
from petitions.signatures.models import Signature, Tally
from petitions.signatures.rollups import REMOVED_PART, Part, add_to_parts, parts_of

#: Why a signature may be removed, as it is stored, and as the public count says it.
REASONS: Mapping[str, Message] = {
    "duplicate": N_("signed twice"),
    "fake": N_("no real person, or in the name of somebody else"),
    "robot": N_("sent by a program"),
    "abuse": N_("insults or threats"),
    "test": N_("a test"),
    "other": N_("another reason"),
}

_signatures = cast("Table", Signature.__table__)
_c = _signatures.c


def lock_tally(session: Session, campaign_id: int) -> int:
    """Lock the count of a campaign, as everybody does who lets signatures come or go; the last serial in the
    shares."""
    rolled_up = select(Tally.rolled_up_serial).where(Tally.campaign_id == campaign_id).with_for_update()
    return session.scalar(rolled_up) or 0


def remove_signatures(
    session: Session,
    campaign_id: int,
    ids: Sequence[UUID],
    reason: str,
    now: datetime,
    *,
    job_id: int | None = None,
) -> Sequence[Row[Any]]:
    """Take these off the count; those that somebody removed before stay as they are. The rows that changed.
    Raises KeyError for a reason that is none of REASONS."""
    rolled_up, _known = lock_tally(session, campaign_id), REASONS[reason]
    rows = session.execute(
        update(_signatures)
        .where(_c.campaign_id == campaign_id, _c.id.in_(ids), _c.removed_at.is_(None))
        .values(removed_at=now, removed_reason=reason, removed_job=job_id, moderated=_c.moderated + 1)
        .returning(*_c)
    ).all()
    _count(session, campaign_id, rows, rolled_up, now, {(REMOVED_PART, reason): len(rows)}, by=-1)
    return rows


def restore_signatures(
    session: Session, campaign_id: int, ids: Sequence[UUID], now: datetime, *, job_id: int | None = None
) -> Sequence[Row[Any]]:
    """Count these again; with a job, only those that it removed. The rows that changed."""
    rolled_up = lock_tally(session, campaign_id)
    these = [_c.campaign_id == campaign_id, _c.id.in_(ids), _c.removed_at.is_not(None)]
    if job_id is not None:
        these.append(_c.removed_job == job_id)
    reasons = Counter(session.scalars(select(_c.removed_reason).where(*these)))
    rows = session.execute(
        update(_signatures)
        .where(*these)
        .values(removed_at=None, removed_reason=None, removed_job=None, moderated=_c.moderated + 1)
        .returning(*_c)
    ).all()
    gone = {(REMOVED_PART, reason or ""): -count for reason, count in reasons.items()}
    _count(session, campaign_id, rows, rolled_up, now, gone, by=1)
    return rows


def _count(
    session: Session,
    campaign_id: int,
    rows: Sequence[Row[Any]],
    rolled_up: int,
    now: datetime,
    removed: Mapping[Part, int],
    *,
    by: int,
) -> None:
    """Let the count and the shares follow what became of these rows."""
    if not rows:
        return
    parts: Counter[Part] = Counter()
    for row in rows:
        if row.serial <= rolled_up:
            for part in parts_of(row):
                parts[part] += by
    add_to_parts(session, campaign_id, {**parts, **removed})
    session.execute(
        update(Tally)
        .where(Tally.campaign_id == campaign_id)
        .values(counted=Tally.counted + by * len(rows), changed_at=now)
    )
