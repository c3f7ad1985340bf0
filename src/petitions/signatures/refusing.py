""" "It wasn't me": the drafts of an address go, and nothing about the campaign is mailed to it any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, delete, select
from sqlalchemy.orm import Session

from petitions.db import insert_ignoring
from petitions.signatures.locked import Locked
from petitions.signatures.models import Draft, Refusal, Signature, Tally
from petitions.signatures.own import Done
from petitions.tokens import Named

_refusals = cast("Table", Refusal.__table__).c
_REFUSED = select(_refusals.campaign_id, _refusals.email_key).where(
    _refusals.email_key.in_(bindparam("email_keys", expanding=True))
)


class Standing(Enum):
    """What the link of a confirm mail can do about it."""

    WAITING = "waiting"  # the draft waits; it can be refused
    REFUSED = "refused"  # that was done; it can be taken back
    SIGNED = "signed"  # it was confirmed; its owner withdraws it on their own page
    GONE = "gone"  # or its signer asked for a new link, and the mails before it tell nothing any more


def find_refusals(session: Session, email_keys: Sequence[bytes]) -> set[tuple[int, bytes]]:
    """Which of these addresses refused mails about which campaign."""
    rows = session.connection().execute(_REFUSED, {"email_keys": email_keys})
    return {(campaign_id, email_key) for campaign_id, email_key in rows}


def find_standing(session: Session, campaign_id: int, draft_id: UUID) -> Standing:
    """What became of the draft of a link."""
    if session.get(Draft, (campaign_id, draft_id)) is not None:
        return Standing.WAITING
    if session.scalar(select(Refusal.email_key).where(*_by_draft(campaign_id, draft_id))) is not None:
        return Standing.REFUSED
    signature = session.get(Signature, (campaign_id, draft_id))
    if signature is not None and signature.link_epoch == 0:
        return Standing.SIGNED
    return Standing.GONE


def refuse(session: Session, campaign_id: int, draft_id: UUID, now: datetime) -> Standing:
    """Delete every draft of this draft's address for the campaign, and remember the address by its key.
    Again: nothing changes."""
    # The lock of those who confirm, or the same draft could be refused and counted at once; and of those who
    # refuse another draft of this address, or each could wait for the other.
    session.execute(select(Tally.counted).where(Tally.campaign_id == campaign_id).with_for_update())
    this = (Draft.campaign_id == campaign_id, Draft.id == draft_id)
    email_key = session.scalar(select(Draft.email_key).where(*this).with_for_update())
    if email_key is None:
        return find_standing(session, campaign_id, draft_id)
    signed = select(Signature.id).where(Signature.email_key == email_key, Signature.campaign_id == campaign_id)
    is_signed = session.scalar(signed) is not None  # by its owner, meanwhile: who withdraws on their own page
    if not is_signed:
        row = {"email_key": email_key, "campaign_id": campaign_id, "draft_id": draft_id, "refused_at": now}
        session.execute(insert_ignoring(session, Refusal), row)
    session.execute(delete(Draft).where(Draft.email_key == email_key, Draft.campaign_id == campaign_id))
    return Standing.GONE if is_signed else Standing.REFUSED


def refuse_address(session: Session, campaign_id: int, email_key: bytes, now: datetime) -> None:
    """Mail no button about the campaign to this address any more, as whoever reads it asked without a draft. One
    that has signed stays as it is: that is withdrawn on the own page. Again: nothing changes."""
    signed = select(Signature.id).where(Signature.email_key == email_key, Signature.campaign_id == campaign_id)
    if session.scalar(signed) is None:
        row = {"email_key": email_key, "campaign_id": campaign_id, "draft_id": None, "refused_at": now}
        session.execute(insert_ignoring(session, Refusal), row)


def take_back(session: Session, campaign_id: int, draft_id: UUID) -> None:
    """Let the address of a refused draft sign again. Again: nothing changes."""
    session.execute(delete(Refusal).where(*_by_draft(campaign_id, draft_id)))


@dataclass(frozen=True)
class Refuse:
    """The button "it wasn't me"."""

    link: Named
    arrived_at: datetime

    def apply(self, session: Session, locked: Locked) -> Done:
        standing = refuse(session, self.link.campaign_id, self.link.row_id, self.arrived_at)
        return Done.DONE if standing is Standing.REFUSED else Done.GONE


@dataclass(frozen=True)
class TakeBack:
    """The button that undoes it."""

    link: Named

    def apply(self, session: Session, locked: Locked) -> Done:
        take_back(session, self.link.campaign_id, self.link.row_id)
        return Done.DONE


def _by_draft(campaign_id: int, draft_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (Refusal.campaign_id == campaign_id, Refusal.draft_id == draft_id)
