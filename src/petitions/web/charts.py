"""The geometry of small charts, to be drawn as SVG: columns over time, and bars beside a name.

What a chart says in words stands in the page around it, so that it bends with the page and is read from the right
where one reads so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: The drawing is as wide as it has columns of this many units, and so high; the page stretches it.
COLUMN, GAP, HEIGHT = 8.0, 2.0, 100.0
#: A value that is not zero is drawn at least so high, or nobody would see it.
_LEAST = 1.5
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Column:
    """One value of a series."""

    x: float
    y: float
    width: float
    height: float
    label: str  # when
    words: str  # how much
    is_last: bool  # it is not over yet


@dataclass(frozen=True)
class Columns:
    """A series over time."""

    columns: Sequence[Column]
    width: float
    height: float
    top: int  # what the upper edge stands for; half of it the middle


@dataclass(frozen=True)
class Bar:
    """A share beside others."""

    label: str
    words: str
    length: float  # of 100
    note: str = ""


def draw_columns(
    points: Sequence[tuple[str, int, str]], *, top: int | None = None, is_running: bool = True
) -> Columns:
    """Columns of points (when, how much, the same in words). `top`: what the upper edge stands for, where it is
    not to follow from the largest; `is_running`: the last is not over yet."""
    upper = top or nice_ceiling(max((value for _, value, _ in points), default=0))
    columns = []
    for place, (label, value, words) in enumerate(points):
        height = round(min(HEIGHT, max(_LEAST, HEIGHT * value / upper)), 2) if value > 0 else 0.0
        columns.append(
            Column(
                x=round(place * COLUMN + GAP / 2, 2),
                y=round(HEIGHT - height, 2),
                width=COLUMN - GAP,
                height=height,
                label=label,
                words=words,
                is_last=is_running and place == len(points) - 1,
            )
        )
    return Columns(columns, max(1, len(points)) * COLUMN, HEIGHT, upper)


def draw_bars(shares: Sequence[tuple[str, int, str]]) -> Sequence[Bar]:
    """Bars of shares (name, how much, the same in words), the longest of them whole."""
    most = max((value for _, value, _ in shares), default=0)
    return [Bar(label, words, round(100 * value / most, 2) if most > 0 else 0.0) for label, value, words in shares]


def nice_ceiling(value: int) -> int:
    """The next number of the kind 2, 10, 20, 50, 100, 200 that is not below; half of it is whole."""
    power = 1
    while True:
        for step in _STEPS:
            if (edge := step * power) >= max(value, 2) and edge % 2 == 0:
                return edge
        power *= 10
