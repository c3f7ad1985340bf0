"""How confirm mails go out, hour by hour: how many, how long they waited, how many failed.

The outbox is read behind a watermark that is moved in the transaction that adds what was read: whoever runs this
twice, or is killed in it, counts every mail once.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.db import Database, Fact, insert_ignoring
from petitions.mail.models import Outbox
from petitions.mail.outbox import KEPT
from petitions.signatures.drafting import CONFIRM
from petitions.watching.flows import add_to_flows, hour_of

#: What was marked as sent at a moment is in the store by then, or that writer has given up (see engines.py).
MARGIN = timedelta(seconds=15)
#: At most so much of the past is read in one transaction.
STEP = timedelta(minutes=5)
_WATERMARK = "mails_watched"
_outbox = cast("Table", Outbox.__table__).c
_ZERO = {"mailed": 0, "failed": 0, "delay_ms": 0, "longest_ms": 0}

Hour = tuple[int, datetime]


def watch_mails(database: Database, now: datetime) -> None:
    """Add the mails that went out since the last time, step by step."""
    last = now - MARGIN
    while True:
        with database.reading() as session:
            since = _watermark(session) or now - KEPT
            campaigns = session.scalars(select(Campaign.id).order_by(Campaign.id)).all()
            first = _first_after(session, campaigns, since, last)
        if first is None:
            return
        with database.writing() as session:
            watch_step(session, campaigns, since, min(last, first + STEP))


def watch_step(session: Session, campaigns: Sequence[int], since: datetime, upto: datetime) -> bool:
    """Add what went out after `since`, and move the watermark on; whether it was still there."""
    session.execute(insert_ignoring(session, Fact), {"name": _WATERMARK, "value": since.isoformat()})
    # Locked, so that a second worker waits and then finds it moved.
    if _watermark(session, lock=True) != since:
        return False
    add_to_flows(session, _gather(session, campaigns, since, upto))
    session.execute(update(Fact).where(Fact.name == _WATERMARK).values(value=upto.isoformat()))
    return True


def _watermark(session: Session, *, lock: bool = False) -> datetime | None:
    query = select(Fact.value).where(Fact.name == _WATERMARK)
    mark = session.scalar(query.with_for_update() if lock else query)
    return datetime.fromisoformat(mark) if mark is not None else None


def _first_after(session: Session, campaigns: Sequence[int], since: datetime, last: datetime) -> datetime | None:
    """When the first mail after the watermark was sent or failed."""
    found = []
    for campaign_id in campaigns:
        for at in (_outbox.sent_at, _outbox.failed_at):
            query = select(func.min(at)).where(_outbox.campaign_id == campaign_id, at.is_not(None), at > since)
            found.append(session.scalar(query))
    return min((at for at in found if at is not None and at <= last), default=None)


def _gather(
    session: Session, campaigns: Sequence[int], since: datetime, upto: datetime
) -> dict[Hour, dict[str, int]]:
    flows: dict[Hour, dict[str, int]] = defaultdict(_ZERO.copy)
    for campaign_id in campaigns:
        for row in session.execute(_done(campaign_id, _outbox.sent_at, since, upto)):
            delay = max(0, round((row.at - row.created_at) / timedelta(milliseconds=1)))
            flow = flows[campaign_id, hour_of(row.at)]
            flow["mailed"] += 1
            flow["delay_ms"] += delay
            flow["longest_ms"] = max(flow["longest_ms"], delay)
        for row in session.execute(_done(campaign_id, _outbox.failed_at, since, upto)):
            flows[campaign_id, hour_of(row.at)]["failed"] += 1
    return flows


def _done(campaign_id: int, at: Any, since: datetime, upto: datetime) -> Any:
    """Confirm mails of a campaign that were sent, or failed, within a time."""
    these = (_outbox.campaign_id == campaign_id, at.is_not(None), at > since, at <= upto)
    return select(at.label("at"), _outbox.created_at).where(*these, _outbox.kind == CONFIRM)
