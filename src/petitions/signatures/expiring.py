"""Drafts that nobody confirmed do not stay."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from petitions.campaigns.models import Campaign
from petitions.db import Database
from petitions.signatures.models import Draft
from petitions.tokens import CONFIRM_LIFETIME

#: Rows of one transaction, so that signing goes on meanwhile.
_STEP = 500


def drop_expired_drafts(database: Database, now: datetime) -> int:
    """Delete drafts whose link has run out, in small steps. How many."""
    # Ids begin with the time of the draft, and so does the primary key below each campaign.
    milliseconds = int((now - CONFIRM_LIFETIME).timestamp() * 1000)
    oldest_kept = UUID(int=milliseconds << 80)
    with database.reading() as session:
        campaigns = session.scalars(select(Campaign.id)).all()
    dropped = 0
    for campaign_id in campaigns:
        while True:
            old = (Draft.campaign_id == campaign_id, Draft.id < oldest_kept)
            with database.writing() as session:
                ids = session.scalars(select(Draft.id).where(*old).order_by(Draft.id).limit(_STEP)).all()
                session.execute(delete(Draft).where(Draft.campaign_id == campaign_id, Draft.id.in_(ids)))
            dropped += len(ids)
            if len(ids) < _STEP:
                break
    return dropped
