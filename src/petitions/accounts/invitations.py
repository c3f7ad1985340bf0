"""Inviting people, and links by which they set a password: by mail, one-time, one at a time.

Every link carries the `link_epoch` of its account. Sending one raises the epoch, and so does using it: of all
links that were ever sent to somebody the last one works, once. Only a reset of somebody who has not accepted their
invitation yet leaves that good: either of the two works, and ends the other.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session

from petitions.abuse.rates import write_nothing
from petitions.accounts.models import User
from petitions.accounts.sessions import close_sessions
from petitions.accounts.users import NewUser, create_user, find_user
from petitions.audit.recording import Actor, record
from petitions.ids import new_id
from petitions.mail import outbox
from petitions.mail.models import Outbox

INVITATION, RESET = "account_invitation", "account_reset"
#: Mails of one kind to one account within a day, however often somebody asks.
MAILS_A_DAY = 3
_DAY = timedelta(days=1)
#: How long the link of each kind of mail works. That of a reset as long as it counts among the mails of a day: who
#: uses them up for somebody else leaves a link in their mailbox that works until they may ask for the next.
LIFETIMES = {INVITATION: timedelta(days=7), RESET: _DAY}


def invite(
    session: Session,
    email: str,
    name: str,
    language: str,
    email_key: bytes,
    now: datetime,
    *,
    invited_by: str | None = None,
    is_admin: bool = False,
    may_start: bool = True,
) -> User:
    """The account of an address, made if there is none; a mail tells them, with a link to set a password if they
    have none yet. The name, `is_admin` and `may_start` of somebody who has an account stay as they are."""
    new = NewUser(email, name, language, is_admin=is_admin, invited_by=invited_by, may_start=may_start)
    user = create_user(session, new, now) or find_user(session, email)
    assert user is not None
    user.invited_by = invited_by  # of the mail that goes out now
    session.flush()
    send_invitation(session, user.id, email_key, now)
    return user


def send_invitation(session: Session, user_id: UUID, email_key: bytes, now: datetime) -> bool:
    """Send somebody a mail that they are invited; False when they have had enough of them today, or their account
    is closed."""
    return _send(session, INVITATION, user_id, email_key, now)


def send_reset(session: Session, email: str, email_key: bytes, now: datetime) -> User | None:
    """Send a link to set another password. None when there is no such account, it is closed, or it has had enough
    of them today: whoever asks is told the same, and the store has as much to do."""
    user = find_user(session, email)
    if _send(session, RESET, user.id if user else new_id(), email_key, now) and user is not None:
        record(session, Actor(user.id, user.name), "account.reset_sent", now)
        return user
    for _ in ("the mail", "the record"):
        write_nothing(session, now)
    return None


def renew_link(session: Session, user_id: UUID) -> None:
    """Make the links worthless that somebody got so far."""
    session.execute(update(User).where(User.id == user_id).values(link_epoch=User.link_epoch + 1))


def accept_link(
    session: Session, user_id: UUID, epoch: int, password_hash: str, name: str | None = None
) -> User | None:
    """Set the password of whoever opened a link; everybody who is logged in as them is logged out. None when the
    link was used, another was sent meanwhile, or the account is closed. The second factor stays as it is."""
    values = {"password_hash": password_hash, "link_epoch": epoch + 1}
    if name is not None:
        values["name"] = name
    these = (User.id == user_id, User.link_epoch == epoch, User.disabled_at.is_(None))
    done = session.execute(
        update(User).where(*these).values(values).returning(User.id),
        execution_options={"synchronize_session": False},
    )
    if done.one_or_none() is None:
        return None
    close_sessions(session, user_id)
    return session.get_one(User, user_id, populate_existing=True)


def _send(session: Session, kind: str, user_id: UUID, email_key: bytes, now: datetime) -> bool:
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    recent = select(func.count()).where(
        Outbox.email_key == email_key,
        Outbox.created_at > now - _DAY,
        Outbox.kind == kind,
        Outbox.subject_id == user_id,
    )
    is_enough = (session.scalar(recent) or 0) >= MAILS_A_DAY
    is_open = user is not None and user.disabled_at is None and not is_enough
    # Whoever has a password gets no link with an invitation, and a link that they asked for stays good. Whoever
    # has none yet keeps the link of their invitation: anybody can ask for a reset of anybody.
    has_none = User.password_hash.is_(None)
    raised = (User.id == user_id, has_none if kind == INVITATION else ~has_none)
    session.execute(update(User).where(*raised, literal(is_open)).values(link_epoch=User.link_epoch + 1))
    if user is None or not is_open:
        return False
    mail = outbox.NewMail(kind, None, user_id, email_key, user.language, outbox.LATER)
    outbox.queue(session, [mail], now)
    return True
