"""Browsers that are logged in.

The cookie holds 32 random bytes and nothing else; the store holds their SHA-256, so that whoever reads the store
cannot log in with what they find.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from petitions.accounts.models import User, UserSession

#: A session ends after so long without a request, and at the latest after so long.
UNSEEN_LIFETIME, LIFETIME = timedelta(days=7), timedelta(days=30)
#: Whoever was away for longer enters the password again before anything that matters.
IDLE = timedelta(minutes=30)
#: Before a download or a change of roles the password must have been entered within this time.
PASSWORD_FRESH = timedelta(minutes=10)
#: Between the password and the second factor.
HALF_LIFETIME = timedelta(minutes=10)
#: `seen_at` is written at most so often: not every page of a console needs a write.
_SEEN_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Login:
    """Who is logged in, in which browser."""

    id_hash: bytes
    user_id: UUID
    email: str
    name: str
    language: str
    is_admin: bool
    may_start: bool  # campaigns
    has_totp: bool
    seen_at: datetime
    active_at: datetime
    password_at: datetime

    def is_active(self, now: datetime) -> bool:
        """Not idle: what matters needs no password now."""
        return now - self.active_at < IDLE

    def is_confirmed(self, now: datetime) -> bool:
        """The password was entered a moment ago."""
        return now - self.password_at < PASSWORD_FRESH

    def is_due(self, now: datetime) -> bool:
        """Whether `seen_at` should be written."""
        return now - self.seen_at >= _SEEN_STEP


def hash_identifier(identifier: str) -> bytes:
    """What the store knows of a cookie."""
    return hashlib.sha256(identifier.encode()).digest()


def open_session(session: Session, user_id: UUID, browser: str, now: datetime, *, half: bool = False) -> str:
    """A new session; its identifier, for the cookie. `half`: the second factor is still to come."""
    identifier = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            id_hash=hash_identifier(identifier),
            user_id=user_id,
            browser=browser[:60],
            created_at=now,
            seen_at=now,
            active_at=now,
            password_at=now,
            is_half=half,
        )
    )
    return identifier


#: Built once: every page of the console asks it.
_LOGIN = (
    select(UserSession, User)
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.id_hash == bindparam("id_hash"), UserSession.is_half == bindparam("half"))
    .where(User.disabled_at.is_(None))
)


def find_login(session: Session, identifier: str, now: datetime, *, half: bool = False) -> Login | None:
    """Who this cookie belongs to; None when it is unknown, over, or its account is closed."""
    row = session.execute(_LOGIN, {"id_hash": hash_identifier(identifier), "half": half}).one_or_none()
    if row is None:
        return None
    browser, user = row
    if half and now - browser.created_at >= HALF_LIFETIME:
        return None
    if now - browser.seen_at >= UNSEEN_LIFETIME or now - browser.created_at >= LIFETIME:
        return None
    return Login(
        id_hash=browser.id_hash,
        user_id=user.id,
        email=user.email,
        name=user.name,
        language=user.language,
        is_admin=user.is_admin,
        may_start=user.may_start or user.is_admin,
        has_totp=user.totp_secret is not None,
        seen_at=browser.seen_at,
        active_at=browser.active_at,
        password_at=browser.password_at,
    )


def mark_seen(session: Session, login: Login, now: datetime) -> None:
    """Somebody asked for a page. Their session stays active by that, but an idle one does not become so."""
    values = {"seen_at": now} | ({"active_at": now} if login.is_active(now) else {})
    session.execute(update(UserSession).where(UserSession.id_hash == login.id_hash).values(values))


def mark_password(session: Session, id_hash: bytes, now: datetime) -> None:
    """The password was entered in this browser."""
    values = {"seen_at": now, "active_at": now, "password_at": now}
    session.execute(update(UserSession).where(UserSession.id_hash == id_hash).values(values))


def list_sessions(session: Session, user_id: UUID) -> Sequence[UserSession]:
    """The browsers in which somebody is logged in, the one used last first."""
    query = select(UserSession).where(UserSession.user_id == user_id, UserSession.is_half.is_(False))
    return session.scalars(query.order_by(UserSession.seen_at.desc(), UserSession.id_hash)).all()


def close_session(session: Session, id_hash: bytes) -> None:
    session.execute(delete(UserSession).where(UserSession.id_hash == id_hash))


def close_sessions(session: Session, user_id: UUID, but: bytes | None = None) -> None:
    """Log somebody out everywhere, `but` in one browser."""
    these = [UserSession.user_id == user_id]
    if but is not None:
        these.append(UserSession.id_hash != but)
    session.execute(delete(UserSession).where(*these))


def forget_sessions(session: Session, now: datetime) -> None:
    """Delete what is over."""
    over = (UserSession.seen_at < now - UNSEEN_LIFETIME) | (UserSession.created_at < now - LIFETIME)
    half = UserSession.is_half & (UserSession.created_at < now - HALF_LIFETIME)
    session.execute(delete(UserSession).where(over | half))
