"""The mailbox of the demo: mails that were caught in a folder instead of being sent."""

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from petitions.errors import PageNotFound
from petitions.web.languages import translator_for
from petitions.web.pages import answer
from petitions.web.site import site_of

URL = "/mailbox"
_MOST = 200
_LINK = re.compile(r"https?://[^\s<>]+")


@dataclass(frozen=True)
class CaughtMail:
    id: str
    subject: str
    sender: str
    recipient: str
    sent_at: datetime
    text: str

    @property
    def paragraphs(self) -> list[list[tuple[str, str]]]:
        """The text in paragraphs, its links told apart: lists of ("text" or "link", words)."""
        return [_with_links(part) for part in re.split(r"\n{2,}", self.text.strip())]


def _with_links(text: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _LINK.finditer(text):
        pieces += [("text", text[end : match.start()]), ("link", match[0])]
        end = match.end()
    return [piece for piece in (*pieces, ("text", text[end:])) if piece[1]]


def routes(folder: Path) -> Sequence[BaseRoute]:
    """The mailbox's addresses; only for an installation that catches its mail."""

    async def show_all(request: Request) -> Response:
        return answer(
            site_of(request), translator_for(request), "demo/mailbox.html", URL, mails=list_mails(folder)
        )

    async def show_one(request: Request) -> Response:
        mail = find_mail(folder, request.path_params["id"])
        if mail is None:
            raise PageNotFound
        shown = {name: getattr(mail, name) for name in ("subject", "sender", "recipient", "sent_at", "paragraphs")}
        return answer(
            site_of(request),
            translator_for(request),
            "demo/mail.html",
            f"{URL}/{mail.id}",
            mail=mail,
            **shown,
        )

    return (Route(URL, show_all), Route(URL + "/{id}", show_one))


def list_mails(folder: Path) -> list[CaughtMail]:
    """The latest mails, the newest first."""
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [_read(file) for file in files[:_MOST]]


def find_mail(folder: Path, identifier: str) -> CaughtMail | None:
    """The mail of this id."""
    file = folder / f"{identifier}.eml"
    return _read(file) if re.fullmatch(r"[0-9a-f]{1,64}", identifier) and file.is_file() else None


def _read(file: Path) -> CaughtMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    return CaughtMail(
        id=file.stem,
        subject=str(message["Subject"]),
        sender=str(message["From"]),
        recipient=str(message["To"]),
        sent_at=message["Date"].datetime,
        text=body.get_content() if body is not None else "",
    )
