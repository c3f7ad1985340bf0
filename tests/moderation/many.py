"""Campaigns with many signatures, and jobs over them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import NewJob, get_job, start
from petitions.moderation.models import Job
from petitions.moderation.previewing import Count, find_last_serial, to_remove
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Signature
from tests.factories import make_draft
from tests.privacy.support import confirm_many

MODERATOR = Actor(new_id(), "Mona Moderator")
#: Of the mail addresses of a flood.
FLOOD = "flood.example"


def sign_people(
    database: Database, settings: Settings, campaign: CampaignSnapshot, *people: Mapping[str, Any]
) -> list[NewDraft]:
    """Signatures that count, in this order; each with these changes of the usual draft."""
    drafts = [make_draft(campaign, settings, **changes) for changes in people]
    for begin in range(0, len(drafts), 500):
        some = drafts[begin : begin + 500]
        with database.writing() as session:
            store_drafts(session, some, None)
        confirm_many(database, some)
    return drafts


def flood(count: int, name: str = "n") -> list[dict[str, Any]]:
    """What so many forged forms say."""
    return [{"email": f"{name}{number}@{FLOOD}", "name": f"Bot {name}{number}"} for number in range(count)]


def mixed(count: int) -> list[dict[str, Any]]:
    """Every second one forged."""
    return [each for forged in flood(count) for each in (forged, {"country": "IE"})]


def begin(
    database: Database,
    campaign: CampaignSnapshot,
    conditions: Conditions,
    *,
    reason: str = "robot",
    **changes: Any,
) -> int:
    """A job that removes what a preview at this moment holds; its id."""
    asked = to_remove(conditions)
    upto, expected = preview(database, campaign, asked)
    new = replace(NewJob("remove", asked.to_json(), upto, expected, reason), **changes)
    with database.writing() as session:
        return start(session, campaign.id, new, MODERATOR, utc_now())


def preview(database: Database, campaign: CampaignSnapshot, conditions: Conditions) -> tuple[int, int]:
    """The last serial, and how many it counts."""
    with database.reading() as session:
        upto = find_last_serial(session, campaign.id)
    count = Count(campaign.id, to_remove(conditions), upto)
    while not count.is_complete:
        with database.reading() as session:
            count.read(session)
    return upto, count.counted


def job_of(database: Database, campaign: CampaignSnapshot, job_id: int) -> Job:
    with database.reading() as session:
        return get_job(session, campaign.id, job_id)


def removed(database: Database, campaign: CampaignSnapshot) -> dict[int, tuple[str | None, int | None]]:
    """Reason and job of those who are removed, by serial."""
    with database.reading() as session:
        rows = session.execute(
            select(Signature.serial, Signature.removed_reason, Signature.removed_job)
            .where(Signature.campaign_id == campaign.id, Signature.removed_at.is_not(None))
            .order_by(Signature.serial)
        )
        return {row.serial: (row.removed_reason, row.removed_job) for row in rows}


def bulk_log(database: Database) -> Sequence[tuple[str, str, dict[str, Any]]]:
    """What the log says of jobs: who, what, and the details."""
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(e.actor, e.action, dict(e.details)) for e in entries if e.action.startswith("bulk.")]
