"""Requests that nobody confirmed do not stay; nor do people who were named as a contact and said nothing."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from petitions.db import Database
from petitions.errors import CampaignPurged
from petitions.organisations import counting
from petitions.organisations.erasing import erase
from petitions.organisations.models import APPROVED, Organisation
from petitions.tokens import CONFIRM_LIFETIME

#: Rows of one transaction.
_STEP = 50


def drop_expired_requests(database: Database, now: datetime) -> int:
    """Delete requests whose button has run out, whatever leads thought of them, in small steps; and forget who was
    to speak for an organisation and has not pressed their button as long. How many requests."""
    _forget_proposed_contacts(database, now)
    old = _is_old(now)
    with database.reading() as session:
        campaigns = sorted(session.scalars(select(Organisation.campaign_id).where(old).distinct()))
    dropped = 0
    for campaign_id in campaigns:
        some = _STEP
        while some == _STEP:
            with database.writing() as session:
                some = _drop_some(session, campaign_id, now)
            dropped += some
    return dropped


def _is_old(now: datetime) -> ColumnElement[bool]:
    """Nobody said within the time that the request is theirs, and no lead vouches for it."""
    return and_(
        Organisation.confirmed_at.is_(None),
        Organisation.vouched_by.is_(None),
        Organisation.state != APPROVED,
        Organisation.created_at < now - CONFIRM_LIFETIME,
    )


def _drop_some(session: Session, campaign_id: int, now: datetime) -> int:
    try:
        tally = counting.lock(session, campaign_id)
    except CampaignPurged:
        return 0  # the purge takes them
    query = select(Organisation).where(Organisation.campaign_id == campaign_id, _is_old(now))
    rows = session.scalars(query.order_by(Organisation.number).limit(_STEP)).all()
    for organisation in rows:
        erase(session, tally, organisation)
    return len(rows)


def _forget_proposed_contacts(database: Database, now: datetime) -> None:
    before = int((now - CONFIRM_LIFETIME).timestamp())
    proposed = Organisation.next_contact["at"].as_integer()
    with database.reading() as session:
        query = select(Organisation.campaign_id, Organisation.id).where(proposed < before)
        found = session.execute(query.order_by(Organisation.campaign_id, Organisation.id)).all()
    for campaign_id, organisation_id in found:
        with database.writing() as session:
            counting.hold(session, campaign_id)
            organisation = counting.find_locked(session, campaign_id, organisation_id)
            if organisation is not None and (organisation.next_contact or {"at": before})["at"] < before:
                organisation.next_contact = None
                organisation.revision += 1
