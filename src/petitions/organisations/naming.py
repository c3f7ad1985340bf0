"""By what two spellings of one organisation's name are known to be the same."""

import re
from functools import lru_cache
from itertools import pairwise

from petitions.folding import fold, words_of
from petitions.i18n import N_, Message
from petitions.organisations.legal_forms import (
    AFTER_CO,
    ANYWHERE,
    AT_THE_BEGINNING,
    AT_THE_END,
    BETWEEN,
    BETWEEN_IN_A_LETTER,
    BRANCH,
    OF_WORDS,
)
from petitions.organisations.lookalikes import (
    as_read,
    has_invisible,
    in_latin,
    is_of_one_script,
    mixes_scripts,
    without_fillers,
)

MAX_NAME = 160

#: "e.V.", "(S.p.A.)", "A/S"; and one letter of an abbreviation that is written with spaces.
_ABBREVIATION = re.compile(r"\W*[^\W\d_](?:[./][^\W\d_])+\W*")
_LETTER = re.compile(r"\W*[^\W\d_]\.\W*")
_NUMBER = re.compile(r"[0-9]+")
_SHORTEST_WITH_SLIPS = 6

_INVISIBLE = N_("There is something in this name that cannot be seen. Please type the name once more.")
_MIXED = N_(
    "A word of this name mixes letters of two scripts, so that readers could take it for another. Please type it "
    "once more, each word in one script."
)


@lru_cache(maxsize=8192)  # comparing many branches of one domain asks for the same ones again and again
def name_key(name: str) -> str:
    """The name without case, accents, punctuation, legal forms and the word "and". Never empty for a name that
    can be seen; and the key of a key is itself."""
    words = _words(name)
    while True:
        key = " ".join(_core(words) or words)
        if len(key) <= MAX_NAME:
            break
        words = key[: MAX_NAME + 1].split()[:-1] or [key[:MAX_NAME]]
    return key or _unspoken(name)


@lru_cache(maxsize=8192)
def skeleton(name: str) -> str:
    """What a hurried reader sees of a name: two that look alike have one, in whichever letters they are written,
    and so have two with one key. Words, as in a key; for comparing alone. Never empty where the key is not."""
    key = name_key(name)
    return as_read(name_key(in_latin(key))) or key


def is_tame(name: str) -> bool:
    """Whether nobody has to look at its letters: all in one script, with nothing but words, digits and marks
    between them."""
    return find_trick(name) is None and is_of_one_script(name)


def find_trick(name: str) -> Message | None:
    """What is wrong with the letters of a name that might be meant to look like another; None of most."""
    if has_invisible(name):
        return _INVISIBLE
    return _MIXED if mixes_scripts(name) else None


def _unspoken(name: str) -> str:
    """Of a name without a letter or a digit."""
    return " ".join((fold(name).strip() or name.casefold()).split())[:MAX_NAME].strip()


def _words(name: str) -> list[str]:
    """Its words, folded; abbreviations with dots are one word, and digits are those that we write here."""
    words: list[str] = []
    letters = ""
    for piece in without_fillers(fold(name)).split():
        if _LETTER.fullmatch(piece):
            letters += "".join(words_of(piece))
            continue
        if letters:
            words.append(letters)
            letters = ""
        found = words_of(piece)
        words += ["".join(found)] if _ABBREVIATION.fullmatch(piece) else found
    words += [letters] if letters else []
    return [_plain_digits(word) for word in words]


def _plain_digits(word: str) -> str:
    return word if word.isascii() else "".join(str(int(c)) if c.isdecimal() else c for c in word)


def _core(words: list[str]) -> list[str]:
    """What is left without legal forms; nothing, where there is nothing else."""
    before: list[str] = []
    while words != before:
        before = words
        words = [word for word, after in pairwise([*words, ""]) if word != "co" or after not in AFTER_CO]
        words = _without_ends([word for word in words if word not in ANYWHERE and word not in BETWEEN])
        if words != before:
            continue  # "e" is the end of "e v" rather than an Italian "and"
        words = [
            word
            for place, word in enumerate(words)
            if word not in BETWEEN_IN_A_LETTER or place in (0, len(words) - 1)
        ]
    return words


def _without_ends(words: list[str]) -> list[str]:
    for form in OF_WORDS:
        size = len(form)
        if tuple(words[-size:]) == form:
            return words[:-size]
        if tuple(words[:size]) == form:
            return words[size:]
    if words and words[-1] in AT_THE_END:
        return words[:-1]
    return words[1:] if words and words[0] in AT_THE_BEGINNING else words


def is_other_branch(one: str, other: str) -> bool:
    """Whether two names tell two parts of one organisation apart: by a number; by a word that the other has not,
    where both have such words beside those that they share; or the whole from a part. Two names that share no word
    may be the short and the long one of the same."""
    keys = (name_key(one), name_key(other))
    if keys[0] == keys[1]:
        return False
    numbers, words = [_numbers(key) for key in keys], [frozenset(_NUMBER.sub(" ", key).split()) for key in keys]
    if numbers[0] != numbers[1]:
        return True
    only = (words[0] - words[1], words[1] - words[0])
    if not all(only):
        return bool((only[0] | only[1]) & BRANCH)
    return bool(words[0] & words[1] or all(some & BRANCH for some in only)) and not _is_slip(*only)


def _numbers(key: str) -> frozenset[str]:
    return frozenset(number.lstrip("0") for number in _NUMBER.findall(key))


def _is_slip(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one long word is the other, mistyped."""
    if len(one) != 1 or len(other) != 1:
        return False
    (a,), (b,) = one, other
    if min(len(a), len(b)) < _SHORTEST_WITH_SLIPS:
        return False
    start = next((place for place, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return abs(len(a) - len(b)) <= 1
    rest_a, rest_b = a[start:], b[start:]
    swapped = rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
    return swapped or rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:]
