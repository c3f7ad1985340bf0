"""In which order readers of a language look for names.

A key is a text in which every letter is what it counts as. The order is that of the Unicode Collation Algorithm
with what CLDR says of our languages, as far as names need it: numbers by their value and before words, letters of
the reader before those of others, case and accents only between names that are the same without them.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from petitions.folding import fold

#: After every letter that follows the one before it: "n" + this is the letter after "n".
_AFTER = "\U0010ffff"
#: In front of letters of other scripts: Latin ones where the reader's are others, and then all that remain.
_LATIN, _OTHER = "\U000e0000", "\U000f0000"
_SCRIPT = {"ru": "CYRILLIC", "ar": "ARABIC"}

_CYRILLIC = {
    "й": "и" + _AFTER,
    "ў": "у" + _AFTER,
    "і": "и" + _AFTER,
    "ї": "и" + _AFTER,
    "є": "е" + _AFTER,
    "ґ": "г" + _AFTER,
}
_ARABIC = {
    "ة": "ت",
    "ى": "ي",
    "ٱ": "ا",
    "پ": "ب" + _AFTER,
    "چ": "ج" + _AFTER,
    "ژ": "ز" + _AFTER,
    "گ": "ك" + _AFTER,
}
_SPANISH = {"ñ": "n" + _AFTER}
#: Letters that count as more than their plain neighbour, in all languages and in one.
_EVERYWHERE = {**_CYRILLIC, **_ARABIC}
_TAILORED: Mapping[str, Mapping[str, str]] = {"es": _SPANISH, "eu": _SPANISH}

_INSIDE_A_WORD = frozenset("'’‘ʼ`´.·\u00ad")
_NUMBER = re.compile(r"[0-9]+")


def sort_key(text: str, language: str) -> tuple[str, str]:
    """By this a list is alphabetical for readers of `language`; no two texts have the same key."""
    table = _table(language)
    key = unicodedata.normalize("NFC", text).casefold()
    # A second time composed: what case folding takes apart.
    key = " ".join(unicodedata.normalize("NFC", key).translate(table).split())
    return (_NUMBER.sub(_by_value, key), text)


def _by_value(number: re.Match[str]) -> str:
    """Its length comes first; all numbers come before all letters."""
    digits = number[0].lstrip("0")
    return f"0{chr(0x30 + min(len(digits), 0xD000))}{digits}"


@cache
def _table(language: str) -> "_Table":
    """One of each language that we have, and one for all others."""
    return _Table(language if language in _SCRIPT or language in _TAILORED else "")


_MOST_KEPT = 0xFFFF


class _Table(dict[int, str]):
    """What a character counts as. Filled as it is asked."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._tailored = {**_EVERYWHERE, **_TAILORED.get(language, {})}
        self._script = _SCRIPT.get(language, "LATIN")

    def __missing__(self, code: int) -> str:
        counts_as = self._count(chr(code))
        if code <= _MOST_KEPT:
            self[code] = counts_as
        return counts_as

    def _count(self, character: str) -> str:
        if character in _INSIDE_A_WORD:
            return ""
        tailored = self._tailored.get(character)
        if tailored is not None:
            return self._placed(tailored[0]) + tailored[1:]
        return "".join(self._placed(c) for c in fold(character))

    def _placed(self, character: str) -> str:
        if character.isdecimal():
            return str(int(character))
        if not character.isalnum():
            return " "
        if self._script == "LATIN":
            return character
        script = unicodedata.name(character, "").partition(" ")[0]
        if script == self._script:
            return character
        return (_LATIN if script == "LATIN" else _OTHER) + character
