"""Mail addresses: the canonical form under which one person is one signature, and likely typing mistakes."""

import hashlib
import hmac

from email_validator import EmailNotValidError, validate_email

from petitions.mailboxes import canonical_address as canonical_address
from petitions.mailboxes import domain_of as domain_of

#: Raise it when the rules of petitions/mailboxes.py change: keys made under other rules would count people twice.
RULES_VERSION = 1
_MAX_LOCAL_PART = 64  # RFC 5321, 4.5.3.1.1


class InvalidAddress(ValueError):
    """What was typed is no mail address."""


def check_address(text: str) -> str:
    """The address in its normal form. Asks no name server. Raises InvalidAddress."""
    try:
        address = validate_email(text, check_deliverability=False, allow_smtputf8=True).normalized
    except (EmailNotValidError, UnicodeError):
        raise InvalidAddress from None
    if len(address.rpartition("@")[0].encode()) > _MAX_LOCAL_PART:
        raise InvalidAddress
    return address


def make_email_key(address: str, secret: str) -> bytes:
    """16 bytes that stand for the mailbox; without the secret they say nothing about the address."""
    canonical = canonical_address(address).encode("utf-8", "replace")
    return hmac.digest(secret.encode(), canonical, "sha256")[:16]


def fingerprint(secret: str) -> str:
    """Tells two e-mail keys (and two versions of the rules) apart, and gives neither away."""
    digest = hmac.new(secret.encode(), b"petitions e-mail key", hashlib.sha256).hexdigest()
    return f"{RULES_VERSION}:{digest[:32]}"


_COMMON_DOMAINS = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.de",
    "yahoo.it",
    "yahoo.co.uk",
    "hotmail.com",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.co.uk",
    "outlook.com",
    "outlook.es",
    "outlook.fr",
    "icloud.com",
    "live.com",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "bluewin.ch",
    "libero.it",
    "tiscali.it",
    "alice.it",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "sfr.fr",
    "mail.ru",
    "yandex.ru",
    "rambler.ru",
    "bk.ru",
    "list.ru",
    "inbox.ru",
    "proton.me",
    "protonmail.com",
    "riseup.net",
    "posteo.de",
    "aol.com",
    "eircom.net",
    "btinternet.com",
]
_COMMON = frozenset(_COMMON_DOMAINS)
#: Real providers whose names lie close to those above.
_NOT_TYPOS = frozenset(
    [
        "gmx.com",
        "gmx.fr",
        "gmx.es",
        "gmx.us",
        "mail.com",
        "email.com",
        "ymail.com",
        "rocketmail.com",
        "hotmail.de",
        "hotmail.be",
        "live.fr",
        "live.it",
        "live.de",
        "live.nl",
        "live.ie",
        "live.co.uk",
        "aol.de",
        "yahoo.ca",
        "yahoo.ie",
        "yahoo.at",
        "yahoo.co.jp",
        "outlook.de",
        "outlook.it",
        "outlook.ie",
        "outlook.at",
        "me.com",
        "mac.com",
        "msn.com",
        "pm.me",
        "hey.com",
        "qmail.com",
        "web.com",
        "fre.fr",
        "ya.ru",
        "yandex.com",
        "ail.ru",
        "free.com",
        "icloud.co",
    ]
)


def suggest_address(address: str) -> str | None:
    """The address that was probably meant, when the domain is one slip away from a large provider's."""
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in _COMMON or domain in _NOT_TYPOS or not 4 <= len(domain) <= 24:
        return None
    for known in _COMMON_DOMAINS:
        if len(known) >= 6 and abs(len(known) - len(domain)) <= 1 and _one_slip_apart(domain, known):
            return f"{local}@{known}"
    return None


def _one_slip_apart(a: str, b: str) -> bool:
    """One letter added, dropped or changed, or two neighbours swapped."""
    start = 0
    while start < len(a) and start < len(b) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        swapped = len(rest_a) > 1 and rest_a[0] == rest_b[1] and rest_a[1] == rest_b[0]
        return rest_a[1:] == rest_b[1:] or (swapped and rest_a[2:] == rest_b[2:])
    return rest_a[1:] == rest_b if len(a) > len(b) else rest_a == rest_b[1:]
