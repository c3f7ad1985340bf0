"""Running text: paragraphs, headings and lists, one below the other over as many pages as they take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from petitions.pdf.fonts import Style
from petitions.pdf.pages import Book, Element
from petitions.pdf.setting import Line

_parser = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("strikethrough")
_parser.parse("*")  # makes its lists of rules, before threads do so at the same moment

#: Of running text, in ems: from base to base, and before what stands in a list.
LEADING, INDENT = 1.45, 1.8

Pieces = list[tuple[str, Style]]


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading or an item of a list."""

    pieces: Pieces
    role: str = "P"  # "P", "H3" or "LI"
    mark: str = ""  # of an item
    depth: int = 0  # how many lists and quotations it stands in


@dataclass(frozen=True)
class Frame:
    """Where text stands on every page, in points."""

    left: float
    top: float
    width: float
    bottom: float


def read_markdown(text: str) -> list[Block]:
    """The blocks of a text; links become their words, and their address where that says more."""
    return list(_blocks(_parser.parse(text)))


def read_line(text: str) -> Pieces:
    """The pieces of one line."""
    return [piece for token in _parser.parseInline(text) for piece in _pieces(token.children or [], Style.SERIF)]


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    numbers: list[int | None] = []  # of the lists around: the next number, or None for one with dots
    depth = 0
    mark, role = "", "P"
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            first = int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None
            numbers.append(first)
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
            depth -= 1
        elif token.type in ("blockquote_open", "blockquote_close"):
            depth += 1 if token.nesting == 1 else -1
        elif token.type == "list_item_open":
            number = numbers[-1]
            mark = "•" if number is None else f"{number}."
            if number is not None:
                numbers[-1] = number + 1
        elif token.type == "heading_open":
            role = "H3"
        elif token.type in ("fence", "code_block"):
            for line in token.content.splitlines():
                yield Block([(line, Style.SERIF)], depth=depth)
        elif token.type == "inline":
            style = Style.BOLD if role == "H3" else Style.SERIF
            yield Block(list(_pieces(token.children or [], style)), "LI" if mark else role, mark, depth)
            mark, role = "", "P"


def _pieces(tokens: Sequence[Token], usual: Style) -> Iterator[tuple[str, Style]]:
    strong = emphasised = 0
    address = words = ""
    for token in tokens:
        style = usual
        if usual is Style.SERIF and (strong or emphasised):
            style = Style.SERIF_BOLD if strong else Style.SERIF_ITALIC
        if token.type in ("text", "code_inline"):
            words += token.content
            if token.content:
                yield token.content, style
        elif token.type in ("softbreak", "hardbreak"):
            yield " ", style
        elif token.type in ("strong_open", "strong_close"):
            strong += token.nesting
        elif token.type in ("em_open", "em_close"):
            emphasised += token.nesting
        elif token.type == "link_open":
            address, words = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close":
            if address.startswith(("http://", "https://")) and address.rstrip("/") != words.rstrip("/"):
                yield f" ({address})", style
        elif token.type == "image":
            yield token.content, style


class Flow:
    """Sets blocks one below the other."""

    def __init__(self, book: Book, frame: Frame) -> None:
        self.book, self.frame = book, frame
        self.y = frame.top
        self._is_at_top = True

    @property
    def room(self) -> float:
        """What is left of the page."""
        return self.frame.bottom - self.y

    def turn(self) -> None:
        """Go on upon the next page."""
        self.book.turn()
        self.y, self._is_at_top = self.frame.top, True

    def space(self, height: float) -> None:
        """Leave room, unless a page begins here."""
        if not self._is_at_top:
            self.y += height

    def need(self, height: float) -> None:
        """Go on upon the next page where this one has less room left."""
        if self.room < height and not self._is_at_top:
            self.turn()

    def rule(self, weight: float, gray: float = 0) -> None:
        """A line over the whole width."""
        with self.book.page.ornament():
            self.book.page.rule(self.frame.left, self.y, self.frame.width, weight, gray)
        self.y += weight
        self._is_at_top = False

    def lines(
        self,
        lines: Sequence[Line],
        leading: float,
        element: Element,
        *,
        indent: float = 0,
        gray: float = 0,
        mark: Line | None = None,
        direction: str | None = None,
    ) -> None:
        """Lines of one element, each so high; `indent` is free before them, where `mark` stands."""
        from_right = (direction or self.book.direction) == "rtl"
        left, right = self.frame.left, self.frame.left + self.frame.width
        for place, line in enumerate(lines):
            height = max(leading, line.above + line.below)
            # No single line of a paragraph is left alone at the foot of a page.
            is_alone = place == 0 and len(lines) > 1
            self.need(height * (2 if is_alone else 1))
            base = self.y + (height - line.above - line.below) / 2 + line.above
            with self.book.page.part(element):
                if mark is not None and place == 0:
                    at = right - indent + 6 if from_right else left + indent - 6 - mark.width
                    self.book.page.show(mark, at, base, gray)
                x = right - indent - line.width if from_right else left + indent
                self.book.page.show(line, x, base, gray)
            self.y += height
            self._is_at_top = False

    def text(
        self,
        words: str,
        size: float,
        style: Style = Style.SANS,
        *,
        role: str = "P",
        leading: float = 1.35,
        gray: float = 0,
        direction: str | None = None,
    ) -> None:
        """A paragraph of one style; `leading` in ems."""
        self.pieces([(words, style)], size, role=role, leading=leading, gray=gray, direction=direction)

    def pieces(
        self,
        pieces: Pieces,
        size: float,
        *,
        role: str = "P",
        leading: float = LEADING,
        indent: float = 0,
        mark: str = "",
        gray: float = 0,
        direction: str | None = None,
        keep: float = 0,
    ) -> None:
        """A paragraph of several styles; `keep`: how much must have room below it."""
        way = direction or self.book.direction
        lines = self.book.setter.wrap_pieces(pieces, size, self.frame.width - indent, way)
        first = self.book.setter.line(mark, size, pieces[0][1] if pieces else Style.SANS, way) if mark else None
        if keep:
            self.need(len(lines) * size * leading + keep)
        element = self.book.open(role)
        self.lines(lines, size * leading, element, indent=indent, gray=gray, mark=first, direction=way)
        self.book.shut(element)

    def blocks(self, blocks: Sequence[Block], size: float, direction: str) -> None:
        """A text of ours."""
        for block, space in with_spaces(blocks):
            self.space(size * space)
            self.pieces(
                block.pieces,
                size,
                role="P" if block.role == "LI" else block.role,
                indent=block.depth * size * INDENT,
                mark=block.mark,
                direction=direction,
                keep=size * 3 if block.role == "H3" else 0,
            )


def with_spaces(blocks: Sequence[Block]) -> Iterator[tuple[Block, float]]:
    """Each block, and how much room is left before it, in ems."""
    for place, block in enumerate(blocks):
        follows = block.role == "LI" and place > 0 and blocks[place - 1].role == "LI"
        yield block, 1.1 if block.role == "H3" else 0.3 if follows else 0.65
