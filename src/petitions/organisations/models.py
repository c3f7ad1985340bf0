"""Tables of organisations that co-sign: each one with how far it is proven, its logo, and how many count.

One table holds all of them, whatever their state: they are few, and what a lead sees in the queue is what the page
shows later. Only rows in the state APPROVED are shown and counted.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime

#: The states of an organisation, in the order of the way: a form was sent and nobody pressed the button in the
#: mail; a lead has to look; a lead asked back; shown and counted; not taken; the same as another one.
UNCONFIRMED, WAITING, ASKED, APPROVED, DECLINED, MERGED = (
    "unconfirmed",
    "waiting",
    "asked",
    "approved",
    "declined",
    "merged",
)
STATES = (UNCONFIRMED, WAITING, ASKED, APPROVED, DECLINED, MERGED)
#: Why a lead should look at one that is shown: the rule of the campaign approved it; somebody else speaks for it,
#: and their address proves nothing; what everybody sees changed.
BY_RULE, BY_CONTACT, BY_CHANGE = "rule", "contact", "changed"


class Organisation(Base):
    """An organisation in one campaign."""

    __tablename__ = "organisations"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        Index("ix_organisations_state", "campaign_id", "state", "number"),
        Index("ix_organisations_name_key", "campaign_id", "name_key"),
        Index("ix_organisations_name_skeleton", "campaign_id", "name_skeleton"),
        Index("ix_organisations_domain", "campaign_id", "domain"),
        Index("ix_organisations_email_key", "email_key", "campaign_id"),
        Index("ix_organisations_statement_id", "statement_id"),
    )

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)  # in the order of the requests, without reuse; the log names it
    state: Mapped[str] = mapped_column(String(12))
    #: Rises with every change: who decides says which one they saw.
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))

    # What everybody sees once it is approved.
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(16))  # one of organisations/kinds.py
    country: Mapped[str] = mapped_column(String(2))
    city: Mapped[str | None] = mapped_column(String(120))
    website: Mapped[str | None] = mapped_column(String(300))
    logo: Mapped[str | None] = mapped_column(String(32))  # of a row of `organisation_logos`
    members: Mapped[int | None] = mapped_column(Integer)  # whom it represents, as it says
    comment: Mapped[str | None] = mapped_column(String(500))  # its public words
    language: Mapped[str] = mapped_column(String(2))  # of its form, its words and its mails
    #: Pinned ones come first, by this number; the others by the alphabet.
    pin: Mapped[int | None] = mapped_column(Integer)

    # By what others like it are found: see organisations/naming.py and websites.py.
    name_key: Mapped[str] = mapped_column(String(160))
    name_skeleton: Mapped[str] = mapped_column(String(160))  # the same for names that look alike
    domain: Mapped[str | None] = mapped_column(String(253))  # of the website, as somebody had to register it
    #: Numbers of organisations that look like it and are others, as a lead said.
    distinct_from: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    merged_into: Mapped[int | None] = mapped_column(Integer)  # the number of the one that stands for both

    #: What it wants to be shown instead, where that has to be approved first: "name", "website" or "logo".
    proposed: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    # Who speaks for it; never public, gone with a purge.
    contact_name: Mapped[str | None] = mapped_column(String(120))
    contact_role: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    phone: Mapped[str | None] = mapped_column(String(40))
    #: Who is to speak for it from now on, until they have pressed the button in their mail:
    #: contact_name, contact_role, email, email_key, phone, and the key of the button.
    next_contact: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: When somebody else was named lately, in seconds since 1970.
    handovers: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))

    # How far it is proven.
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the contact's mail
    domain_proven: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))  # mail and website agree
    vouched_by: Mapped[str | None] = mapped_column(String(120))  # the lead who brought it in from a file
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(120))  # a lead; None: by the rule of the campaign
    #: Why a lead should look at one that is shown: BY_RULE, BY_CONTACT, BY_CHANGE; None where one has.
    look: Mapped[str | None] = mapped_column(String(12))
    note: Mapped[str | None] = mapped_column(String(1000))  # what leads know of it; they alone read it
    question: Mapped[str | None] = mapped_column(String(1000))  # what a lead asked or wrote last
    answer: Mapped[str | None] = mapped_column(String(1000))  # of the organisation, to that

    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id"))  # the wording that it signed
    consent_version: Mapped[int] = mapped_column(Integer)
    #: The newest wording of which it was told; see organisations/renewing.py.
    told_statement_id: Mapped[int | None] = mapped_column(Integer)
    link_epoch: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # of the links that work
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OrganisationLogo(Base):
    """A logo as we made it anew from what was sent: WebP, named by its content."""

    __tablename__ = "organisation_logos"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    image: Mapped[bytes] = mapped_column(LargeBinary)  # the last column: it is long


class OrganisationTally(Base):
    """How many organisations of a campaign count. Its row is the lock under which they come, change and go."""

    __tablename__ = "organisation_tallies"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    counted: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # approved
    members: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # whom these represent
    last_number: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    withdrawn: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # by themselves, once approved, ever
    #: Rises with every change of what is shown: a server makes its list anew when it did.
    revision: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    drift: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # that the last recount found
