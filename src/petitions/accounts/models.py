"""Tables of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Uuid, true
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, UtcDateTime


class User(Base):
    """Somebody who looks after campaigns."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # in small letters
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    is_admin: Mapped[bool]
    may_start: Mapped[bool]  # campaigns of their own; administrators may in any case
    #: argon2id; None until the invitation was accepted.
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(64))  # None: no second factor
    totp_last_step: Mapped[int | None] = mapped_column(Integer)  # a code works once
    #: Raised when a link of a mail was used, and when another is sent: earlier ones are worthless then.
    link_epoch: Mapped[int] = mapped_column(Integer, default=0)
    invited_by: Mapped[str | None] = mapped_column(String(120))  # the name that they had then
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """For whoever lost their second factor; deleted when it is used."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)


class UserSession(Base):
    """A browser that is logged in. The cookie holds the identifier, the store its SHA-256 alone."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index("ix_user_sessions_user_id", "user_id"),)

    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    browser: Mapped[str] = mapped_column(String(60))  # "Firefox, Linux", for its owner to recognise
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the last request, to the minute
    #: The last request before somebody was away for long, to the minute; only the password ends that.
    active_at: Mapped[datetime] = mapped_column(UtcDateTime)
    password_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was last entered in this browser
    #: The password was right and the second factor is still to come.
    is_half: Mapped[bool]


class Failures(Base):
    """Log-ins that failed, by account, network or browser, each as a keyed hash."""

    __tablename__ = "login_failures"

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """The one role of somebody in one campaign; see accounts/roles.py."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_user_id", "user_id"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(12))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    wants_alerts: Mapped[bool] = mapped_column(Boolean, server_default=true())  # mails when something trends
