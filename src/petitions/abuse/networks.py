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


def get_day_key(session: Session, now: datetime) -> bytes:
    """The key of this day, made when the day's first draft asks for it."""
    day = now.date()
    query = select(NetworkKey.key).where(NetworkKey.day == day)
    key = session.scalar(query)
    if key is None:
        row = {"day": day, "key": secrets.token_bytes(32)}
        session.execute(insert_ignoring(session, NetworkKey), row)
        key = session.scalar(query)
    assert key is not None
    return key


def find_day_keys(session: Session, days: Collection[date]) -> dict[date, bytes]:
    """The keys of these days, as far as there are any."""
    query = select(NetworkKey.day, NetworkKey.key).where(NetworkKey.day.in_(days))
    return {row.day: row.key for row in session.execute(query)}


def forget_old_keys(session: Session, now: datetime) -> None:
    """Delete the keys whose first hash is as old as KEY_LIFETIME allows; those of the end of that day live a day
    shorter."""
    last_gone: date = (now - KEY_LIFETIME).date()
    session.execute(delete(NetworkKey).where(NetworkKey.day <= last_gone))
