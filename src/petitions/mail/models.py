"""Table of mails: what is to be sent about which row; no address, no name, no text."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime

_PENDING = text("sent_at IS NULL AND failed_at IS NULL")
_SENT = text("sent_at IS NOT NULL")
_FAILED = text("failed_at IS NOT NULL")


class Outbox(Base):
    """One mail. It is claimed by moving `due_at` past the lease, so a claim of a killed worker lapses."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "priority", "due_at", sqlite_where=_PENDING, postgresql_where=_PENDING),
        Index("ix_outbox_email_key_created_at", "email_key", "created_at"),
        Index("ix_outbox_sent", "campaign_id", "sent_at", sqlite_where=_SENT, postgresql_where=_SENT),
        Index("ix_outbox_failed", "campaign_id", "failed_at", sqlite_where=_FAILED, postgresql_where=_FAILED),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)  # also makes the Message-ID
    kind: Mapped[str] = mapped_column(String(30))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))  # None: about an account
    subject_id: Mapped[UUID] = mapped_column(Uuid)  # the draft, the signature or the account that it is about
    email_key: Mapped[bytes] = mapped_column(LargeBinary(16))
    language: Mapped[str] = mapped_column(String(2))
    priority: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(40))  # a code, never the server's words
