"""Tables of signatures. `drafts` holds what somebody typed and nobody has confirmed; `signatures` holds
confirmed ones only: a row there that is not removed is counted, and nothing else is.

Unique keys hold the campaign, so that the large tables can be partitioned by it. Those of an address begin with
the address: a planner without statistics would rather walk over a whole campaign.
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
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime

#: Compared byte by byte on both stores, so that a prefix is a range of the index.
_WORD = String(40).with_variant(String(40, collation="C"), "postgresql")
_DOMAIN = String(253).with_variant(String(253, collation="C"), "postgresql")


#: The rows of the public list, in the very words of its index: SQLite uses a partial index only for a query
#: that repeats its condition without parameters.
SHOWN = text("removed_at IS NULL AND visibility IN ('public', 'initials')")
#: In the same way: those that moderators removed, those of which they hid something, and comments for the site or
#: the delivery that nobody of them has read yet.
REMOVED = text("removed_at IS NOT NULL")
HIDDEN = text("name_hidden OR comment_state = 2")
UNREAD = text(
    "comment IS NOT NULL AND comment_state = 0 AND visibility IN ('public', 'addressee') AND removed_at IS NULL"
)

#: What a moderator said of a comment.
COMMENT_UNREAD, COMMENT_APPROVED, COMMENT_HIDDEN = 0, 1, 2


class _Signed:
    """What a signer says, in a draft and in a signature alike."""

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)  # a signature keeps the id of its draft
    email_key: Mapped[bytes] = mapped_column(LargeBinary(16))  # see addresses.py
    name: Mapped[str | None] = mapped_column(String(120))  # None for those who sign anonymously
    country: Mapped[str] = mapped_column(String(2))
    city: Mapped[str | None] = mapped_column(String(120))
    affiliation: Mapped[str | None] = mapped_column(String(120))
    comment: Mapped[str | None] = mapped_column(String(500))
    answers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    visibility: Mapped[str] = mapped_column(String(10))
    updates: Mapped[bool] = mapped_column(Boolean)
    updates_key: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # the words of that consent
    language: Mapped[str] = mapped_column(String(2))  # of the interface, and so of the mails
    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id"))
    consent_version: Mapped[int] = mapped_column(Integer)


class Draft(_Signed, Base):
    __tablename__ = "drafts"
    __table_args__ = (
        # The same draft sent again is one draft; also finds all drafts of an address. Old drafts are found
        # by their ids, which begin with the time.
        UniqueConstraint("email_key", "campaign_id", "content_key"),
        Index(
            "ix_drafts_held",
            "campaign_id",
            "id",
            sqlite_where=text("held_reason IS NOT NULL"),
            postgresql_where=text("held_reason IS NOT NULL"),
        ),
        Index(
            "ix_drafts_held_for",
            "campaign_id",
            "held_reason",
            "held_for",
            "id",
            sqlite_where=text("held_reason IS NOT NULL"),
            postgresql_where=text("held_reason IS NOT NULL"),
        ),
    )

    email: Mapped[str] = mapped_column(String(254))
    content_key: Mapped[bytes] = mapped_column(LargeBinary(16))  # digest of everything that was typed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it arrived
    held_reason: Mapped[str | None] = mapped_column(String(20))
    #: What it shares with the others that are held for the same: a domain, a rule, the hash of a network.
    held_for: Mapped[str | None] = mapped_column(String(253))
    network: Mapped[bytes | None] = mapped_column(LargeBinary(16))  # see abuse/networks.py


class Signature(_Signed, Base):
    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("email_key", "campaign_id"),
        UniqueConstraint("campaign_id", "serial"),
        # Whether anybody signed a wording: it is asked whenever one is to give way.
        Index("ix_signatures_statement_id", "statement_id"),
        Index(
            "ix_signatures_shown",
            "campaign_id",
            "serial",
            sqlite_where=SHOWN,
            postgresql_where=SHOWN,
        ),
        # For the searches of moderators.
        Index("ix_signatures_domain", "campaign_id", "domain", "serial"),
        Index("ix_signatures_country", "campaign_id", "country", "serial"),
        Index("ix_signatures_removed", "campaign_id", "serial", sqlite_where=REMOVED, postgresql_where=REMOVED),
        Index("ix_signatures_hidden", "campaign_id", "serial", sqlite_where=HIDDEN, postgresql_where=HIDDEN),
        Index("ix_signatures_unread", "campaign_id", "serial", sqlite_where=UNREAD, postgresql_where=UNREAD),
    )

    # None where the contact is not kept in the clear; only letters and the signer's own page read it.
    email: Mapped[str | None] = mapped_column(String(254))
    serial: Mapped[int] = mapped_column(BigInteger)  # in the order of the commits, without reuse
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updates_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the consent to updates was given
    link_epoch: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # of the links that work
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_reason: Mapped[str | None] = mapped_column(String(40))  # one of moderation/removing.py
    removed_job: Mapped[int | None] = mapped_column(Integer)  # where it was removed with others
    name_hidden: Mapped[bool] = mapped_column(Boolean, server_default=false())  # and what stands beside it
    comment_state: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # COMMENT_UNREAD, …
    moderated: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # rises with each act of a moderator
    domain: Mapped[str | None] = mapped_column(_DOMAIN)  # of the address, in ASCII


class SignatureWord(Base):
    """A folded word of a public name, for the search of the public list."""

    __tablename__ = "signature_words"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    word: Mapped[str] = mapped_column(_WORD, primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class UnlistedWord(Base):
    """A folded word of a name that the site does not show, for the search of moderators alone."""

    __tablename__ = "unlisted_words"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    word: Mapped[str] = mapped_column(_WORD, primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class ConsentWording(Base):
    """The words of a consent to mails about the campaign, as somebody read them."""

    __tablename__ = "consent_wordings"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # digest of the text
    text: Mapped[str] = mapped_column(String(300))


class Refusal(Base):
    """An address to which nothing about the campaign is mailed any more; of the address its key alone."""

    __tablename__ = "refusals"
    __table_args__ = (Index("ix_refusals_draft", "campaign_id", "draft_id"),)

    email_key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    # The draft whose mail the refusal came from, so that the same link can take it back; None: nobody may.
    draft_id: Mapped[UUID | None] = mapped_column(Uuid)
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Withdrawal(Base):
    """A link whose signature was withdrawn a moment ago: pressing twice says the same. Forgotten after a day."""

    __tablename__ = "withdrawals"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    link_epoch: Mapped[int] = mapped_column(Integer)
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Tally(Base):
    """The count of a campaign. Its row is the lock under which signatures come and go."""

    __tablename__ = "tallies"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    counted: Mapped[int] = mapped_column(BigInteger, default=0)
    last_serial: Mapped[int] = mapped_column(BigInteger, default=0)
    rolled_up_serial: Mapped[int] = mapped_column(BigInteger, default=0)  # see signatures/rollups.py
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recounted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # by their signers, ever
    #: Rows that are erased and still counted, and whether that began; see privacy/purging.py.
    purged: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    purging: Mapped[bool] = mapped_column(Boolean, server_default=false())
    drift: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # that the last recount found
    #: Drafts that wait for their button, and those held, rounded, as the hour told; see watching/waiting.py.
    waiting: Mapped[int | None] = mapped_column(BigInteger)
    held: Mapped[int | None] = mapped_column(BigInteger)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Signatures on paper that count, how many of them have an address, the last numbers that were given to a row
    #: and to a printed sheet, and up to which serial they were compared; see signatures/paper.py.
    paper: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    paper_keyed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_paper_number: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_sheet: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    compared_serial: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    #: What the public count says until the next hour, see signatures/reckoning.py.
    reckoned: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class TallyPart(Base):
    """A share of the count, rolled up by the worker; see signatures/rollups.py for the dimensions. And how many
    are removed, by reason."""

    __tablename__ = "tally_parts"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(40), primary_key=True)
    counted: Mapped[int] = mapped_column(BigInteger)
