"""The contact presses the button in the mail: from now on the request is theirs, and leads see it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.errors import LinkInvalid
from petitions.mail import outbox
from petitions.organisations import counting
from petitions.organisations.models import BY_RULE, UNCONFIRMED, WAITING, Organisation
from petitions.organisations.requesting import OWN_LINK
from petitions.organisations.rule import speaks_for_itself
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
    """Confirm the request: it waits for a lead; or it counts at once, where nothing speaks against it, and a lead
    looks at it later. Again: nothing changes. Raises LinkInvalid where there is no such request any more,
    CampaignPurged."""
    tally, organisation = counting.lock_one(session, button.link.campaign_id, button.link.row_id)
    if organisation is None or organisation.link_epoch != button.link.epoch:
        raise LinkInvalid("no such organisation")
    if organisation.state != UNCONFIRMED:
        return organisation
    organisation.confirmed_at = button.now
    organisation.state = WAITING
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.confirmed", organisation, button.now)
    if button.approves_proven and speaks_for_itself(session, organisation, button.now):
        counting.show(tally, organisation)
        organisation.decided_at, organisation.look = button.now, BY_RULE
        log(session, RULE, "organisation.approved", organisation, button.now)
    queue(session, OWN_LINK, organisation, button.now)
    return organisation


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
