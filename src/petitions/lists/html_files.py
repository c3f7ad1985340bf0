"""Lists as pages to read and print: the statement, then the rows. A long list comes in volumes, with a page that
says what stands in which; a browser would be slow with more in one."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from markupsafe import Markup, escape

from petitions import paths
from petitions.i18n import text_direction, translator
from petitions.lists.about import list_facts
from petitions.lists.columns import Cell, Column, Kind, Page
from petitions.lists.documents import Document, Folder, Output, Section, Watcher
from petitions.templating import render

#: Rows of one file with everything, and of a volume where there are more.
MOST_ROWS = 20_000
VOLUME = 10_000
#: Stands in a page where the rows of a section come; nobody's text can hold it.
_ROWS = Markup("<!-- rows -->")
#: A cell with a text, and for a spreadsheet too: LibreOffice would calculate one that begins with "=".
_TEXT = '<td class="text" sdnum="1033;0;@">'
#: Numbers and dates stay on one line.
_FIXED = '<td class="fixed">'
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Volume:
    """A file with some rows of one section."""

    name: str
    section: Section
    first: int  # row of the section, from 1
    rows: int

    @property
    def last(self) -> int:
        """Of the rows of its section."""
        return self.first + self.rows - 1


def write_html(document: Document, folder: Folder, watcher: Watcher) -> None:
    """One file, or a page of contents and volumes. Raises OSError, SealBroken, and what the watcher raises."""
    watcher.begin("html", document.rows)
    if document.rows <= MOST_ROWS:
        with folder.new_file("signatures.html", document.rows) as out:
            rows = [section.pages() for section in document.sections]
            _write_page(document, "lists/list.html", document.sections, rows, out, watcher)
        return
    volumes = plan_volumes(document)
    with folder.new_file("contents.html", 0) as out:
        out.write(_render(document, "lists/contents.html", volumes=volumes).encode())
    for section in document.sections:
        pages = section.pages()
        for volume in volumes:
            if volume.section is section:
                taken, pages = _take(pages, volume.rows)
                with folder.new_file(volume.name, volume.rows) as out:
                    _write_page(
                        document, "lists/volume.html", [section], [iter(taken)], out, watcher, volume=volume
                    )


def plan_volumes(document: Document) -> tuple[Volume, ...]:
    """The files of a long list besides its contents, in their order."""
    volumes = []
    for section in document.sections:
        starts = range(1, max(section.rows, 1) + 1, VOLUME)
        digits = max(2, len(str(len(starts))))
        for number, first in enumerate(starts, 1):
            name = section.key if len(starts) == 1 else f"{section.key}-{number:0{digits}}"
            volumes.append(Volume(f"{name}.html", section, first, min(VOLUME, section.rows - first + 1)))
    return tuple(volumes)


def _take(pages: Iterator[Page], rows: int) -> tuple[list[Page], Iterator[Page]]:
    """Pages with so many rows, and those after them."""
    taken: list[Page] = []
    while rows > 0 and (page := next(pages, None)) is not None:
        size = len(page[0])
        if size > rows:
            pages = chain([[column[rows:] for column in page]], pages)
            page = [column[:rows] for column in page]
        taken.append(page)
        rows -= size
    return taken, pages


def _write_page(
    document: Document,
    template: str,
    sections: Sequence[Section],
    rows: Sequence[Iterator[Page]],
    out: Output,
    watcher: Watcher,
    volume: Volume | None = None,
) -> None:
    """A page of a template, with the rows of its sections where it has a place for them."""
    text = _render(document, template, sections=sections, rows=_ROWS, volume=volume)
    before, *after = text.split(_ROWS)
    out.write(before.encode())
    for section, pages, between in zip(sections, rows, after, strict=True):
        make = [_Cells(column) for column in section.columns]
        for page in pages:
            cells = [cells_of(column) for cells_of, column in zip(make, page, strict=True)]
            lines = ["<tr>" + "".join(row) + "</tr>\n" for row in zip(*cells, strict=True)]
            out.write("".join(lines).encode())
            watcher.advance(len(lines))
        out.write(between.encode())


def _render(document: Document, template: str, **context: object) -> str:
    style, digest = _style()
    return render(
        template,
        translator(document.language),
        document=document,
        wording=document.wordings[0],
        direction=text_direction,
        facts=list_facts(document)[1:],  # the title stands above
        style=style,
        style_digest=digest,
        **context,
    )


@cache
def _style() -> tuple[Markup, str]:
    """The element with the rules of the pages, and the digest by which they are allowed."""
    css = (paths.TEMPLATES / "lists" / "list.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return Markup("<style>") + Markup(css) + Markup("</style>"), f"sha256-{digest}"  # noqa: S704 - ours


class _Cells:
    """Makes the cells of one column."""

    def __init__(self, column: Column) -> None:
        self._begin = _TEXT if column.kind is Kind.TEXT else "<td>" if column.kind is Kind.CHOICE else _FIXED
        self._words = {code: _escape(word) for code, word in column.words.items()}

    def __call__(self, cells: Sequence[Cell]) -> list[str]:
        begin, known = self._begin, self._words
        return [
            f"{begin}{known.get(cell) or _escape(cell)}</td>"
            if isinstance(cell, str)
            else ("<td></td>" if cell is None else f"{begin}{cell}</td>")
            for cell in cells
        ]


def _escape(text: str) -> str:
    """A text as a page holds it; in the place of what a page cannot hold stands the sign for it."""
    return str(escape(_UNWRITABLE.sub("\ufffd", text)))
