"""What campaigns and their questions are called in addresses and in the store."""

import re
from collections.abc import Collection

from anyascii import anyascii

MAX_SLUG = 80
RESERVED_SLUGS = frozenset({"new", "api", "static", "console"})
_SUGGESTED = 60
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,30}")
#: Titles are short; nobody waits for the letters of a longer one.
_LONGEST = 300


def has_slug_shape(text: str) -> bool:
    """Small letters, digits and single hyphens."""
    return len(text) <= MAX_SLUG and _SLUG.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    """Whether a campaign may have this address."""
    return has_slug_shape(text) and text not in RESERVED_SLUGS


def suggest_slug(title: str) -> str:
    """An address for this title in Latin letters, whatever script it is in: "Свободу Борису!" becomes
    "svobodu-borisu". Empty where nothing of it is a letter or a digit."""
    words = re.findall(r"[a-z0-9]+", _latin(title))
    while len("-".join(words)) > _SUGGESTED and len(words) > 1:
        words.pop()
    slug = "-".join(words)[:_SUGGESTED]
    return slug if slug not in RESERVED_SLUGS else f"{slug}-1"


def free_slug(slug: str, taken: Collection[str]) -> str:
    """The slug itself, or with the first number that is free."""
    return _first_free(slug, "-", taken)


def is_question_key(text: str) -> bool:
    """Small letters, digits and _, beginning with a letter."""
    return _KEY.fullmatch(text) is not None


def suggest_question_key(label: str, taken: Collection[str]) -> str:
    """A key for a question with this label that no other one has."""
    key = "_".join(re.findall(r"[a-z0-9]+", _latin(label)))[:24].strip("_").lstrip("0123456789_") or "question"
    return _first_free(key, "_", taken)


def _first_free(name: str, between: str, taken: Collection[str]) -> str:
    numbered = (f"{name}{between}{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _latin(text: str) -> str:
    return anyascii(text[:_LONGEST].casefold()).lower().replace("'", "")
