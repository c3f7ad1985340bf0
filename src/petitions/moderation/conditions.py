"""Which signatures are meant: what a search asks for, and what a bulk job is for.

Conditions may name somebody. They are kept in no address and in no log; where they are stored, with a job, they go
with the names of the campaign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Self, cast

from sqlalchemy import ColumnElement, Table, TextClause, text

from petitions.addresses import make_email_key
from petitions.mailboxes import domain_of, registrable
from petitions.names import folded_words
from petitions.signatures.models import HIDDEN, REMOVED, UNREAD, Signature

#: What became of a signature: it counts, somebody removed it, something of it is hidden, nobody has read its
#: comment yet.
STATES = ("counted", "removed", "hidden", "unread")
#: The words of partial indexes, which SQLite wants to read again as they are; one of them holds an OR.
STATE_FILTERS: Mapping[str, TextClause] = {
    state: text(f"({words.text})")
    for state, words in (("removed", REMOVED), ("hidden", HIDDEN), ("unread", UNREAD))
}

_c = cast("Table", Signature.__table__).c


@dataclass(frozen=True)
class Conditions:
    """All of them must hold. None, or an empty name, asks for nothing."""

    name: str = field(default="", repr=False)  # words; each must be the beginning of some word of the name
    email_key: bytes | None = field(default=None, repr=False)  # of one mailbox; see key_of
    domain: str | None = None  # of the address, as `domain_as_stored` gives it: with all below it
    country: str | None = None
    language: str | None = None
    state: str | None = None  # one of STATES
    since: datetime | None = None  # confirmed then or later
    until: datetime | None = None  # confirmed before

    @property
    def is_empty(self) -> bool:
        """Whether every signature that counts is meant."""
        return self == Conditions(state=self.state) and self.state in (None, "counted")

    @cached_property
    def words(self) -> Sequence[str]:
        """The words of the name, folded as the search keeps them."""
        return folded_words(self.name)

    @property
    def finds_nobody(self) -> bool:
        """Whether a name is asked for that has no letter: it must not pass for no condition at all."""
        return bool(self.name) and not self.words

    def matches_name(self, name: str | None) -> bool:
        """Whether every word that is asked for begins a word of this name."""
        if not self.name:
            return True
        words = " ".join(["", *folded_words(name or "")])
        return bool(self.words) and all(f" {begin}" in words for begin in self.words)

    def filters(self) -> list[ColumnElement[bool] | TextClause]:
        """Everything but the name, for a query over `signatures` alone, without an alias."""
        wanted: list[ColumnElement[bool] | TextClause] = [
            column == value
            for column, value in (
                (_c.email_key, self.email_key),
                (_c.domain, self.domain),
                (_c.country, self.country),
                (_c.language, self.language),
            )
            if value is not None
        ]
        if self.since is not None:
            wanted.append(_c.confirmed_at >= self.since)
        if self.until is not None:
            wanted.append(_c.confirmed_at < self.until)
        if self.state == "counted":
            wanted.append(_c.removed_at.is_(None))
        elif self.state is not None:
            wanted.append(STATE_FILTERS[self.state])
        return wanted

    def to_json(self) -> dict[str, str]:
        """For the store: only what is asked for; of an address its key."""
        asked = {
            "name": self.name or None,
            "email_key": self.email_key.hex() if self.email_key is not None else None,
            "domain": self.domain,
            "country": self.country,
            "language": self.language,
            "state": self.state,
            "since": self.since.isoformat() if self.since is not None else None,
            "until": self.until.isoformat() if self.until is not None else None,
        }
        return {key: value for key, value in asked.items() if value is not None}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Raises ValueError for what `to_json` never wrote."""
        if not set(kept) <= set(cls.__dataclass_fields__) or kept.get("state") not in (None, *STATES):
            raise ValueError("these are no conditions")  # without them: they may name somebody
        return cls(
            **{key: kept[key] for key in ("name", "domain", "country", "language", "state") if key in kept},
            email_key=bytes.fromhex(kept["email_key"]) if "email_key" in kept else None,
            since=datetime.fromisoformat(kept["since"]) if "since" in kept else None,
            until=datetime.fromisoformat(kept["until"]) if "until" in kept else None,
        )


def key_of(email: str, secret: str) -> bytes:
    """What stands for a mail address in Conditions; `secret` is settings.email_key."""
    return make_email_key(email.strip(), secret)


def domain_as_stored(typed: str) -> str:
    """The registered domain of what somebody typed: "Example.org", "@mail.example.org" or a whole address."""
    return registrable(domain_of("@" + typed.strip().rpartition("@")[2]))
