"""Credit of mail domains and networks: a flood of forged forms must not become a flood of mails.

A domain that is no large provider may have a few mails under way in a campaign that nobody has confirmed, and
more for every one that was. Past that its drafts are held, until confirming brings credit, or a moderator lets
them go. A network that sends many of such drafts, and from which hardly anybody confirms, is suspicious: then
all its drafts are held.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Table, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from petitions.abuse.models import DomainCount, NetworkCount
from petitions.abuse.rates import Seen
from petitions.db import insert_for

#: Mails that each confirmation pays for, beside its own.
PER_CONFIRMATION = 3
#: Drafts held for their domains from which on a network can be suspicious.
_MANY_HELD = 3
#: Rows that one question names.
_STEP = 500

Place = tuple[int, str]  # campaign and domain


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the mails of a domain in a campaign, today and yesterday."""

    mailed: int = 0
    confirmed: int = 0

    def room(self, credit: int) -> int:
        """How many more mails may go out."""
        return credit + (1 + PER_CONFIRMATION) * self.confirmed - self.mailed


def is_suspicious(seen: Seen) -> bool:
    """Whether a network sent many drafts of domains without credit, and hardly anybody there confirms."""
    return seen.held >= _MANY_HELD and seen.held > PER_CONFIRMATION * seen.confirmed


_domains = cast("Table", DomainCount.__table__).c
_networks = cast("Table", NetworkCount.__table__).c


def find_accounts(session: Session, places: Collection[Place], now: datetime) -> dict[Place, Account]:
    """What these domains have; those without an account have none."""
    found: dict[Place, Account] = {}
    ordered = sorted(places)
    for start in range(0, len(ordered), _STEP):
        query = (
            select(
                _domains.campaign_id,
                _domains.domain,
                func.sum(_domains.mailed),
                func.sum(_domains.confirmed),
            )
            .where(tuple_(_domains.campaign_id, _domains.domain).in_(ordered[start : start + _STEP]))
            .where(_domains.day >= _yesterday(now))
            .group_by(_domains.campaign_id, _domains.domain)
        )
        for campaign_id, domain, mailed, confirmed in session.connection().execute(query):
            found[campaign_id, domain] = Account(int(mailed), int(confirmed))
    return found


def add_to_accounts(
    session: Session, mailed: Mapping[Place, int], confirmed: Mapping[Place, int], now: datetime
) -> None:
    """Count mails and confirmations of today."""
    if not mailed and not confirmed:
        return
    statement = insert_for(session, DomainCount)
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["campaign_id", "domain", "day"],
            set_={
                "mailed": DomainCount.mailed + statement.excluded.mailed,
                "confirmed": DomainCount.confirmed + statement.excluded.confirmed,
            },
        ),
        [  # one order for every writer, so that none waits for another in a ring
            {
                "campaign_id": place[0],
                "domain": place[1],
                "day": now.date(),
                "mailed": mailed.get(place, 0),
                "confirmed": confirmed.get(place, 0),
            }
            for place in sorted({*mailed, *confirmed})
        ],
    )


def add_confirmed_networks(session: Session, networks: Mapping[bytes, int]) -> None:
    """Count confirmations of networks that drafts were held of. The others' rows stay untouched: nobody waits."""
    if not networks:
        return
    connection = session.connection()
    of_held = (
        select(_networks.network).distinct().where(_networks.network.in_(sorted(networks)), _networks.held > 0)
    )
    for network in sorted(connection.scalars(of_held)):
        connection.execute(
            update(_networks.network.table)
            .where(_networks.network == network, _networks.held > 0)
            .values(confirmed=_networks.confirmed + networks[network])
        )


def lock_account(session: Session, place: Place, now: datetime) -> Account:
    """What a domain has, and nobody else changes it before the end of the transaction."""
    mailed = confirmed = 0
    rows = session.connection().execute(
        select(_domains.mailed, _domains.confirmed)
        .where(_domains.campaign_id == place[0], _domains.domain == place[1], _domains.day >= _yesterday(now))
        .order_by(_domains.day)
        .with_for_update()
    )
    for row in rows:
        mailed, confirmed = mailed + row.mailed, confirmed + row.confirmed
    return Account(mailed, confirmed)


def forget_old_accounts(session: Session, now: datetime) -> None:
    """Delete what is older than yesterday: nothing reads it any more."""
    session.execute(delete(DomainCount).where(DomainCount.day < _yesterday(now)))


def find_networks(session: Session, networks: Iterable[bytes]) -> dict[bytes, Seen]:
    """What was held of these networks and confirmed since; nothing of those that are forgotten."""
    found: dict[bytes, Seen] = {}
    ordered = sorted(networks)
    for start in range(0, len(ordered), _STEP):
        query = (
            select(_networks.network, func.sum(_networks.held), func.max(_networks.confirmed))
            .where(_networks.network.in_(ordered[start : start + _STEP]))
            .group_by(_networks.network)
        )
        for network, held, confirmed in session.connection().execute(query):
            found[network] = Seen(0, int(held), int(confirmed))
    return found


def _yesterday(now: datetime) -> date:
    return (now - timedelta(days=1)).date()
