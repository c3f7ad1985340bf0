"""Networks as keyed hashes: enough to see that many drafts come from one place, never from where.

The key of a day is random, lives in the store and is deleted after 48 hours; from then on the hashes that
were made with it cannot be tied to a network by anybody.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petitions.abuse.models import NetworkKey
from petitions.db import insert_ignoring

#: How long a key is kept, and so how long a hash means anything.
KEY_LIFETIME = timedelta(hours=48)


def network_of(address: str) -> str | None:
    """The network that an IP address stands for: itself for IPv4, its /64 for IPv6; None for no address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def hash_network(network: str, key: bytes) -> bytes:
    """16 bytes that stand for the network while the key lives."""
    return hmac.new(key, network.encode(), hashlib.sha256).digest()[:16]


#: Keys of today and yesterday that are in a store, for they never change: every batch of forms asks for them.
_kept: WeakKeyDictionary[Any, dict[date, bytes | None]] = WeakKeyDictionary()
#: Notes at a session that it made a key: who knows whether its transaction will be committed.
_MADE = "made_day_key"


def get_day_key(session: Session, now: datetime) -> bytes:
    """The key of this day, made when the day's first draft asks for it."""
    day = now.date()
    key = find_day_keys(session, (day,)).get(day)
    if key is None:
        session.info[_MADE] = True
        row = {"day": day, "key": secrets.token_bytes(32)}
        session.execute(insert_ignoring(session, NetworkKey), row)
        key = session.scalar(select(NetworkKey.key).where(NetworkKey.day == day))
    assert key is not None
    return key


def find_day_keys(session: Session, days: Collection[date]) -> dict[date, bytes]:
    """The keys of these days, as far as there are any."""
    kept = _kept.setdefault(_store_of(session), {})
    if all(day in kept for day in days):
        return {day: key for day in days if (key := kept[day]) is not None}
    query = select(NetworkKey.day, NetworkKey.key).where(NetworkKey.day.in_(days))
    found = {row.day: row.key for row in session.execute(query)}
    if _MADE not in session.info:
        today = max(days)
        _drop(kept, today)
        kept.update(found)
        kept.update({day: None for day in days if day < today and day not in found})  # nobody makes it now
    return found


def forget_kept_keys(now: datetime) -> None:
    """Let this process forget keys when the store does, also when no forms come any more."""
    for kept in list(_kept.values()):
        _drop(kept, now.date())


def _drop(kept: dict[date, bytes | None], today: date) -> None:
    """Those before yesterday. Other threads may be at it too."""
    for day in list(kept):
        if day < today - timedelta(days=1):
            kept.pop(day, None)


def forget_old_keys(session: Session, now: datetime) -> None:
    """Delete the keys whose first hash is as old as KEY_LIFETIME allows; those of the end of that day live a day
    shorter."""
    last_gone: date = (now - KEY_LIFETIME).date()
    session.execute(delete(NetworkKey).where(NetworkKey.day <= last_gone))
    _kept.pop(_store_of(session), None)


def _store_of(session: Session) -> Any:
    """Stands for the store, whichever of its engines the session is of."""
    return session.get_bind().engine.pool
