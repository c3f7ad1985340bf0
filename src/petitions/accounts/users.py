"""People who look after campaigns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from petitions.accounts.models import User
from petitions.db import insert_ignoring
from petitions.ids import new_id


@dataclass(frozen=True)
class NewUser:
    """Somebody who gets an account."""

    email: str
    name: str
    language: str
    is_admin: bool = False
    invited_by: str | None = None
    may_start: bool = True


def create_user(session: Session, new: NewUser, now: datetime, password_hash: str | None = None) -> User | None:
    """Make an account; without a password it waits for its invitation to be accepted. None if the address has
    one already, also when somebody else makes it at the same moment."""
    row = {
        "id": new_id(),
        "email": normal_address(new.email),
        "name": new.name,
        "language": new.language,
        "is_admin": new.is_admin,
        "may_start": new.may_start,
        "invited_by": new.invited_by,
        "password_hash": password_hash,
        "link_epoch": 0,
        "created_at": now,
    }
    session.execute(insert_ignoring(session, User), row)
    user = find_user(session, new.email)
    return user if user is not None and user.id == row["id"] else None


def find_user(session: Session, email: str) -> User | None:
    """The account of an address, however it is written."""
    return session.scalar(select(User).where(User.email == normal_address(email)))


def get_user(session: Session, user_id: UUID) -> User | None:
    return session.get(User, user_id)


def has_users(session: Session) -> bool:
    """Whether anybody has an account: without any the site offers the first one by a link that `serve` prints."""
    return session.scalar(select(literal(1)).select_from(User).limit(1)) is not None


def normal_address(email: str) -> str:
    """An address as accounts know it: nobody has two mailboxes that differ in capitals alone."""
    return email.strip().lower()


def find_addresses(session: Session, user_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The mail addresses of these accounts: other than names, no two have the same, and nobody changes theirs."""
    if not user_ids:
        return {}
    query = select(User.id, User.email).where(User.id.in_(sorted(user_ids)))
    return {row.id: row.email for row in session.execute(query)}


def list_users(session: Session) -> Sequence[User]:
    """Everybody, by name; closed accounts last."""
    order = (User.disabled_at.is_not(None), func.lower(User.name), User.id)
    return session.scalars(select(User).order_by(*order)).all()
