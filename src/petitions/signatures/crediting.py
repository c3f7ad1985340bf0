"""Letting go what is held for want of credit, as soon as confirming brought some. The worker does it.

As many go as the credit of their domain allows, those first of whose network the fewest wait: who floods first
does not have what others earn. A domain or network from which nobody confirms stays held until a moderator looks.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from petitions.abuse import credit
from petitions.abuse.credit import Account, Place
from petitions.abuse.providers import is_large
from petitions.abuse.rates import Seen
from petitions.campaigns.models import Campaign
from petitions.db import Database
from petitions.mail.limited import LimitedMails
from petitions.mail.limits import may_mail, recent_mails
from petitions.mailboxes import domain_of, registrable
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.holding import Group, in_group, let_go, lock_held
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
        with database.reading() as session:
            ids = _find_next(session, campaign_id, group, domain_credit, now)
        for start in range(0, len(ids), _STEP):
            with database.writing() as session:
                some = ids[start : start + _STEP]
                released += _release(session, campaign_id, group, some, domain_credit, now)
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
            return account.earned > 0 and account.room(domain_credit) > 0
        seen = networks.get(bytes.fromhex(group.by or ""), Seen())
        return seen.confirmed > 0 and not credit.is_suspicious(seen)

    return [(campaign_id, group) for campaign_id, group in waiting if is_due(campaign_id, group)]


def _find_next(session: Session, campaign_id: int, group: Group, domain_credit: int, now: datetime) -> list[UUID]:
    """Whose turn it is in a group, not more than its credit is good for: first those of whose network the fewest
    wait in it, then the oldest. Whose address has had enough mails today is passed over."""
    room = _room(session, campaign_id, group, domain_credit, now)
    of_network = func.count().over(partition_by=Draft.network)
    query = select(Draft.id, Draft.email_key, Draft.network).where(*in_group(campaign_id, group))
    ordered = query.order_by(of_network, Draft.id).execution_options(yield_per=_STEP)
    found: list[UUID] = []
    with session.execute(ordered) as waiting:
        for rows in waiting.partitions():
            recent = recent_mails(session, {row.email_key for row in rows}, now)
            networks = credit.find_networks(session, {row.network for row in rows if row.network is not None})
            for row in rows:
                if room is not None and room < 1:
                    return found
                if row.network is not None and credit.is_suspicious(networks.get(row.network, Seen())):
                    found.append(row.id)  # to wait for its network from now on
                elif may_mail(recent, row.email_key, campaign_id):
                    recent.add(row.email_key, campaign_id, (CONFIRM, row.id), now)
                    found.append(row.id)
                    room = room - 1 if room is not None else None
    return found


def _room(session: Session, campaign_id: int, group: Group, domain_credit: int, now: datetime) -> int | None:
    """How many mails the domain of a group may have; None where each draft's own domain says it."""
    if group.reason != HELD_DOMAIN:
        return None
    place = (campaign_id, group.by or "")
    return credit.find_accounts(session, [place], now).get(place, Account()).room(domain_credit)


def _release(
    session: Session, campaign_id: int, group: Group, ids: Sequence[UUID], domain_credit: int, now: datetime
) -> int:
    """Let these drafts of a group go on, in this order: how many went. One whose domain or network has no credit
    waits on, for that."""
    of_these = select(Draft.id, Draft.email).where(Draft.campaign_id == campaign_id, Draft.id.in_(ids))
    places = {row.id: _place(campaign_id, row.email) for row in session.execute(of_these)}
    wanted = {place for place in places.values() if place is not None}
    # Domains before drafts, as everywhere; from here on nobody else counts there.
    credit.add_to_accounts(session, dict.fromkeys(wanted, Account()), now)
    accounts = credit.find_accounts(session, wanted, now)
    # Some may have gone on meanwhile, with another worker or a moderator.
    locked = lock_held(session, campaign_id, ids)
    held = {row.id: row for row in locked if Group(row.held_reason or "", row.held_for) == group}
    networks = credit.find_networks(session, {row.network for row in held.values() if row.network is not None})
    mails = LimitedMails(session, {row.email_key for row in held.values()}, now)
    free: list[UUID] = []
    elsewhere: dict[Group, list[UUID]] = defaultdict(list)
    booked: dict[Place, Account] = defaultdict(Account)
    for row in (held[draft_id] for draft_id in ids if draft_id in held):
        place = places[row.id]
        if row.network is not None and credit.is_suspicious(networks.get(row.network, Seen())):
            elsewhere[Group(HELD_NETWORK, row.network.hex())].append(row.id)
        elif place is not None and accounts.get(place, Account()).plus(booked[place]).room(domain_credit) < 1:
            elsewhere[Group(HELD_DOMAIN, place[1])].append(row.id)
        elif mails.add(CONFIRM, campaign_id, row.id, row.email_key, row.language):
            free.append(row.id)
            if place is not None:
                booked[place] = booked[place].plus(Account(mailed=1))
    credit.add_to_accounts(session, booked, now)
    elsewhere.pop(group, None)
    for other, moved in elsewhere.items():
        these = update(Draft).where(Draft.campaign_id == campaign_id, Draft.id.in_(moved))
        session.execute(these.values(held_reason=other.reason, held_for=other.by))
    let_go(session, campaign_id, free, mails)
    return len(free)


def _place(campaign_id: int, email: str) -> Place | None:
    domain = registrable(domain_of(email))
    return None if is_large(domain) else (campaign_id, domain)
