"""Tables of abuse control: keys that are thrown away, and counts under them."""

from datetime import date, datetime

from sqlalchemy import Date, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime


class NetworkKey(Base):
    """The key of a day under which networks are hashed. Once it is deleted, nobody can tell them."""

    __tablename__ = "network_keys"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32))


class NetworkCount(Base):
    """Drafts that came from one network in one window of time."""

    __tablename__ = "network_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    network: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    drafts: Mapped[int] = mapped_column(Integer)
