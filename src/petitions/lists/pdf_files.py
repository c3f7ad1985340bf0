"""Lists as PDF: one file, or volumes of a long list with a page of contents."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from petitions.i18n import Translator, translator
from petitions.lists.columns import Cell
from petitions.lists.documents import Document, Folder, Output, Section, Watcher
from petitions.lists.pdf_columns import Layout, plan_layout
from petitions.lists.pdf_rows import Rows
from petitions.lists.pdf_title import Entry, draw_contents, draw_heading, draw_title, find_wording
from petitions.pdf.characters import require_fonts
from petitions.pdf.directions import first_direction
from petitions.pdf.fonts import Shelf, Style
from petitions.pdf.pages import Book, Page
from petitions.pdf.papers import Paper
from petitions.pdf.prose import Flow, Frame

#: Rows of one file.
VOLUME = 10_000
#: Rows after which whoever looks on hears of it.
_STEP = 250
_SIDE, _TOP, _BOTTOM = 48.0, 62.0, 50.0
_SMALL = 7.0

_Row = tuple[Cell, ...]


def check_fonts(document: Document, fonts_dir: Path | None, *, spell_out: bool) -> None:
    """Raises ScriptsWithoutFont where a list has letters that no font of this machine can write, unless these are
    spelled out; and where there are no fonts at all."""
    require_fonts(Shelf(fonts_dir), () if spell_out else _texts(document))


def _texts(document: Document) -> Iterator[Iterable[str]]:
    yield from (document.site_name, document.title, document.responsible, document.url, *document.addressees)
    wording = find_wording(document)
    yield from (wording.title, wording.summary, wording.body, *wording.demands)
    for section in document.sections:
        yield section.find_characters()
        yield section.title
        for column in section.columns:
            yield column.heading
            yield from column.words.values()


def write_pdf(
    document: Document,
    folder: Folder,
    watcher: Watcher,
    *,
    fonts_dir: Path | None,
    paper: Paper,
) -> None:
    """One file with everything, or volumes and "contents.pdf"; letters for which `check_fonts` finds no font are
    spelled out. Raises OSError, SealBroken, and what the watcher raises."""
    _Writer(document, folder, watcher, Shelf(fonts_dir), paper).write()


@dataclass(frozen=True)
class _Volume:
    name: str
    title: str
    rows: int


class _Writer:
    def __init__(self, document: Document, folder: Folder, watcher: Watcher, shelf: Shelf, paper: Paper) -> None:
        self._document, self._folder, self._watcher = document, folder, watcher
        self._shelf, self._paper = shelf, paper
        self._words: Translator = translator(document.language)

    def write(self) -> None:
        self._watcher.begin("pdf", self._document.rows)
        if self._document.rows <= VOLUME:
            self._write_one()
        else:
            self._write_volumes()

    def _write_one(self) -> None:
        with self._folder.new_file("signatures.pdf", self._document.rows) as out:
            flow = self._begin(out, self._document.title)
            draw_title(flow, self._document)
            for place, section in enumerate(self._document.sections):
                if place == 0:
                    flow.turn()
                flow.space(24)
                draw_heading(flow, section.title)
                layout = plan_layout(section, flow.book.setter, flow.frame.width, flow.book.direction)
                self._write_rows(flow, section, _rows(section), layout)
            self._end(flow, "")

    def _write_volumes(self) -> None:
        entries = [entry for section in self._document.sections for entry in self._write_section(section)]
        with self._folder.new_file("contents.pdf", 0) as out:
            flow = self._begin(out, self._document.title)
            draw_title(flow, self._document)
            flow.space(20)
            draw_contents(flow, self._document, entries)
            self._end(flow, "")

    def _write_section(self, section: Section) -> Iterator[Entry]:
        rows = _rows(section)
        count = max(1, -(-section.rows // VOLUME))
        digits = max(2, len(str(count)))
        number = next((n for n, one in enumerate(section.columns) if one.key in ("number", "place")), None)
        layout: Layout | None = None
        for place in range(1, count + 1):
            size = min(VOLUME, section.rows - (place - 1) * VOLUME)
            name = f"{section.key}-{place:0{digits}}.pdf" if count > 1 else f"{section.key}.pdf"
            title = section.title
            if count > 1:
                volume = self._words.gettext("Volume %(number)s of %(count)s")
                title += " · " + volume % {
                    "number": self._words.number(place),
                    "count": self._words.number(count),
                }
            with self._folder.new_file(name, size) as out:
                flow = self._begin(out, f"{self._document.title} · {title}")
                layout = layout or plan_layout(section, flow.book.setter, flow.frame.width, flow.book.direction)
                self._draw_volume_head(flow, title)
                ends = self._write_rows(flow, section, islice(rows, size), layout, number)
                pages = flow.book.pages
                self._end(flow, title)
            yield Entry(name, "–".join(dict.fromkeys(ends)), size, pages)

    def _draw_volume_head(self, flow: Flow, title: str) -> None:
        flow.rule(3)
        flow.space(12)
        flow.text(self._document.title, 15, Style.BOLD, role="H1", leading=1.25)
        flow.space(4)
        flow.text(title, 11, role="H2", leading=1.4)
        flow.space(8)

    def _write_rows(
        self,
        flow: Flow,
        section: Section,
        rows: Iterator[_Row],
        layout: Layout,
        number: int | None = None,
    ) -> list[str]:
        """Set rows; the numbers of the first and the last."""
        if not section.rows:
            flow.space(4)
            flow.text(self._words.gettext("Nobody is in this list."), 10)
        table = Rows(flow, layout)
        ends: list[str] = []
        waiting = 0
        for row in rows:
            table.add(row)
            if number is not None:
                ends[1 if ends else 0 :] = [self._words.number(int(row[number] or 0))]
            waiting += 1
            if waiting == _STEP:
                self._watcher.advance(waiting)
                waiting = 0
        table.end()
        if waiting:
            self._watcher.advance(waiting)
        return ends

    def _begin(self, out: Output, title: str) -> Flow:
        document = self._document
        book = Book(
            out,
            self._shelf,
            self._paper,
            language=document.language,
            title=title,
            author=document.responsible,
            at=document.cut_off,
        )
        book.turn()
        return Flow(book, Frame(_SIDE, _TOP, book.width - 2 * _SIDE, book.height - _BOTTOM))

    def _end(self, flow: Flow, title: str) -> None:
        book, frame, words = flow.book, flow.frame, self._words
        moment = words.gettext("As of %(moment)s") % {"moment": words.moment(self._document.cut_off)}

        def furnish(page: Page, number: int, total: int) -> None:
            above = frame.top - 22
            below = book.height - 26
            head = self._document.title if number > 1 else ""
            self._both_ends(book, page, frame, above, head, title, first_direction(head))
            pages = words.gettext("Page %(number)s of %(count)s") % {
                "number": words.number(number),
                "count": words.number(total),
            }
            self._both_ends(book, page, frame, below, f"{self._document.site_name} · {moment}", pages)

        book.close(furnish)

    def _both_ends(
        self, book: Book, page: Page, frame: Frame, y: float, start: str, end: str, runs: str | None = None
    ) -> None:
        """Two texts on one line, where it begins and where it ends; `runs`: the direction of the first, if it
        is not that of the page."""
        way = book.direction
        last = book.setter.fit(end, _SMALL, frame.width * 0.45, direction=way)
        first = book.setter.fit(start, _SMALL, frame.width - last.width - 20, direction=runs or way)
        left, right = frame.left, frame.left + frame.width
        if way == "rtl":
            page.show(first, right - first.width, y, 0.32)
            page.show(last, left, y, 0.32)
        else:
            page.show(first, left, y, 0.32)
            page.show(last, right - last.width, y, 0.32)


def _rows(section: Section) -> Iterator[_Row]:
    return (row for page in section.pages() for row in zip(*page, strict=True))
