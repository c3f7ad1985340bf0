"""Tables of abuse control: keys that are thrown away, counts under them, and rules."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String, Text, text
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
    #: Of them those held because their domain had no credit left, and the confirmations since the first of these.
    held: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    confirmed: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class DomainCount(Base):
    """What became of the drafts of one mail domain in one campaign on one day; not of the large providers, whose
    rows everybody would wait for. See abuse/credit.py."""

    __tablename__ = "domain_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    domain: Mapped[str] = mapped_column(String(253), primary_key=True)  # its hash under the key of the day
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    mailed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    confirmed: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    #: Mails past the credit, to the first draft of a network each; not among `mailed`.
    newcomers: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class RuleList(Base):
    """Rules as somebody wrote them, one a line: of the whole site, or of one campaign. See abuse/rules.py."""

    __tablename__ = "rule_lists"

    scope: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # campaign; 0: the site
    number: Mapped[int] = mapped_column(Integer)  # rises with every save: two writers notice each other by it
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(120))


class SpentChallenge(Base):
    """A proof of work that was taken once, until it would have run out anyway."""

    __tablename__ = "spent_challenges"
    __table_args__ = {"sqlite_with_rowid": False}

    digest: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
