"""The public list: those who chose to be shown, each as they chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import Session

from petitions.names import folded_words, initials
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_UNREAD, SHOWN, Signature, SignatureWord

PAGE_SIZE = 50
#: A search looks for so many words of what was typed, at so many rows at once, and at so many in all.
_MAX_SEARCHED = 4
_CHUNK = 250
_MAX_LOOKED_AT = 1_000
_SHOWN_COLUMNS = (
    Signature.visibility,
    Signature.name,
    Signature.country,
    Signature.city,
    Signature.affiliation,
    Signature.comment,
    Signature.name_hidden,
    Signature.comment_state,
)


@dataclass(frozen=True)
class ShownSigner:
    """A signer as they chose to be shown."""

    name: str  # the full name, or initials
    country: str  # code
    city: str | None  # only with the full name, like what follows
    affiliation: str | None
    comment: str | None


@dataclass(frozen=True)
class SignerPage:
    signers: tuple[ShownSigner, ...]
    next_key: str | None  # None: this is the last page


def show(signer: Any, *, reviewed: bool = False) -> ShownSigner | None:
    """How the public site shows a draft, a signature or a row of the columns above; None for those who stay
    unnamed there. `reviewed`: the campaign shows only comments that a moderator has approved."""
    if getattr(signer, "name_hidden", False):
        return None
    if signer.visibility == "public" and signer.name:
        state = getattr(signer, "comment_state", COMMENT_UNREAD)
        shows_comment = state == COMMENT_APPROVED or (state == COMMENT_UNREAD and not reviewed)
        comment = signer.comment if shows_comment else None
        return ShownSigner(signer.name, signer.country, signer.city, signer.affiliation, comment)
    if signer.visibility == "initials" and signer.name:
        return ShownSigner(initials(signer.name) or "·", signer.country, None, None, None)
    return None


def list_latest(
    session: Session, campaign_id: int, limit: int, *, reviewed: bool = False
) -> tuple[ShownSigner, ...]:
    """The latest of those who are shown."""
    return list_page(session, campaign_id, before=None, limit=limit, reviewed=reviewed).signers


def list_page(
    session: Session, campaign_id: int, before: int | None, limit: int = PAGE_SIZE, *, reviewed: bool = False
) -> SignerPage:
    """A page of the list, the latest first; `before` is the key that the page above named."""
    query = select(Signature.serial, *_SHOWN_COLUMNS).where(Signature.campaign_id == campaign_id, SHOWN)
    if before is not None:
        query = query.where(Signature.serial < before)
    rows = session.execute(query.order_by(Signature.serial.desc()).limit(limit + 1)).all()
    signers = [show(row, reviewed=reviewed) for row in rows[:limit]]
    return SignerPage(
        tuple(signer for signer in signers if signer is not None),
        str(rows[limit - 1].serial) if len(rows) > limit else None,
    )


def search(
    session: Session,
    campaign_id: int,
    text: str,
    after: tuple[str, int] | None,
    limit: int = PAGE_SIZE,
    *,
    reviewed: bool = False,
) -> SignerPage:
    """Full names in which, for every word of `text`, some word begins with it, in the order of the word that
    was found. `after` is the key that the page above named. Looks at a bounded number of rows: a page of a
    search for common words may be short, or empty, and still name a next one."""
    wanted = sorted(folded_words(text)[:_MAX_SEARCHED], key=len, reverse=True)
    signers: list[ShownSigner] = []
    looked_at = 0
    while wanted and looked_at < _MAX_LOOKED_AT:
        hits = _find_hits(session, campaign_id, wanted[0], after)
        for hit in hits:
            after = (hit.word, hit.serial)
            if hit.removed_at is not None:
                continue
            words = folded_words(hit.name or "")
            begins = [word for word in words if word.startswith(wanted[0])]
            if min(begins, default=None) != hit.word:
                continue  # the same name stands here once for each word that begins so
            if all(any(word.startswith(other) for word in words) for other in wanted[1:]):
                signer = show(hit, reviewed=reviewed)
                signers += [signer] if signer else []
            if len(signers) == limit:
                return SignerPage(tuple(signers), f"{hit.serial}.{hit.word}")
        looked_at += len(hits)
        if len(hits) < _CHUNK:
            return SignerPage(tuple(signers), None)
    return SignerPage(tuple(signers), f"{after[1]}.{after[0]}" if after else None)


def _find_hits(
    session: Session, campaign_id: int, prefix: str, after: tuple[str, int] | None
) -> Sequence[Row[Any]]:
    begins = (SignatureWord.word >= prefix, SignatureWord.word < prefix + "\U0010ffff")
    hits = (
        select(SignatureWord.word, SignatureWord.serial)
        .where(SignatureWord.campaign_id == campaign_id, *begins)
        .order_by(SignatureWord.word, SignatureWord.serial)
        .limit(_CHUNK)
    )
    if after is not None:
        hits = hits.where(tuple_(SignatureWord.word, SignatureWord.serial) > after)
    found = hits.subquery()
    return session.execute(
        select(found.c.word, found.c.serial, Signature.removed_at, *_SHOWN_COLUMNS)
        .join(Signature, (Signature.campaign_id == campaign_id) & (Signature.serial == found.c.serial))
        .order_by(found.c.word, found.c.serial)
    ).all()
