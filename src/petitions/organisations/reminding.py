"""One more mail to organisations that have not pressed the button, or not answered: when a lead says so."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.audit.recording import Actor
from petitions.mail import outbox
from petitions.mail.limited import LimitedMails
from petitions.organisations import counting
from petitions.organisations.confirming import log
from petitions.organisations.models import ASKED, UNCONFIRMED, Organisation

REMINDER_MAIL = "organisation_reminder"
#: So long after the last one, and after the request itself.
PAUSE = timedelta(days=7)


@dataclass(frozen=True)
class Reminded:
    """What became of it: numbers of those that get a mail; of those that had one too lately; and of those that
    have nothing to do or no address. How many were gone."""

    done: list[int] = field(default_factory=list)
    too_early: list[int] = field(default_factory=list)
    not_waiting: list[int] = field(default_factory=list)
    gone: int = 0


def remind(session: Session, campaign_id: int, ids: Sequence[UUID], actor: Actor, now: datetime) -> Reminded:
    """Queue a reminder to each of these that has to do something, once a week at most and within the limits of its
    address. Raises CampaignPurged."""
    counting.lock(session, campaign_id)
    found = [counting.find_locked(session, campaign_id, one) for one in sorted(set(ids))]
    reminded = Reminded(gone=found.count(None))
    organisations = [organisation for organisation in found if organisation is not None]
    keys = {organisation.email_key for organisation in organisations if organisation.email_key is not None}
    mails = LimitedMails(session, keys, now)
    for organisation in organisations:
        if organisation.email_key is None or not is_awaited(organisation):
            reminded.not_waiting.append(organisation.number)
        elif now < next_reminder(organisation) or not mails.add(
            REMINDER_MAIL,
            campaign_id,
            organisation.id,
            organisation.email_key,
            organisation.language,
            outbox.LATER,
        ):
            reminded.too_early.append(organisation.number)
        else:
            organisation.reminded_at = now
            reminded.done.append(organisation.number)
            log(session, actor, "organisation.reminded", organisation, now)
    mails.queue()
    return reminded


def is_awaited(organisation: Organisation) -> bool:
    """Whether it is for the organisation to do something."""
    return organisation.state in (UNCONFIRMED, ASKED)


def next_reminder(organisation: Organisation) -> datetime:
    """From when on another mail is no annoyance."""
    asked_at = organisation.decided_at if organisation.state == ASKED else organisation.created_at
    return max(organisation.reminded_at or organisation.created_at, asked_at or organisation.created_at) + PAUSE
