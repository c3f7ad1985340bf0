"""What is written for a character that is not written as it is: signs without a font, and what cannot be seen."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from petitions.errors import ScriptsWithoutFont
from petitions.pdf.fonts import Shelf, is_of_script, name_of_script

#: Seen by nobody; they tell how their neighbours are joined and directed, and no font needs to have them.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: Of these, what says something to whoever sets the text: joiners, marks and isolates of direction.
_HELPFUL = frozenset("\u061c\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069")
_FLAG = re.compile("([\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff])")
_FIRST_OF_FLAGS = 0x1F1E6
#: Colours of skin: of no meaning without the picture before them.
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
_SPACE = re.compile(r"\s+")


def require_fonts(shelf: Shelf, texts: Iterable[Iterable[str]]) -> None:
    """Raises ScriptsWithoutFont where there are letters in the texts that no font writes, and where there is no
    font at all."""
    if shelf.primary() is None:
        raise ScriptsWithoutFont(["Latin"])
    scripts = Reader(shelf).find_scripts(set().union(*texts))
    if scripts:
        raise ScriptsWithoutFont(sorted(scripts))


class Reader:
    """Makes texts such that every character of them can be written."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._as_they_are: set[str] = {" "}
        self._instead: dict[str, str] = {}

    def clean(self, text: str) -> str:
        """A text as it is written; its lines become one."""
        if self._as_they_are.issuperset(text) and "  " not in text:
            return text
        text = _FLAG.sub(_flag, unicodedata.normalize("NFC", text))
        written = "".join(
            character if character in self._as_they_are else self._replace(character) for character in text
        )
        return _SPACE.sub(" ", written).strip(" ")

    def find_scripts(self, characters: Iterable[str]) -> set[str]:
        """The English names of the scripts of which there are letters that no font has."""
        return {
            name_of_script(character)
            for character in characters
            if is_of_script(character)
            and unicodedata.category(character)[0] in "LMN"
            and not INVISIBLE.match(character)
            and not self._is_writable(character)
        }

    def _is_writable(self, character: str) -> bool:
        return self._has(character) or self._same(character) is not None

    def _replace(self, character: str) -> str:
        if character not in self._instead:
            found = self._find(character)
            if found == character:
                self._as_they_are.add(character)
            self._instead[character] = found
        return self._instead[character]

    def _find(self, character: str) -> str:
        category = unicodedata.category(character)
        if character.isspace():
            return " "
        if INVISIBLE.match(character):
            return character if character in _HELPFUL else ""
        if category == "Cc" or _SKIN.match(character):
            return ""
        if self._has(character):
            return character
        same = self._same(character)
        if same is not None:
            return same
        if category == "Cf":
            return ""
        if category in ("Cn", "Co", "Cs") or (category[0] in "LMN" and is_of_script(character)):
            return code_of(character)
        return f"[{unicodedata.name(character, code_of(character)).lower()}]"

    def _has(self, character: str) -> bool:
        return self._shelf.find(character) is not None

    def _same(self, character: str) -> str | None:
        """What Unicode has for the same, where fonts have that."""
        for form in ("NFD", "NFKC", "NFKD"):
            other = unicodedata.normalize(form, character)
            if other != character and other.strip() and all(map(self._has, other)):
                return other
        return None


@lru_cache(maxsize=4096)
def code_of(character: str) -> str:
    """Its number in Unicode, where nothing else can be said."""
    return f"‹U+{ord(character):04X}›"


def _flag(match: re.Match[str]) -> str:
    return "[" + "".join(chr(ord("A") + ord(one) - _FIRST_OF_FLAGS) for one in match.groups()) + "]"
