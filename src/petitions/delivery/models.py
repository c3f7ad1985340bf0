"""Table of exports: which lists of a campaign lie where, so that they can go when its personal data go."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Uuid
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
