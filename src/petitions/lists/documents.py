"""What is written down: a campaign, its statement, and lists of who signed. Writers of files take it as it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from petitions.lists.columns import Column, Page


@dataclass(frozen=True)
class Wording:
    """A statement in one language, as it was or is signed."""

    language: str
    version: int
    title: str
    summary: str
    body: str  # Markdown
    demands: Sequence[str]  # one line of Markdown each
    in_force: bool


@dataclass(frozen=True)
class Counts:
    """What became of everything that was confirmed until the cut-off.

    confirmed = named + initials + unnamed + names_hidden + all of removed + withdrawn
    """

    confirmed: int = 0  # serials that were given
    named: int = 0  # with their full name in a delivery
    initials: int = 0
    unnamed: int = 0  # who are counted without a name
    names_hidden: int = 0  # whose name a moderator hid
    removed: Mapping[str, int] = field(default_factory=dict)  # by reason
    withdrawn: int = 0  # whose rows are gone
    on_paper: int = 0  # that count
    on_paper_waiting: int = 0  # for a decision whether they are somebody else
    on_paper_repeated: int = 0  # who signed online or on another sheet too
    organisations: int = 0
    members: int = 0  # whom these represent, as they say

    @property
    def counted(self) -> int:
        """Signatures of people online."""
        return self.named + self.initials + self.unnamed + self.names_hidden


@dataclass(frozen=True)
class Section:
    """One list: a sheet, a section or a file of its own."""

    key: str  # "signatures", "paper" or "organisations"
    title: str
    columns: tuple[Column, ...]
    rows: int
    #: The rows from the beginning, as often as somebody asks. Raises SealBroken.
    pages: Callable[[], Iterator[Page]] = field(repr=False)
    size: int = 0  # bytes of all rows, each text as UTF-8, for whoever has to know how large a file may become

    def find_characters(self) -> set[str]:
        """Every character of its cells as somebody reads them: which fonts they need. Reads all rows. Raises
        SealBroken."""
        found: set[str] = set()
        for page in self.pages():
            for column, cells in zip(self.columns, page, strict=True):
                said = set(cells)
                found.update(*map(column.say, said))
        return found


@dataclass(frozen=True)
class Document:
    """Everything that a file may say."""

    slug: str
    url: str  # of the statement page
    site_name: str
    language: str  # of headings and words, one of the interface
    title: str
    #: The first is in the language of the list and has its title; after it the others in force, then older ones.
    wordings: tuple[Wording, ...]
    addressees: tuple[str, ...]
    responsible: str
    cut_off: datetime
    counts: Counts
    sections: tuple[Section, ...]

    @property
    def rows(self) -> int:
        """Of all sections."""
        return sum(section.rows for section in self.sections)


class Output(Protocol):
    """Where a file goes: plain bytes, one after the other."""

    def write(self, data: bytes, /) -> int:
        """Raises OSError, as when the disk is full."""
        ...


class Folder(Protocol):
    """Where the files of a list go."""

    def new_file(self, name: str, rows: int) -> AbstractContextManager[Output]:
        """A new file, whole when its block ends; nothing is left of it after an exception. `rows`: how many it
        holds, for the manifest."""
        ...


class Watcher(Protocol):
    """Whoever looks on while files are made."""

    def begin(self, phase: str, rows: int) -> None:
        """A new phase, of so many rows, begins: "reading", or a format."""
        ...

    def advance(self, rows: int) -> None:
        """So many rows more are done. Raises ExportCancelled where nobody wants them any more."""
        ...
