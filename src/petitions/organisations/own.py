"""What the contact of an organisation does by the private link: change, answer, renew, hand over, withdraw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.errors import LinkInvalid, NotPossible
from petitions.mail import outbox
from petitions.mail.limited import LimitedMails
from petitions.organisations import counting
from petitions.organisations.confirming import ORGANISATION, log, queue
from petitions.organisations.logos import Logo, drop_logo, keep_logo
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    UNCONFIRMED,
    WAITING,
    Organisation,
    OrganisationTally,
)
from petitions.organisations.requesting import CONFIRM, OWN_LINK, Contact, Entry, columns_of
from petitions.organisations.websites import is_proven
from petitions.tokens import Named

#: To the new contact, with a button; and to the one before, that it was asked for.
CONTACT_MAIL, HANDOVER_MAIL = "organisation_contact", "organisation_handover"


@dataclass(frozen=True)
class Change:
    """The form of the own page, sent. `logo`: another one; `drops_logo`: none from now on."""

    entry: Entry
    logo: Logo | None = field(repr=False, default=None)
    drops_logo: bool = False


def find_own(session: Session, link: Named) -> Organisation:
    """The organisation of a link that works, detached. Raises LinkInvalid."""
    organisation = session.get(Organisation, (link.campaign_id, link.row_id))
    if organisation is None or organisation.link_epoch != link.epoch or organisation.email is None:
        raise LinkInvalid("no such organisation")
    session.expunge(organisation)
    return organisation


def find_handover(session: Session, link: Named) -> Organisation:
    """The organisation of the button for a new contact, detached; `next_contact` is who may press it. Raises
    LinkInvalid, also where somebody else was proposed since."""
    organisation = session.get(Organisation, (link.campaign_id, link.row_id))
    if organisation is None or not _is_proposed_by(organisation, link):
        raise LinkInvalid("no such organisation")
    session.expunge(organisation)
    return organisation


def _is_proposed_by(organisation: Organisation, link: Named) -> bool:
    """Whether the link is of the mail to who is to speak for it now. It names the revision at which they were
    proposed: by one's own link nobody shall confirm the address of somebody else."""
    return organisation.next_contact is not None and organisation.next_contact["key"] == link.epoch


def _lock_own(session: Session, link: Named) -> tuple[OrganisationTally, Organisation]:
    """Raises LinkInvalid, CampaignPurged."""
    tally, organisation = counting.lock_one(session, link.campaign_id, link.row_id)
    if organisation is None or organisation.link_epoch != link.epoch or organisation.email is None:
        raise LinkInvalid("no such organisation")
    return tally, organisation


def change(session: Session, link: Named, wish: Change, now: datetime) -> bool:
    """Store the form; whether something of it has to be approved first. Before the first approval everything is
    changed at once. Raises LinkInvalid, CampaignPurged."""
    tally, organisation = _lock_own(session, link)
    columns = columns_of(wish.entry, organisation.email)
    if wish.logo is not None:
        keep_logo(session, organisation.campaign_id, wish.logo, now)
    proposed = _proposed(organisation, wish) if organisation.state == APPROVED else {}
    if organisation.state == APPROVED:
        columns = {name: columns[name] for name in ("kind", "country", "city", "members", "comment")}
        tally.members += (columns["members"] or 0) - (organisation.members or 0)
    else:
        before = organisation.logo
        if wish.logo is not None or wish.drops_logo:
            organisation.logo = wish.logo.digest if wish.logo is not None else None
            drop_logo(session, organisation.campaign_id, before)
    changed = sorted(name for name, value in columns.items() if getattr(organisation, name) != value)
    _set(organisation, columns)
    _propose(session, organisation, proposed)
    if organisation.state == ASKED:
        organisation.state = WAITING
    if changed:
        tally.revision += 1
    organisation.revision += 1
    log(
        session,
        ORGANISATION,
        "organisation.changed",
        organisation,
        now,
        fields=sorted({*(name for name in changed if name in _FIELDS), *proposed}),
    )
    return bool(proposed)


#: What the log names of a change.
_FIELDS = frozenset(("name", "kind", "country", "city", "website", "members", "comment"))


def _set(organisation: Organisation, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(organisation, name, value)


def _proposed(organisation: Organisation, wish: Change) -> dict[str, Any]:
    """What of a change has to be approved: who it is, where the link leads, and the picture."""
    proposed: dict[str, Any] = {}
    url = wish.entry.website.url if wish.entry.website is not None else None
    if wish.entry.name != organisation.name:
        proposed["name"] = wish.entry.name
    if url != organisation.website:
        proposed["website"] = url
    if wish.logo is not None and wish.logo.digest != organisation.logo:
        proposed["logo"] = wish.logo.digest
    elif wish.drops_logo and organisation.logo is not None:
        proposed["logo"] = None
    elif organisation.proposed and "logo" in organisation.proposed and not (wish.logo or wish.drops_logo):
        proposed["logo"] = organisation.proposed["logo"]  # proposed before, and not taken back by this form
    return proposed


def _propose(session: Session, organisation: Organisation, proposed: dict[str, Any]) -> None:
    before = (organisation.proposed or {}).get("logo")
    organisation.proposed = proposed or None
    if before is not None and before != proposed.get("logo"):
        drop_logo(session, organisation.campaign_id, before)


def answer(session: Session, link: Named, text: str, now: datetime) -> None:
    """Answer to what a lead asked. Raises LinkInvalid, CampaignPurged."""
    _tally, organisation = _lock_own(session, link)
    organisation.answer = text
    if organisation.state == ASKED:
        organisation.state = WAITING
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.answered", organisation, now)


def hand_over(session: Session, link: Named, contact: Contact, now: datetime) -> bool:
    """Somebody else is to speak for it: they get a mail with a button, and until they press it nothing changes.
    False where that address has had enough mails today: nothing was done. Raises LinkInvalid, CampaignPurged."""
    _tally, organisation = _lock_own(session, link)
    mails = LimitedMails(session, {contact.email_key}, now)
    if not mails.add(
        CONTACT_MAIL, organisation.campaign_id, organisation.id, contact.email_key, organisation.language
    ):
        return False
    organisation.revision += 1
    organisation.next_contact = {
        "contact_name": contact.name,
        "contact_role": contact.role,
        "email": contact.email,
        "email_key": contact.email_key.hex(),
        "phone": contact.phone,
        "key": organisation.revision,
    }
    log(session, ORGANISATION, "organisation.contact_proposed", organisation, now)
    session.flush()
    # Before the other one, whose button takes this address away.
    queue(session, HANDOVER_MAIL, organisation, now - timedelta(seconds=1), outbox.CONFIRMATION)
    mails.queue()
    return True


def correct_contact(session: Session, link: Named, contact: Contact, now: datetime) -> None:
    """The same mailbox under another name, role or phone: nothing has to be proven anew. Raises LinkInvalid,
    CampaignPurged."""
    _tally, organisation = _lock_own(session, link)
    organisation.contact_name, organisation.contact_role = contact.name, contact.role
    organisation.phone = contact.phone
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.contact_corrected", organisation, now)


def take_over(session: Session, link: Named, now: datetime) -> Organisation:
    """The new contact pressed the button: from now on earlier links are worthless, that of the button too. Raises
    LinkInvalid, CampaignPurged."""
    _tally, organisation = counting.lock_one(session, link.campaign_id, link.row_id)
    if organisation is None or not _is_proposed_by(organisation, link):
        raise LinkInvalid("nobody was proposed")
    following: dict[str, Any] = organisation.next_contact or {}
    organisation.contact_name, organisation.contact_role = following["contact_name"], following["contact_role"]
    organisation.email, organisation.phone = following["email"], following["phone"]
    organisation.email_key = bytes.fromhex(following["email_key"])
    organisation.next_contact = None
    organisation.domain_proven = is_proven(following["email"], organisation.domain)
    organisation.confirmed_at = now
    organisation.link_epoch += 1
    organisation.revision += 1
    if organisation.state == UNCONFIRMED:
        organisation.state = WAITING
    log(session, ORGANISATION, "organisation.contact_replaced", organisation, now)
    session.flush()
    queue(session, OWN_LINK, organisation, now)
    return organisation


def renew(session: Session, link: Named, statement_id: int, now: datetime) -> None:
    """It signs the present wording, which the page showed. Raises LinkInvalid, CampaignPurged, and NotPossible
    where that one is no longer in force."""
    tally, organisation = _lock_own(session, link)
    if organisation.statement_id == statement_id:
        return
    statement = session.get(Statement, statement_id, with_for_update={"read": True, "key_share": True})
    if statement is None or statement.campaign_id != link.campaign_id or statement.retired_at is not None:
        raise NotPossible
    organisation.statement_id = organisation.told_statement_id = statement_id
    organisation.revision += 1
    tally.revision += 1
    log(session, ORGANISATION, "organisation.renewed", organisation, now)


def new_link(session: Session, link: Named, now: datetime) -> None:
    """Make every earlier link worthless, and mail a new one; nobody else is to speak for it any more, for whoever
    had an earlier link may have proposed them. Raises LinkInvalid, CampaignPurged."""
    _tally, organisation = _lock_own(session, link)
    organisation.next_contact = None
    organisation.link_epoch += 1
    organisation.revision += 1
    session.flush()
    queue(session, CONFIRM if organisation.state == UNCONFIRMED else OWN_LINK, organisation, now)


def refuse(session: Session, link: Named, now: datetime) -> None:
    """It was not they: delete a request that nobody confirmed. Raises LinkInvalid, CampaignPurged."""
    tally, organisation = _lock_own(session, link)
    if organisation.state != UNCONFIRMED:
        raise LinkInvalid("confirmed meanwhile")
    erase(session, tally, organisation)
    log(session, ORGANISATION, "organisation.refused", organisation, now)


def withdraw(session: Session, link: Named, now: datetime) -> None:
    """Erase it; only how many did stays. Raises LinkInvalid, CampaignPurged."""
    tally, organisation = _lock_own(session, link)
    if organisation.state == APPROVED:
        tally.withdrawn += 1
    erase(session, tally, organisation)
    log(session, ORGANISATION, "organisation.withdrawn", organisation, now)


def erase(session: Session, tally: OrganisationTally, organisation: Organisation) -> None:
    """Delete it with its logos; it counts no more. Under the lock."""
    counting.unshow(tally, organisation, organisation.state)
    logos = {organisation.logo, (organisation.proposed or {}).get("logo")}
    session.execute(
        delete(Organisation).where(
            Organisation.campaign_id == organisation.campaign_id, Organisation.id == organisation.id
        )
    )
    for digest in logos:
        drop_logo(session, organisation.campaign_id, digest)
