"""Names of sites that look like others: letters of two scripts in one word, or of one that pass for Latin ones."""

import unicodedata

from petitions.organisations.lookalikes import (
    PHONETIC,
    RECOMMENDED,
    STROKES,
    changes_others,
    is_mixed,
    scripts_of,
)

#: Small letters that a reader takes for Latin ones. A word of nothing else may be a trap.
_LIKE_LATIN = frozenset(
    "асԁеԍһіјӏорԗԛѕԝхуүѵѡҽ"  # Cyrillic
    "αικνορυχωϲϳ"  # Greek
    "աոսօցզհյլ"  # Armenian
    "იხჿყ"  # Georgian
    "סוןח"  # Hebrew
    "ഠറဝ"
)


def is_homograph(host: str) -> bool:
    """Whether a word of this name, in Unicode and small letters, passes for another one; or is in a script that
    hardly any site is in, so that nobody knows its letters."""
    words = host.split(".")
    top = scripts_of(words[-1])
    return any(_is_trap(word, top) for word in words if not word.isascii())


def _is_trap(word: str, top: frozenset[str]) -> bool:
    if any(c in PHONETIC or c in STROKES or changes_others(c) for c in word):
        return True
    scripts = scripts_of(word)
    if is_mixed(scripts) or not scripts <= RECOMMENDED:
        return True
    if "LATIN" in scripts or scripts == top:
        return False  # below .рф nobody reads раура as Latin
    return all(c in _LIKE_LATIN for c in word if unicodedata.category(c)[0] == "L")
