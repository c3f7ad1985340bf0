"""A new mail for somebody whose link was lost or is too old."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.mail import outbox
from petitions.mail.limits import may_mail, recent_mails
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.models import Draft


def renew_mails(session: Session, email_key: bytes, now: datetime) -> int:
    """Queue a mail for each draft of an address that waits to be confirmed, within the address's limits.
    How many were queued; no visitor may learn it."""
    drafts = session.execute(
        select(Draft.campaign_id, Draft.id, Draft.language)
        .join(Campaign, Campaign.id == Draft.campaign_id)
        .where(
            # Campaigns are few: naming them lets the unique index of the drafts answer.
            Draft.campaign_id.in_(select(Campaign.id)),
            Draft.email_key == email_key,
            Draft.held_reason.is_(None),
        )
        .order_by(Draft.created_at.desc())
    ).all()
    recent = recent_mails(session, {email_key}, now)
    mails = []
    for draft in drafts:
        if may_mail(recent, email_key, draft.campaign_id):
            recent.add(email_key, draft.campaign_id, (CONFIRM, draft.id), now)
            mails.append(outbox.NewMail(CONFIRM, draft.campaign_id, draft.id, email_key, draft.language))
    outbox.queue(session, mails, now)
    return len(mails)
