"""Credit of mail domains and networks: a flood of forged forms must not become a flood of mails.

A domain that is no large provider may have a few mails under way in a campaign that nobody has confirmed, and
more for every three that were. Past that its drafts are held, until confirming brings credit, or a moderator lets
them go. A network that sends mostly such drafts, and from which hardly anybody confirms, is suspicious: then all
its drafts are held.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import cast

from sqlalchemy import ColumnElement, Table, bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from petitions.abuse.models import DomainCount, NetworkCount
from petitions.abuse.networks import find_day_keys, get_day_key
from petitions.abuse.rates import Seen
from petitions.db import adding

#: Mails that each confirmation pays for, beside its own.
PER_CONFIRMATION = 3
#: Confirmations that bring credit together. Of a small domain one by one would tell everybody who tries, by a held
#: draft of their own that goes on, when the only one there confirmed.
TOGETHER = 3
#: Mails past its credit that a domain may have, each to the first draft that a network sends within the hour: who
#: uses up the credit of a university from a few places keeps nobody there from signing at home. They are counted
#: apart, so that the next confirmations have no debt to pay.
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
    newcomers: int = 0  # mails past the credit

    def plus(self, other: "Account") -> "Account":
        return Account(
            self.mailed + other.mailed,
            self.confirmed + other.confirmed,
            self.newcomers + other.newcomers,
        )

    @property
    def earned(self) -> int:
        """Mails that confirmations paid for."""
        return (1 + PER_CONFIRMATION) * (self.confirmed - self.confirmed % TOGETHER)

    def room(self, credit: int) -> int:
        """How many more mails may go out."""
        return credit + self.earned - self.mailed


def is_suspicious(seen: Seen) -> bool:
    """Whether a network sends mostly drafts of domains without credit, and hardly anybody there confirms. Mostly:
    a few forged forms close no network that many people share."""
    is_most = 2 * seen.held > seen.total
    return seen.held >= _MANY_HELD and is_most and seen.held > PER_CONFIRMATION * seen.confirmed


_domains = cast("Table", DomainCount.__table__).c
_KEY_COLUMNS = (_domains.campaign_id, _domains.domain, _domains.day)
# Built once: see signatures/drafting.py.
_ACCOUNTS = (
    select(*_domains).where(tuple_(*_KEY_COLUMNS).in_(bindparam("keys", expanding=True))).order_by(*_KEY_COLUMNS)
)
_networks = cast("Table", NetworkCount.__table__).c


def find_accounts(session: Session, places: Collection[Place], now: datetime) -> dict[Place, Account]:
    """What these domains have; those without an account have none."""
    found: dict[Place, Account] = {}
    rows_of = _rows_of(session, places, now)
    ordered = sorted(rows_of)
    for start in range(0, len(ordered), _STEP):
        for row in session.connection().execute(_ACCOUNTS, {"keys": ordered[start : start + _STEP]}):
            place = rows_of[row.campaign_id, row.domain, row.day]
            found[place] = found.get(place, Account()).plus(
                Account(row.mailed, row.confirmed, row.newcomers),
            )
    return found


def add_to_accounts(session: Session, more: Mapping[Place, Account], now: datetime) -> None:
    """Count mails and confirmations of today. Until the end of the transaction nobody else counts there, so what
    `find_accounts` reads from now on stays true; adding nothing is a way to ask for that."""
    if not more:
        return
    key = get_day_key(session, now)
    names = {(place[0], _hash(place[1], key)): account for place, account in more.items()}
    session.connection().execute(
        adding(session, DomainCount, "mailed", "confirmed", "newcomers"),
        [  # one order for every writer, so that none waits for another in a ring
            {
                "campaign_id": campaign_id,
                "domain": name,
                "day": now.date(),
                "mailed": account.mailed,
                "confirmed": account.confirmed,
                "newcomers": account.newcomers,
            }
            for (campaign_id, name), account in sorted(names.items(), key=itemgetter(0))
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


def old_accounts(now: datetime) -> ColumnElement[bool]:
    """What is older than yesterday: nothing reads it any more."""
    return _domains.day < _yesterday(now)


def find_networks(session: Session, networks: Iterable[bytes]) -> dict[bytes, Seen]:
    """What came from these networks, was held of it and confirmed since; nothing of those that are forgotten."""
    found: dict[bytes, Seen] = {}
    ordered = sorted(networks)
    for start in range(0, len(ordered), _STEP):
        query = (
            select(
                _networks.network,
                func.sum(_networks.drafts),
                func.sum(_networks.held),
                func.max(_networks.confirmed),
            )
            .where(_networks.network.in_(ordered[start : start + _STEP]))
            .group_by(_networks.network)
        )
        for network, total, held, confirmed in session.connection().execute(query):
            found[network] = Seen(total=int(total), held=int(held), confirmed=int(confirmed))
    return found


def _rows_of(session: Session, places: Collection[Place], now: datetime) -> dict[tuple[int, str, date], Place]:
    """Where the counts of these are, of today and yesterday. A row names no domain: it may be somebody's own."""
    keys = find_day_keys(session, [_yesterday(now), now.date()])
    return {(place[0], _hash(place[1], key), day): place for day, key in keys.items() for place in places}


def _hash(domain: str, key: bytes) -> str:
    return hmac.new(key, domain.encode(), hashlib.sha256).hexdigest()[:32]


def _yesterday(now: datetime) -> date:
    return (now - timedelta(days=1)).date()
