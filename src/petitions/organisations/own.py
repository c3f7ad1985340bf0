"""What the contact of an organisation does by the private link: change, answer, renew, hand over, withdraw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from petitions.abuse import rates
from petitions.campaigns.models import Statement
from petitions.errors import LinkInvalid, NotPossible, TooOften
from petitions.mail import outbox
from petitions.mail.limited import LimitedMails
from petitions.organisations import counting
from petitions.organisations.confirming import ORGANISATION, log, queue
from petitions.organisations.erasing import erase
from petitions.organisations.logos import Logo, drop_logo, keep_logo
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    BY_CHANGE,
    BY_CONTACT,
    DECLINED,
    MERGED,
    UNCONFIRMED,
    WAITING,
    Organisation,
    OrganisationTally,
)
from petitions.organisations.proposing import (
    FIELDS,
    has_to_be_seen,
    propose,
    proposed_logo,
    to_be_approved,
)
from petitions.organisations.requesting import CONFIRM, OWN_LINK, Contact, Entry, columns_of
from petitions.organisations.turns import take_turn
from petitions.organisations.websites import is_proven
from petitions.tokens import CONFIRM_LIFETIME, Named

#: To the new contact, with a button; and to the one before, that it was asked for.
CONTACT_MAIL, HANDOVER_MAIL = "organisation_contact", "organisation_handover"
_DAY = timedelta(days=1)
#: Other people whom one organisation may name as its contact in a day.
MOST_HANDOVERS = 3


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


def change(session: Session, link: Named, wish: Change, now: datetime, *, held: bool = False) -> bool:
    """Store the form; whether something of it has to be approved first: all that is new where a rule of the
    campaign `held` it. Before the first approval everything is changed at once. The form as it was does
    nothing. Raises LinkInvalid, CampaignPurged, TooOften."""
    tally, organisation = _lock_own(session, link)
    said = columns_of(wish.entry, organisation.email)
    is_shown, proposed = organisation.state == APPROVED, {}
    if is_shown:
        proposed = to_be_approved(organisation, said, held=held)
        proposed |= proposed_logo(organisation, wish.logo, drops_logo=wish.drops_logo)
        said = {name: said[name] for name in FIELDS if name not in proposed and name not in ("name", "website")}
    changed = sorted(name for name, value in said.items() if getattr(organisation, name) != value)
    logo = _wished_logo(organisation, wish)
    if not changed and (proposed or None) == organisation.proposed and (is_shown or logo == organisation.logo):
        return bool(proposed)
    take_turn(session, organisation, now)
    if wish.logo is not None:
        keep_logo(session, organisation.campaign_id, wish.logo, now)
    if is_shown:
        tally.members += (said.get("members", organisation.members) or 0) - (organisation.members or 0)
        tally.revision += bool(changed)
        if has_to_be_seen(organisation, said):
            organisation.look = organisation.look or BY_CHANGE
    _set(organisation, said)
    if not is_shown:
        before, organisation.logo = organisation.logo, logo
        drop_logo(session, organisation.campaign_id, before)
    propose(session, organisation, proposed)
    if organisation.state == ASKED:
        organisation.state = WAITING
    organisation.revision += 1
    fields = sorted({*(name for name in changed if name in FIELDS), *proposed})
    log(session, ORGANISATION, "organisation.changed", organisation, now, fields=fields)
    return bool(proposed)


def _wished_logo(organisation: Organisation, wish: Change) -> str | None:
    """The picture that it wants to have."""
    if wish.logo is not None:
        return wish.logo.digest
    return None if wish.drops_logo else organisation.logo


def _set(organisation: Organisation, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(organisation, name, value)


def answer(session: Session, link: Named, text: str, now: datetime) -> None:
    """Answer to what a lead asked. Raises LinkInvalid, CampaignPurged, TooOften."""
    _tally, organisation = _lock_own(session, link)
    if organisation.answer == text and organisation.state != ASKED:
        return
    take_turn(session, organisation, now)
    organisation.answer = text
    if organisation.state == ASKED:
        organisation.state = WAITING
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.answered", organisation, now)


def hand_over(session: Session, link: Named, contact: Contact, now: datetime, *, mails: bool = True) -> None:
    """Somebody else is to speak for it: they get a mail with a button, and until they press it nothing changes.
    None is sent where that address has had enough mails, or without `mails`; nobody learns that here, for it would
    tell whose addresses we know. Raises LinkInvalid, CampaignPurged, TooOften, and NotPossible for one that was
    declined or merged."""
    _tally, organisation = _lock_own(session, link)
    if organisation.state in (DECLINED, MERGED):
        raise NotPossible
    lately = [at for at in organisation.handovers or () if at > (now - _DAY).timestamp()]
    if len(lately) >= MOST_HANDOVERS:
        raise TooOften
    organisation.handovers = [*lately, int(now.timestamp())]
    organisation.revision += 1
    organisation.next_contact = {
        "contact_name": contact.name,
        "contact_role": contact.role,
        "email": contact.email,
        "email_key": contact.email_key.hex(),
        "phone": contact.phone,
        "key": organisation.revision,
        "at": int(now.timestamp()),
    }
    log(session, ORGANISATION, "organisation.contact_proposed", organisation, now)
    session.flush()
    _tell_of_handover(session, organisation, now, is_first=not lately)
    key, language = contact.email_key, organisation.language
    asked = LimitedMails(session, {key}, now)
    if mails:
        asked.add(CONTACT_MAIL, organisation.campaign_id, organisation.id, key, language)
    if not asked.queue():
        rates.write_nothing(session, now)


def _tell_of_handover(session: Session, organisation: Organisation, now: datetime, *, is_first: bool) -> None:
    """A mail to who speaks for it now, due before the one to who is to, whose button takes this address away. The
    first of a day is sent however many others were: nobody shall use them up to take over in silence."""
    before = now - timedelta(seconds=1)
    if is_first:
        queue(session, HANDOVER_MAIL, organisation, before, outbox.CONFIRMATION)
        return
    key = organisation.email_key
    assert key is not None
    told = LimitedMails(session, {key}, before)
    told.add(HANDOVER_MAIL, organisation.campaign_id, organisation.id, key, organisation.language)
    told.queue()


def correct_contact(session: Session, link: Named, contact: Contact, now: datetime) -> None:
    """The same mailbox under another name, role or phone: nothing has to be proven anew. Raises LinkInvalid,
    CampaignPurged, TooOften."""
    _tally, organisation = _lock_own(session, link)
    corrected = {"contact_name": contact.name, "contact_role": contact.role, "phone": contact.phone}
    if all(getattr(organisation, name) == value for name, value in corrected.items()):
        return
    take_turn(session, organisation, now)
    _set(organisation, corrected)
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.contact_corrected", organisation, now)


def take_over(session: Session, link: Named, now: datetime) -> Organisation:
    """The new contact pressed the button: from now on earlier links are worthless, that of the button too. A lead
    looks at one that is shown, unless the new address proves its domain. Raises LinkInvalid, CampaignPurged."""
    _tally, organisation = _lock_handover(session, link)
    following: dict[str, Any] = organisation.next_contact or {}
    if following["at"] < (now - CONFIRM_LIFETIME).timestamp():
        raise LinkInvalid("nobody was proposed lately")
    columns = {name: following[name] for name in ("contact_name", "contact_role", "email", "phone")}
    _set(organisation, columns | {"email_key": bytes.fromhex(following["email_key"]), "next_contact": None})
    organisation.domain_proven = is_proven(following["email"], organisation.domain)
    organisation.confirmed_at = now
    organisation.link_epoch += 1
    organisation.revision += 1
    if organisation.state == UNCONFIRMED:
        organisation.state = WAITING
    elif organisation.state == APPROVED and not organisation.domain_proven:
        organisation.look = BY_CONTACT
    log(session, ORGANISATION, "organisation.contact_replaced", organisation, now)
    session.flush()
    queue(session, OWN_LINK, organisation, now)
    return organisation


def refuse_contact(session: Session, link: Named, now: datetime) -> None:
    """Whoever was to speak for it says that it was not they: nothing of them is kept. Raises LinkInvalid,
    CampaignPurged."""
    _tally, organisation = _lock_handover(session, link)
    organisation.next_contact = None
    organisation.revision += 1
    log(session, ORGANISATION, "organisation.contact_refused", organisation, now)


def _lock_handover(session: Session, link: Named) -> tuple[OrganisationTally, Organisation]:
    """What the button for a new contact is about. Raises LinkInvalid, CampaignPurged."""
    tally, organisation = counting.lock_one(session, link.campaign_id, link.row_id)
    if organisation is None or not _is_proposed_by(organisation, link):
        raise LinkInvalid("nobody was proposed")
    return tally, organisation


def renew(session: Session, link: Named, statement_id: int, now: datetime) -> None:
    """It signs the present wording, which the page showed. Raises LinkInvalid, CampaignPurged, TooOften, and
    NotPossible where that one is no longer in force."""
    tally, organisation = _lock_own(session, link)
    if organisation.statement_id == statement_id:
        return
    statement = session.get(Statement, statement_id, with_for_update={"read": True, "key_share": True})
    if statement is None or statement.campaign_id != link.campaign_id or statement.retired_at is not None:
        raise NotPossible
    take_turn(session, organisation, now)
    organisation.statement_id = organisation.told_statement_id = statement_id
    organisation.revision += 1
    tally.revision += organisation.state == APPROVED
    log(session, ORGANISATION, "organisation.renewed", organisation, now)


def new_link(session: Session, link: Named, now: datetime) -> None:
    """Make every earlier link worthless, and mail a new one; nobody else is to speak for it any more, for whoever
    had an earlier link may have proposed them. Raises LinkInvalid, CampaignPurged, TooOften."""
    _tally, organisation = _lock_own(session, link)
    take_turn(session, organisation, now)
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
