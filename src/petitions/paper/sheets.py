"""Sheets to sign on paper: the statement in short, lines for names, and who answers for it."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydyf
import segno

from petitions.campaigns.queries import CampaignSnapshot
from petitions.paper.sheet_texts import SheetText
from petitions.pdf.characters import require_fonts
from petitions.pdf.fonts import Shelf, Style
from petitions.pdf.pages import Book, Page
from petitions.pdf.papers import Paper
from petitions.pdf.prose import INDENT, LEADING, Block, Flow, Frame, read_line, read_markdown, with_spaces
from petitions.pdf.setting import Line

#: Lines of every sheet: numbers of lines that are typed in later mean these.
LINES = 12
_SIDE, _TOP, _FOOT = 42.0, 34.0, 30.0
_ROW = 26.0
_QR = 92.0
_SMALL, _GRAY = 7.0, 0.32
#: Room for the statement: the whole of it where that fits, else its summary and demands.
_BODY_SIZES = (11.5, 11.0, 10.5, 10.0, 9.5, 9.0, 8.5, 8.0)
#: Shares of the width: name, city, country, mail address, signature.
_SHARES = (0.27, 0.16, 0.14, 0.23, 0.20)
_NUMBER = 18.0


def make_sheets(
    campaign: CampaignSnapshot,
    language: str,
    paper: Paper,
    first: int,
    count: int,
    base_url: str,
    fonts_dir: Path | None,
) -> bytes:
    """A PDF of `count` sheets, numbered from `first`, in a language of the campaign, else in its own. Raises
    ScriptsWithoutFont."""
    statement = campaign.statements.get(language) or campaign.statements[campaign.default_language]
    sheet = SheetText(campaign, statement, base_url, LINES)
    shelf = Shelf(fonts_dir)
    require_fonts(shelf, sheet.everything())
    out = io.BytesIO()
    book = Book(
        out,
        shelf,
        paper,
        language=statement.language,
        title=statement.title,
        author=campaign.terms.responsible.name,
        at=statement.created_at,  # the same sheets have the same bytes
    )
    drawer = _Sheets(book, sheet)
    for number in range(first, first + count):
        drawer.draw(number)
    book.close(lambda _page, _number, _total: None)
    return out.getvalue()


@dataclass(frozen=True)
class _Column:
    heading: str
    left: float
    width: float


class _Sheets:
    """Draws one sheet after the other."""

    def __init__(self, book: Book, text: SheetText) -> None:
        self._book, self._text = book, text
        self._from_right = book.direction == "rtl"
        self._way = book.direction
        self._frame = Frame(_SIDE, _TOP, book.width - 2 * _SIDE, book.height - _FOOT)
        self._code = [
            [bool(module) for module in row] for row in segno.make(text.url, error="m", micro=False).matrix
        ]
        self._code_top = (
            self._frame.top + 3 + 4.5 * _QR / len(self._code)
        )  # with a white border as cameras need it
        title = text.statement.title
        self._title_size = 19.0 if len(title) <= 60 else 15.0 if len(title) <= 120 else 12.0
        self._columns = list(self._plan_columns())
        self._notes_top = self._frame.bottom - 14 - self._notes_height()
        self._table_top = self._notes_top - LINES * _ROW - 20
        self._statement = self._choose_statement()

    def draw(self, number: int) -> None:
        """One sheet, upon a page of its own."""
        book, frame, text = self._book, self._frame, self._text
        book.turn()
        self._draw_code()
        flow = Flow(book, frame)
        flow.rule(3)
        narrow = Flow(book, self._beside_code())
        narrow.y = flow.y + 9
        self._draw_head(narrow)
        below = Flow(book, Frame(frame.left, frame.top, frame.width, self._table_top))
        below.y = self._head_end()
        size, blocks = self._statement
        below.blocks(blocks, size, self._way)
        self._draw_table()
        notes = Flow(book, Frame(frame.left, frame.top, frame.width, frame.bottom + 20))
        notes.y = self._notes_top + 5
        for note in (text.consent, text.mail_note, text.responsible):
            notes.text(note, _SMALL + 0.3, leading=1.3)
        with book.page.ornament():
            start, end = text.foot(number)
            self._put(book.setter.line(start, 9, Style.BOLD, self._way), frame.bottom, at_end=False)
            room = frame.width * 0.6
            self._put(book.setter.fit(end, _SMALL, room, direction=self._way), frame.bottom, at_end=True)

    def _draw_head(self, flow: Flow) -> None:
        text, setter = self._text, self._book.setter
        if text.addressees:
            names = f"{text.addressed}: {' · '.join(text.addressees)}"
            element = self._book.open("P")
            line = setter.fit(names, 8, flow.frame.width, direction=self._way)
            flow.lines([line], 12, element, gray=_GRAY)
            self._book.shut(element)
        flow.text(text.statement.title, self._title_size, Style.BOLD, role="H1", leading=1.2)
        flow.space(3)
        flow.text(text.statement.summary, 10, Style.SERIF, leading=1.35)
        flow.space(4)
        flow.text(text.online, 8.5, Style.BOLD, leading=1.3)

    def _choose_statement(self) -> tuple[float, list[Block]]:
        """The largest part of the statement that has room, in the largest type."""
        statement = self._text.statement
        demands = [
            Block(read_line(demand), "LI", f"{number}.", 1) for number, demand in enumerate(statement.demands, 1)
        ]
        body = read_markdown(statement.body)
        more = [Block([(self._text.whole, Style.SERIF_ITALIC)])]
        choices = [*((size, [*body, *demands]) for size in _BODY_SIZES)]
        choices += [(size, [*demands, *more]) for size in _BODY_SIZES]
        room = self._table_top - self._head_end()
        for size, blocks in choices:
            if self._measure(blocks, size) <= room:
                return size, blocks
        shorter = list(demands)
        while shorter and self._measure([*shorter, *more], _BODY_SIZES[-1]) > room:
            shorter.pop()
        return _BODY_SIZES[-1], [*shorter, *more]

    def _measure(self, blocks: Sequence[Block], size: float) -> float:
        """How high it would be; at least so high, where that is more than a page."""
        setter, width, height = self._book.setter, self._frame.width, 0.0
        for block, space in with_spaces(blocks):
            indent = block.depth * size * INDENT
            count = setter.count_lines(block.pieces, size, width - indent, self._way)
            if height + count * size * LEADING > self._book.height:
                return self._book.height
            lines = setter.wrap_pieces(block.pieces, size, width - indent, self._way)
            height += size * space + sum(max(size * LEADING, line.above + line.below) for line in lines)
        return height

    def _head_end(self) -> float:
        """How far down the head reaches."""
        setter, text, width = self._book.setter, self._text, self._beside_code().width
        parts = (
            (text.statement.title, self._title_size, Style.BOLD, 1.2),
            (text.statement.summary, 10.0, Style.SERIF, 1.35),
            (text.online, 8.5, Style.BOLD, 1.3),
        )
        height = 12 + 12 + 7.0
        for words, size, style, leading in parts:
            lines = setter.wrap_pieces([(words, style)], size, width, self._way)
            height += sum(max(size * leading, line.above + line.below) for line in lines)
        return max(self._code_top + _QR, self._frame.top + height) + 4

    def _beside_code(self) -> Frame:
        left = self._frame.left + (_QR + 14 if self._from_right else 0)
        return Frame(left, self._frame.top, self._frame.width - _QR - 14, self._table_top)

    def _draw_code(self) -> None:
        """The QR code of the page, at the end of the head."""
        book, frame, page = self._book, self._frame, self._book.page
        left = frame.left if self._from_right else frame.left + frame.width - _QR
        size = _QR / len(self._code)
        element = book.open("Figure", None, {"Alt": pydyf.String(self._text.url)})
        with page.part(element):
            for row, modules in enumerate(self._code):
                for start, end in _runs(modules):
                    page.fill(left + start * size, self._code_top + row * size, (end - start) * size, size)
        book.shut(element)

    def _plan_columns(self) -> Iterator[_Column]:
        left, width = _NUMBER, self._frame.width - _NUMBER
        for heading, share in zip(self._text.headings, _SHARES, strict=True):
            yield _Column(heading, left, share * width)
            left += share * width

    def _draw_table(self) -> None:
        book, frame, page = self._book, self._frame, self._book.page
        top = self._table_top + 16
        for column in self._columns:
            line = book.setter.fit(column.heading, 7.5, column.width - 6, Style.BOLD, self._way)
            element = book.open("P")
            with page.part(element):
                page.show(line, self._x(column.left + 3, line.width), top - 5)
            book.shut(element)
        with page.ornament():
            page.rule(frame.left, top - 1, frame.width, 1)
            for row in range(LINES):
                number = book.setter.line(str(row + 1), 8.5)
                base = top + row * _ROW + _ROW / 2 + 3
                page.show(number, self._x(_NUMBER - 5 - number.width, number.width), base, _GRAY)
                page.rule(frame.left, top + (row + 1) * _ROW - 0.2, frame.width, 0.4)
            for column in self._columns:
                page.fill(self._x(column.left, 0.4), top - 1, 0.4, LINES * _ROW + 1, 0.55)

    def _notes_height(self) -> float:
        setter, text = self._book.setter, self._text
        notes = (text.consent, text.mail_note, text.responsible)
        wrapped = (setter.wrap(note, _SMALL + 0.3, self._frame.width, direction=self._way) for note in notes)
        return 10 + sum(max(9.5, line.above + line.below) for lines in wrapped for line in lines)

    def _x(self, offset: float, width: float) -> float:
        """Where something begins that lies so far within the frame, in the direction of the text."""
        if self._from_right:
            return self._frame.left + self._frame.width - offset - width
        return self._frame.left + offset

    def _put(self, line: Line, base: float, *, at_end: bool) -> None:
        offset = self._frame.width - line.width if at_end else 0.0
        page: Page = self._book.page
        page.show(line, self._x(offset, line.width), base)


def _runs(modules: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where black begins and ends in a row."""
    start = None
    for place, is_black in enumerate([*modules, False]):
        if is_black and start is None:
            start = place
        elif not is_black and start is not None:
            yield start, place
            start = None
