"""Which way a text runs: the Unicode bidirectional algorithm."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

#: Letters and digits that are written from the right, and signs that say so; every other text needs no algorithm.
_FROM_RIGHT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def first_direction(text: str) -> str:
    """ "rtl" or "ltr": that of the first letter that has one."""
    if _FROM_RIGHT.search(text) is None:
        return "ltr"
    for character in text:
        found = unicodedata.bidirectional(character)
        if found in ("L", "R", "AL"):
            return "ltr" if found == "L" else "rtl"
    return "ltr"


def find_levels(text: str, direction: str) -> Sequence[int] | None:
    """The level of every character, odd where it is written from the right; None: all of them are 0."""
    if direction == "ltr" and _FROM_RIGHT.search(text) is None:
        return None
    known = _run_algorithm(text, direction)
    levels: list[int] = []
    for place in range(len(text)):
        # What joins letters has no level of its own, and stays with the letter before it.
        levels.append(known.get(place, levels[-1] if levels else int(direction == "rtl")))
    return levels


def _run_algorithm(text: str, direction: str) -> Mapping[int, int]:
    """The levels by the places of their characters."""
    # Imported here, for it takes 30 MB of whoever writes from the left alone.
    from fpdf.bidi import BidiParagraph
    from fpdf.enums import TextDirection

    base = TextDirection.RTL if direction == "rtl" else TextDirection.LTR
    characters = BidiParagraph(text, base).get_characters_with_embedding_level()
    return {one.character_index: one.embedding_level for one in characters}


def visual_order(levels: Sequence[int]) -> list[int]:
    """The places of runs of these levels, from the left to the right."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return order
