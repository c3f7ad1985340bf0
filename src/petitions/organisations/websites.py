"""Websites of organisations: which addresses we take, and whether a mail address belongs to one."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from petitions.i18n import N_, Message
from petitions.mailboxes import domain_of, registrable


class InvalidWebsite(ValueError):
    """What was typed is no address that we link to; `problem` says why."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Website:
    url: str  # complete, with its host in ASCII
    domain: str | None  # that somebody had to register for it; None where the site gives away names below its own


def check_website(text: str) -> Website:
    """The website in its normal form. Asks nobody. Raises InvalidWebsite."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidWebsite(N_("This is no address of a website. It looks like https://union.example."))
    return Website(parts.geturl(), registrable(parts.hostname))


def is_proven(email: str, domain: str | None) -> bool:
    """Whether the mail address belongs to whoever has the website's domain."""
    return domain is not None and registrable(domain_of(email)) == domain
