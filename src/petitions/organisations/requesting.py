"""An organisation asks to co-sign: it is nobody's word yet, and waits for the button in the contact's mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from petitions.abuse import rates
from petitions.campaigns.models import Statement
from petitions.errors import NotPossible
from petitions.mail import outbox
from petitions.mail.limited import REPEAT, LimitedMails
from petitions.organisations.counting import lock
from petitions.organisations.logos import Logo, keep_logo
from petitions.organisations.models import UNCONFIRMED, Organisation
from petitions.organisations.naming import name_key, skeleton
from petitions.organisations.websites import Website, is_proven

#: Kinds of mails; the builders are in organisations/letters.py.
CONFIRM = "organisation_confirm"
OWN_LINK = "organisation_link"


@dataclass(frozen=True)
class Entry:
    """What an organisation says of itself in public; a form that was found right."""

    name: str
    kind: str  # of organisations/kinds.py
    country: str
    city: str | None
    website: Website | None
    members: int | None
    comment: str | None


@dataclass(frozen=True)
class Contact:
    """Who speaks for it."""

    name: str = field(repr=False)
    role: str = field(repr=False)
    email: str = field(repr=False)
    email_key: bytes = field(repr=False)
    phone: str | None = field(repr=False)


@dataclass(frozen=True)
class Request:
    """The form, sent."""

    id: UUID
    campaign_id: int
    entry: Entry
    contact: Contact
    logo: Logo | None
    language: str
    statement_id: int
    consent_version: int
    arrived_at: datetime
    #: Why a person has to look, whatever is proven; leads alone read it.
    note: str | None = None


def request(session: Session, asked: Request) -> None:
    """Store it and queue the mail with the button. The same form again is a double click; one that says anything
    else, or comes later, is one more request, which a lead sees beside the first. Raises CampaignPurged, and
    NotPossible where the wording that it read gave way to another."""
    lock(session, asked.campaign_id)
    if _was_just_sent(session, asked):
        return
    add(session, asked)
    mails = LimitedMails(session, {asked.contact.email_key}, asked.arrived_at)
    mails.add(CONFIRM, asked.campaign_id, asked.id, asked.contact.email_key, asked.language)
    mails.queue()


def _was_just_sent(session: Session, asked: Request) -> bool:
    """Whether the very same form came a moment ago, and waits for its button."""
    said = {name: value for name, value in row_of(asked).items() if name not in ("id", "created_at")}
    return (
        session.scalar(
            select(Organisation.id)
            .where(
                *(getattr(Organisation, name).is_not_distinct_from(value) for name, value in said.items()),
                Organisation.state == UNCONFIRMED,
                Organisation.created_at > asked.arrived_at - REPEAT,
            )
            .limit(1)
        )
        is not None
    )


def add(session: Session, asked: Request, **more: Any) -> Organisation:
    """A row for it, under the lock of the tally; unconfirmed, unless `more` says otherwise. Raises CampaignPurged
    and NotPossible, as `request` does."""
    tally = lock(session, asked.campaign_id)
    if session.get(Statement, asked.statement_id, with_for_update={"read": True, "key_share": True}) is None:
        raise NotPossible
    tally.last_number += 1
    values = {"number": tally.last_number, "state": UNCONFIRMED, **row_of(asked), **more}
    if asked.logo is not None:
        keep_logo(session, asked.campaign_id, asked.logo, asked.arrived_at)
    session.execute(insert(Organisation), [values])
    return session.get_one(Organisation, (asked.campaign_id, asked.id))


def row_of(asked: Request) -> Mapping[str, Any]:
    """The columns that a request fills."""
    return {
        "campaign_id": asked.campaign_id,
        "id": asked.id,
        **columns_of(asked.entry, asked.contact.email),
        "logo": asked.logo.digest if asked.logo is not None else None,
        "contact_name": asked.contact.name,
        "contact_role": asked.contact.role,
        "email": asked.contact.email,
        "email_key": asked.contact.email_key,
        "phone": asked.contact.phone,
        "language": asked.language,
        "statement_id": asked.statement_id,
        "told_statement_id": asked.statement_id,
        "consent_version": asked.consent_version,
        "note": asked.note,
        "created_at": asked.arrived_at,
    }


def columns_of(entry: Entry, email: str | None) -> dict[str, Any]:
    """The columns of what everybody sees, and of how it is found and proven by them."""
    domain = entry.website.domain if entry.website is not None else None
    return {
        "name": entry.name,
        "kind": entry.kind,
        "country": entry.country,
        "city": entry.city,
        "website": entry.website.url if entry.website is not None else None,
        "members": entry.members,
        "comment": entry.comment,
        "name_key": name_key(entry.name),
        "name_skeleton": skeleton(entry.name),
        "domain": domain,
        "domain_proven": email is not None and is_proven(email, domain),
    }


@dataclass(frozen=True, slots=True)
class LinkWish:
    """Somebody asked for the links to the organisations whose contact has this address, of one campaign or all."""

    campaign_id: int | None
    email_key: bytes
    arrived_at: datetime


def send_links(session: Session, wish: LinkWish) -> None:
    """Queue a mail for each of them, within the limits of the address: the button for those that wait for it, the
    own page for the others. Nobody learns from the time of the answer whether there was any."""
    known = or_(Organisation.confirmed_at.is_not(None), Organisation.vouched_by.is_not(None))
    of_contact = [
        Organisation.email_key == wish.email_key,
        or_(Organisation.state == UNCONFIRMED, known),  # a stranger's, if it was declined before its button
    ]
    if wish.campaign_id is not None:
        of_contact.append(Organisation.campaign_id == wish.campaign_id)
    rows = session.execute(
        select(Organisation.campaign_id, Organisation.id, Organisation.state, Organisation.language)
        .where(*of_contact)
        .order_by(Organisation.campaign_id, Organisation.number.desc())
    ).all()
    mails = LimitedMails(session, {wish.email_key}, wish.arrived_at)
    for row in rows:
        kind = CONFIRM if row.state == UNCONFIRMED else OWN_LINK
        priority = outbox.CONFIRMATION if kind == CONFIRM else outbox.LATER
        mails.add(kind, row.campaign_id, row.id, wish.email_key, row.language, priority)
    if not mails.queue():
        rates.write_nothing(session, wish.arrived_at)
