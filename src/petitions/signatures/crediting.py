"""Letting go what is held for want of credit, as soon as confirming brought some. The worker does it.

The oldest go first, as many as the credit of their domain allows. A domain or a network from which nobody
confirms stays held until a moderator looks.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.abuse import credit
from petitions.abuse.credit import Account, Place
from petitions.abuse.providers import is_large
from petitions.abuse.rates import Seen
from petitions.campaigns.models import Campaign
from petitions.db import Database
from petitions.mailboxes import domain_of
from petitions.signatures.holding import Group, in_group, release
from petitions.signatures.holds import HELD_DOMAIN, HELD_NETWORK
from petitions.signatures.models import Draft

#: Rows of one transaction, so that signing goes on meanwhile.
_STEP = 200


def release_earned(database: Database, now: datetime, *, domain_credit: int | None) -> int:
    """Release what has earned it, in every campaign, in small steps. How many."""
    if domain_credit is None:
        return 0
    with database.reading() as session:
        waiting = _find_waiting(session)
        due = _find_due(session, waiting, domain_credit, now)
    released = 0
    for campaign_id, group in due:
        after: UUID | None = None
        while True:
            with database.writing() as session:
                rows, count = _release(session, campaign_id, group, after, domain_credit, now)
            released += count
            if len(rows) < _STEP:
                break
            after = rows[-1]
    return released


def _find_waiting(session: Session) -> list[tuple[int, Group]]:
    """The groups that wait for credit, of campaigns whose data are there."""
    found = []
    for campaign_id in session.scalars(select(Campaign.id).where(Campaign.purge_began_at.is_(None))).all():
        for reason in (HELD_DOMAIN, HELD_NETWORK):
            these = (Draft.campaign_id == campaign_id, Draft.held_reason == reason, Draft.held_for.is_not(None))
            found += [
                (campaign_id, Group(reason, by))
                for by in session.scalars(select(Draft.held_for).distinct().where(*these))
            ]
    return found


def _find_due(
    session: Session, waiting: Sequence[tuple[int, Group]], domain_credit: int, now: datetime
) -> list[tuple[int, Group]]:
    """Those of them to which confirming brought credit."""
    places = [(campaign_id, group.by or "") for campaign_id, group in waiting if group.reason == HELD_DOMAIN]
    accounts = credit.find_accounts(session, places, now)
    hashes = {bytes.fromhex(group.by or "") for _, group in waiting if group.reason == HELD_NETWORK}
    networks = credit.find_networks(session, hashes)

    def is_due(campaign_id: int, group: Group) -> bool:
        if group.reason == HELD_DOMAIN:
            account = accounts.get((campaign_id, group.by or ""), Account())
            return account.confirmed > 0 and account.room(domain_credit) > 0
        seen = networks.get(bytes.fromhex(group.by or ""), Seen())
        return seen.confirmed > 0 and not credit.is_suspicious(seen)

    return [(campaign_id, group) for campaign_id, group in waiting if is_due(campaign_id, group)]


def _release(
    session: Session, campaign_id: int, group: Group, after: UUID | None, domain_credit: int, now: datetime
) -> tuple[Sequence[UUID], int]:
    """The next drafts of a group: those that were looked at, and how many went on. One whose domain or network has
    no credit waits on, for that."""
    query = select(Draft.id, Draft.email, Draft.network).where(*in_group(campaign_id, group))
    if after is not None:
        query = query.where(Draft.id > after)
    rows = session.execute(query.order_by(Draft.id).limit(_STEP)).all()
    places = {row.id: _place(campaign_id, row.email) for row in rows}
    wanted = {place for place in places.values() if place is not None}
    accounts = credit.find_accounts(session, wanted, now, lock=True)
    # Of those found before the lock some may be gone on meanwhile, with another worker or a moderator.
    still = set(_lock_drafts(session, campaign_id, group, [row.id for row in rows]))
    networks = credit.find_networks(session, {row.network for row in rows if row.network is not None})
    free: list[UUID] = []
    elsewhere: list[tuple[UUID, Group]] = []
    mailed: Counter[Place] = Counter()
    for row in rows:
        if row.id not in still:
            continue
        place = places[row.id]
        if row.network is not None and credit.is_suspicious(networks.get(row.network, Seen())):
            elsewhere.append((row.id, Group(HELD_NETWORK, row.network.hex())))
        elif place is not None and accounts.get(place, Account()).room(domain_credit) - mailed[place] < 1:
            elsewhere.append((row.id, Group(HELD_DOMAIN, place[1])))
        else:
            free.append(row.id)
            if place is not None:
                mailed[place] += 1
    credit.add_to_accounts(session, mailed, {}, now)
    moved = [(draft_id, other) for draft_id, other in elsewhere if other != group]
    for draft_id, other in moved:
        session.execute(
            update(Draft)
            .where(*in_group(campaign_id, group), Draft.id == draft_id)
            .values(held_reason=other.reason, held_for=other.by)
        )
    # Where everybody waits on, those behind do too: the end of the list.
    looked_at = [row.id for row in rows] if free or moved or len(still) < len(rows) else []
    return looked_at, release(session, campaign_id, free, now).released if free else 0


def _lock_drafts(session: Session, campaign_id: int, group: Group, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of them that are in the group still; in the order in which everybody locks drafts."""
    these = select(Draft.id).where(*in_group(campaign_id, group), Draft.id.in_(ids))
    return session.scalars(these.order_by(Draft.email_key, Draft.id).with_for_update()).all()


def _place(campaign_id: int, email: str) -> Place | None:
    domain = domain_of(email)
    return None if is_large(domain) else (campaign_id, domain)
