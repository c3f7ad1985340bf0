"""What somebody wants made: for whom, which rows, which columns, as which files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from petitions.errors import InvalidRequest
from petitions.i18n import is_language_tag


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


class Paper(StrEnum):
    """What a PDF is printed on."""

    A4 = "a4"
    LETTER = "letter"


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
        known = {field.name for field in fields(cls)}
        if not set(data) <= known:
            raise InvalidRequest("an unknown key in a plan")
        try:
            plan = replace(cls(), **{key: _READERS.get(key, _as_it_is)(value) for key, value in data.items()})
        except (TypeError, ValueError, AttributeError):
            raise InvalidRequest("a wrong value in a plan") from None
        if not plan.formats or (plan.language is not None and not is_language_tag(plan.language)):
            raise InvalidRequest("a plan without a format, or for no language")
        return plan


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | None) else str(value)


def _as_it_is(value: Any) -> Any:
    return value


def _texts(value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise ValueError
    return tuple(dict.fromkeys(value))


def _formats(value: Sequence[str]) -> tuple[Format, ...]:
    wanted = {Format(one) for one in _texts(value)}
    return tuple(one for one in Format if one in wanted)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


_READERS: Mapping[str, Any] = {
    "profile": Profile,
    "formats": _formats,
    "pack": _flag,
    "columns": _texts,
    "countries": _texts,
    "languages": _texts,
    "since": date.fromisoformat,
    "until": date.fromisoformat,
    "without": lambda value: tuple(UUID(one) for one in _texts(value)),
    "organisations": _flag,
    "on_paper": _flag,
    "bom": _flag,
    "paper": Paper,
    "spell_out": _flag,
}
