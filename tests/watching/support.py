"""What the tests of watching share: rows that somebody else would have made."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.watching.models import Alert, HourlyFlow, SourceCount

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def flows(database: Database) -> dict[datetime, HourlyFlow]:
    with database.reading() as session:
        return {flow.hour: flow for flow in session.scalars(select(HourlyFlow))}


def sources(database: Database) -> list[tuple[str | None, int, int]]:
    """Label, forms and what is shown of them; the largest first."""
    with database.reading() as session:
        rows = session.execute(select(SourceCount.label, SourceCount.arrived, SourceCount.shown))
        return sorted(((a, b, c) for a, b, c in rows), key=lambda row: (-row[1], row[0] or ""))


def alerts(database: Database) -> Sequence[Alert]:
    with database.reading() as session:
        found = session.scalars(select(Alert).order_by(Alert.day, Alert.kind, Alert.key)).all()
        session.expunge_all()
        return found


def add_mail(database: Database, campaign: CampaignSnapshot, created_at: datetime, **changes: Any) -> None:
    """A confirm mail in the outbox."""
    values: dict[str, Any] = {
        "id": new_id(),
        "kind": "confirm",
        "campaign_id": campaign.id,
        "subject_id": new_id(),
        "email_key": bytes(16),
        "language": "en",
        "priority": 0,
        "created_at": created_at,
        "due_at": created_at,
        "attempts": 1,
    }
    with database.writing() as session:
        session.add(Outbox(**values | changes))
