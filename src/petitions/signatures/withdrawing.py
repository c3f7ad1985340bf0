"""Withdrawing: the row goes, and the count falls in the same transaction. Signing again later works."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Row, Table, delete, select, update
from sqlalchemy.orm import Session

from petitions.db import Database, insert_for, insert_ignoring
from petitions.mail import outbox
from petitions.signatures import paper
from petitions.signatures.locked import Locked
from petitions.signatures.models import Draft, Refusal, Signature, Tally, Withdrawal
from petitions.signatures.own import Done, was_withdrawn
from petitions.signatures.rollups import REMOVED_PART, add_to_parts, parts_of
from petitions.signatures.words import drop_words
from petitions.tokens import Named

#: For so long pressing the button again says that it was done.
_REMEMBERED = timedelta(days=1)
_signatures = cast("Table", Signature.__table__)


@dataclass(frozen=True)
class Withdraw:
    """The button of the own page."""

    link: Named
    arrived_at: datetime

    def apply(self, session: Session, locked: Locked) -> Done:
        signature = locked.find(self.link)
        if signature is None:
            return Done.DONE if was_withdrawn(session, self.link) else Done.GONE
        _erase(session, signature, locked.rolled_up, self.arrived_at)
        row = {
            "campaign_id": self.link.campaign_id,
            "id": self.link.row_id,
            "link_epoch": self.link.epoch,
            "withdrawn_at": self.arrived_at,
        }
        session.execute(insert_ignoring(session, Withdrawal), row)
        return Done.DONE


def withdraw(session: Session, campaign_id: int, email_key: bytes, now: datetime) -> bool:
    """Erase the signature of an address, on paper too, and every draft of it. Whether there was one, online or on
    paper."""
    rolled_up = session.scalar(
        select(Tally.rolled_up_serial).where(Tally.campaign_id == campaign_id).with_for_update()
    )
    this = (_signatures.c.campaign_id == campaign_id, _signatures.c.email_key == email_key)
    signature = session.execute(select(_signatures).where(*this).with_for_update()).one_or_none()
    if signature is None or rolled_up is None:
        session.execute(delete(Draft).where(Draft.campaign_id == campaign_id, Draft.email_key == email_key))
        return paper.forget(session, campaign_id, email_key) > 0
    _erase(session, signature, rolled_up, now)
    return True


def forget_withdrawals(database: Database, now: datetime) -> None:
    """Forget which links withdrew a signature, a day later."""
    with database.writing() as session:
        session.execute(delete(Withdrawal).where(Withdrawal.withdrawn_at < now - _REMEMBERED))


def _erase(session: Session, signature: Row[Any], rolled_up: int, now: datetime) -> None:
    campaign_id, email_key = signature.campaign_id, signature.email_key
    session.execute(delete(Draft).where(Draft.campaign_id == campaign_id, Draft.email_key == email_key))
    outbox.forget_pending(session, campaign_id, email_key)
    drop_words(session, campaign_id, signature.serial, signature.name)
    paper.forget(session, campaign_id, email_key, signature.serial)
    session.execute(
        delete(_signatures).where(_signatures.c.campaign_id == campaign_id, _signatures.c.id == signature.id)
    )
    if signature.removed_at is not None:
        # What the campaign took off its list does not come back by withdrawing and signing again; not by taking
        # back an earlier refusal either.
        row = {"email_key": email_key, "campaign_id": campaign_id, "draft_id": None, "refused_at": now}
        refusal = insert_for(session, Refusal)
        keys = ["email_key", "campaign_id"]
        session.execute(refusal.on_conflict_do_update(index_elements=keys, set_={"draft_id": None}), row)
        add_to_parts(session, campaign_id, {(REMOVED_PART, signature.removed_reason or ""): -1})
        return
    session.execute(
        update(Tally)
        .where(Tally.campaign_id == campaign_id)
        .values(counted=Tally.counted - 1, withdrawn=Tally.withdrawn + 1)
    )
    if signature.serial <= rolled_up:
        add_to_parts(session, campaign_id, dict.fromkeys(parts_of(signature), -1))
