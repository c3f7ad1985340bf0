"""How the columns of a list stand on a page: side by side what is short, below the name what is long."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from petitions.lists.columns import Cell, Column, Kind
from petitions.lists.documents import Section
from petitions.pdf.directions import first_direction
from petitions.pdf.fonts import Style
from petitions.pdf.setting import Setter

SIZE, SMALL = 8.5, 7.0
GAP = 9.0
#: Rows that are looked at to see how wide the columns have to be.
_SAMPLE = 300
#: What stands beside the name; everything else, and what has no room, stands below it.
_BESIDE = (
    *("number", "place", "name", "sheet", "line", "date", "approved", "country", "city", "affiliation"),
    *("email", "kind", "members", "agreed", "language", "state"),
)
_LEAST, _LEAST_NAME = 38.0, 90.0
#: So much is given at once, in points.
_STEP = 6.0
_NUMBERS = "number", "place"
_ISOLATE, _END = "\u2068", "\u2069"


def say(column: Column, cell: Cell) -> str:
    """A cell as somebody reads it on a page."""
    text = column.say(cell)
    return text.replace("T", " ").replace("Z", " UTC") if column.kind is Kind.MOMENT else text


@dataclass(frozen=True)
class Track:
    """A column on the page, of one column of the list or of city and country together."""

    places: tuple[int, ...]
    columns: tuple[Column, ...]
    heading: str
    left: float  # from where the list begins, in its direction
    width: float

    @property
    def is_of_figures(self) -> bool:
        """Whether its cells stand at its end."""
        return self.columns[0].kind is Kind.NUMBER

    def say(self, row: Sequence[Cell], direction: str) -> str:
        """Its cell in a row of a list of this direction."""
        if len(self.places) == 1:
            return say(self.columns[0], row[self.places[0]])
        said = (column.say(row[place]) for place, column in zip(self.places, self.columns, strict=True))
        # The comma between two texts belongs to the list, not to the one that runs the other way.
        return _comma(direction).join(
            text if first_direction(text) == direction else f"{_ISOLATE}{text}{_END}" for text in said if text
        )


def _comma(direction: str) -> str:
    return "، " if direction == "rtl" else ", "


@dataclass(frozen=True)
class Layout:
    """The columns of a list on its pages."""

    beside: tuple[Track, ...]
    below: tuple[tuple[int, Column], ...]
    indent: float  # where that begins which stands below


def plan_layout(section: Section, setter: Setter, width: float, direction: str) -> Layout:
    """Measure the first rows and share out the width such that they take few lines."""
    sample = _sample(section)
    wanted = _join_places(section.columns)
    while True:
        measured = [_measure(track, sample, section.rows, setter) for track in wanted]
        room = width - GAP * (len(wanted) - 1)
        if sum(one.least for one in measured) <= room or len(wanted) == 1:
            break
        wanted.remove(max(wanted, key=_rank))
    beside, left = [], 0.0
    for (places, columns), own in zip(wanted, _share(measured, room), strict=True):
        heading = _comma(direction).join(column.heading for column in columns)
        beside.append(Track(places, columns, heading, left, own))
        left += own + GAP
    shown = {place for track in beside for place in track.places}
    below = tuple((place, column) for place, column in enumerate(section.columns) if place not in shown)
    indent = next((track.left for track in beside if track.columns[0].key == "name"), 0.0)
    return Layout(tuple(beside), below, indent)


_Wanted = tuple[tuple[int, ...], tuple[Column, ...]]


def _join_places(columns: Sequence[Column]) -> list[_Wanted]:
    keys = [column.key for column in columns]
    wanted: list[_Wanted] = []
    for place, column in enumerate(columns):
        if column.key == "country" and "city" in keys:
            continue
        if column.key == "city" and "country" in keys:
            both = (place, keys.index("country"))
            wanted.append((both, tuple(columns[one] for one in both)))
        elif column.key in _BESIDE:
            wanted.append(((place,), (column,)))
    return wanted or [((0,), (columns[0],))]


def _rank(track: _Wanted) -> int:
    key = track[1][0].key
    return _BESIDE.index(key) if key in _BESIDE else len(_BESIDE)


def _sample(section: Section) -> list[tuple[Cell, ...]]:
    rows = (row for page in section.pages() for row in zip(*page, strict=True))
    return list(islice(rows, _SAMPLE))


@dataclass(frozen=True)
class _Measure:
    """How wide the cells of a column are."""

    least: float  # that it may have
    cells: list[float]  # of the sample; none where all of them fit in the least
    is_loose: bool = True  # whether more than that looks well


def _measure(wanted: _Wanted, sample: Sequence[tuple[Cell, ...]], rows: int, setter: Setter) -> _Measure:
    places, columns = wanted
    head = Track(places, columns, "", 0, 0)
    heading = ", ".join(column.heading for column in columns)
    longest = max((setter.line(word, SMALL, Style.BOLD).width for word in heading.split()), default=0.0)
    cells = [setter.line(head.say(row, "ltr"), SIZE).width + 1 for row in sample]
    widest = max(cells, default=0.0)
    if columns[0].kind in (Kind.NUMBER, Kind.DATE, Kind.MOMENT):
        if columns[0].key in _NUMBERS:
            # Later rows have longer numbers than the first.
            widest = max(widest, setter.line("0" * (len(str(rows)) + 1), SIZE).width)
        return _Measure(max(longest, widest) + 1, [], is_loose=False)
    least = max(longest, min(widest, _LEAST_NAME if columns[0].key in ("name", "email") else _LEAST)) + 1
    return _Measure(least, cells if widest > least else [])


def _share(measured: Sequence[_Measure], room: float) -> list[float]:
    """What each needs at least, and then step by step more for whoever saves most lines by it."""
    widths = [one.least for one in measured]
    stretchy = [n for n, one in enumerate(measured) if one.cells]
    rows = list(zip(*(measured[n].cells for n in stretchy), strict=True))
    left = room - sum(widths)
    while stretchy and left >= _STEP:
        before = [widths[n] for n in stretchy]
        costs = [
            _lines(rows, [own + _STEP * (place == one) for one, own in enumerate(before)])
            for place in range(len(before))
        ]
        if min(costs) >= _lines(rows, before):
            break
        widths[stretchy[costs.index(min(costs))]] += _STEP
        left -= _STEP
    loose = [n for n, one in enumerate(measured) if one.is_loose] or [len(widths) - 1]
    share = 1 + max(0.0, left) / sum(widths[n] for n in loose)
    return [own * share if n in loose else own for n, own in enumerate(widths)]


def _lines(rows: Sequence[tuple[float, ...]], widths: Sequence[float]) -> float:
    """About how many lines these rows take; a row is as high as its highest cell."""
    return sum(max(1.0, *(cell / width for cell, width in zip(row, widths, strict=True))) for row in rows)
