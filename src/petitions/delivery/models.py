"""Tables of delivery: what is made for addressees, what was handed over to whom, and which lists of a campaign lie
where, so that they can go when its personal data go."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime


class Export(Base):
    """A file that `petitions export` wrote."""

    __tablename__ = "exports"
    __table_args__ = (Index("ix_exports_campaign_id", "campaign_id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    host: Mapped[str] = mapped_column(String(255))
    path: Mapped[str] = mapped_column(String(4096))
    # What tells this very file from one that somebody put in its place or went on working in.
    size: Mapped[int] = mapped_column(BigInteger)
    modified_ns: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExportJob(Base):
    """A list or a pack that somebody asked for in the console, and the worker makes; or one of the command line,
    so that it can be recorded as delivered. See delivery/jobs.py."""

    __tablename__ = "export_jobs"
    __table_args__ = (
        Index("ix_export_jobs_campaign_id", "campaign_id", "created_at"),
        Index("ix_export_jobs_state", "state", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    #: What is to be made: lists/plans.py. Goes with the names of the campaign.
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(500))  # why a list with everything is needed
    cut_off: Mapped[datetime] = mapped_column(UtcDateTime)  # what was signed until then is in it
    through_serial: Mapped[int] = mapped_column(BigInteger)  # the last serial at that moment
    through_number: Mapped[int] = mapped_column(BigInteger)  # and the last number of a paper signature
    state: Mapped[str] = mapped_column(String(10))  # one of delivery/jobs.py
    phase: Mapped[str | None] = mapped_column(String(16))  # "reading", or the format that is being written
    done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # rows of all phases
    expected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    #: Why there is no file: a code and its values, for the words of the console.
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: Which process makes it, until when it is taken to live, and how many died over it.
    claim: Mapped[UUID | None] = mapped_column(Uuid)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    #: What came of it. The file lies encrypted in the folder of exports of this host until it expires.
    host: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(200))  # of the file as it is downloaded
    size: Mapped[int | None] = mapped_column(BigInteger)  # bytes, in the clear
    sha256: Mapped[str | None] = mapped_column(String(64))
    rows: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # files and counts
    key: Mapped[bytes | None] = mapped_column(LargeBinary(96))  # of the file, wrapped; see sealed_files.py
    #: Which signatures, and which on paper, are in it: lists/serials.py.
    serials: Mapped[bytes | None] = mapped_column(LargeBinary)
    paper_numbers: Mapped[bytes | None] = mapped_column(LargeBinary)
    by_id: Mapped[UUID | None] = mapped_column(Uuid)  # None: the command line, which keeps no file here
    by_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Delivery(Base):
    """Signatures that were handed over: what everybody may know, and which they were."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("campaign_id", "number"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    number: Mapped[int] = mapped_column(Integer)  # from 1, in the order in which they were recorded
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))  # rises with every change
    delivered_on: Mapped[date] = mapped_column(Date)
    recipient: Mapped[str] = mapped_column(String(200))
    way: Mapped[str] = mapped_column(String(12))  # one of delivery/deliveries.py
    note: Mapped[str | None] = mapped_column(String(1000))  # everybody reads it where the delivery is shown
    remark: Mapped[str | None] = mapped_column(String(1000))  # leads alone read it
    shown: Mapped[bool] = mapped_column(Boolean, server_default=true())  # on the campaign's page
    #: What it held, copied from the pack, which expires.
    export_id: Mapped[UUID | None] = mapped_column(Uuid)
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    cut_off: Mapped[datetime | None] = mapped_column(UtcDateTime)
    people: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    on_paper: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    organisations: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    serials: Mapped[bytes | None] = mapped_column(LargeBinary)
    paper_numbers: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(120))


class Evidence(Base):
    """A file that shows that something was delivered: a receipt, a photograph, a letter."""

    __tablename__ = "delivery_evidence"
    __table_args__ = (Index("ix_delivery_evidence_delivery_id", "delivery_id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))  # "image/webp" (drawn anew) or "application/pdf"
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)  # pixels of an image
    height: Mapped[int | None] = mapped_column(Integer)
    description: Mapped[str | None] = mapped_column(String(300))  # of an image, for who does not see it
    shown: Mapped[bool] = mapped_column(Boolean, server_default=false())  # to everybody; images alone
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary)  # the last column: it is long
