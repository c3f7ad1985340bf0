"""Tables of moderation: what was done to one signature, and what is done to many."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime


class Moderation(Base):
    """One act of a moderator on one signature; acts on many are jobs."""

    __tablename__ = "moderations"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    signature_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)  # of the signature's `moderated` after it
    action: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_name: Mapped[str] = mapped_column(String(120))


class Job(Base):
    """Something done to many signatures or held drafts, by the worker, in small steps."""

    __tablename__ = "moderation_jobs"
    __table_args__ = (
        Index("ix_moderation_jobs_campaign_id", "campaign_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never used again: signatures name the job that removed them
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    kind: Mapped[str] = mapped_column(String(10))  # "remove", "restore", "release" or "drop"
    #: Which rows; goes with the names of the campaign, for a condition may name somebody.
    conditions: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(String(40))
    undoes: Mapped[int | None] = mapped_column(Integer)  # the job that this one undoes
    upto: Mapped[int] = mapped_column(
        BigInteger
    )  # the last serial, or the moment in ms of the last draft, it is for
    cursor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # of signatures: a serial
    cursor_id: Mapped[UUID | None] = mapped_column(Uuid)  # of drafts
    expected: Mapped[int] = mapped_column(Integer)  # rows that the preview counted
    done: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # rows that were changed
    passed: Mapped[int] = mapped_column(Integer, server_default=text("0"))  # rows that were looked at and stay
    state: Mapped[str] = mapped_column(String(10))  # "waiting", "running", "done" or "cancelled"
    by_id: Mapped[UUID] = mapped_column(Uuid)
    by_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
