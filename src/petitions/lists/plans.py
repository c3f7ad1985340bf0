"""What somebody wants made: for whom, which rows, which columns, as which files."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from petitions.errors import InvalidRequest
from petitions.i18n import is_language_tag
from petitions.pdf.papers import Paper as Paper


class Profile(StrEnum):
    """For whom a list is, and so what it may hold; see profiles.py."""

    DELIVERY = "delivery"
    PUBLIC = "public"
    CONTACTS = "contacts"
    FULL = "full"


class Format(StrEnum):
    """The kinds of files, in the order in which they are made."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True)
class Plan:
    """A list, or a pack of lists. Plain values alone, so that it can be kept as JSON."""

    profile: Profile = Profile.DELIVERY
    formats: tuple[Format, ...] = (Format.CSV,)
    pack: bool = False  # with statement, manifest and signature
    #: Columns in this order; none: all of the profile. Those without any content are left out.
    columns: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # codes; none: all
    languages: tuple[str, ...] = ()  # in which was signed; none: all
    since: date | None = None  # confirmed on this day (UTC) or later
    until: date | None = None  # and on this day at the latest
    without: tuple[UUID, ...] = ()  # deliveries that held the signature already
    organisations: bool = False  # with those that co-sign
    on_paper: bool = False  # with the signatures on paper
    language: str | None = None  # of headings and countries; None: the campaign's own
    bom: bool = False  # at the beginning of CSV: Excel reads UTF-8 only so
    paper: Paper = Paper.A4
    spell_out: bool = False  # in PDF: letters of a script without a font as their codes

    @property
    def is_filtered(self) -> bool:
        """Whether rows are left out that the profile would have."""
        return bool(self.countries or self.languages or self.since or self.until or self.without)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads; what is as usual is left out."""
        usual = Plan()
        return {key: _plain(value) for key, value in asdict(self).items() if value != getattr(usual, key)} | {
            "profile": str(self.profile),
            "formats": [str(one) for one in self.formats],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Plan":
        """Raises InvalidRequest for what is no plan."""
        if not isinstance(data, Mapping) or not data.keys() <= _READERS.keys():
            raise InvalidRequest("an unknown key in a plan")
        try:
            plan = replace(cls(), **{key: _READERS[key](value) for key, value in data.items()})
        except (TypeError, ValueError):
            raise InvalidRequest("a wrong value in a plan") from None
        if not plan.formats:
            raise InvalidRequest("a plan without a format")
        return plan


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | None) else str(value)


def _texts(value: Any, is_one: Callable[[str], Any]) -> tuple[str, ...]:
    """Different texts, each of which is one, in their order."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and is_one(one) for one in value):
        raise ValueError
    return tuple(dict.fromkeys(value))


def _formats(value: Any) -> tuple[Format, ...]:
    wanted = {Format(one) for one in _texts(value, Format)}
    return tuple(one for one in Format if one in wanted)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _language(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and is_language_tag(value)):
        raise ValueError
    return value


_READERS: Mapping[str, Any] = {
    "profile": Profile,
    "formats": _formats,
    "pack": _flag,
    "columns": lambda value: _texts(value, re.compile(r"[a-z][a-z0-9_]{0,60}").fullmatch),
    "countries": lambda value: _texts(value, re.compile(r"[A-Z]{2}").fullmatch),
    "languages": lambda value: _texts(value, is_language_tag),
    "since": _day,
    "until": _day,
    "without": lambda value: tuple(dict.fromkeys(map(UUID, _texts(value, UUID)))),
    "organisations": _flag,
    "on_paper": _flag,
    "language": _language,
    "bom": _flag,
    "paper": Paper,
    "spell_out": _flag,
}
