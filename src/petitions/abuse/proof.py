"""Proof of work in the format of ALTCHA: a browser tries numbers for a second before its form is taken.

That second costs a person nothing and a flood of forms a machine. Nothing is stored when a challenge is made: it
is signed, runs out after a while and is good for one campaign. That it is used once is known by its digest.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petitions.abuse.models import SpentChallenge
from petitions.db import Database, insert_ignoring

#: How long a challenge is good: longer than most people write at a form.
LIFETIME = timedelta(minutes=20)
#: A browser tries half of these numbers on average: about a second on a telephone of some years ago.
MAX_NUMBER = 300_000
#: Characters of the longest payload that is looked at.
MAX_LENGTH = 1_000

_SALT = re.compile(r"[0-9a-f]{24}\?expires=([0-9]{1,12})&campaign=([0-9]{1,12})&")
_STEP = 2_000


class Proofs:
    """Makes challenges and checks what browsers answer."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        """`secret_keys`: the first signs, all are accepted (old ones after a rotation)."""
        self._keys = [hmac.digest(key.encode(), b"petitions.proof", "sha256") for key in secret_keys]

    def make(self, campaign_id: int, now: datetime) -> dict[str, str | int]:
        """A challenge, as ALTCHA's widgets and ours read it."""
        expires = int((now + LIFETIME).timestamp())
        salt = f"{secrets.token_hex(12)}?expires={expires}&campaign={campaign_id}&"
        challenge = _hash(salt, secrets.randbelow(MAX_NUMBER + 1))
        return {
            "algorithm": "SHA-256",
            "challenge": challenge,
            "maxnumber": MAX_NUMBER,
            "salt": salt,
            "signature": _sign(self._keys[0], challenge),
        }

    def check(self, payload: str, campaign_id: int, now: datetime) -> bytes | None:
        """16 bytes that stand for a challenge which this solves; None for whatever is no right answer to one of
        ours that is still good for this campaign."""
        answer = _read(payload)
        if answer is None:
            return None
        salt, number, challenge, signature = answer
        place = _SALT.fullmatch(salt)
        if place is None or int(place[2]) != campaign_id or int(place[1]) <= now.timestamp():
            return None
        if _hash(salt, number) != challenge:
            return None
        if not any(hmac.compare_digest(_sign(key, challenge).encode(), signature) for key in self._keys):
            return None
        return hashlib.sha256(challenge.encode()).digest()[:16]


def _read(payload: str) -> tuple[str, int, str, bytes] | None:
    """Salt, number, challenge and signature of a payload that has the right shape."""
    if not payload or len(payload) > MAX_LENGTH:
        return None
    try:
        said = json.loads(base64.b64decode(payload, validate=True))
        salt, number, challenge = said["salt"], said["number"], said["challenge"]
        signature = said["signature"].encode()
        is_ours = said["algorithm"] == "SHA-256"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if not is_ours or type(number) is not int or not 0 <= number <= MAX_NUMBER:
        return None
    if not isinstance(salt, str) or not isinstance(challenge, str):
        return None
    return salt, number, challenge, signature


def _hash(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _sign(key: bytes, challenge: str) -> str:
    return hmac.new(key, challenge.encode(), hashlib.sha256).hexdigest()


def spend(session: Session, digests: Collection[bytes], now: datetime) -> set[bytes]:
    """Use these up. Those that nobody had used before."""
    if not digests:
        return set()
    rows = [{"digest": digest, "expires_at": now + LIFETIME} for digest in sorted(digests)]  # one order for all
    statement = insert_ignoring(session, SpentChallenge).returning(SpentChallenge.digest)
    return set(session.scalars(statement, rows))


def forget_spent(database: Database, now: datetime) -> None:
    """Delete those that would be too old by now anyway, a step at a time."""
    last = b""
    while True:
        with database.writing() as session:
            old = session.scalars(
                select(SpentChallenge.digest)
                .where(SpentChallenge.digest > last, SpentChallenge.expires_at < now.astimezone(UTC))
                .order_by(SpentChallenge.digest)
                .limit(_STEP)
            ).all()
            session.execute(delete(SpentChallenge).where(SpentChallenge.digest.in_(old)))
        if len(old) < _STEP:
            return
        last = old[-1]
