"""What the tests of mail share: rows of the outbox, a real SMTP server in the test's own loop, a template."""

import asyncio
import itertools
import logging
import ssl
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select
from sqlalchemy.orm import Session as StoreSession

from petitions.campaigns.models import Campaign
from petitions.db import Database
from petitions.mail.letters import Letter
from petitions.mail.models import Outbox
from petitions.mail.outbox import ClaimedMail, NewMail, queue
from petitions.mail.pace import Pace
from petitions.settings import Settings, SmtpServer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
#: Quick, for tests that wait for the worker.
BRISK = Pace(idle=0.02, rest=0.05)
MESSAGE = {
    "mail/greeting/subject.txt": "Hello from {{ site_name }}\n",
    "mail/greeting/body.txt": "Hello {{ name }},\n\n\n\n{{ url }}\n",
    "mail/greeting/body.html": (
        '{% extends "mail/layout.html" %}'
        "{% block content %}<p>Hello {{ name }},</p>{{ button(url, _('Confirm')) }}{% endblock %}"
        "{% block footer %}<p>Because you signed.</p>{% endblock %}"
    ),
    "mail/broken/subject.txt": "{{ nothing }}",
}
_keys = itertools.count(1)


def make_settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "base_url": "https://petitions.example.org",
        "data_dir": Path("/nonexistent"),
        "database_url": "sqlite:////nonexistent/petitions.db",
        "secret_keys": ("s" * 32,),
        "email_key": "e" * 32,
        "site_name": "Statements",
        "mail_from": "petitions@example.org",
        "confirm_rate": None,
    }
    return Settings(**(values | changes))


def make_campaign(database: Database, campaign_id: int = 1) -> None:
    with database.writing() as session:
        session.add(
            Campaign(
                id=campaign_id,
                slug=f"campaign-{campaign_id}",
                default_language="en",
                terms={},
                created_at=NOON,
            )
        )


def new_mail(**changes: Any) -> NewMail:
    key = next(_keys)
    values: dict[str, Any] = {
        "kind": "confirm",
        "campaign_id": 1,
        "subject_id": UUID(int=key),
        "email_key": key.to_bytes(16, "big"),
        "language": "en",
    }
    return NewMail(**(values | changes))


def queue_mails(database: Database, count: int = 1, now: datetime = NOON, **changes: Any) -> list[NewMail]:
    mails = [new_mail(**changes) for _ in range(count)]
    with database.writing() as session:
        queue(session, mails, now)
    return mails


def stored(database: Database, mail: NewMail) -> Outbox:
    with database.reading() as session:
        return session.execute(select(Outbox).where(Outbox.id == mail.id)).scalar_one()


def stored_all(database: Database) -> Sequence[Outbox]:
    with database.reading() as session:
        return session.scalars(select(Outbox).order_by(Outbox.id)).all()


def address_of(subject_id: UUID) -> str:
    return f"signer-{subject_id.int}@example.org"


def make_letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "recipient": "ana@example.org",
        "message": "greeting",
        "language": "en",
        "context": {"name": "Ana", "url": "https://petitions.example.org/confirm/abc"},
    }
    return Letter(**(values | changes))


def build_greetings(session: StoreSession, mails: Sequence[ClaimedMail]) -> dict[UUID, Letter]:
    """A LetterBuilder: everybody gets a letter, at an address made from the subject's id."""
    return {mail.id: make_letter(recipient=address_of(mail.subject_id)) for mail in mails}


@dataclass
class Arrival:
    at: float  # on the monotonic clock
    recipient: str
    message: EmailMessage
    raw: bytes

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


Answer = Callable[[str], Awaitable[str | None]]


@dataclass
class Inbox:
    """Handler of a real SMTP server: keeps what arrives, and answers as a test wants.

    An answer is "" to close the connection without a word, or None to accept."""

    on_mail: Answer | None = None
    on_recipient: Answer | None = None
    on_text: Answer | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    parted: asyncio.Event = field(default_factory=asyncio.Event)  # somebody said QUIT
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        answer = await self._answer(self.on_mail, server, address)
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer(self.on_recipient, server, address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        answer = await self._answer(self.on_text, server, recipient)
        if answer is not None:
            return answer
        raw = cast("bytes", envelope.content)
        message = message_from_bytes(raw, policy=policy.default)
        async with self._arrived:
            self.arrivals.append(Arrival(time.monotonic(), recipient, message, raw))
            self._arrived.notify_all()
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.parted.set()
        return "221 Bye"

    async def wait_for(self, condition: Callable[["Inbox"], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: condition(self))

    def recipients(self) -> list[str]:
        return sorted(arrival.recipient for arrival in self.arrivals)

    async def _answer(self, answer: Answer | None, server: SMTP, address: str) -> str | None:
        said = None if answer is None else await answer(address)
        if said == "":
            cast("asyncio.WriteTransport", server.transport).abort()
            return "421 closing"
        return said


def always(said: str) -> Answer:
    async def answer(_address: str) -> str:
        return said

    return answer


@asynccontextmanager
async def smtp_server(
    inbox: Inbox,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[SmtpServer]:
    """A real SMTP server in this loop; at the end its connections are closed. `tls`: from the first byte."""
    loop = asyncio.get_running_loop()
    protocols: list[SMTP] = []

    def accept() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a log-in without TLS, which is meant
            protocols.append(SMTP(inbox, hostname="sink.example.org", loop=loop, tls_context=starttls, **options))
        return protocols[-1]

    server = await loop.create_server(accept, "127.0.0.1", port, ssl=tls)
    try:
        yield SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1], "none")
    finally:
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                with suppress(AttributeError):  # of Python 3.11: a TLS connection that has ended already
                    cast("asyncio.WriteTransport", protocol.transport).abort()
        await server.wait_closed()
        await asyncio.sleep(0)  # lets the aborted connections take their leave


class LogEvents(logging.Handler):
    """Lets a test await an event of the log, and read what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self._seen = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), getattr(record, "fields", {})))
        self._seen.set()

    def named(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.lines if name == event]

    async def wait_for(self, event: str, count: int = 1, seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while len(self.named(event)) < count:
                self._seen.clear()
                await self._seen.wait()
