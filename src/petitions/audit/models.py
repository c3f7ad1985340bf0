"""Table of what leads did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime


class AuditEntry(Base):
    """One action. A row never changes but once: the worker seals it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_campaign_id", "campaign_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never used again
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    user_id: Mapped[UUID | None] = mapped_column(Uuid)  # None: somebody at the command line
    actor: Mapped[str] = mapped_column(String(120))  # the name that they had then
    campaign_id: Mapped[int | None] = mapped_column(Integer)  # None: about the site or an account
    action: Mapped[str] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)  # nothing about signers
    #: Place in the chain, from 1, and the digest of this entry and all before it; None until it is sealed.
    place: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
