"""A workbook with everything but the rows: headings, widths, the sheet about the list. In the place of the rows of
a sheet there is one that shows how its cells are written."""

import io
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from petitions.i18n import text_direction, translator
from petitions.lists.about import list_facts
from petitions.lists.columns import Cell, Column, Kind
from petitions.lists.documents import Document, Section
from petitions.lists.plans import Paper
from petitions.lists.xlsx_cells import shorten
from petitions.markdown import plain

_WIDTHS = {Kind.DATE: 12.0, Kind.MOMENT: 21.0}
_LEAST_WIDTH, _MOST_WIDTH = 9.0, 60.0
#: Rows by which the width of a column is chosen.
_LOOKED_AT = 200
_NAME, _FORBIDDEN = 31, re.compile(r"[\[\]:*?/\\\x00-\x1f]")
#: Texts that are read rather than compared.
_LONG = ("comment",)
_PAPERS = {Paper.A4: 9, Paper.LETTER: 1}


@dataclass(frozen=True)
class Sheet:
    """A section, or as much of it as a sheet takes."""

    name: str
    section: Section
    rows: int


def make_frame(document: Document, sheets: Collection[Sheet], paper: Paper) -> io.BytesIO:
    """The workbook; its first sheets are these."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    created = document.cut_off.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": document.title, "author": document.responsible, "created": created})
    formats = _make_formats(book)
    words = translator(document.language)
    about = words.gettext("About this list")
    names = _sheet_names([*(sheet.name for sheet in sheets), about])
    for sheet in sheets:
        page = book.add_worksheet(next(names))
        _lay_out(page, document.language, paper)
        _head(page, sheet, formats)
    page = book.add_worksheet(next(names))
    _lay_out(page, document.language, paper)
    _tell(page, document, formats)
    book.close()
    made.seek(0)
    return made


def _make_formats(book: xlsxwriter.Workbook) -> dict[str, Format]:
    # A text stays one also when somebody edits its cell: the quotation mark that cannot be seen does it.
    text = {"quote_prefix": True, "valign": "top"}
    return {
        "heading": book.add_format({"bold": True, "bottom": 2, "valign": "top", "text_wrap": True}),
        Kind.NUMBER: book.add_format({"num_format": "0", "valign": "top"}),
        Kind.TEXT: book.add_format(text),
        Kind.CHOICE: book.add_format(text),
        Kind.DATE: book.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"}),
        Kind.MOMENT: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left", "valign": "top"}),
        "long": book.add_format(text | {"text_wrap": True}),
        "count": book.add_format({"num_format": "#,##0", "align": "left", "valign": "top"}),
    }


def _lay_out(page: Worksheet, language: str, paper: Paper) -> None:
    if text_direction(language) == "rtl":
        page.right_to_left()
    page.set_paper(_PAPERS[paper])
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&C&P / &N")


def _head(page: Worksheet, sheet: Sheet, formats: dict[str, Format]) -> None:
    """The heading, and a row that shows how cells are written."""
    columns = sheet.section.columns
    sample = next(sheet.section.pages(), None) or [[] for _ in columns]
    for number, (column, cells) in enumerate(zip(columns, sample, strict=True)):
        style = formats["long" if column.key in _LONG else column.kind]
        page.write_string(0, number, column.heading, formats["heading"])
        page.set_column(number, number, _width(column, cells[:_LOOKED_AT]))
        if sheet.rows:
            page.write_number(1, number, 0, style)
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.autofilter(0, 0, sheet.rows, len(columns) - 1)


def _tell(page: Worksheet, document: Document, formats: dict[str, Format]) -> None:
    """What the list is, and the statement that was signed."""
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 90)
    for row, fact in enumerate(list_facts(document)):
        page.write_string(row, 0, fact.label, formats["heading"])
        if isinstance(fact.value, datetime):
            page.write_datetime(row, 1, fact.value.astimezone(UTC).replace(tzinfo=None), formats[Kind.MOMENT])
        elif isinstance(fact.value, int):
            page.write_number(row, 1, fact.value, formats["count"])
        else:
            page.write_string(row, 1, shorten(fact.value, "[…]"), formats["long"])
    wording = document.wordings[0]
    texts = [wording.summary, *plain(wording.body).split("\n\n"), *map(plain, wording.demands)]
    for row, text in enumerate(texts, len(list_facts(document)) + 1):
        page.write_string(row, 1, shorten(text, "[…]"), formats["long"])


def _width(column: Column, cells: list[Cell]) -> float:
    """Of a column, in digits; wide characters count twice."""
    if column.kind in _WIDTHS:
        return _WIDTHS[column.kind]
    longest = max((_length(column.say(cell)) for cell in cells), default=0)
    return min(max(longest + 2, _length(column.heading) + 4, _LEAST_WIDTH), _MOST_WIDTH)


def _length(text: str) -> float:
    return sum(1.0 + (unicodedata.east_asian_width(character) in "WF") for character in text[:100])


def _sheet_names(titles: list[str]) -> Iterator[str]:
    """Names that a workbook takes: short, without some marks, each different from the others."""
    used: set[str] = set()
    for title in titles:
        name = _FORBIDDEN.sub(" ", title).strip("' ")[:_NAME].strip() or "–"
        number = 1
        while name.casefold() in used or name.casefold() == "history":
            number += 1
            name = f"{name[: _NAME - 4]} {number}"
        used.add(name.casefold())
        yield name
