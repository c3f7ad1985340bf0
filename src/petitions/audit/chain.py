"""The chain of digests over what leads did: how an entry is sealed, and how a chain is read again."""

import hashlib
import json
import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.models import AuditEntry
from petitions.db import Fact

HEAD = "audit_head"
_WRITTEN = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True)
class Head:
    """The last entry of a chain: its place, and the digest of it and all before it."""

    place: int
    digest: bytes

    def __str__(self) -> str:
        """As people note it down: "12:9f86…"."""
        return f"{self.place}:{self.digest.hex()}"


#: Before the first entry.
START = Head(0, bytes(32))


def parse_head(text: str) -> Head:
    """A head as it is shown. Raises ValueError."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("expected a place, a colon and 64 hexadecimal digits")
    return Head(int(found[1]), bytes.fromhex(found[2]))


def canonical(entry: AuditEntry, place: int) -> bytes:
    """An entry as the bytes that are sealed: JSON in ASCII without spaces, its keys sorted."""
    content = {
        "place": place,
        "id": entry.id,
        "at": entry.at.isoformat(timespec="microseconds"),
        "user": entry.user_id.hex if entry.user_id is not None else None,
        "actor": entry.actor,
        "campaign": entry.campaign_id,
        "action": entry.action,
        "details": entry.details,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def follow(head: Head, entry: AuditEntry) -> Head:
    """The head of the chain once this entry is its last."""
    place = head.place + 1
    return Head(place, hashlib.sha256(head.digest + canonical(entry, place)).digest())


def find_head(session: Session) -> Head:
    """The head, as the sealer noted it."""
    return _read(session.get(Fact, HEAD))


def lock_head(session: Session) -> Head:
    """The head; nobody else can move it before this transaction ends, when `note_head` was called before."""
    query = select(Fact).where(Fact.name == HEAD).with_for_update().execution_options(populate_existing=True)
    return _read(session.scalar(query))


def note_head(session: Session, head: Head) -> None:
    """Write down where the chain ends."""
    session.merge(Fact(name=HEAD, value=str(head)))


def _read(fact: Fact | None) -> Head:
    try:
        return parse_head(fact.value) if fact is not None else START
    except ValueError:
        return START  # somebody wrote into it; the entries themselves say that they are sealed
