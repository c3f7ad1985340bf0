"""A new mail for somebody whose link was lost or is too old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.abuse import rates
from petitions.mail.limited import LimitedMails
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.models import Draft


@dataclass(frozen=True, slots=True)
class Renewal:
    """Somebody asked for a new mail to this address."""

    email_key: bytes
    arrived_at: datetime


def store_renewals(session: Session, renewals: Sequence[Renewal]) -> list[None]:
    """Queue a mail for each draft of these addresses that waits to be confirmed, within the limits of each.
    Nobody learns from the answer, or from its time, whether there was any."""
    now = max(renewal.arrived_at for renewal in renewals)
    email_keys = {renewal.email_key for renewal in renewals}
    drafts = session.execute(
        select(Draft.campaign_id, Draft.id, Draft.email_key, Draft.language)
        .where(Draft.email_key.in_(email_keys), Draft.held_reason.is_(None))
        .order_by(Draft.created_at.desc())
    ).all()
    mails = LimitedMails(session, email_keys, now)
    for draft in drafts:
        mails.add(CONFIRM, draft.campaign_id, draft.id, draft.email_key, draft.language)
    if not mails.queue():
        rates.write_nothing(session, now)
    return [None] * len(renewals)
