"""Who has which role in which campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from petitions.accounts.models import Membership, User
from petitions.accounts.roles import Role


@dataclass(frozen=True)
class Member:
    user_id: UUID
    name: str
    email: str
    role: Role
    since: datetime
    waits: bool  # the invitation was not accepted yet


def find_role(session: Session, campaign_id: int, user_id: UUID) -> Role | None:
    role = session.scalar(
        select(Membership.role).where(Membership.campaign_id == campaign_id, Membership.user_id == user_id)
    )
    return Role(role) if role is not None else None


def list_members(session: Session, campaign_id: int) -> Sequence[Member]:
    """Everybody with a role, by name."""
    query = (
        select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.campaign_id == campaign_id, User.disabled_at.is_(None))
        .order_by(func.lower(User.name), User.id)
    )
    return [
        Member(user.id, user.name, user.email, Role(member.role), member.since, waits=user.password_hash is None)
        for user, member in session.execute(query)
    ]


def count_owners(session: Session, campaign_id: int) -> int:
    """Owners who can log in, with their rows locked: a campaign must keep one."""
    query = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.campaign_id == campaign_id, Membership.role == Role.OWNER)
        .where(User.disabled_at.is_(None), User.password_hash.is_not(None))
        .with_for_update(of=Membership)
    )
    return len(session.scalars(query).all())


def set_role(session: Session, campaign_id: int, user_id: UUID, role: Role, now: datetime) -> None:
    """Give somebody their one role in a campaign. Whoever owns one may start others."""
    member = session.get(Membership, (campaign_id, user_id), with_for_update=True)
    if member is None:
        session.add(Membership(campaign_id=campaign_id, user_id=user_id, role=role, since=now))
    elif member.role != role:
        member.role, member.since = role, now
    session.flush()
    if role is Role.OWNER:
        session.execute(update(User).where(User.id == user_id, ~User.may_start).values(may_start=True))


def remove_member(session: Session, campaign_id: int, user_id: UUID) -> None:
    session.execute(delete(Membership).where(Membership.campaign_id == campaign_id, Membership.user_id == user_id))
