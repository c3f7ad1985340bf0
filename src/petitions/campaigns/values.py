"""Reading one value of a campaign's terms: each either gives what was meant or raises TermsError."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from petitions.campaigns.terms import LocalText

MAX_LABEL = 200
MAX_THANKS = 2000


class TermsError(ValueError):
    """A term is wrong: `key` says which ("questions[2].label"), `expected` what it should be."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(f"{key}: {expected}")
        self.key, self.expected = key, expected


def read_table(value: object, key: str, allowed: set[str]) -> Mapping[str, Any]:
    """A table with no other keys than these."""
    if not isinstance(value, Mapping):
        raise TermsError(key, "expected a table")
    for name in value:
        if name not in allowed:
            raise TermsError(f"{key}.{name}", f"there is no such key; the keys are {', '.join(sorted(allowed))}")
    return value


def read_items(data: Mapping[str, Any], key: str, least: int = 0) -> list[tuple[int, Any]]:
    """A list of tables, numbered from 1."""
    value = data.get(key, [])
    if not isinstance(value, list) or not least <= len(value) <= 50:
        raise TermsError(key, f"expected a list of {least} to 50 tables, written [[{key}]]")
    return list(enumerate(value, 1))


def read_text(value: object, key: str, longest: int = MAX_LABEL) -> str:
    """A text on one line, trimmed."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not _is_one_line(value):
        raise TermsError(key, f"expected a text of 1 to {longest} characters on one line")
    return value.strip()


def read_paragraphs(value: object, key: str) -> str:
    """A text of several lines, trimmed."""
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > MAX_THANKS
        or not all(_is_one_line(line) for line in value.split("\n"))
    ):
        raise TermsError(key, f"expected a text of 1 to {MAX_THANKS} characters")
    return value.strip()


def _is_one_line(text: str) -> bool:
    """Without control characters; the narrow spaces of French and the joiners of Persian are meant."""
    return all(unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for c in text)


def read_bool(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        raise TermsError(key, "expected true or false")
    return value


def read_choices(value: object, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """Some of what is allowed, each once."""
    if (
        not isinstance(value, list)
        or not value
        or any(v not in allowed for v in value)
        or len(set(value)) < len(value)
    ):
        raise TermsError(key, f"expected a list of some of {', '.join(allowed)}, each once")
    return tuple(value)


def read_local(
    value: object, key: str, languages: Sequence[str], read: Callable[[object, str], str] = read_text
) -> LocalText:
    """A text for each language; a plain string serves them all."""
    if isinstance(value, str):
        return {language: read(value, key) for language in languages}
    if not isinstance(value, Mapping):
        raise TermsError(key, "expected a text, or a table with a text for each language")
    missing = [language for language in languages if language not in value]
    if missing:
        raise TermsError(key, f"expected a text in each language; missing: {', '.join(missing)}")
    return {language: read(text, f"{key}.{language}") for language, text in value.items()}


def read_email(value: object, key: str) -> str:
    """A mail address in its normal form."""
    normal = _normal_email(read_text(value, key, 254))
    if normal is None:
        raise TermsError(key, "expected a mail address")
    return normal


@lru_cache(maxsize=1024)  # of those who are responsible: they are read with the terms, again and again
def _normal_email(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None


def read_url(value: object, key: str) -> str:
    """An address of the web."""
    text = read_text(value, key, 500)
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError when it is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or " " in text:
        raise TermsError(key, "expected an address that starts with https://")
    return text


def read_day(value: object, key: str) -> date:
    """A date, or its ISO form."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise TermsError(key, "expected a date, like 2027-06-30") from None
