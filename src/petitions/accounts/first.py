"""The first account of an empty site: whoever can read what `serve` prints makes it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.accounts.models import User
from petitions.accounts.users import NewUser, create_user, has_users
from petitions.audit.recording import Actor, record
from petitions.db import Fact, insert_ignoring
from petitions.errors import LinkInvalid
from petitions.tokens import Tokens

_PURPOSE, _NOBODY = "first_account", UUID(int=0)
#: Whoever writes it first makes the account; the others at the same moment wait for them, and are refused.
_FACT = "first_account"


def first_link(base_url: str, tokens: Tokens) -> str:
    """The address of the page that makes the first account."""
    return f"{base_url}/console/first/{tokens.make(_PURPOSE, 0, _NOBODY)}"


def check_first_token(tokens: Tokens, token: str, now: datetime) -> None:
    """Raises LinkInvalid."""
    if tokens.read(_PURPOSE, token, now).row_id != _NOBODY:
        raise LinkInvalid


def create_first(session: Session, new: NewUser, password_hash: str, now: datetime) -> User | None:
    """The first administrator; None as soon as anybody has an account."""
    if has_users(session):
        return None
    fact = session.execute(
        insert_ignoring(session, Fact).returning(Fact.__table__.c.name), {"name": _FACT, "value": now.isoformat()}
    )
    if fact.one_or_none() is None:
        return None
    user = create_user(session, new, now, password_hash)
    if user is not None:
        record(session, Actor(user.id, user.name), "account.created", now, user=str(user.id), is_admin=True)
    return user
