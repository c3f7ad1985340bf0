"""The letters about accounts, made from rows when they are sent; the outbox itself holds ids alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.accounts.invitations import INVITATION, RESET
from petitions.accounts.models import Membership, User
from petitions.mail.letters import Letter, LetterBuilder
from petitions.mail.outbox import ClaimedMail
from petitions.tokens import Tokens

#: Titles of campaigns by their ids: accounts know nothing of campaigns.
Titles = Callable[[Session, Sequence[int]], Mapping[int, str]]


@dataclass(frozen=True)
class AccountLetters:
    """Builds the letters of this feature."""

    base_url: str
    tokens: Tokens
    titles: Titles

    def builders(self) -> Mapping[str, LetterBuilder]:
        return {INVITATION: self.invitation, RESET: self.reset}

    def invitation(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """Letters that say who invites to what, with a link to set a password; or just the way to the console for
        somebody who has one. None for a closed account."""
        users = _users(session, mails)
        campaigns = self._campaigns(session, [user.id for user in users.values()])
        letters = {}
        for mail in mails:
            user = users.get(mail.subject_id)
            if user is None:
                continue
            is_new = user.password_hash is None
            titles = campaigns.get(user.id, [])
            context = {
                "is_new": is_new,
                "is_admin": user.is_admin,
                "invited_by": user.invited_by,
                "titles": titles if is_new else titles[:1],  # the last is the one that this is about
                "url": self._link(INVITATION, user, mail) if is_new else self._console(mail),
            }
            letters[mail.id] = _letter("invitation", user, mail, context)
        return letters

    def reset(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """Letters with the link to set another password."""
        users = _users(session, mails)
        return {
            mail.id: _letter("reset", user, mail, {"url": self._link(RESET, user, mail)})
            for mail in mails
            if (user := users.get(mail.subject_id)) is not None
        }

    def _link(self, kind: str, user: User, mail: ClaimedMail) -> str:
        token = self.tokens.make(kind, 0, user.id, user.link_epoch)
        return f"{self.base_url}/console/link/{token}?lang={mail.language}"

    def _console(self, mail: ClaimedMail) -> str:
        return f"{self.base_url}/console?lang={mail.language}"

    def _campaigns(self, session: Session, user_ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
        """Titles of the campaigns in which somebody has a role, the last first."""
        query = select(Membership).where(Membership.user_id.in_(user_ids)).order_by(Membership.since.desc())
        members = session.scalars(query).all()
        titles = self.titles(session, sorted({member.campaign_id for member in members}))
        found: dict[UUID, list[str]] = {}
        for member in members:
            if title := titles.get(member.campaign_id):
                found.setdefault(member.user_id, []).append(title)
        return found


def _users(session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, User]:
    """The open accounts that these mails are about."""
    ids = [mail.subject_id for mail in mails]
    query = select(User).where(User.id.in_(ids), User.disabled_at.is_(None))
    return {user.id: user for user in session.scalars(query)}


def _letter(message: str, user: User, mail: ClaimedMail, context: Mapping[str, Any]) -> Letter:
    return Letter(
        recipient=user.email,
        message=message,
        language=mail.language,
        context={"name": user.name, **context},
    )
