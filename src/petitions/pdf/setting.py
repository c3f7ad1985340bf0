"""Setting texts: lines of glyphs, ready for a page."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import pydyf

from petitions.pdf.breaking import is_whole, split_lines
from petitions.pdf.characters import Reader, code_of
from petitions.pdf.directions import find_levels, first_direction, visual_order
from petitions.pdf.fonts import Font, Shelf, Style
from petitions.pdf.shaping import Glyphs, Shaper

#: Letters that stand side by side as they are, in the small print of lists.
_SIMPLE = "".join(
    chr(n)
    for start, end in ((0x20, 0x24F), (0x386, 0x482), (0x48A, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x2026))
    for n in range(start, end + 1)
    if unicodedata.category(chr(n))[0] not in "CM" and unicodedata.bidirectional(chr(n)) not in ("R", "AL", "NSM")
)
#: Below this, in points, nobody sees that letters keep their distances.
_SMALL = 9.5
_MOST_KEPT, _MOST_PARAGRAPHS = 20_000, 500
#: What a line has above and below it, in ems, unless its letters need more.
_ABOVE, _BELOW = 0.96, 0.28


@dataclass(frozen=True)
class Line:
    """A line of text, in points."""

    width: float
    ops: tuple[str | bytes, ...]  # what shows it, from where the page says
    above: float
    below: float


#: A text, the style and the level of each of its characters, and its runs.
_Prepared = tuple[str, list[Style], Sequence[int] | None, list[Glyphs]]


@dataclass(frozen=True)
class _Simple:
    """Letters of one font that need no shaping."""

    font: Font
    characters: frozenset[str]
    digits: Mapping[int, str]  # for str.translate: the number of the glyph
    widths: Mapping[str, int]  # in thousandths of an em


class Setter:
    """Sets the texts of one file and notes which glyphs that takes."""

    def __init__(self, shelf: Shelf, language: str) -> None:
        self.used: dict[Font, dict[int, str]] = {}
        self.names: dict[Font, str] = {}
        self._shelf = shelf
        self._reader = Reader(shelf)
        self._shaper = Shaper(shelf, language)
        self._simple: dict[Style, _Simple] = {}
        self._simply_used: dict[Style, set[str]] = {}
        self._lines: dict[tuple[str, float, Style, str], Line] = {}
        self._paragraphs: dict[tuple[tuple[tuple[str, Style], ...], float, float, str], list[Line]] = {}
        self._prepared: tuple[tuple[tuple[tuple[str, Style], ...], str], _Prepared] | None = None

    def line(self, text: str, size: float, style: Style = Style.SANS, direction: str = "auto") -> Line:
        """A text as one line, however long. `direction`: "ltr", "rtl", or "auto" for that of its first letter."""
        key = (text, size, style, direction)
        line = self._lines.get(key)
        if line is None:
            line = self._set_simply(text, size, style, direction)
            if line is None:
                _, _, levels, runs = self._prepare([(text, style)], direction)
                line = self._join(levels, runs, size)
            if len(self._lines) >= _MOST_KEPT:
                self._lines.clear()
            self._lines[key] = line
        return line

    def wrap(
        self, text: str, size: float, width: float, style: Style = Style.SANS, direction: str = "auto"
    ) -> list[Line]:
        """A text in lines of this width."""
        line = self.line(text, size, style, direction)
        return [line] if line.width <= width else self.wrap_pieces([(text, style)], size, width, direction)

    def wrap_pieces(
        self, pieces: Sequence[tuple[str, Style]], size: float, width: float, direction: str = "auto"
    ) -> list[Line]:
        """A text of several styles in lines of this width."""
        key = (tuple(pieces), size, width, direction)
        if key not in self._paragraphs:
            if len(self._paragraphs) >= _MOST_PARAGRAPHS:
                self._paragraphs.clear()
            self._paragraphs[key] = self._wrap(pieces, size, width, direction)
        return self._paragraphs[key]

    def count_lines(
        self, pieces: Sequence[tuple[str, Style]], size: float, width: float, direction: str = "auto"
    ) -> int:
        """How many lines `wrap_pieces` makes, without making them."""
        text, _, _, runs = self._prepare(pieces, direction)
        return len(split_lines(text, _reaches(runs, size), width))

    def _wrap(self, pieces: Sequence[tuple[str, Style]], size: float, width: float, direction: str) -> list[Line]:
        text, styles, levels, runs = self._prepare(pieces, direction)
        lines = []
        for start, end in split_lines(text, _reaches(runs, size), width):
            kept = levels[start:end] if levels else None
            lines.append(self._join(kept, self._shaper.shape(text[start:end], styles[start:end], kept), size))
        return lines or [self._join(levels, runs, size)]

    def fit(
        self, text: str, size: float, width: float, style: Style = Style.SANS, direction: str = "auto"
    ) -> Line:
        """A text as one line that ends with dots where it is too long."""
        line = self.line(text, size, style, direction)
        if line.width <= width:
            return line
        cleaned = self._reader.clean(text)
        low, high = 0, len(cleaned)
        while low < high:
            middle = (low + high + 1) // 2
            if self._dotted(cleaned, middle, size, style, direction).width <= width:
                low = middle
            else:
                high = middle - 1
        return self._dotted(cleaned, low, size, style, direction)

    def _dotted(self, text: str, end: int, size: float, style: Style, direction: str) -> Line:
        while end > 0 and not is_whole(text, end):
            end -= 1
        return self.line(text[:end].rstrip() + "…", size, style, direction)

    def glyphs(self) -> dict[Font, dict[int, str]]:
        """Every glyph that was used, with the text that it stands for."""
        for style, characters in self._simply_used.items():
            simple = self._simple[style]
            for character in sorted(characters):
                self._note(simple.font).setdefault(int(simple.digits[ord(character)], 16), character)
        return self.used

    def _note(self, font: Font) -> dict[int, str]:
        if font not in self.used:
            self.used[font] = {}
            self.names[font] = f"F{len(self.used)}"
        return self.used[font]

    def _set_simply(self, text: str, size: float, style: Style, direction: str) -> Line | None:
        """The quick way for most of what is written in Latin, Greek and Cyrillic letters."""
        simple = self._simple.get(style) or self._find_simple(style)
        if not simple.characters.issuperset(text) or size > _SMALL or "  " in text:
            return None
        if direction == "rtl" and text and not (text[0].isalnum() and text[-1].isalnum()):
            return None
        self._simply_used[style].update(text)
        width = sum(map(simple.widths.__getitem__, text)) * size / 1000
        shown = pydyf.Stream()
        shown.set_font_size(self.names[simple.font], size)
        shown.show_text(f"<{text.translate(simple.digits)}>")
        return Line(width, tuple(shown.stream), _ABOVE * size, _BELOW * size)

    def _find_simple(self, style: Style) -> _Simple:
        font = self._shelf.primary(style)
        assert font is not None, "texts are set only where there are fonts"
        characters = [one for one in _SIMPLE if one in font and self._shelf.find(one, style) is font]
        glyphs = {one: font.glyph(one) for one in characters}
        self._note(font)
        self._simply_used[style] = set()
        self._simple[style] = _Simple(
            font,
            frozenset(characters),
            {ord(one): f"{glyph:04X}" for one, glyph in glyphs.items()},
            {one: font.width(glyph) for one, glyph in glyphs.items()},
        )
        return self._simple[style]

    def _prepare(self, pieces: Sequence[tuple[str, Style]], direction: str) -> _Prepared:
        """The same for every size, so the last is kept."""
        key = (tuple(pieces), direction)
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = (key, self._shape(self._clean(pieces), direction))
        return self._prepared[1]

    def _shape(self, cleaned: list[tuple[str, Style]], direction: str) -> _Prepared:
        while True:
            text = "".join(words for words, _ in cleaned)
            styles = [style for words, style in cleaned for _ in words]
            levels = find_levels(text, first_direction(text) if direction == "auto" else direction)
            runs = self._shaper.shape(text, styles, levels)
            # A font can lack what its letters need together, although it has each: nothing is drawn as a box.
            missing = {
                character
                for run in runs
                for glyph, words in zip(run.glyphs, run.meanings, strict=True)
                for character in (words or run.text if glyph == 0 else "")
            }
            if not missing:
                return text, styles, levels, runs
            cleaned = [
                ("".join(code_of(c) if c in missing and c != " " else c for c in words).strip("\u200d"), style)
                for words, style in cleaned
            ]

    def _clean(self, pieces: Sequence[tuple[str, Style]]) -> list[tuple[str, Style]]:
        if len(pieces) == 1:
            return [(self._reader.clean(pieces[0][0]), pieces[0][1])]
        cleaned: list[tuple[str, Style]] = []
        for words, style in pieces:
            inner = self._reader.clean(words).strip(" ")
            before = " " if words[:1].isspace() and cleaned else ""
            after = " " if words[-1:].isspace() and inner else ""
            cleaned.append((before + inner + after, style))
        return cleaned

    def _join(self, levels: Sequence[int] | None, runs: list[Glyphs], size: float) -> Line:
        """One line of runs, from the left to the right."""
        starts = list(accumulate((len(run.text) for run in runs), initial=0))[:-1]
        order = visual_order([levels[at] for at in starts]) if levels else range(len(runs))
        shown = pydyf.Stream()
        for place in order:
            self._show(runs[place], size, shown)
        width = sum(sum(move[0] for move in run.moves) / run.font.upem for run in runs)
        above, below = _ABOVE, _BELOW
        for run in runs:
            for glyph, (_, _, up) in zip(run.glyphs, run.moves, strict=True):
                top, bottom = run.font.ink(glyph)
                above, below = max(above, top + up / run.font.upem), max(below, bottom - up / run.font.upem)
        return Line(width * size, tuple(shown.stream), above * size, below * size)

    def _show(self, run: Glyphs, size: float, shown: pydyf.Stream) -> None:
        font, noted = run.font, self._note(run.font)
        thousandths = 1000 / font.upem
        if run.is_tangled:
            shown.begin_marked_content("Span", pydyf.Dictionary({"ActualText": pydyf.String(run.text)}).data)
        shown.set_font_size(self.names[font], size)
        digits = "<"
        height = 0
        back = 0.0  # how far to the left of where the file thinks it is
        for glyph, (advance, right, up), words in zip(run.glyphs, run.moves, run.meanings, strict=True):
            noted[glyph] = noted.get(glyph) or words
            if up != height:
                _show_digits(shown, f"{digits}>")
                shown.set_text_rise(round(up * size / font.upem, 2))
                digits, height = "<", up
            back -= right * thousandths
            if abs(back) >= 0.5:
                digits += f">{back:.0f}<"
                back -= round(back)
            digits += f"{glyph:04X}"
            back += font.width(glyph) - (advance - right) * thousandths
        _show_digits(shown, digits + (f">{back:.0f}" if abs(back) >= 0.5 else ">"))
        if height:
            shown.set_text_rise(0)
        if run.is_tangled:
            shown.end_marked_content()


def _show_digits(shown: pydyf.Stream, digits: str) -> None:
    if digits != "<>":
        shown.show_text(digits.replace("<>", ""))


def _reaches(runs: Sequence[Glyphs], size: float) -> list[float]:
    """How far a text reaches behind each of its characters, in points."""
    return list(accumulate(advance * size for run in runs for advance in run.advances))
