"""The rows of a list on the pages of a PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pydyf

from petitions.lists.columns import Cell, Column
from petitions.lists.pdf_columns import SIZE, SMALL, Layout, Track, say
from petitions.pdf.fonts import Style
from petitions.pdf.pages import Element
from petitions.pdf.prose import Flow
from petitions.pdf.setting import Line

_LEADING, _SMALL_LEADING = 11.2, 9.4
_PAD = 1.8  # above and below the text of a row
#: A cell of more lines is written below the name, over the whole width.
_MOST_LINES = 5
#: So many rows have to fit below a heading.
_WORTH_A_HEADING = 60.0
_HAIRLINE, _HAIRLINE_GRAY = 0.35, 0.72
_MINOR = 0.32  # how grey it is
#: Stand below the name without their headings: they say themselves what they are.
_PLAIN = ("comment", "website")
#: Says of a heading that it is that of what stands below it.
_OF_COLUMN = {"A": pydyf.Dictionary({"O": "/Table", "Scope": "/Column"})}


@dataclass(frozen=True)
class _Below:
    """A cell that stands under the name."""

    heading: str
    text: str
    size: float
    style: Style = Style.SANS


class Rows:
    """Sets the rows of one section; `end` closes it."""

    def __init__(self, flow: Flow, layout: Layout) -> None:
        self._flow, self._book, self._layout = flow, flow.book, layout
        self._setter = flow.book.setter
        self._table = flow.book.open("Table")
        flow.need(_WORTH_A_HEADING)
        self._heads = [
            self._setter.wrap(track.heading, SMALL, track.width, Style.BOLD, self._book.direction)
            for track in layout.beside
        ]
        self._head(flow.book.open("TR", self._table))

    def add(self, row: Sequence[Cell]) -> None:
        """The next row."""
        book, layout = self._book, self._layout
        lines: list[list[Line]] = []
        below: list[_Below] = []
        for track in layout.beside:
            text = track.say(row, book.direction)
            way = "auto" if len(track.places) == 1 else book.direction
            found = self._setter.wrap(text, SIZE, track.width, direction=way) if text else []
            if len(found) > _MOST_LINES:
                below.append(_Below(_joined_heading(track), text, SIZE))
                found = []
            lines.append(found)
        below += [_below(column, text) for place, column in layout.below if (text := say(column, row[place]))]
        # All cells of a row begin on one base line.
        above = max((cell[0].above for cell in lines if cell), default=0.0)
        offsets = [list(_bases(cell, above, _LEADING)) for cell in lines]
        depths = [bases[-1] + cell[-1].below for cell, bases in zip(lines, offsets, strict=True) if cell]
        height = max([_LEADING, *depths]) + 2 * _PAD
        rest = list(self._wrap_below(below))
        self._need(height + (_SMALL_LEADING * min(3, len(rest[0])) if rest else 0))
        element = book.open("TR", self._table)
        for track, cell, bases in zip(layout.beside, lines, offsets, strict=True):
            self._cell(track, cell, bases, element)
        self._flow.y += height
        if rest:
            self._below(rest, element)
        with book.page.ornament():
            at = self._flow.y
            book.page.rule(self._flow.frame.left, at, self._flow.frame.width, _HAIRLINE, _HAIRLINE_GRAY)
        book.shut(element)

    def end(self) -> None:
        """There are no more rows."""
        self._book.shut(self._table)

    def _cell(self, track: Track, lines: Sequence[Line], bases: Sequence[float], row: Element) -> None:
        cell = self._book.open("TD", row)
        if lines:
            with self._book.page.part(cell):
                for line, base in zip(lines, bases, strict=True):
                    self._put(line, track, self._flow.y + _PAD + base)
        self._book.shut(cell)

    def _put(self, line: Line, track: Track, base: float) -> None:
        """A line of a column, on its base."""
        frame = self._flow.frame
        from_right = self._book.direction == "rtl"
        left = frame.left + track.left if not from_right else frame.left + frame.width - track.left - track.width
        # Figures stand below figures in every direction, for they are read from the left in all of them.
        is_right = from_right or track.is_of_figures
        self._book.page.show(line, left + (track.width - line.width if is_right else 0), base)

    def _wrap_below(self, below: Sequence[_Below]) -> Iterator[list[Line]]:
        """What somebody said stands by itself; short facts follow each other."""
        width, way = self._flow.frame.width - self._layout.indent, self._book.direction
        facts: list[tuple[str, Style]] = []
        for one in below:
            if not one.heading:
                yield self._setter.wrap(one.text, one.size, width, one.style)
                continue
            named = [(f"{one.heading}: ", Style.BOLD), (one.text, one.style)]
            if one.size != SMALL:
                yield self._setter.wrap_pieces(named, one.size, width, way)
            else:
                facts += [(" · ", Style.SANS), *named] if facts else named
        if facts:
            yield self._setter.wrap_pieces(facts, SMALL, width, way)

    def _below(self, rest: Sequence[list[Line]], row: Element) -> None:
        """What stands under the name; the longest text in the world goes on over the pages."""
        frame, cell = self._flow.frame, self._book.open("TD", row)
        self._flow.y -= _PAD * 0.6
        for lines in rest:
            for line in lines:
                height = max(_SMALL_LEADING, line.above + line.below)
                self._need(height)
                base = self._flow.y + (height - line.above - line.below) / 2 + line.above
                x = frame.left + self._layout.indent
                if self._book.direction == "rtl":
                    x = frame.left + frame.width - self._layout.indent - line.width
                with self._book.page.part(cell):
                    self._book.page.show(line, x, base, _MINOR)
                self._flow.y += height
        self._flow.y += _PAD
        self._book.shut(cell)

    def _need(self, height: float) -> None:
        if self._flow.room < height:
            self._flow.turn()
            with self._book.page.ornament():
                self._head(None)

    def _head(self, row: Element | None) -> None:
        """The headings; tagged the first time, an ornament on the pages that follow."""
        flow, book = self._flow, self._book
        height = max(len(lines) for lines in self._heads) * _SMALL_LEADING
        for track, lines in zip(self._layout.beside, self._heads, strict=True):
            first = flow.y + height - (len(lines) - 1) * _SMALL_LEADING - 2.5
            if row is None:
                self._show_heading(track, lines, first)
                continue
            cell = book.open("TH", row, _OF_COLUMN)
            with book.page.part(cell):
                self._show_heading(track, lines, first)
            book.shut(cell)
        flow.y += height + 2
        if row is None:
            book.page.rule(flow.frame.left, flow.y, flow.frame.width, 0.9)
            flow.y += 0.9
        else:
            book.shut(row)
            flow.rule(0.9)

    def _show_heading(self, track: Track, lines: Sequence[Line], first: float) -> None:
        for place, line in enumerate(lines):
            self._put(line, track, first + place * _SMALL_LEADING)


def _bases(lines: Sequence[Line], above: float, leading: float) -> Iterator[float]:
    """How far below the beginning of a row its lines stand."""
    base = above
    for place, line in enumerate(lines):
        if place:
            base += max(leading, lines[place - 1].below + line.above)
        yield base


def _joined_heading(track: Track) -> str:
    return "" if track.columns[0].key == "name" else track.heading


def _below(column: Column, text: str) -> _Below:
    if column.key == "comment":
        return _Below("", text, SMALL + 0.5, Style.SERIF)
    return _Below("" if column.key in _PLAIN else column.heading, text, SMALL)
