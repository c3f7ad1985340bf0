"""The languages of the interface: catalogues, choice of a language, numbers, dates, names of countries."""

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from petitions import paths

#: The languages of the interface, English first: every one has a complete catalogue.
LANGUAGES = ("en", "es", "fr", "de", "it", "ru", "ar", "eu", "ga")
SOURCE_LANGUAGE = "en"
#: Whose dates and times a language uses, where CLDR's default is one country's own.
_REGIONAL = {"en": "en_GB"}
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
#: Codes that are no country one lives in, or no longer one.
_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


class Message(str):
    """A text that is translated when it is shown: itself the msgid, with values for its placeholders."""

    __slots__ = ("values",)
    values: Mapping[str, Any]

    def __new__(cls, text: str, values: Mapping[str, Any] | None = None) -> "Message":
        message = super().__new__(cls, text)
        message.values = values or {}
        return message


def N_(text: str, **values: Any) -> Message:  # noqa: N802 - gettext's name for "translate later"
    """Mark a text for the catalogues, to be translated when it is shown."""
    return Message(text, values)


@cache
def text_direction(language: str) -> str:
    """ "rtl" or "ltr"."""
    return "rtl" if language.split("-")[0] in _RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=256)
def language_name(language: str) -> str:
    """The language's name in itself, as a title: "Español", "العربية"."""
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return language
    name = locale.get_display_name(locale) or language
    return name[:1].upper() + name[1:]


def is_language_tag(text: str) -> bool:
    """Whether CLDR knows this tag ("en", "pt-BR")."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}", text):
        return False  # Babel passes over what follows a dot or an @
    try:
        Locale.parse(text, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return False
    return True


@dataclass(frozen=True)
class Country:
    code: str  # ISO 3166-1 alpha-2
    name: str


class Translator:
    """One language of the interface."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = text_direction(language)
        self.locale = Locale.parse(_REGIONAL.get(language, language))
        self._catalogue = _load_catalogue(language)

    def gettext(self, text: str) -> str:
        return self._catalogue.gettext(text) if text else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self._catalogue.ngettext(one, many, number)

    def translate(self, message: str) -> str:
        """The words of a message, with its values in their places."""
        text = self.gettext(str(message))
        if not isinstance(message, Message) or not message.values:
            return text
        return text % {
            key: self.translate(value) if isinstance(value, Message) else value
            for key, value in message.values.items()
        }

    def number(self, number: int) -> str:
        """A whole number in the reader's digits and separators."""
        return f"{number:,}".translate(self._digits)

    def date(self, moment: datetime | date) -> str:
        """ "22 November 2026" in the reader's language; a datetime is taken in UTC."""
        return _long_date(self, moment.date() if isinstance(moment, datetime) else moment)

    def moment(self, moment: datetime) -> str:
        """ "22 November 2026 at 16:00 UTC" in the reader's language."""
        at = moment.astimezone(UTC) if moment.tzinfo is not None else moment
        return self._date_and_time % (self.date(at), _short_time(self, at.hour, at.minute))

    def country(self, code: str) -> str:
        """The country's name, or its code where CLDR has none."""
        return self._territories.get(code, code)

    @cached_property
    def _digits(self) -> dict[int, str]:
        """For str.translate: what stands for each character of "-1,234"."""
        written = {str(digit): self._decimal(digit) for digit in range(10)}
        one = written["1"]
        between, minus = self._decimal(1111).replace(one, ""), self._decimal(-1).replace(one, "")
        return str.maketrans(written | {",": between, "-": minus})

    def _decimal(self, number: int) -> str:
        return format_decimal(number, locale=self.locale, numbering_system="default")

    @cached_property
    def _date_and_time(self) -> str:
        """With a %s for the date and one for the time, in this order in all nine languages."""
        both = str(get_datetime_format("long", locale=self.locale)).replace("'", "")
        assert both.index("{1}") < both.index("{0}")
        return both.replace("%", "%%").replace("{1}", "%s").replace("{0}", "%s UTC")

    @cached_property
    def _territories(self) -> dict[str, str]:
        return {str(code): str(name) for code, name in self.locale.territories.items()}

    @cached_property
    def countries(self) -> tuple[Country, ...]:
        """Every country, sorted as a reader of this language expects."""
        named = (Country(code, self.country(code)) for code in COUNTRY_CODES)
        return tuple(sorted(named, key=lambda country: _sort_key(country.name)))


# A page of a console shows hundreds of moments, and Babel puts each together from its parts anew.


@lru_cache(maxsize=len(LANGUAGES) * 1024)
def _long_date(words: Translator, day: date) -> str:
    return format_date(day, format="long", locale=words.locale)


@lru_cache(maxsize=len(LANGUAGES) * 24 * 60)
def _short_time(words: Translator, hour: int, minute: int) -> str:
    return format_time(time(hour, minute, tzinfo=UTC), "short", tzinfo=UTC, locale=words.locale)


def _sort_key(text: str) -> tuple[str, str]:
    """Letters before accents, case ignored: close to the collation of all nine languages."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    base = "".join(c for c in decomposed if not unicodedata.combining(c))
    return base.replace("ł", "l").removeprefix("ال"), text


#: ISO 3166-1 alpha-2 codes of the countries and territories that CLDR names.
COUNTRY_CODES: frozenset[str] = frozenset(
    code
    for code in map(str, Locale.parse("en").territories)
    if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
)


def _load_catalogue(language: str) -> NullTranslations:
    file = paths.LOCALE / language / "LC_MESSAGES" / "petitions.po"
    if language == SOURCE_LANGUAGE and not file.is_file():
        return NullTranslations()
    with file.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def translator(language: str) -> Translator:
    """The translator of one of LANGUAGES; read once for each process."""
    return Translator(language)


@lru_cache(maxsize=4096)
def preferred_languages(header: str) -> tuple[str, ...]:
    """The tags of an Accept-Language header (RFC 9110), best first; what is broken is passed over."""
    weighted = []
    for position, part in enumerate(header[:400].split(",")[:20]):
        tag, _, parameter = part.partition(";")
        tag = tag.strip().lower()
        weight = 1.0
        if parameter:
            name, _, value = parameter.strip().partition("=")
            try:
                weight = float(value) if name.strip() == "q" else 0.0
            except ValueError:
                weight = 0.0
        if tag and tag.replace("-", "").isalnum() and tag.isascii() and 0 < weight <= 1:
            weighted.append((-weight, position, tag))
    return tuple(tag for _, _, tag in sorted(weighted))


def choose_language(wanted: Sequence[str], offered: Sequence[str]) -> str | None:
    """The first wanted language that is offered: the same tag, else the same language."""
    by_tag = {tag.lower(): tag for tag in offered}
    by_base = {tag.lower().split("-")[0]: tag for tag in reversed(offered)}
    for tag in wanted:
        found = by_tag.get(tag.lower()) or by_base.get(tag.lower().split("-")[0])
        if found:
            return found
    return None
