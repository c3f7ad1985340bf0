"""The lists made here that may have been delivered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.delivery.models import ExportJob
from petitions.lists.plans import Profile

#: Profiles of what one delivers: no addresses, and nobody who was removed.
DELIVERABLE = (Profile.DELIVERY, Profile.PUBLIC)


@dataclass(frozen=True)
class Candidate:
    """One of them."""

    id: UUID
    name: str
    profile: str
    people: int
    on_paper: int
    organisations: int
    cut_off: datetime
    made_at: datetime
    manifest_sha256: str | None = field(repr=False)


def list_candidates(session: Session, campaign_id: int) -> Sequence[Candidate]:
    """The lists that were made here for somebody outside, the newest first; also those whose file has gone."""
    query = (
        select(
            ExportJob.id,
            ExportJob.name,
            ExportJob.plan,
            ExportJob.result,
            ExportJob.cut_off,
            ExportJob.ended_at,
        )
        .where(ExportJob.campaign_id == campaign_id, ExportJob.serials.is_not(None))
        .order_by(ExportJob.created_at.desc(), ExportJob.id.desc())
    )
    return [
        Candidate(
            id=row.id,
            name=row.name or "",
            profile=row.plan["profile"],
            **counts_of(row.result),
            cut_off=row.cut_off,
            made_at=row.ended_at or row.cut_off,
        )
        for row in session.execute(query)
        if row.plan.get("profile") in DELIVERABLE
    ]


def find_list(session: Session, campaign_id: int, export_id: UUID) -> ExportJob | None:
    """One of them, with the numbers of who is in it."""
    job = session.get(ExportJob, export_id)
    if job is None or job.campaign_id != campaign_id or job.serials is None:
        return None
    return job if job.plan.get("profile") in DELIVERABLE else None


def counts_of(result: Any) -> dict[str, Any]:
    """What is copied of a list that was made, as making.py writes it down."""
    said = result or {}
    return {name: said.get(name) or 0 for name in ("people", "on_paper", "organisations")} | {
        "manifest_sha256": said.get("manifest_sha256")
    }
