"""The rows of a sheet as a workbook keeps them (ECMA-376, part 1, 18.3.1): XML, a page of a list at a time."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import cast

from petitions.lists.columns import Cell, Column, Kind, Page

#: What a cell takes, in units of UTF-16.
MOST = 32_767
#: What XML does not take, and what reads like the way in which a workbook writes it.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x")
#: Day 0 of a workbook; from 1 March 1900 on its days are those of the calendar.
_EPOCH = date(1899, 12, 30)
_FIRST = "1900-03-01"


class Rows:
    """Makes the rows of one sheet."""

    def __init__(self, columns: Sequence[Column], styles: Sequence[str], cut: str) -> None:
        """`styles`: the attribute of each column's cells; `cut`: words at the end of a text that is too long."""
        self._makers = [_Cells(column, name_of(n), styles[n], cut) for n, column in enumerate(columns)]

    def make(self, page: Page, first: int) -> str:
        """XML of the rows of a page; the first is this row of the sheet, counted from 1."""
        numbers = [str(number) for number in range(first, first + len(page[0]))]
        cells = [maker(column, numbers) for maker, column in zip(self._makers, page, strict=True)]
        rows = map("".join, zip(*cells, strict=True))
        return "".join([f'<row r="{n}">{row}</row>' for n, row in zip(numbers, rows, strict=True)])


class _Cells:
    """Makes the cells of one column."""

    def __init__(self, column: Column, letters: str, style: str, cut: str) -> None:
        self._cut = cut
        makers: Mapping[Kind, Callable[[Sequence[Cell], Sequence[str]], list[str]]] = {
            Kind.NUMBER: self._make_numbers,
            Kind.TEXT: self._make_texts,
            Kind.CHOICE: self._make_choices,
            Kind.DATE: self._make_days,
            Kind.MOMENT: self._make_days,
        }
        self._make = makers[column.kind]
        self._begin = f'<c r="{letters}'
        self._number = f'"{style}><v>'
        self._text = f'"{style} t="inlineStr"><is><t xml:space="preserve">'
        self._days: dict[str, str] = {}
        self._words = {code: self._escape(word) for code, word in column.words.items()}

    def __call__(self, cells: Sequence[Cell], numbers: Sequence[str]) -> list[str]:
        return self._make(cells, numbers)

    def _make_numbers(self, cells: Sequence[Cell], numbers: Sequence[str]) -> list[str]:
        begin, between = self._begin, self._number
        return [
            "" if cell is None else f"{begin}{n}{between}{cell}</v></c>"
            for cell, n in zip(cells, numbers, strict=True)
        ]

    def _make_texts(self, cells: Sequence[Cell], numbers: Sequence[str]) -> list[str]:
        begin, between, make = self._begin, self._text, self._escape
        return [
            f"{begin}{n}{between}{make(cell)}</t></is></c>" if cell else ""
            for cell, n in zip(cast("Sequence[str | None]", cells), numbers, strict=True)
        ]

    def _make_choices(self, cells: Sequence[Cell], numbers: Sequence[str]) -> list[str]:
        begin, between, known = self._begin, self._text, self._words
        return [
            f"{begin}{n}{between}{known.get(cell) or self._escape(cell)}</t></is></c>" if cell else ""
            for cell, n in zip(cast("Sequence[str | None]", cells), numbers, strict=True)
        ]

    def _make_days(self, cells: Sequence[Cell], numbers: Sequence[str]) -> list[str]:
        made = []
        for cell, n in zip(cast("Sequence[str | None]", cells), numbers, strict=True):
            if not cell:
                made.append("")
            elif cell < _FIRST:  # a workbook has no days before it: as a text
                made += self._make_texts([cell], [n])
            else:
                made.append(f"{self._begin}{n}{self._number}{self._day(cell[:10])}{_time(cell)}</v></c>")
        return made

    def _day(self, text: str) -> str:
        number = self._days.get(text)
        if number is None:
            number = self._days[text] = str((date.fromisoformat(text) - _EPOCH).days)
        return number

    def _escape(self, text: str) -> str:
        if len(text) > MOST // 2:
            text = shorten(text, self._cut)
        return escape_text(text) if _ESCAPED.search(text) else text


def _time(moment: str) -> str:
    """The share of the day, behind its number."""
    if len(moment) == 10:
        return ""
    at = datetime.fromisoformat(moment)
    return f"{(at.hour * 3600 + at.minute * 60 + at.second) / 86400:.15f}"[1:]


def name_of(column: int) -> str:
    """The letters of a column, counted from 0: A, …, Z, AA, …"""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def escape_text(text: str) -> str:
    """A text as XML; what XML cannot hold, and a CR, which it would take for a new line, as _xHHHH_."""
    return escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text), quote=False)


def shorten(text: str, cut: str) -> str:
    """A text that a cell takes: a longer one ends with the words `cut`."""
    units = text.encode("utf-16-le")
    if len(units) // 2 <= MOST:
        return text
    return units[: 2 * (MOST - len(cut) - 1)].decode("utf-16-le", "ignore") + " " + cut
