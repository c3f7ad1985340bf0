"""The contact presses the button in the mail: from now on the request is theirs, and leads see it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.campaigns.lifecycle import may_confirm
from petitions.campaigns.models import Campaign
from petitions.errors import LinkInvalid
from petitions.mail import outbox
from petitions.organisations import counting
from petitions.organisations.models import UNCONFIRMED, WAITING, Organisation
from petitions.organisations.requesting import OWN_LINK
from petitions.organisations.similar import find_similar
from petitions.tokens import Named

#: Token purposes: of the button in the first mail, of the own page, and of the button for a new contact.
CONFIRM_PURPOSE, OWN_PURPOSE, CONTACT_PURPOSE = (
    "organisation-confirm",
    "organisation",
    "organisation-contact",
)
#: Whoever acts by the private link of an organisation; the log names the organisation by its number.
ORGANISATION = Actor(None, "organisation")
#: The rule of a campaign that approves what is proven.
RULE = Actor(None, "petitions")


@dataclass(frozen=True)
class Confirmation:
    """What the button does; `approves_proven`: the campaign takes organisations whose domain is proven."""

    link: Named
    approves_proven: bool
    now: datetime


def confirm(session: Session, button: Confirmation) -> Organisation:
    """Confirm the request: it waits for a lead, or counts at once, where nothing speaks against it. Again: nothing
    changes. Raises LinkInvalid where there is no such request any more, CampaignPurged."""
    tally, organisation = counting.lock_one(session, button.link.campaign_id, button.link.row_id)
    if organisation is None or organisation.link_epoch != button.link.epoch:
        raise LinkInvalid("no such organisation")
    if organisation.state != UNCONFIRMED:
        return organisation
    organisation.confirmed_at = button.now
    organisation.state = WAITING
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.confirmed", organisation, button.now)
    if button.approves_proven and _speaks_for_itself(session, organisation, button.now):
        counting.show(tally, organisation)
        organisation.decided_at = button.now
        log(session, RULE, "organisation.approved", organisation, button.now)
    queue(session, OWN_LINK, organisation, button.now)
    return organisation


def _speaks_for_itself(session: Session, organisation: Organisation, now: datetime) -> bool:
    """Whether nobody has to look: the domain is proven, nothing was noted, none looks like it, and it came in
    time."""
    if not organisation.domain_proven or organisation.note is not None:
        return False
    closes_at = session.scalar(select(Campaign.closes_at).where(Campaign.id == organisation.campaign_id))
    in_time = may_confirm(closes_at, organisation.created_at, now)
    return in_time and not find_similar(session, organisation)


def queue(
    session: Session, kind: str, organisation: Organisation, now: datetime, priority: int = outbox.LATER
) -> None:
    """Queue a mail that a lead or the organisation itself caused: none where there is no address."""
    if organisation.email_key is None:
        return
    mail = outbox.NewMail(
        kind,
        organisation.campaign_id,
        organisation.id,
        organisation.email_key,
        organisation.language,
        priority,
    )
    outbox.queue(session, [mail], now)


def log(
    session: Session, actor: Actor, action: str, organisation: Organisation, now: datetime, **details: object
) -> None:
    """Write down what became of an organisation; it is named by its number."""
    record(session, actor, action, now, organisation.campaign_id, organisation=organisation.number, **details)
