"""The columns that lists can have. Cells are plain JSON: whole numbers, texts, or None; dates are texts like
2026-11-23, moments like 2026-11-23T10:00:00Z."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Cell = int | str | None
#: Rows of a list, a column at a time: `page[column][row]`.
Page = list[list[Cell]]


class Kind(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"  # a code, with words for whoever reads
    DATE = "date"
    MOMENT = "moment"


@dataclass(frozen=True)
class Column:
    """One column of a list."""

    key: str  # for programs; the same in every language
    heading: str  # in the language of the list
    kind: Kind = Kind.TEXT
    words: Mapping[str, str] = field(default_factory=dict, repr=False)  # of a choice

    def say(self, cell: Cell) -> str:
        """A cell as somebody reads it."""
        if cell is None:
            return ""
        return self.words.get(str(cell), str(cell)) if self.kind is Kind.CHOICE else str(cell)
