"""The letter about alerts, made when it is sent. It names nobody: no signer, no network, no comment.

A domain may be called whatever somebody likes who sends forms, so it is written in a way of which no mail program
makes a link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.accounts.models import Membership, User
from petitions.campaigns.queries import list_snapshots
from petitions.clock import utc_now
from petitions.mail.letters import Letter, LetterBuilder
from petitions.mail.outbox import ClaimedMail
from petitions.watching.alerts import ALERT, find_news, is_told, largest_of_each


@dataclass(frozen=True)
class AlertLetters:
    """Builds the letters of this feature."""

    base_url: str

    def builders(self) -> Mapping[str, LetterBuilder]:
        return {ALERT: self.alert}

    def alert(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """Letters that say what trended since yesterday; none for somebody who may not know it or does not want
        to, and none of a campaign that is over."""
        now = utc_now()
        campaigns = {found.id: found for found in list_snapshots(session) if found.status(now) == "open"}
        news = find_news(session, sorted(campaigns), now)
        letters = {}
        for mail in mails:
            campaign = campaigns.get(mail.campaign_id) if mail.campaign_id is not None else None
            user, member = _reader(session, mail)
            if campaign is None or user is None or member is None or not member.wants_alerts:
                continue
            known = [alert for alert in news.get(campaign.id, ()) if is_told(member.role, alert.kind)]
            if not known:
                continue
            alerts = largest_of_each(known)
            desk = f"{self.base_url}/console/c/{campaign.slug}"
            statement = campaign.statements.get(mail.language) or campaign.statements[campaign.default_language]
            context = {
                "name": user.name,
                "campaign_title": statement.title,
                "alerts": [(alert.kind, alert.drafts, _unlinked(alert.label)) for alert in alerts],
                "more": len(known) - len(alerts),
                "url": f"{desk}/held?lang={mail.language}",
                "alerts_url": f"{desk}/alerts?lang={mail.language}",
            }
            letters[mail.id] = Letter(user.email, "alert", mail.language, context)
        return letters


def _unlinked(domain: str | None) -> str | None:
    return domain.replace(".", "[.]") if domain is not None else None


def _reader(session: Session, mail: ClaimedMail) -> tuple[User | None, Membership | None]:
    """Whom the mail is for, and their role in its campaign, if the account is open."""
    query = (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id == mail.subject_id, Membership.campaign_id == mail.campaign_id, User.disabled_at.is_(None))
    )
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row is not None else (None, None)
