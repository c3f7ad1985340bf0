"""The first pages of a PDF: what was signed, to whom it goes, how many signed, of when the list is."""

from collections.abc import Sequence
from dataclasses import dataclass

from petitions.i18n import N_, Translator, text_direction, translator
from petitions.lists.about import count_facts
from petitions.lists.documents import Document, Wording
from petitions.pdf.fonts import Style
from petitions.pdf.prose import Flow, read_line, read_markdown

_SIZE = 10.0
#: The columns of the contents.
_CONTENTS = (N_("File"), N_("Numbers"), N_("Rows"), N_("Pages"))


@dataclass(frozen=True)
class Entry:
    """A line of the contents."""

    name: str  # of a file, or of a list
    numbers: str  # which stand in it: "1–10,000"
    rows: int
    pages: int = 0


def find_wording(document: Document) -> Wording:
    """The statement in the language of the list, else in the campaign's own."""
    in_force = [one for one in document.wordings if one.in_force] or list(document.wordings)
    return next((one for one in in_force if one.title == document.title), in_force[0])


def draw_title(flow: Flow, document: Document) -> None:
    """Title, addressees, numbers and the statement."""
    words = translator(document.language)
    wording = find_wording(document)
    way = text_direction(wording.language)
    flow.rule(3)
    flow.space(14)
    if document.addressees:
        flow.text(words.gettext("Addressed to"), 8, Style.BOLD, gray=0.32)
        for name in document.addressees:
            flow.text(name, 11, role="P", leading=1.4)
        flow.space(16)
    flow.text(wording.title, _title_size(wording.title), Style.BOLD, role="H1", leading=1.2, direction=way)
    flow.space(8)
    flow.text(wording.summary, 12.5, Style.SERIF, leading=1.4, direction=way)
    flow.space(20)
    draw_ledger(flow, [(fact.label, words.number(int(str(fact.value)))) for fact in count_facts(document)])
    flow.space(6)
    flow.text(words.gettext("As of %(moment)s") % {"moment": words.moment(document.cut_off)}, 8.5, gray=0.32)
    flow.space(18)
    draw_heading(flow, words.gettext("What was signed"))
    flow.blocks(read_markdown(wording.body), _SIZE, way)
    if wording.demands:
        flow.space(16)
        draw_heading(flow, words.gettext("Demands"))
        for number, demand in enumerate(wording.demands, 1):
            flow.space(5)
            flow.pieces(read_line(demand), _SIZE, indent=20, mark=f"{words.number(number)}.", direction=way)
    flow.space(20)
    _draw_origin(flow, document, words)


def draw_heading(flow: Flow, text: str) -> None:
    """Opens a part of the document."""
    flow.need(70)
    flow.rule(1.5)
    flow.space(7)
    flow.text(text, 12, Style.BOLD, role="H2", leading=1.4)
    flow.space(3)


def draw_ledger(flow: Flow, lines: Sequence[tuple[str, str]]) -> None:
    """Words and their numbers, a line each."""
    book, frame = flow.book, flow.frame
    from_right = book.direction == "rtl"
    for place, (label, value) in enumerate(lines):
        size = 10.0 if place else 15.0  # the first is the sum
        flow.need(18)
        first = book.setter.fit(
            label, size, frame.width - 120, Style.SANS if place else Style.BOLD, book.direction
        )
        last = book.setter.line(value, size, Style.BOLD)
        base = flow.y + size + 2.5
        element = book.open("P")
        with book.page.part(element):
            end = frame.left + frame.width
            book.page.show(first, end - first.width if from_right else frame.left, base)
            book.page.show(last, frame.left if from_right else end - last.width, base)
        book.shut(element)
        flow.y += size + 7
        flow.rule(0.35, 0.6)


def draw_contents(flow: Flow, document: Document, entries: Sequence[Entry]) -> None:
    """Which file holds what."""
    words = translator(document.language)
    draw_heading(flow, words.gettext("Contents"))
    book, frame = flow.book, flow.frame
    heads = [words.translate(text) for text in _CONTENTS]
    table = book.open("Table")
    rows = [heads] + [
        [entry.name, entry.numbers, words.number(entry.rows), words.number(entry.pages)] for entry in entries
    ]
    for place, cells in enumerate(rows):
        flow.need(16)
        row = book.open("TR", table)
        for column, text in enumerate(cells):
            cell = book.open("TD" if place else "TH", row)
            line = book.setter.line(text, 8.5, Style.SANS if place else Style.BOLD)
            begins = (0.0, 0.45, 0.68, 0.84)[column] * frame.width
            ends = (0.43, 0.66, 0.82, 1.0)[column] * frame.width
            offset = begins if column < 2 else ends - line.width
            x = frame.left + offset
            if book.direction == "rtl":
                x = frame.left + frame.width - offset - line.width
            with book.page.part(cell):
                book.page.show(line, x, flow.y + 10.5)
            book.shut(cell)
        book.shut(row)
        flow.y += 14.5
        flow.rule(0.35 if place else 0.9, 0.72 if place else 0)
    book.shut(table)


def _draw_origin(flow: Flow, document: Document, words: Translator) -> None:
    """Where it comes from, and how somebody sees that it does."""
    draw_heading(flow, words.gettext("Where this list comes from"))
    origin = document.url.rsplit("/c/", 1)[0]
    for text in (
        words.gettext("Responsible for this campaign and its data: %(name)s") % {"name": document.responsible},
        words.gettext("Everybody can read the statement at %(url)s.") % {"url": document.url},
        words.gettext(
            "Where this list came in a signed pack, %(url)s tells how to see that nobody has changed it."
        )
        % {"url": f"{origin}/verify"},
    ):
        flow.space(3)
        flow.text(text, 9, leading=1.4)


def _title_size(title: str) -> float:
    return 26.0 if len(title) <= 60 else 21.0 if len(title) <= 110 else 17.0
