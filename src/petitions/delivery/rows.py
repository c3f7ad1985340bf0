"""The rows of a list as a file has them: how many, and whether their numbers rise. Nobody's name is kept."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

#: A cell of a list is never longer, nor a line of JSON.
_LONGEST = 1 << 22


@dataclass(frozen=True)
class Rows:
    """What was counted."""

    number: int
    first: int | None = None  # of the numbers, where the list has such a column
    last: int | None = None
    broken: str | None = None  # a clause: why the file cannot be read as a list


def count_rows(chunks: Iterator[bytes], format_: str, column: int | None) -> Rows:
    """The rows of a file in CSV or JSON Lines; `column`: the place of the numbers in CSV, None where it has
    none. Reads no further than to what is wrong."""
    text = io.TextIOWrapper(io.BufferedReader(_Stream(chunks)), encoding="utf-8", newline="")
    numbers = _read_csv(text, column) if format_ == "csv" else _read_jsonl(text, column)
    count, first, last = 0, None, None
    try:
        for number in numbers:
            count += 1
            if number is None:
                continue
            if number <= (last or 0):
                return Rows(count, broken="its numbers do not rise")
            first, last = first if first is not None else number, number
    except (ValueError, csv.Error, KeyError, IndexError, TypeError, RecursionError):
        return Rows(count, broken=f"it is no list any more after {count} rows")
    return Rows(count, first, last)


def _read_csv(text: io.TextIOWrapper, column: int | None) -> Iterator[int | None]:
    csv.field_size_limit(_LONGEST)
    rows = csv.reader(_lines(text), strict=True)
    if not next(rows, None):
        raise ValueError
    for row in rows:
        yield int(row[column]) if column is not None else None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """None so long that it would fill the memory."""
    while line := text.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise ValueError
        yield line


def _read_jsonl(text: io.TextIOWrapper, column: int | None) -> Iterator[int | None]:
    while line := text.readline(_LONGEST):
        row = json.loads(line)
        number = row["number"] if column is not None else None
        if number is not None and type(number) is not int:
            raise ValueError
        yield number


class _Stream(io.RawIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        some = self._rest[: len(buffer)]
        buffer[: len(some)] = some
        self._rest = self._rest[len(some) :]
        return len(some)
