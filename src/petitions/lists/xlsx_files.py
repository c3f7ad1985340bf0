"""Lists as a workbook (XLSX): a sheet for each section, cells of their types, and a sheet about the list.

XlsxWriter makes the workbook with everything but the rows; they go into its sheets as they are read. So nothing of
them lies in the clear on the disk, and a million need no more memory than one.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from petitions.i18n import translator
from petitions.lists.columns import Page
from petitions.lists.documents import Document, Folder, Output, Section, Watcher
from petitions.lists.plans import Paper
from petitions.lists.xlsx_cells import Rows, name_of
from petitions.lists.xlsx_frame import Sheet, make_frame

#: Rows of a sheet below its heading.
MOST_ROWS = 1_048_575
#: From so many bytes on a file in an archive has a form that older programs do not know.
_LARGE = 1 << 31
_DATES = (1980, 1, 1, 0, 0, 0)
#: 6 takes twice as long, for a twentieth less.
_LEVEL = 3
_IS_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"/>')
_STYLE = re.compile(rb'<c r="[A-Z]+2"( s="\d+")')


def write_xlsx(document: Document, folder: Folder, watcher: Watcher, *, paper: Paper = Paper.A4) -> None:
    """One file with everything. Raises OSError, SealBroken, and what the watcher raises."""
    watcher.begin("xlsx", document.rows)
    sheets = plan_sheets(document)
    rows = _Source(document)
    with (
        ZipFile(make_frame(document, sheets, paper)) as frame,
        folder.new_file("signatures.xlsx", document.rows) as out,
        ZipFile(cast("IO[bytes]", _Stream(out)), "w", ZIP_DEFLATED, compresslevel=_LEVEL) as file,
    ):
        for name in sorted(frame.namelist(), key=_place):
            entry = ZipInfo(name, _DATES)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
            found = _IS_SHEET.fullmatch(name)
            number = int(found[1]) - 1 if found else len(sheets)
            if number < len(sheets) and sheets[number].rows:
                _fill(file, entry, frame.read(name), sheets[number], rows, watcher, document.language)
            else:
                file.writestr(entry, frame.read(name), compresslevel=_LEVEL)


def plan_sheets(document: Document) -> tuple[Sheet, ...]:
    """The sheets of the sections, in their order; a long section has several."""
    sheets = []
    for section in document.sections:
        for number, first in enumerate(range(0, max(section.rows, 1), MOST_ROWS), 1):
            name = section.title if number == 1 else f"{section.title} {number}"
            sheets.append(Sheet(name, section, min(section.rows - first, MOST_ROWS)))
    return tuple(sheets)


def _place(name: str) -> tuple[int, str]:
    """Sheets in their order, for rows come but once; before them what tells programs of which kind the file is."""
    found = _IS_SHEET.fullmatch(name)
    return (int(found[1]) if found else 0, name)


class _Stream:
    """An output as ZipFile wants it: one that only goes forwards."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        return self._out.write(data)

    def flush(self) -> None:
        """Nothing is held back."""


class _Source:
    """Gives the rows of sections, so many at a time."""

    def __init__(self, document: Document) -> None:
        self._pages = {section.key: section.pages() for section in document.sections}

    def take(self, section: Section, rows: int) -> Iterator[Page]:
        """The next rows of a section, a page or less at a time."""
        pages = self._pages[section.key]
        while rows > 0 and (page := next(pages, None)) is not None:
            if (size := len(page[0])) > rows:
                rest = [column[rows:] for column in page]
                self._pages[section.key] = chain([rest], pages)
                page, size = [column[:rows] for column in page], rows
            rows -= size
            yield page


def _fill(
    file: ZipFile, entry: ZipInfo, frame: bytes, sheet: Sheet, rows: _Source, watcher: Watcher, language: str
) -> None:
    """A sheet of the frame, with the rows in the place of the pattern."""
    section = sheet.section
    size = f"A1:{name_of(len(section.columns) - 1)}{sheet.rows + 1}".encode()
    frame = _DIMENSION.sub(b'<dimension ref="' + size + b'"/>', frame, count=1)
    before, begin, rest = frame.partition(b'<row r="2"')
    pattern, end, after = (begin + rest).partition(b"</sheetData>")
    cut = translator(language).gettext("[…] The text is longer than a cell; the list as CSV has all of it.")
    make = Rows(section.columns, [style.decode() for style in _STYLE.findall(pattern)], cut).make
    with file.open(entry, "w", force_zip64=_most_bytes(section) >= _LARGE) as out:
        out.write(before)
        first = 2
        for page in rows.take(section, sheet.rows):
            out.write(make(page, first).encode())
            first += len(page[0])
            watcher.advance(len(page[0]))
        out.write(end + after)


def _most_bytes(section: Section) -> int:
    """What a section takes as XML at most."""
    return 7 * section.size + 80 * section.rows * len(section.columns)
