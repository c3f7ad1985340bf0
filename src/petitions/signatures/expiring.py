"""Drafts that nobody confirmed do not stay, and the network that one came from is forgotten long before."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, true, update
from sqlalchemy.orm import Session

from petitions.abuse.networks import KEY_LIFETIME
from petitions.abuse.rules import NETWORK_KEYS
from petitions.campaigns.models import Campaign
from petitions.db import Database
from petitions.signatures.holds import HELD_RULE, OF_NETWORKS
from petitions.signatures.models import Draft
from petitions.tokens import CONFIRM_LIFETIME

#: Rows of one transaction, so that signing goes on meanwhile.
_STEP = 500


def drop_expired_drafts(database: Database, now: datetime) -> int:
    """Delete drafts whose link has run out, in small steps. How many."""

    def drop(session: Session, campaign_id: int, ids: Sequence[UUID]) -> None:
        session.execute(delete(Draft).where(Draft.campaign_id == campaign_id, Draft.id.in_(ids)))

    return _each_step(database, now - CONFIRM_LIFETIME, true(), drop)


def forget_draft_networks(database: Database, now: datetime) -> int:
    """Take the hash of the network from drafts that are older than it may be kept, and which rule about networks
    holds them, in small steps. How many."""
    by_rule = (Draft.held_reason == HELD_RULE) & Draft.held_for.startswith(NETWORK_KEYS, autoescape=True)

    def forget(session: Session, campaign_id: int, ids: Sequence[UUID]) -> None:
        these = (Draft.campaign_id == campaign_id, Draft.id.in_(ids))
        session.execute(update(Draft).where(*these).values(network=None))
        of_networks = or_(Draft.held_reason.in_(OF_NETWORKS), by_rule)
        session.execute(update(Draft).where(*these, of_networks).values(held_for=None))

    return _each_step(
        database, now - KEY_LIFETIME + timedelta(hours=1), or_(Draft.network.is_not(None), by_rule), forget
    )


def _each_step(
    database: Database,
    before: datetime,
    condition: ColumnElement[bool],
    act: Callable[[Session, int, Sequence[UUID]], None],
) -> int:
    """Act on the drafts that arrived before then, some at a time, each time in a transaction of its own."""
    # Ids begin with the time of the draft, and so does the primary key below each campaign.
    first_kept = UUID(int=int(before.timestamp() * 1000) << 80)
    with database.reading() as session:
        campaigns = session.scalars(select(Campaign.id)).all()
    done = 0
    for campaign_id in campaigns:
        old = (Draft.campaign_id == campaign_id, Draft.id < first_kept, condition)
        while True:
            with database.reading() as session:
                ids = session.scalars(select(Draft.id).where(*old).order_by(Draft.id).limit(_STEP)).all()
            if not ids:
                break
            with database.writing() as session:
                act(session, campaign_id, ids)
            done += len(ids)
    return done
