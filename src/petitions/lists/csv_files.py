"""Lists as CSV (RFC 4180): a file for each section, in the words of whoever reads, safe for spreadsheets."""

import re
from collections.abc import Sequence
from typing import cast

from petitions.lists.columns import Cell, Column, Kind
from petitions.lists.documents import Document, Folder, Output, Section, Watcher

BOM = "\ufeff"
#: With these a formula begins.
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
#: Whatever has none of these stands as it is; few texts have one, and a look costs a tenth of a microsecond.
_SUSPICIOUS = re.compile(rf'{_FORMULA.pattern}|[\t\r\n",]')
_QUOTED = re.compile(r'[",\r\n]')
_END_OF_LINE = "\r\n"
#: Where a cell may begin with one: also behind what some other spreadsheet separates by (in half of Europe `;`),
#: and behind spaces and quotation marks, which it skips.
_BEGINNING = re.compile(rf'((?:^|[;,|\t\r\n])(?:[^\S\t\r\n]|")*)(?={_FORMULA.pattern})')


def write_csv(document: Document, folder: Folder, watcher: Watcher, *, bom: bool = False) -> None:
    """A file for each section. Raises OSError, and what the watcher raises."""
    watcher.begin("csv", document.rows)
    for section in document.sections:
        with folder.new_file(f"{section.key}.csv", section.rows) as out:
            out.write(BOM.encode() if bom else b"")
            _write_section(section, out, watcher)


def _write_section(section: Section, out: Output, watcher: Watcher) -> None:
    out.write((",".join(field(column.heading) for column in section.columns) + _END_OF_LINE).encode())
    fields = [_Fields(column) for column in section.columns]
    for page in section.pages():
        # A column at a time: a third of the cost of a row at a time with the csv module, whose form this has.
        cells = [make(column) for make, column in zip(fields, page, strict=True)]
        if len(cells) == 1:
            cells = [[cell or '""' for cell in cells[0]]]  # an empty line would be no row
        lines = [",".join(row) for row in zip(*cells, strict=True)]
        out.write((_END_OF_LINE.join(lines) + _END_OF_LINE).encode())
        watcher.advance(len(lines))


class _Fields:
    """Makes fields of the cells of a column."""

    def __init__(self, column: Column) -> None:
        self._kind = column.kind
        self._words = {code: field(word) for code, word in column.words.items()}

    def __call__(self, cells: Sequence[Cell]) -> list[str]:
        if self._kind is Kind.TEXT:
            texts = cast("Sequence[str | None]", cells)
            return [(field(text) if _SUSPICIOUS.search(text) else text) if text else "" for text in texts]
        if self._kind is Kind.CHOICE:
            known, codes = self._words, cast("Sequence[str | None]", cells)
            return ["" if code is None else known.get(code) or field(code) for code in codes]
        return ["" if cell is None else str(cell) for cell in cells]


def field(text: str) -> str:
    """A text as a field of a line."""
    text = safe_cell(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, nor any part of it."""
    text = _BEGINNING.sub(r"\1'", text)
    return "'" + text if text.startswith(("\t", "\r", "\n")) else text
