"""Tables of figures: what arrived and was mailed in an hour, from where, and what looked unusual."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, Integer, LargeBinary, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime

_NONE = text("0")


class HourlyFlow(Base):
    """Forms and confirm mails of one hour."""

    __tablename__ = "hourly_flows"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    arrived: Mapped[int] = mapped_column(Integer, server_default=_NONE)  # forms that were found right
    mailed: Mapped[int] = mapped_column(Integer, server_default=_NONE)
    failed: Mapped[int] = mapped_column(Integer, server_default=_NONE)
    delay_ms: Mapped[int] = mapped_column(BigInteger, server_default=_NONE)  # of all that were mailed, added up
    longest_ms: Mapped[int] = mapped_column(BigInteger, server_default=_NONE)


class SourceCount(Base):
    """Forms that came from one link or site. Its name is kept from the fifth on, and shown as of the last hour:
    neither tells who it was."""

    __tablename__ = "source_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)  # a keyed hash of the name
    label: Mapped[str | None] = mapped_column(String(80))
    arrived: Mapped[int] = mapped_column(BigInteger, server_default=_NONE)
    shown: Mapped[int] = mapped_column(BigInteger, server_default=_NONE)
    day: Mapped[date | None] = mapped_column(Date)  # of its first form: without a name, it makes room later


class Alert(Base):
    """Something that trends in a campaign: told once a day for each thing."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("campaign_id", "day", "kind", "key"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(10))  # "network", "domain" or "wording"
    key: Mapped[bytes] = mapped_column(LargeBinary(16))  # digest of what trends
    label: Mapped[str | None] = mapped_column(String(253))  # the domain; of the others nothing that could be read
    drafts: Mapped[int] = mapped_column(Integer)  # within the hour before, when it was last seen
    at: Mapped[datetime] = mapped_column(UtcDateTime)
