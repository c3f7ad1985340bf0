"""Which addresses lead to one mailbox. See RULES_VERSION of addresses.py before you change anything."""

import contextlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import idna

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


@dataclass(frozen=True)
class _Provider:
    domain: str  # the one name that stands for all of its domains
    ignores_dots: bool = False


#: Providers that deliver several spellings to one mailbox. All of them ignore what follows a plus sign.
_GMAIL = _Provider("gmail.com", ignores_dots=True)
_ICLOUD = _Provider("icloud.com")
_PROVIDERS = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "icloud.com": _ICLOUD,
    "me.com": _ICLOUD,
    "mac.com": _ICLOUD,
    **{
        domain: _Provider(domain)
        for domain in [
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "fastmail.com",
            "riseup.net",
            "posteo.de",
            "mailbox.org",
            "disroot.org",
            "zoho.com",
            "runbox.com",
        ]
    },
    **{
        domain: _Provider("proton.me", ignores_dots=True)
        for domain in ("proton.me", "protonmail.com", "protonmail.ch", "pm.me")
    },
    **{domain: _Provider("yandex.ru") for domain in ("yandex.ru", "yandex.com", "ya.ru")},
}


def canonical_address(address: str) -> str:
    """The spelling that stands for every spelling of the same mailbox."""
    local, domain = address.lower().rpartition("@")[0], domain_of(address)
    provider = _PROVIDERS.get(domain)
    if provider is not None:
        domain = provider.domain
        local = local.partition("+")[0] or local
        if provider.ignores_dots:
            local = local.replace(".", "") or local
    return f"{local}@{domain}"


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    with contextlib.suppress(idna.IDNAError):
        return idna.encode(domain, uts46=True).decode("ascii")
    return domain


def domain_of(address: str) -> str:
    """The domain of an address as name servers know it: in small letters, and ASCII where that is possible."""
    domain = address.rpartition("@")[2].lower()
    return domain if domain.isascii() else _ascii_domain(domain)


@lru_cache(maxsize=16_384)
def registrable(domain: str) -> str:
    """The domain that somebody had to register for this one: "uni.example" for "maths.uni.example", "union.co.uk"
    for "mail.union.co.uk". Whoever has it can make as many below it as they like; so mailboxes are counted by it.
    Expects what `domain_of` gives. Of sites that give away names below their own, it is the site."""
    return _public_suffixes(only_icann=True).privatesuffix(domain) or domain


@lru_cache(maxsize=4096)
def owned_domain(domain: str) -> str | None:
    """The domain that one holder has, also where a site gives away names below its own: "a.github.io" and
    "b.github.io" are two. None for such a site itself, and for what is no domain of anybody. Expects what
    `domain_of` gives. Never for counting mailboxes: see `registrable`."""
    return _public_suffixes(only_icann=False).privatesuffix(domain)


@cache
def _public_suffixes(*, only_icann: bool) -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # here, for not every command needs ten thousand names

    return PublicSuffixList(only_icann=only_icann)
