"""Closing an account and opening it again; its name stays beside what it did."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.accounts.models import User
from petitions.accounts.sessions import close_sessions
from petitions.errors import LastAdministrator


def disable(session: Session, user_id: UUID, now: datetime) -> User | None:
    """Nobody can log in with it, and whoever is logged in is not any more; None when there is nothing to close.
    Raises LastAdministrator."""
    # All of them in one order: of two who close each other's account at once, one is told.
    able = (User.is_admin, User.disabled_at.is_(None), User.password_hash.is_not(None))
    admins = session.scalars(select(User.id).where(*able).order_by(User.id).with_for_update()).all()
    if list(admins) == [user_id]:
        raise LastAdministrator
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.disabled_at is not None:
        return None
    user.disabled_at = now
    user.link_epoch += 1
    close_sessions(session, user_id)
    session.flush()
    return user


def enable(session: Session, user_id: UUID) -> User | None:
    """The account works again, with the password that it had; None when it was not closed."""
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.disabled_at is None:
        return None
    user.disabled_at = None
    session.flush()
    return user
