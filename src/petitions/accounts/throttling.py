"""Slowing down whoever guesses passwords, without ever locking out whom they belong to.

Tries that failed are counted under keyed hashes, which say nothing about anybody:

- of an address and a network together: one network guesses the password of one account;
- of a network: it tries a few passwords on many accounts;
- of an address: many networks guess the password of one account.

After some free tries each has to wait before the next, longer with every failure, and a quarter of an hour at
most. A browser in which somebody was logged in before is known by a cookie and counted apart, so that no stranger
can make its owner wait; and the link that resets a password by mail asks for no patience at all. Addresses without
an account are counted like the others. Where nobody knows from which network a try comes, all of them seem to come
from one: then the address alone is counted.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from petitions.accounts.models import Failures
from petitions.accounts.users import normal_address
from petitions.db import insert_ignoring

LONGEST_WAIT = timedelta(minutes=15)
_FIRST_WAIT = timedelta(seconds=15)
#: Failures older than this are forgotten.
MEMORY = timedelta(days=1)
#: Failures that nobody has to wait for.
FREE = {"pair": 5, "network": 20, "address": 50, "browser": 10, "session": 5, "code": 5, "forgot": 20}


@dataclass(frozen=True)
class Try:
    """One try to log in: what it is counted under, with the number of free tries of each key."""

    keys: Mapping[bytes, int]
    network: bytes | None = None  # the one of these keys under which other accounts are counted too


@dataclass(frozen=True)
class Throttle:
    """Makes the keys of one installation."""

    secret: str

    def stranger(self, email: str, network: str | None) -> Try:
        """A try in a browser that nobody has seen."""
        address = normal_address(email)
        if network is None:
            return self._try(("address", address))
        attempt = self._try(("pair", address, network), ("network", network), ("address", address))
        return replace(attempt, network=self._key(("network", network)))

    def known(self, browser: str) -> Try:
        """A try in a browser in which the owner of the account was logged in before."""
        return self._try(("browser", browser))

    def code(self, user_id: str, place: str) -> Try:
        """A guess of a second factor; `place`: the known browser, or else the network."""
        return self._try(("code", user_id, place), ("address", "code", user_id))

    def session(self, id_hash: bytes) -> Try:
        """The password of somebody who is logged in, asked for again."""
        return self._try(("session", id_hash.hex()))

    def forgotten(self, network: str | None) -> Try:
        """Asking for a link by mail, for whomever; of an unknown network it is not counted."""
        return self._try(("forgot", network)) if network is not None else Try({})

    def _try(self, *things: tuple[str, ...]) -> Try:
        return Try({self._key(thing): FREE[thing[0]] for thing in things})

    def _key(self, thing: Sequence[str]) -> bytes:
        text = "\0".join(("petitions.failures", *thing)).encode("utf-8", "replace")
        return hmac.digest(self.secret.encode(), text, "sha256")[:16]


def find_wait(session: Session, attempt: Try, now: datetime) -> timedelta | None:
    """How long to wait before a try; None if it may be made. Writes nothing."""
    return _longest_wait(session.scalars(_rows_of(attempt)).all(), attempt, now)


def begin_try(session: Session, attempt: Try, now: datetime) -> timedelta | None:
    """Count a try as failed before it is made, so that a thousand at once are not free; None if it may be made.
    Otherwise how long to wait; what has to wait is not counted."""
    if wait := find_wait(session, attempt, now):
        return wait  # nothing is written for whoever tries on and on
    if not attempt.keys:
        return None
    begun = [{"key": key, "count": 0, "last_at": now} for key in sorted(attempt.keys)]
    session.execute(insert_ignoring(session, Failures), begun)
    # One order for everybody, so that none waits for another in a ring.
    rows = session.scalars(_rows_of(attempt).with_for_update().execution_options(populate_existing=True)).all()
    if wait := _longest_wait(rows, attempt, now):
        return wait
    for row in rows:
        row.count = 1 if now - row.last_at >= MEMORY else row.count + 1
        row.last_at = now
    session.flush()
    return None


def end_try(session: Session, attempt: Try) -> None:
    """It was right: forget what failed before, but not what its network did to other accounts."""
    query = _rows_of(attempt).with_for_update()
    for row in session.scalars(query.execution_options(populate_existing=True)).all():
        row.count = max(row.count - 1, 0) if row.key == attempt.network else 0
    session.flush()


def forget_failures(session: Session, now: datetime) -> None:
    """Delete what nobody has to wait for any more."""
    session.execute(delete(Failures).where(Failures.last_at < now - MEMORY))


def _rows_of(attempt: Try) -> Select[Failures]:
    return select(Failures).where(Failures.key.in_(sorted(attempt.keys))).order_by(Failures.key)


def _longest_wait(rows: Sequence[Failures], attempt: Try, now: datetime) -> timedelta | None:
    """None when nobody has to wait."""
    return max((_wait(row, attempt.keys[row.key], now) for row in rows), default=timedelta(0)) or None


def _wait(row: Failures, free: int, now: datetime) -> timedelta:
    """How long until the next try; doubles from a quarter of a minute to LONGEST_WAIT."""
    if row.count < free or now - row.last_at >= MEMORY:
        return timedelta(0)
    whole = min(_FIRST_WAIT * (1 << min(row.count - free, 10)), LONGEST_WAIT)
    return max(row.last_at + whole - now, timedelta(0))
