"""Logging in: the password, then the second factor where there is one; each step gives a fresh identifier."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from petitions.accounts import totp
from petitions.accounts.models import User, UserSession
from petitions.accounts.sessions import close_session, hash_identifier, mark_password, open_session
from petitions.accounts.throttling import Try, end_try
from petitions.accounts.users import find_user
from petitions.audit.recording import Actor, record


@dataclass(frozen=True)
class Browser:
    """Where somebody logs in."""

    name: str
    identifier: str | None  # of the session that it had so far; it ends


@dataclass(frozen=True)
class Entry:
    """A session that began."""

    identifier: str  # for the cookie
    user_id: UUID
    is_half: bool  # the second factor is still to come


@dataclass(frozen=True)
class Candidate:
    """Who may be about to log in."""

    user_id: UUID | None
    password_hash: str | None


def find_candidate(session: Session, email: str) -> Candidate:
    """The account of an address, if it is open."""
    user = find_user(session, email)
    if user is None:
        return Candidate(None, None)
    return Candidate(user.id, user.password_hash if user.disabled_at is None else None)


def log_in(
    session: Session,
    who: Candidate,
    browser: Browser,
    attempt: Try | None,
    now: datetime,
    better_hash: str | None = None,
) -> Entry | None:
    """Begin a session of somebody whose password was right; a half one where a second factor is to come.
    `better_hash`: of the same password, as it is made today. None when the password or the account has changed
    since we looked."""
    assert who.user_id is not None
    user = session.get(User, who.user_id, with_for_update=True, populate_existing=True)
    if user is None or user.disabled_at is not None or user.password_hash != who.password_hash:
        return None
    if better_hash is not None:
        user.password_hash = better_hash
        session.flush()
    if attempt is not None:
        end_try(session, attempt)
    return _begin(session, user, browser, now, half=user.totp_secret is not None)


def pass_second_factor(
    session: Session, half: bytes, user_id: UUID, code: str, browser: Browser, attempt: Try, now: datetime
) -> Entry | None:
    """Turn a half session into a whole one, of another identifier; None when the code is wrong or used up."""
    these = (UserSession.id_hash == half, UserSession.is_half)
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.disabled_at is not None or not totp.use_code(session, user_id, code, now):
        return None
    gone = session.execute(delete(UserSession).where(*these).returning(UserSession.user_id)).one_or_none()
    if gone is None:
        return None
    end_try(session, attempt)
    return _begin(session, user, browser, now, half=False)


def change_password(session: Session, who: Candidate, password_hash: str, now: datetime, here: bytes) -> bool:
    """Another password for somebody who gave the old one; every other browser is logged out, and links that were
    sent by mail are worthless. False when it was changed meanwhile."""
    these = (User.id == who.user_id, User.password_hash == who.password_hash)
    values = {"password_hash": password_hash, "link_epoch": User.link_epoch + 1}
    changed = session.execute(update(User).where(*these).values(values).returning(User.id)).one_or_none()
    if changed is None:
        return False
    others = (UserSession.user_id == who.user_id, UserSession.id_hash != here)
    session.execute(delete(UserSession).where(*others))
    mark_password(session, here, now)
    return True


def _begin(session: Session, user: User, browser: Browser, now: datetime, *, half: bool) -> Entry:
    if browser.identifier is not None:
        close_session(session, hash_identifier(browser.identifier))
    identifier = open_session(session, user.id, browser.name, now, half=half)
    if not half:
        record(session, Actor(user.id, user.name), "account.login", now, browser=browser.name)
    return Entry(identifier, user.id, half)
