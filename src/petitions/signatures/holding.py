"""Drafts that wait for somebody's look before any mail is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.mail.limited import LimitedMails
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


@dataclass(frozen=True)
class Release:
    """How many went on, and how many are still held because their addresses have had enough mails."""

    released: int
    kept_back: int


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


def release(session: Session, slug: str, ids: Sequence[UUID], now: datetime) -> Release:
    """Let these held drafts go on: their mails are queued. A draft without a mail would never be confirmed, so
    it stays when its address is over the limit."""
    campaign_id = select(Campaign.id).where(Campaign.slug == slug).scalar_subquery()
    held = session.execute(
        select(Draft.campaign_id, Draft.id, Draft.email_key, Draft.language)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_(ids), Draft.held_reason.is_not(None))
        .order_by(Draft.email_key, Draft.id)
        .with_for_update()
    ).all()
    mails = LimitedMails(session, {draft.email_key for draft in held}, now)
    released = [
        draft.id
        for draft in held
        if mails.add(CONFIRM, draft.campaign_id, draft.id, draft.email_key, draft.language)
    ]
    session.execute(
        update(Draft).where(Draft.campaign_id == campaign_id, Draft.id.in_(released)).values(held_reason=None)
    )
    mails.queue()
    return Release(len(released), len(held) - len(released))


def drop(session: Session, slug: str, ids: Sequence[UUID]) -> int:
    """Delete these held drafts. How many were dropped."""
    campaign_id = select(Campaign.id).where(Campaign.slug == slug).scalar_subquery()
    gone = session.execute(
        delete(Draft)
        .where(Draft.campaign_id == campaign_id, Draft.id.in_(ids), Draft.held_reason.is_not(None))
        .returning(Draft.id)
    )
    return len(gone.all())
