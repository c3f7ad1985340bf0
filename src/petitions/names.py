"""Names of any script: what is one, how its words are folded for the search, what its initials are."""

import re
import unicodedata

from petitions.folding import words_of

MAX_NAME = 120
#: Words longer than this are cut in the index; nobody types more to find a name.
MAX_WORD = 40
_MAX_WORDS = 12
#: Past this every field is too long anyway, and normalising costs the square of a run of combining marks.
_LONGEST = 1_000
MAX_INITIALS = 4

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://|\bwww\.", re.IGNORECASE)
#: Characters that change the direction of what follows them, and could make a page show another name.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPACES = re.compile(r"[^\S\n]+")
_FORMULA_START = ("=", "+", "-", "@")
_BETWEEN_NAMES = re.compile(r"[\s\-‐–·]+")


def tidy(text: str) -> str:
    """One line in Unicode's composed form, without spaces around it or doubled inside."""
    text = text[:_LONGEST]
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text).replace("\n", " ")).strip()


def tidy_lines(text: str) -> str:
    """Several lines, each tidy, with at most one empty line between two."""
    text = text[:_LONGEST]
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(
        r"\n{3,}", "\n\n", "\n".join(_SPACES.sub(" ", part).strip() for part in lines.split("\n"))
    ).strip()


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen."""
    return all(unicodedata.category(c)[0] in "ZC" or c in "\u2800\u3164\u115f\u1160\uffa0" for c in text)


def has_forbidden_characters(text: str) -> bool:
    """Control characters, halves of characters, and marks that turn the direction of other people's text."""
    return any(
        c in _BIDI_CONTROLS or (c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Co", "Zl", "Zp"))
        for c in text
    )


def has_link(text: str) -> bool:
    """Whether it holds an address of the web."""
    return _LINK.search(text) is not None


def starts_like_a_formula(text: str) -> bool:
    """Whether a spreadsheet could take it for a formula."""
    return text.startswith(_FORMULA_START)


def folded_words(name: str) -> list[str]:
    """The different words of a name, folded, for the index of the search; at most 12."""
    words = [word[:MAX_WORD] for word in words_of(name)]
    return list(dict.fromkeys(words))[:_MAX_WORDS]


def initials(name: str) -> str:
    """ "Jean-Luc Moreau" becomes "J. L. M.": the first letter of each word that begins with one; at most 4."""
    letters: list[str] = []
    for word in _BETWEEN_NAMES.split(name):
        letter = word[:1].upper()
        if len(letter) != 1 or not word[:2].isalpha():  # else no mark follows, and nothing else comes first
            letter = _first_letter(word)
        if letter:
            letters.append(letter + ".")
            if len(letters) == MAX_INITIALS:
                break
    return " ".join(letters)[:20].strip()


def _first_letter(word: str) -> str:
    for position, character in enumerate(word):
        if unicodedata.category(character)[0] == "L":
            marks = ""
            for following in word[position + 1 :]:
                if unicodedata.category(following) not in ("Mn", "Mc"):
                    break
                marks += following
            return (character + marks).upper() if len(character.upper()) == 1 else character + marks
    return ""
