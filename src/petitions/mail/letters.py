"""What a mail says to whom. Features hand `builders` to the worker, so that mail knows none of them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.mail.outbox import ClaimedMail


@dataclass(frozen=True)
class Letter:
    """A mail before it is rendered. Lives in memory alone: the outbox keeps ids."""

    recipient: str = field(repr=False)
    message: str  # the folder under templates/mail
    language: str
    context: Mapping[str, Any] = field(repr=False)
    subject: str | None = None  # instead of the template's
    sender_name: str | None = None  # instead of the site's
    reply_to: str | None = None
    unsubscribe_url: str | None = None  # takes the POST of RFC 8058


#: Makes the letters of claimed mails of one kind, by the id of the mail; none where the subject is gone.
LetterBuilder = Callable[[Session, Sequence[ClaimedMail]], Mapping[UUID, Letter]]


def build_letters(
    session: Session, builders: Mapping[str, LetterBuilder], mails: Sequence[ClaimedMail]
) -> dict[UUID, Letter]:
    """The letters of mails whose kinds all have a builder, by the id of the mail."""
    by_kind: dict[str, list[ClaimedMail]] = defaultdict(list)
    for mail in mails:
        by_kind[mail.kind].append(mail)
    letters: dict[UUID, Letter] = {}
    for kind, some in by_kind.items():
        letters |= builders[kind](session, some)
    return letters
