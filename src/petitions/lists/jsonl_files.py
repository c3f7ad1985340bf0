"""Lists as JSON Lines: a file for each section, an object for each row, for programs.

The keys are those of the columns, the same in every language; every row has all of them, null where there is
nothing. Choices are their codes.
"""

from collections.abc import Sequence
from json.encoder import encode_basestring

from petitions.lists.columns import Cell
from petitions.lists.documents import Document, Folder, Output, Section, Watcher


def write_jsonl(document: Document, folder: Folder, watcher: Watcher) -> None:
    """A file for each section. Raises OSError, and what the watcher raises."""
    watcher.begin("jsonl", document.rows)
    for section in document.sections:
        with folder.new_file(f"{section.key}.jsonl", section.rows) as out:
            _write_section(section, out, watcher)


def _write_section(section: Section, out: Output, watcher: Watcher) -> None:
    keys = [encode_basestring(column.key) + ": " for column in section.columns]
    beginnings = [("{" if n == 0 else ", ") + key for n, key in enumerate(keys)]
    for page in section.pages():
        # A column at a time: a third of the cost of a dictionary for each row.
        cells = [_members(beginning, column) for beginning, column in zip(beginnings, page, strict=True)]
        lines = ["".join(row) for row in zip(*cells, strict=True)]
        out.write(("}\n".join(lines) + "}\n").encode())
        watcher.advance(len(lines))


def _members(beginning: str, cells: Sequence[Cell]) -> list[str]:
    """A column's part of each object."""
    missing = beginning + "null"
    return [
        missing if cell is None else beginning + (encode_basestring(cell) if isinstance(cell, str) else str(cell))
        for cell in cells
    ]
