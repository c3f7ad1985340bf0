"""Giving roles and taking them, so that a campaign keeps somebody who decides."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.accounts.members import count_owners, find_role, remove_member, set_role
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.errors import LastOwner


def appoint(session: Session, campaign_id: int, user_id: UUID, role: Role, now: datetime) -> Role | None:
    """Give somebody a role; the one that they had. Raises LastOwner."""
    before = (
        _let_go(session, campaign_id, user_id)
        if role is not Role.OWNER
        else find_role(session, campaign_id, user_id)
    )
    set_role(session, campaign_id, user_id, role, now)
    return before


def dismiss(session: Session, campaign_id: int, user_id: UUID) -> Role | None:
    """Take somebody's role; the one that they had. Raises LastOwner."""
    before = _let_go(session, campaign_id, user_id)
    remove_member(session, campaign_id, user_id)
    return before


def _let_go(session: Session, campaign_id: int, user_id: UUID) -> Role | None:
    """The role of somebody who is about to lose it. Raises LastOwner."""
    # Locks the owners, and so whoever takes away another of them waits, and counts anew.
    owners = count_owners(session, campaign_id)
    before = find_role(session, campaign_id, user_id)
    able = select(User.id).where(User.id == user_id, User.disabled_at.is_(None), User.password_hash.is_not(None))
    if before is Role.OWNER and owners <= 1 and session.scalar(able) is not None:
        raise LastOwner
    return before
