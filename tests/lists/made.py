"""Lists made for tests: documents without a store, folders in memory, whoever looks on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.lists.columns import Cell, Column, Kind, Page
from petitions.lists.csv_files import write_csv
from petitions.lists.cuts import Cut, cut_now
from petitions.lists.documents import Counts, Document, Section, Wording
from petitions.lists.gathering import Gathered, Known, Site, gather
from petitions.lists.plans import Plan
from petitions.lists.serials import Serials

CUT_OFF = datetime(2026, 11, 23, 10, tzinfo=UTC)
SITE = Site("Petitions of ours", "https://petitions.example")
NOTHING = Known(Serials(), Serials())
WORDING = Wording(
    language="en",
    version=1,
    title="Free Boris",
    summary="A sociologist is arrested.",
    body="He spoke **freely** & <b>well</b>.\n\nWe answer.",
    demands=("His release.", "The dropping of *all* charges."),
    in_force=True,
)
COLUMNS = (
    Column("number", "Number", Kind.NUMBER),
    Column("name", "Name"),
    Column("country", "Country", Kind.CHOICE, {"ES": "Spain", "IE": "Ireland & more"}),
    Column("comment", "A few words"),
    Column("date", "Date", Kind.DATE),
    Column("confirmed", "Confirmed", Kind.MOMENT),
)
Row = Sequence[Cell]
ROWS: Sequence[Row] = (
    (1, "Ana Sánchez", "ES", "With you.\nAlways.", "2026-11-22", "2026-11-22T12:01:00Z"),
    (2, "محمد علي", "IE", None, "2026-11-22", "2026-11-22T23:59:59Z"),
    (4, "=1+1", "XX", 'x;"=2"', None, None),
)


@dataclass
class MemoryFolder:
    """Takes files, whole ones alone."""

    files: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def new_file(self, name: str, rows: int) -> Iterator["_Memory"]:
        out = _Memory()
        yield out
        assert name not in self.files
        self.files[name], self.rows[name] = bytes(out.content), rows


class _Memory:
    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes, /) -> int:
        assert isinstance(data, bytes)
        self.content += data
        return len(data)


@dataclass
class Watcher:
    """Writes down what it sees."""

    phases: list[tuple[str, int]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)  # of each phase

    def begin(self, phase: str, rows: int) -> None:
        self.phases.append((phase, rows))
        self.done.append(0)

    def advance(self, rows: int) -> None:
        self.done[-1] += rows


def make_section(
    rows: Sequence[Row] = ROWS,
    columns: Sequence[Column] = COLUMNS,
    key: str = "signatures",
    title: str = "Signatures",
    page: int = 2,
) -> Section:
    """A section of these rows, in pages of so many."""

    def pages() -> Iterator[Page]:
        for first in range(0, len(rows), page):
            yield [list(column) for column in zip(*rows[first : first + page], strict=True)]

    said = [column.say(cell) for row in rows for column, cell in zip(columns, row, strict=True)]
    size = sum(len(text.encode()) + 8 for text in said)
    return Section(key, title, tuple(columns), len(rows), pages, size)


def make_document(*sections: Section, **changes: Any) -> Document:
    """A document of these sections; without any, of one with the rows above."""
    document = Document(
        slug="free-boris",
        url="https://petitions.example/c/free-boris",
        site_name="Petitions of ours",
        language="en",
        title="Free Boris",
        wordings=(WORDING,),
        addressees=("The embassies",),
        responsible="Example Committee",
        cut_off=CUT_OFF,
        counts=Counts(confirmed=12, named=3, initials=2, unnamed=4, names_hidden=1, withdrawn=2),
        sections=sections or (make_section(),),
    )
    return replace(document, **changes)


def take(
    database: Database,
    campaign: CampaignSnapshot,
    folder: Path,
    plan: Plan | None = None,
    known: Known = NOTHING,
    cut: Cut | None = None,
    watcher: Watcher | None = None,
) -> Gathered:
    """What the store has for a plan."""
    if cut is None:
        with database.reading() as session:
            cut = cut_now(session, campaign.id, utc_now())
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    return gather(database, campaign, SITE, plan or Plan(), cut, known, folder, watcher or Watcher())


def read(section: Section) -> list[dict[str, Cell]]:
    """The rows of a section, by the keys of their columns, without empty cells."""
    keys = [column.key for column in section.columns]
    return [
        {key: cell for key, cell in zip(keys, row, strict=True) if cell is not None}
        for page in section.pages()
        for row in zip(*page, strict=True)
    ]


def csv_of(database: Database, campaign: CampaignSnapshot, folder: Path, plan: Plan | None = None) -> str:
    """The signatures of a plan as CSV."""
    made = MemoryFolder()
    write_csv(take(database, campaign, folder / "spools", plan).document, made, Watcher())
    return made.files["signatures.csv"].decode()
