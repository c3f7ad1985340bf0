"""The words under which somebody agreed to mails about a campaign, kept once for all who read the same."""

import hashlib
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import insert_ignoring
from petitions.signatures.models import ConsentWording

#: A campaign and the words.
Wording = tuple[int, str]


def wording_key(text: str) -> bytes:
    """16 bytes that are equal for equal words."""
    return hashlib.sha256(text.encode()).digest()[:16]


def store_wordings(session: Session, wordings: Collection[Wording]) -> None:
    """Keep these words, where they are not kept yet."""
    rows = [{"campaign_id": c, "key": wording_key(t), "text": t} for c, t in sorted(set(wordings))]
    if rows:
        session.connection().execute(insert_ignoring(session, ConsentWording), rows)


def find_wording(session: Session, campaign_id: int, key: bytes | None) -> str | None:
    """The words of a consent; None where there was none."""
    if key is None:
        return None
    this = (ConsentWording.campaign_id == campaign_id, ConsentWording.key == key)
    return session.scalar(select(ConsentWording.text).where(*this))
