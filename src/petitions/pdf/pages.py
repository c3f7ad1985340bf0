"""Pages and what is drawn on them; everything is measured in points from the upper left corner."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

import pydyf

from petitions.i18n import text_direction
from petitions.pdf.embedding import embed
from petitions.pdf.files import Output, describe, keep_written
from petitions.pdf.fonts import Shelf
from petitions.pdf.papers import Paper
from petitions.pdf.setting import Line, Setter


class Element:
    """A part of the document as a reader that speaks finds it: a heading, a paragraph, a row."""

    def __init__(self, role: str, parent: pydyf.Dictionary, entries: Mapping[str, object]) -> None:
        self.role, self.children = role, pydyf.Array()
        self.entries = pydyf.Dictionary({"S": f"/{role}", "P": parent.reference, **entries, "K": self.children})

    def add(self, sheet: bytes, place: int) -> None:
        """What is marked so upon a page belongs to it."""
        if self.entries.setdefault("Pg", sheet) == sheet:
            self.children.append(place)
        else:
            self.children.append(pydyf.Dictionary({"Type": "/MCR", "Pg": sheet, "MCID": place}))


@lru_cache(maxsize=1024)
def _mark(place: int) -> bytes:
    return bytes(pydyf.Dictionary({"MCID": place}).data)


class Page:
    """A page that is being drawn."""

    def __init__(self, sheet: pydyf.Dictionary, height: float) -> None:
        self.sheet, self.height = sheet, height
        self.content = pydyf.Stream(compress=True)
        self.parents = pydyf.Array()

    def show(self, line: Line, x: float, y: float, gray: float = 0) -> None:
        """A line of text, its left end and its base here; `gray` is 0 for black and 1 for white."""
        content = self.content
        self._shade(gray)
        content.begin_text()
        content.move_text_to(round(x, 2), round(self.height - y, 2))
        content.stream.extend(line.ops)
        content.end_text()
        self._unshade(gray)

    def rule(self, x: float, y: float, width: float, weight: float, gray: float = 0) -> None:
        """A line across, its upper edge here."""
        self.fill(x, y, width, weight, gray)

    def fill(self, x: float, y: float, width: float, height: float, gray: float = 0) -> None:
        """A rectangle, its upper left corner here."""
        self._shade(gray)
        lower = self.height - y - height
        self.content.rectangle(round(x, 2), round(lower, 2), round(width, 2), round(height, 2))
        self.content.fill()
        self._unshade(gray)

    @contextmanager
    def part(self, element: Element) -> Iterator[None]:
        """What is drawn in this block belongs to the element."""
        place = len(self.parents)
        self.parents.append(element.entries.reference)
        element.add(self.sheet.reference, place)
        self.content.begin_marked_content(element.role, _mark(place))
        yield
        self.content.end_marked_content()

    @contextmanager
    def ornament(self) -> Iterator[None]:
        """What is drawn in this block says nothing: rules, and what stands on every page."""
        self.content.begin_marked_content("Artifact")
        yield
        self.content.end_marked_content()

    def _shade(self, gray: float) -> None:
        if gray:
            self.content.push_state()
            self.content.set_color_space("DeviceGray")
            self.content.set_color_special(None, False, gray)

    def _unshade(self, gray: float) -> None:
        if gray:
            self.content.pop_state()


class Book:
    """A PDF file of pages; little is kept of those that are full."""

    def __init__(
        self, out: Output, shelf: Shelf, paper: Paper, *, language: str, title: str, author: str, at: datetime
    ) -> None:
        self.paper, self.language = paper, language
        self.direction = text_direction(language)
        self.width, self.height = paper.size
        self.setter = Setter(shelf, language)
        self._out = out
        self._pdf = pydyf.PDF()
        self._pdf.info.update(describe(title, author, at))
        self._tree = pydyf.Dictionary({"Type": "/StructTreeRoot"})
        self._pdf.add_object(self._tree)
        self.root = Element("Document", self._tree, {})
        self._pdf.add_object(self.root.entries)
        self._done: list[pydyf.Dictionary] = []
        self._parents = pydyf.Array()
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        """The page that is being drawn."""
        return self._page if self._page is not None else self.turn()

    @property
    def pages(self) -> int:
        """How many there are, with the one that is being drawn."""
        return len(self._done) + (self._page is not None)

    def turn(self) -> Page:
        """The next page."""
        self._finish()
        sheet = pydyf.Dictionary({"Type": "/Page", "Parent": self._pdf.pages.reference})
        self._pdf.add_page(sheet)
        self._page = Page(sheet, self.height)
        return self._page

    def open(
        self, role: str, parent: Element | None = None, entries: Mapping[str, object] | None = None
    ) -> Element:
        """A new part of the document, after those that its parent has."""
        parent = parent or self.root
        element = Element(role, parent.entries, entries or {})
        self._pdf.add_object(element.entries)
        parent.children.append(element.entries.reference)
        return element

    def shut(self, element: Element) -> None:
        """Nothing more belongs to the element."""
        keep_written(self._pdf, element.entries)

    def close(self, furnish: Callable[[Page, int, int], None]) -> None:
        """Write the file. `furnish` draws what stands on every page, of which it gets the number and how many
        there are. Raises OSError."""
        self._finish()
        for number, sheet in enumerate(self._done, 1):
            page = Page(sheet, self.height)
            with page.ornament():
                furnish(page, number, len(self._done))
            self._keep(page)
        self._pdf.pages["MediaBox"] = pydyf.Array([0, 0, self.width, self.height])
        self._pdf.pages["Resources"] = pydyf.Dictionary({"Font": self._embed_fonts()})
        self.shut(self.root)
        self._tree["K"] = self.root.entries.reference
        self._tree["ParentTree"] = pydyf.Dictionary({"Nums": self._parents})
        self._tree["ParentTreeNextKey"] = len(self._done)
        self._pdf.catalog.update(self._describe())
        self._pdf.write(self._out, version="1.7", identifier=True, compress=True)

    def _finish(self) -> None:
        if self._page is None:
            return
        page, place = self._page, len(self._done)
        self._pdf.add_object(page.parents)
        self._parents += [place, page.parents.reference]
        page.sheet.update({"StructParents": place, "Tabs": "/S", "Contents": pydyf.Array()})
        self._keep(page)
        self._done.append(page.sheet)
        self._page = None

    def _keep(self, page: Page) -> None:
        """Add what is drawn upon the page to what it shows."""
        self._pdf.add_object(page.content)
        keep_written(self._pdf, page.content)
        page.sheet["Contents"].append(page.content.reference)

    def _embed_fonts(self) -> pydyf.Dictionary:
        names = self.setter.names
        return pydyf.Dictionary(
            {names[font]: embed(self._pdf, font, glyphs) for font, glyphs in self.setter.glyphs().items()}
        )

    def _describe(self) -> dict[str, object]:
        """What the catalogue says of the whole."""
        shown = pydyf.Dictionary({"DisplayDocTitle": "true"})
        if self.direction == "rtl":
            shown["Direction"] = "/R2L"
        return {
            "StructTreeRoot": self._tree.reference,
            "MarkInfo": pydyf.Dictionary({"Marked": "true"}),
            "Lang": pydyf.String(self.language),
            "ViewerPreferences": shown,
        }
