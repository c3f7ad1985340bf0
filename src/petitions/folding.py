"""Texts as they are compared: without case and accents, word by word."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
#: Characters that stand for whole phrases, of up to 18 letters. A text of nothing else is no text.
_PHRASES = re.compile("[\ufdfa\ufdfb]")
_MOST_PHRASES = 3


def fold(text: str) -> str:
    """Case and accents taken off: "Siobhán BYRNE" and "siobhan byrne" fold alike."""
    if text.isascii():
        return text.casefold()
    if len(_PHRASES.findall(text)) > _MOST_PHRASES:
        text = _PHRASES.sub(" ", text)
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", decomposed.translate(_BARE)).translate(_FOLDED_LETTERS)


class _Bare(dict[int, int | None]):
    """What is left of a character: nothing of an accent or a mark, all of the others. Filled as it is asked."""

    def __missing__(self, code: int) -> int | None:
        bare = None if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me", "Cf") else code
        if code <= _MOST_KEPT:
            self[code] = bare
        return bare


_MOST_KEPT = 0xFFFF
_BARE = _Bare()
#: Letters that have no decomposition, and are looked for by their plain neighbour; Arabic spellings of one letter.
_FOLDED_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
    | {"ى": "ي", "ة": "ه", "ـ": None, "ک": "ك", "ی": "ي"}
)


def words_of(text: str) -> list[str]:
    """The words of a text, folded, in their order."""
    return _WORD.findall(fold(text))
