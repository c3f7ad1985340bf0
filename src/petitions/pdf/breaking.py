"""Where a line may end."""

import unicodedata
from collections.abc import Sequence

from petitions.pdf.characters import INVISIBLE

#: Nothing of this begins a line, and nothing of that ends one.
_NOT_FIRST = frozenset(
    "、。，．・：；？！」』）］｝〉》】〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}’”»›%"
)
_NOT_LAST = frozenset("「『（［｛〈《【〔([{‘“«‹")
_AFTER = frozenset("-‐–—/")
#: Behind these an address is cut, where it has to be.
_INSIDE = frozenset("@._/?&=")


def split_lines(text: str, ends: Sequence[float], width: float) -> list[tuple[int, int]]:
    """Where the lines of a text begin and end; `ends` is how far it reaches behind each character. A word that
    is wider than a line is cut, always between letters as somebody reads them."""
    lines: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        base = ends[start - 1] if start else 0.0
        full = _first_beyond(ends, base + width + 0.01, start)
        if full == len(text):
            lines.append((start, full))
            break
        end = next((at for at in range(_behind_spaces(text, full), start, -1) if may_end(text, at)), 0)
        if not end:
            end = next((at for at in range(full, start, -1) if text[at - 1] in _INSIDE and is_whole(text, at)), 0)
        if not end:
            end = next((at for at in range(full, start, -1) if is_whole(text, at)), 0)
        if not end:  # not even one letter fits
            end = next((at for at in range(start + 1, len(text)) if is_whole(text, at)), len(text))
        lines.append((start, end))
        start = end
    return [_without_spaces(text, *line) for line in lines]


def may_end(text: str, at: int) -> bool:
    """Whether a line may end before this character."""
    if at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == " ":
        return after != " "
    if before in _AFTER:
        return after.isalpha() and at > 1 and text[at - 2].isalpha()
    if after in _NOT_FIRST or before in _NOT_LAST or not is_whole(text, at):
        return False
    return _is_wide(before) or _is_wide(after)


def is_whole(text: str, at: int) -> bool:
    """Whether what stands before this character is complete without it."""
    if at >= len(text):
        return True
    after = text[at]
    return not (unicodedata.category(after)[0] == "M" or INVISIBLE.match(after) or text[at - 1] == "\u200d")


def _is_wide(character: str) -> bool:
    """Chinese characters and their like stand without spaces, and lines may end behind each."""
    return character >= "\u2e80" and unicodedata.east_asian_width(character) in "WF"


def _first_beyond(ends: Sequence[float], limit: float, start: int) -> int:
    for at in range(start, len(ends)):
        if ends[at] > limit:
            return at
    return len(ends)


def _behind_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at


def _without_spaces(text: str, start: int, end: int) -> tuple[int, int]:
    while end > start and text[end - 1] == " ":
        end -= 1
    while start < end and text[start] == " ":
        start += 1
    return start, end
