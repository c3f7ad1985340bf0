"""Withdrawing: the row goes, and the count falls in the same transaction. Signing again later works."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from petitions.signatures.models import Draft, Signature, SignatureWord, Tally, TallyPart
from petitions.signatures.names import folded_words


def withdraw(session: Session, campaign_id: int, email_key: bytes) -> bool:
    """Erase the signature of an address, and every draft of it. Whether there was a signature."""
    rolled_up = session.scalar(
        select(Tally.rolled_up_serial).where(Tally.campaign_id == campaign_id).with_for_update()
    )
    this = (Signature.campaign_id == campaign_id, Signature.email_key == email_key)
    signature = session.execute(
        select(
            Signature.serial, Signature.name, Signature.country, Signature.visibility, Signature.removed_at
        ).where(*this)
    ).one_or_none()
    session.execute(delete(Draft).where(Draft.campaign_id == campaign_id, Draft.email_key == email_key))
    if signature is None or rolled_up is None:
        return False
    session.execute(
        delete(SignatureWord).where(
            SignatureWord.campaign_id == campaign_id,
            SignatureWord.serial == signature.serial,
            SignatureWord.word.in_(folded_words(signature.name or "")),
        )
    )
    session.execute(delete(Signature).where(*this))
    if signature.removed_at is None:
        session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(counted=Tally.counted - 1))
        if signature.serial <= rolled_up:
            _take_from_parts(session, campaign_id, signature.country, signature.visibility)
    return True


def _take_from_parts(session: Session, campaign_id: int, country: str, visibility: str) -> None:
    for dimension, value in (("country", country), ("visibility", visibility)):
        session.execute(
            update(TallyPart)
            .where(
                TallyPart.campaign_id == campaign_id,
                TallyPart.dimension == dimension,
                TallyPart.value == value,
            )
            .values(counted=TallyPart.counted - 1)
        )
