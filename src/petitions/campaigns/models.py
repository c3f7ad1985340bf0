"""Tables of campaigns: the campaign, the wordings of its statement, its background pages."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime


class Campaign(Base):
    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    default_language: Mapped[str] = mapped_column(String(35))
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)  # see campaigns/terms.py
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    #: When erasing the personal data began, and when it was done; see privacy/purging.py. Neither is undone.
    purge_began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: What came of it, as its lead says: "won" or "lost".
    outcome: Mapped[str | None] = mapped_column(String(8))
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # off the first page and the console's list
    #: Drafts up to here were reminded, or never are; see signatures/reminding.py.
    reminded_through: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Against a flood: "work" (browsers do some before the form is taken) or "paused"; see campaigns/defence.py.
    defence: Mapped[str | None] = mapped_column(String(8))
    defence_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Statement(Base):
    """One wording in one language. A row never changes, so its id says exactly what somebody read; a wording
    that nobody signed may give way to another row."""

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("campaign_id", "language", "version"),
        {"sqlite_autoincrement": True},  # an id is never used again
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    language: Mapped[str] = mapped_column(String(35))
    version: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(300))
    summary: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)  # Markdown
    demands: Mapped[list[str]] = mapped_column(JSON)  # one line of Markdown each
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a newer version, or no longer offered


class Background(Base):
    """A longer page that explains the case; it is not part of what is signed."""

    __tablename__ = "backgrounds"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    body: Mapped[str] = mapped_column(Text)  # Markdown
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WorkingCopy(Base):
    """What leads are writing; nobody else sees it before it is published. See campaigns/content.py."""

    __tablename__ = "working_copies"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)  # rises with every save: two editors notice each other by it
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(120))


class Revision(Base):
    """What was published once, whole."""

    __tablename__ = "revisions"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)  # from 1
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(120))
    #: Shown on the statement page where signed words changed: why, in the campaign's languages.
    note: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    #: The last column: SQLite reads a row up to what is asked for, and this is long.
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
