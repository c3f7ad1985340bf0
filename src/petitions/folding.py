"""Texts as they are compared: without case and accents, word by word."""

import re
import unicodedata

_NOT_A_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Case and accents taken off: "Siobhán BYRNE" and "siobhan byrne" fold alike."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Mc", "Me", "Cf"))
    return unicodedata.normalize("NFC", bare).translate(_FOLDED_LETTERS)


#: Letters that have no decomposition, and are looked for by their plain neighbour; Arabic spellings of one letter.
_FOLDED_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
    | {"ى": "ي", "ة": "ه", "ـ": None, "ک": "ك", "ی": "ي"}
)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, in their order."""
    return [word for word in _NOT_A_WORD.split(fold(text)) if word]
