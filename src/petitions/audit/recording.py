"""Writing down what somebody did, in the transaction that does it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.audit.models import AuditEntry


@dataclass(frozen=True)
class Actor:
    """Who does something."""

    user_id: UUID | None
    name: str


#: Whoever works at the command line of the server.
COMMAND_LINE = Actor(None, "petitions")


def record(
    session: Session, /, actor: Actor, action: str, now: datetime, campaign_id: int | None = None, **details: Any
) -> None:
    """Write down an action, like "campaign.published". `details` are plain JSON and say nothing about signers."""
    session.add(
        AuditEntry(
            at=now,
            user_id=actor.user_id,
            actor=actor.name,
            campaign_id=campaign_id,
            action=action,
            details=details,
        )
    )
