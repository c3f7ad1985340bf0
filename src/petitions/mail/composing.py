"""Rendering letters to messages.

The headers are written by a policy of our own: the one of the standard library breaks long ASCII values,
such as an address or the link of List-Unsubscribe, into encoded words, and costs three times as much.
"""

import re
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import idna

from petitions.i18n import LANGUAGES, SOURCE_LANGUAGE, Translator, translator
from petitions.mail.letters import Letter
from petitions.mail.transport import PermanentFailure
from petitions.settings import Settings
from petitions.templating import render

_LINE = 76
_LONGEST_SUBJECT = 200
#: A dot-atom (RFC 5322, RFC 6532): quoted local parts are not taken by the forms either.
_ATOM = r"[^\x00-\x20\x7f-\xa0\u2028\u2029()<>\[\]:;@\\,.\"]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_DOMAIN = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: Control characters, line separators, overrides of the direction, halves of surrogate pairs.
_DISGUISES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


class _Policy(EmailPolicy):
    """Headers are stored as they are given, and folded at spaces only."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if _CONTROL.search(value):
            raise ValueError("a header may not contain control characters")
        return name, value

    def header_max_count(self, name: str) -> int:
        return 1

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return value

    def fold(self, name: str, value: Any) -> str:
        lines = [f"{name}:"]
        for word in value.split(" "):
            # The name keeps the first word beside it: some servers dislike a header that begins empty.
            if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
                lines.append("")
            lines[-1] += f" {word}"
        return "\r\n".join(lines) + "\r\n"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")


_POLICY = _Policy(linesep="\r\n")
_POLICY_UTF8 = _Policy(linesep="\r\n", utf8=True)


def compose(mail_id: UUID, letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """The message of a letter; composed again, it has the same Message-ID. Raises PermanentFailure for an
    address to which no mail can go."""
    i18n = translator(letter.language if letter.language in LANGUAGES else SOURCE_LANGUAGE)
    recipient = envelope_address(letter.recipient)
    sender_name = _one_line(letter.sender_name or settings.site_name)
    context = {
        **letter.context,
        "sender_name": sender_name,
        "site_name": settings.site_name,
        "base_url": settings.base_url,
        "language": i18n.language,
        "direction": i18n.direction,
    }
    subject = _one_line(letter.subject or _part(letter, "subject.txt", i18n, context))[:_LONGEST_SUBJECT]
    context["subject"] = subject
    message = EmailMessage(policy=_POLICY if recipient.isascii() else _POLICY_UTF8)
    message["From"] = _mailbox(sender_name, settings.mail_from)
    message["To"] = recipient
    message["Subject"] = _encoded(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail_id.hex}@{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.reply_to:
        message["Reply-To"] = envelope_address(letter.reply_to)
    if letter.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{_checked_url(letter.unsubscribe_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = re.sub(r"\n{3,}", "\n\n", _part(letter, "body.txt", i18n, context)).strip() + "\n"
    html = _part(letter, "body.html", i18n, context).strip() + "\n"
    message.set_content(text, cte=_transfer_encoding(text))
    message.add_alternative(html, subtype="html", cte=_transfer_encoding(html))
    message["Content-Language"] = i18n.language  # set earlier, it would have become the first part's
    return message


def envelope_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA 2008). Raises PermanentFailure."""
    local, at, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise PermanentFailure("address_invalid") from None
    if not at or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise PermanentFailure("address_invalid")
    return f"{local}@{ascii_domain}"


def _part(letter: Letter, name: str, i18n: Translator, context: dict[str, Any]) -> str:
    return render(f"mail/{letter.message}/{name}", i18n, **context)


def _one_line(text: str) -> str:
    """Without line breaks and whatever else could disguise a header."""
    return " ".join(_DISGUISES.sub(" ", text).split())


@lru_cache(maxsize=256)  # the mails of a campaign share their subject and sender
def _encoded(text: str) -> str:
    """As encoded words (RFC 2047) where it is not ASCII, or looks like one already."""
    if text.isascii() and "=?" not in text:
        return text
    return " ".join(Header(text, "utf-8", header_name="Subject", maxlinelen=_LINE).encode().split())


def _mailbox(name: str, address: str) -> str:
    if name.isascii() and "=?" not in name:
        return formataddr((name, address))
    return f"{_encoded(name)} <{address}>"


def _checked_url(url: str) -> str:
    """The address of a page, safe within angle brackets. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not url.isascii() or re.search(r"[\x00-\x20<>\"\x7f]", url):
        raise ValueError("not a URL that a header can hold")
    return url


def _transfer_encoding(text: str) -> str:
    """Readable in the raw where the text is mostly ASCII, short elsewhere."""
    foreign = len(text.encode("utf-8")) - len(text)
    return "quoted-printable" if foreign * 4 < len(text) else "base64"
