"""Names of sites that look like others: letters of two scripts in one word, or of one that pass for Latin ones."""

import unicodedata
from functools import lru_cache

#: Letters that a reader takes for Latin ones. A word of nothing else may be a trap.
_LIKE_LATIN = frozenset(
    "асԁеԍһіјӏорԗԛѕԝхуүѵѡҽ"  # Cyrillic
    "αικνορυχωϲϳ"  # Greek
    "աոսօցզհյլ"  # Armenian
    "იხჿყ"  # Georgian
    "סוןח"  # Hebrew
    "ഠറဝ"
)
#: Latin letters of phonetic alphabets that pass for those of every day; no language is written with them.
_LIKE_OTHER_LATIN = frozenset("ɑɡɩɪʀʏʙɢʜʟɴʋꭓʹʻʼ") | {chr(code) for code in range(0x1D00, 0x1DC0)}
#: Strokes through the letter before them.
_STROKES = frozenset("\u0335\u0336\u0337\u0338\u0321\u0322\u0327\u0328")
#: Scripts that are written together. Latin stands in words of the three in the East.
_TOGETHER = (
    frozenset({"LATIN"}),
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "LATIN"}),
    frozenset({"CJK", "HANGUL", "LATIN"}),
    frozenset({"CJK", "BOPOMOFO", "LATIN"}),
)


def is_homograph(host: str) -> bool:
    """Whether a word of this name, in Unicode and small letters, passes for another one."""
    words = host.split(".")
    top = _scripts(words[-1])
    return any(_is_trap(word, top) for word in words if not word.isascii())


def _is_trap(word: str, top: frozenset[str]) -> bool:
    if any(c in _LIKE_OTHER_LATIN or c in _STROKES for c in word):
        return True
    scripts = _scripts(word)
    if len(scripts) > 1:
        return not any(scripts <= together for together in _TOGETHER)
    if "LATIN" in scripts or scripts == top:
        return False  # below .рф nobody reads раура as Latin
    return all(c in _LIKE_LATIN for c in word if unicodedata.category(c)[0] == "L")


@lru_cache(maxsize=1024)
def _scripts(word: str) -> frozenset[str]:
    """In which scripts its letters are, by the first word of their names in Unicode."""
    letters = [c for c in word if unicodedata.category(c)[0] == "L"]
    return frozenset(unicodedata.name(c, "UNKNOWN").split(" ")[0] for c in letters)
