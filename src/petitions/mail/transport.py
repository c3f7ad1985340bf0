"""Handing a message over: to an SMTP server, or into a folder.

DeliveryFailure
├── PermanentFailure     the mail will never be taken
└── TemporaryFailure     it may be taken later
    └── ServerTrouble    and so for every other mail: the server is away, or refuses us

Each carries a code such as "smtp_550", never the server's words, which may repeat the address.
"""

import asyncio
import os
import ssl
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)

from petitions.errors import PetitionsError
from petitions.settings import SmtpServer

#: Seconds for one command, for taking the text, and for parting.
_COMMAND, _TEXT, _QUIT = 60.0, 120.0, 3.0
#: Replies that speak of our log-in, whatever they answer.
_NOT_LOGGED_IN = frozenset({503, 530, 534, 535, 538})
_CLOSING = 421


class DeliveryFailure(PetitionsError):
    """A message was not handed over."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PermanentFailure(DeliveryFailure):
    """The server will never take this message for this recipient."""


class TemporaryFailure(DeliveryFailure):
    """The server may take this message later."""


class ServerTrouble(TemporaryFailure):
    """The server is away or refuses us, whatever the message. `tried` is whether the message got as far
    as naming its recipient, so that it might be the cause, or even have arrived."""

    def __init__(self, code: str, *, tried: bool) -> None:
        super().__init__(code)
        self.tried = tried


class Transport(Protocol):
    """One way out. `send` raises DeliveryFailure, and works again after `close`."""

    async def send(self, message: EmailMessage, recipient: str) -> None: ...

    async def close(self) -> None: ...


class SmtpTransport:
    """One connection to an SMTP server, opened when there is something to send, and kept."""

    def __init__(self, server: SmtpServer, sender: str, tls_context: ssl.SSLContext | None = None) -> None:
        """`sender`: address of the envelope, where bounces go. `tls_context`: instead of the system's."""
        self._server, self._sender, self._tls_context = server, sender, tls_context
        self._smtp: SMTP | None = None

    async def send(self, message: EmailMessage, recipient: str) -> None:
        reused = self._smtp is not None and self._smtp.is_connected
        try:
            await self._hand_over(message, recipient)
        except ServerTrouble as trouble:
            # Servers close idle or long-used connections; nothing of this message was said yet.
            if not reused or trouble.tried:
                raise
            await self._hand_over(message, recipient)

    async def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(SMTPException, OSError):
                await smtp.quit(timeout=_QUIT)
            smtp.close()

    async def _hand_over(self, message: EmailMessage, recipient: str) -> None:
        smtp = await self._connected()
        kept = False  # a connection whose state is not known is dropped, also when we are cancelled
        try:
            await self._begin(smtp, recipient)
            await self._transfer(smtp, message, recipient)
            kept = True
        except ServerTrouble:
            raise
        except DeliveryFailure:
            kept = await _reset(smtp)
            raise
        finally:
            if not kept:
                self._smtp = None
                smtp.close()

    async def _connected(self) -> SMTP:
        if self._smtp is not None and self._smtp.is_connected:
            return self._smtp
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls_context,
            timeout=_COMMAND,
            local_hostname=self._sender.rpartition("@")[2],  # rather than tell the name of this machine
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except (SMTPException, OSError, ValueError) as error:
            smtp.close()
            raise ServerTrouble(_code(error, "connect"), tried=False) from None
        self._smtp = smtp
        return smtp

    async def _begin(self, smtp: SMTP, recipient: str) -> None:
        """Say who sends. A refusal is about us, or about the server: every message says the same."""
        utf8 = not recipient.isascii()
        if utf8 and not smtp.supports_extension("smtputf8"):
            raise PermanentFailure("smtputf8_unsupported")
        try:
            await smtp.mail(self._sender, options=["SMTPUTF8", "BODY=8BITMIME"] if utf8 else None)
        except SMTPResponseException as refusal:
            if utf8 and 500 <= refusal.code < 600:
                raise PermanentFailure(f"smtp_{refusal.code}") from None
            raise ServerTrouble(_code(refusal), tried=False) from None
        except (SMTPException, OSError) as error:
            raise ServerTrouble(_code(error), tried=False) from None

    async def _transfer(self, smtp: SMTP, message: EmailMessage, recipient: str) -> None:
        try:
            await smtp.rcpt(recipient, encoding="ascii" if recipient.isascii() else "utf-8")
            await smtp.data(message.as_bytes(), timeout=_TEXT)
        except (SMTPRecipientRefused, SMTPDataError) as refusal:
            raise _refused(refusal) from None
        except (SMTPException, OSError) as error:
            raise ServerTrouble(_code(error), tried=True) from None
        except ValueError:
            raise PermanentFailure("address_invalid") from None


class FolderTransport:
    """Writes each message as a file of its own, which only its owner may read: the mailbox of the demo."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage, recipient: str) -> None:
        name = message["Message-ID"].strip("<>").partition("@")[0]
        try:
            await asyncio.to_thread(self._write, name, message.as_bytes())
        except OSError:
            raise ServerTrouble("folder", tried=False) from None

    async def close(self) -> None:
        pass

    def _write(self, name: str, text: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.{os.getpid()}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text)
        unfinished.replace(self._folder / f"{name}.eml")


async def _reset(smtp: SMTP) -> bool:
    """Forget a refused message, so that the connection can take the next; whether it can."""
    try:
        await smtp.rset()
    except (SMTPException, OSError):
        return False
    return smtp.is_connected


def _refused(refusal: SMTPRecipientRefused | SMTPDataError) -> DeliveryFailure:
    code = _code(refusal)
    # A server that does not relay for us answers 550 or 554 to every recipient: only its words tell
    # an unfinished configuration from an address that does not exist.
    is_ours = refusal.code in _NOT_LOGGED_IN or "relay" in refusal.message.lower()
    if refusal.code == _CLOSING or is_ours:
        return ServerTrouble(code, tried=True)
    return PermanentFailure(code) if 500 <= refusal.code < 600 else TemporaryFailure(code)


def _code(error: Exception, otherwise: str = "disconnected") -> str:
    if isinstance(error, SMTPResponseException):
        return f"smtp_{error.code}" if 200 <= error.code < 600 else "smtp_invalid"
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return "timeout"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls"
    # aiosmtplib raises the bare class where the server offers no STARTTLS, or no log-in that we know.
    return "unsupported" if type(error) is SMTPException else otherwise
