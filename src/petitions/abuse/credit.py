"""Credit of mail domains and networks: a flood of forged forms must not become a flood of mails.

A domain that is no large provider may have a few mails under way in a campaign that nobody has confirmed, and
more for every one that was. Past that its drafts are held, until confirming brings credit, or a moderator lets
them go. A network that sends many of such drafts, and from which hardly anybody confirms, is suspicious: then
all its drafts are held.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from petitions.abuse.models import DomainCount, NetworkCount
from petitions.abuse.networks import find_day_keys, get_day_key
from petitions.abuse.rates import Seen
from petitions.db import adding

#: Mails that each confirmation pays for, beside its own.
PER_CONFIRMATION = 3
#: Mails past its credit that a domain may have, each to the first draft that a network sends within the hour: who
#: uses up the credit of a university from a few places keeps nobody there from signing at home.
NEWCOMERS = 30
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
_KEY_COLUMNS = (_domains.campaign_id, _domains.domain, _domains.day)
# Built once: see signatures/drafting.py.
_ACCOUNTS = (
    select(*_domains).where(tuple_(*_KEY_COLUMNS).in_(bindparam("keys", expanding=True))).order_by(*_KEY_COLUMNS)
)
_LOCKED_ACCOUNTS = _ACCOUNTS.with_for_update()
_networks = cast("Table", NetworkCount.__table__).c


def find_accounts(
    session: Session, places: Collection[Place], now: datetime, *, lock: bool = False
) -> dict[Place, Account]:
    """What these domains have; those without an account have none. `lock`: nobody else changes it before the end
    of the transaction."""
    found: dict[Place, Account] = {}
    rows_of = _rows_of(session, places, now)
    ordered = sorted(rows_of)  # the order in which they are written, so that none waits for another in a ring
    query = _LOCKED_ACCOUNTS if lock else _ACCOUNTS
    for start in range(0, len(ordered), _STEP):
        for row in session.connection().execute(query, {"keys": ordered[start : start + _STEP]}):
            place = rows_of[row.campaign_id, row.domain, row.day]
            before = found.get(place, Account())
            found[place] = Account(before.mailed + row.mailed, before.confirmed + row.confirmed)
    return found


def add_to_accounts(
    session: Session, mailed: Mapping[Place, int], confirmed: Mapping[Place, int], now: datetime
) -> None:
    """Count mails and confirmations of today."""
    if not mailed and not confirmed:
        return
    key = get_day_key(session, now)
    names = {(place[0], _hash(place[1], key)): place for place in {*mailed, *confirmed}}
    session.connection().execute(
        adding(session, DomainCount, "mailed", "confirmed"),
        [  # one order for every writer, so that none waits for another in a ring
            {
                "campaign_id": campaign_id,
                "domain": name,
                "day": now.date(),
                "mailed": mailed.get(names[campaign_id, name], 0),
                "confirmed": confirmed.get(names[campaign_id, name], 0),
            }
            for campaign_id, name in sorted(names)
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


def _rows_of(session: Session, places: Collection[Place], now: datetime) -> dict[tuple[int, str, date], Place]:
    """Where the counts of these are, of today and yesterday. A row names no domain: it may be somebody's own."""
    keys = find_day_keys(session, [_yesterday(now), now.date()])
    return {(place[0], _hash(place[1], key), day): place for day, key in keys.items() for place in places}


def _hash(domain: str, key: bytes) -> str:
    return hmac.new(key, domain.encode(), hashlib.sha256).hexdigest()[:32]


def _yesterday(now: datetime) -> date:
    return (now - timedelta(days=1)).date()
