"""Websites of organisations: which addresses we take, and whether a mail address belongs to one."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

import idna

from petitions.abuse.disposable import find_disposable
from petitions.abuse.providers import LARGE
from petitions.i18n import N_, Message
from petitions.mailboxes import domain_of, owned_domain
from petitions.organisations.homographs import is_homograph
from petitions.organisations.shared_sites import BY_NAME, BY_PATH, MAIL

MAX_URL = 300
_MAX_HOST = 253
_PORTS = {"http": 80, "https": 443}
#: Names that mean another machine to everybody who follows them, or none.
_NOBODYS = frozenset(
    "localhost local localdomain internal intranet lan home corp private arpa invalid test alt".split()
)
#: At these, or below them, everybody gets a mailbox.
_MAILBOXES = LARGE | MAIL | BY_NAME
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=://)", re.IGNORECASE)
_SCHEME_ALONE = re.compile(r"(https?|javascript|data|vbscript|mailto|tel|file|ftp|blob):", re.IGNORECASE)
#: What may stand in a path or a query as it is.
_PLAIN_IN_PATH, _PLAIN_IN_QUERY = "/%:@!$&()*+,;=~-._", "/%:@!$&()*+,;=~-._?"
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_NO_ADDRESS = N_("This is no address of a website. It looks like https://union.example.")
_OTHER_SCHEME = N_("We link to websites only: the address begins with https:// or http://.")
_WITH_PASSWORD = N_(
    "An address with a user name or a password in it is not taken. Leave out everything up to the @."
)
_WITH_PORT = N_("An address with a number for the port is not taken. Leave out the colon and the number.")
_NOT_PUBLIC = N_("This address leads to no public website: it has to be a name with a dot, and no number.")
_HOMOGRAPH = N_(
    "The name of this site mixes letters that look alike, so that readers could take it for another one. Type it "
    "once more, in one script."
)
_TOO_LONG = N_("This address is too long. The first page of your website is enough.")


class InvalidWebsite(ValueError):
    """What was typed is no address that we link to; `problem` says why."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Website:
    url: str  # complete, with its host in ASCII
    domain: str | None  # that somebody had to register for it; None where many share one site


def check_website(text: str) -> Website:
    """The website in its normal form, which is its own normal form. Asks nobody. Raises InvalidWebsite."""
    text = text.strip()
    if len(text) > 4 * MAX_URL:
        raise InvalidWebsite(_TOO_LONG)
    if "\\" in text or any(c.isspace() or unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text):
        raise InvalidWebsite(_NO_ADDRESS)
    parts = _split(text)
    host = _ascii_host(parts)
    url = f"{parts.scheme}://{host}{_path(parts.path)}{_query(parts.query)}"
    if len(url) > MAX_URL or len(host) > _MAX_HOST:
        raise InvalidWebsite(_TOO_LONG)
    return Website(url, _domain(host))


def _split(text: str) -> SplitResult:
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[0].lower() not in _PORTS:
        raise InvalidWebsite(_OTHER_SCHEME)
    begun = _SCHEME_ALONE.match(text) if scheme is None else None
    if begun is not None:
        raise InvalidWebsite(_NO_ADDRESS if begun[1].lower() in _PORTS else _OTHER_SCHEME)
    try:
        parts = urlsplit(text if scheme is not None else f"https://{text}")
        port = parts.port if "@" not in parts.netloc else None
    except ValueError:
        raise InvalidWebsite(_NO_ADDRESS) from None
    if "@" in parts.netloc or "%40" in parts.netloc:
        raise InvalidWebsite(_WITH_PASSWORD)
    if port not in (None, _PORTS[parts.scheme]):
        raise InvalidWebsite(_WITH_PORT)
    return parts


def _ascii_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if not host or "%" in host:
        raise InvalidWebsite(_NO_ADDRESS)
    if _is_address(host):
        raise InvalidWebsite(_NOT_PUBLIC)
    try:
        name = idna.encode(host, uts46=True, std3_rules=True).decode("ascii").lower()
        shown = idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        raise InvalidWebsite(_NO_ADDRESS) from None
    top = name.rpartition(".")[2]
    if "." not in name or top in _NOBODYS or _NUMBER.fullmatch(top) or _is_address(name):
        raise InvalidWebsite(_NOT_PUBLIC)
    if is_homograph(shown):
        raise InvalidWebsite(_HOMOGRAPH)
    return name


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _path(path: str) -> str:
    return "" if path == "/" else quote(_ESCAPE.sub("%25", path), safe=_PLAIN_IN_PATH)


def _query(query: str) -> str:
    return f"?{quote(_ESCAPE.sub('%25', query), safe=_PLAIN_IN_QUERY)}" if query else ""


def _domain(host: str) -> str | None:
    """Who has this name of a site; None where its name is nobody's, or says nothing about whose page it is."""
    owned = owned_domain(host)
    if owned is None or host.endswith(".onion"):
        return None
    for site in BY_NAME:
        if host.endswith(f".{site}"):
            name = host.removesuffix(f".{site}").rpartition(".")[2]
            return f"{name}.{site}" if name != "www" else None
    above = _with_those_above(host)
    return None if above & BY_PATH or above & BY_NAME else owned


def is_proven(email: str, domain: str | None) -> bool:
    """Whether the mail address belongs to whoever has the website's domain, as far as that can be said of any: not
    where everybody gets a mailbox. Below a domain, students, members or customers may have theirs."""
    if domain is None:
        return False
    at = domain_of(email)
    return _domain(at) == domain and not _has_mailboxes_for_all(at)


def _has_mailboxes_for_all(host: str) -> bool:
    return not _with_those_above(host).isdisjoint(_MAILBOXES) or find_disposable(host) is not None


def _with_those_above(host: str) -> frozenset[str]:
    return frozenset(".".join(host.split(".")[start:]) for start in range(host.count(".")))
