"""Drafts that wait for somebody's look before any mail is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.mail import outbox
from petitions.mail.limits import may_mail, recent_mails
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.models import Draft

#: Rows of one transaction of a release or a drop.
STEP = 500


@dataclass(frozen=True)
class HeldDraft:
    id: UUID
    reason: str
    name: str | None
    country: str
    email_domain: str
    created_at: datetime
    network: str | None  # the first digits of its hash: equal ones came from one network


def list_held(session: Session, slug: str, after: UUID | None = None, limit: int = STEP) -> list[HeldDraft]:
    """Held drafts of a campaign in the order of their arrival."""
    query = (
        select(Draft)
        .join(Campaign, Campaign.id == Draft.campaign_id)
        .where(Campaign.slug == slug, Draft.held_reason.is_not(None))
        .order_by(Draft.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Draft.id > after)
    return [
        HeldDraft(
            id=draft.id,
            reason=draft.held_reason or "",
            name=draft.name,
            country=draft.country,
            email_domain=draft.email.rpartition("@")[2],
            created_at=draft.created_at,
            network=draft.network.hex()[:8] if draft.network else None,
        )
        for draft in session.scalars(query)
    ]


def release(session: Session, slug: str, ids: Sequence[UUID], now: datetime) -> int:
    """Let these held drafts go on: their mails are queued. How many were released."""
    campaign_id = select(Campaign.id).where(Campaign.slug == slug).scalar_subquery()
    held = session.execute(
        select(Draft.campaign_id, Draft.id, Draft.email_key, Draft.language)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_(ids), Draft.held_reason.is_not(None))
        .order_by(Draft.email_key, Draft.id)
        .with_for_update()
    ).all()
    recent = recent_mails(session, {draft.email_key for draft in held}, now)
    mails = []
    for draft in held:
        if may_mail(recent, draft.email_key, draft.campaign_id):
            recent.add(draft.email_key, draft.campaign_id, (CONFIRM, draft.id), now)
            mails.append(outbox.NewMail(CONFIRM, draft.campaign_id, draft.id, draft.email_key, draft.language))
    session.execute(
        update(Draft)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_([draft.id for draft in held]))
        .values(held_reason=None)
    )
    outbox.queue(session, mails, now)
    return len(held)


def drop(session: Session, slug: str, ids: Sequence[UUID]) -> int:
    """Delete these held drafts. How many were dropped."""
    campaign_id = select(Campaign.id).where(Campaign.slug == slug).scalar_subquery()
    gone = session.execute(
        delete(Draft)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_(ids), Draft.held_reason.is_not(None))
        .returning(Draft.id)
    )
    return len(gone.all())
