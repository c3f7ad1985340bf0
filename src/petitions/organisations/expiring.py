"""Requests that nobody confirmed do not stay."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import Database
from petitions.errors import CampaignPurged
from petitions.organisations import counting
from petitions.organisations.models import UNCONFIRMED, Organisation
from petitions.organisations.own import erase
from petitions.tokens import CONFIRM_LIFETIME

#: Rows of one transaction.
_STEP = 50


def drop_expired_requests(database: Database, now: datetime) -> int:
    """Delete requests whose button has run out, in small steps. How many."""
    before = now - CONFIRM_LIFETIME
    old = (Organisation.state == UNCONFIRMED, Organisation.created_at < before)
    with database.reading() as session:
        campaigns = sorted(session.scalars(select(Organisation.campaign_id).where(*old).distinct()))
    dropped = 0
    for campaign_id in campaigns:
        some = _STEP
        while some == _STEP:
            with database.writing() as session:
                some = _drop_some(session, campaign_id, before)
            dropped += some
    return dropped


def _drop_some(session: Session, campaign_id: int, before: datetime) -> int:
    try:
        tally = counting.lock(session, campaign_id)
    except CampaignPurged:
        return 0  # the purge takes them
    query = select(Organisation).where(
        Organisation.campaign_id == campaign_id,
        Organisation.state == UNCONFIRMED,
        Organisation.created_at < before,
    )
    rows = session.scalars(query.order_by(Organisation.number).limit(_STEP)).all()
    for organisation in rows:
        erase(session, tally, organisation)
    return len(rows)
