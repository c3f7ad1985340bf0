"""Reading rows of paper sheets that somebody typed: every row is right, or says in words what is wrong with it."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from typing import Any

from petitions import names
from petitions.csv_lists import (
    UnreadableList,
    WrongCell,
    read_country,
    read_email,
    read_line,
    read_name,
    records,
)
from petitions.i18n import N_, Message
from petitions.paper.headings import COLUMNS, column_of

MAX_ROWS = 5_000
#: Of a list, in UTF-8: what a field of a form can carry.
MAX_BYTES = 900_000
#: Of a sheet or a line of it.
MAX_NUMBER = 999_999
#: The way of a spreadsheet, and with the day first.
_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ][\d:]+)?"),
    re.compile(r"(?P<day>\d{1,2})([./-]) ?(?P<month>\d{1,2})\2 ?(?P<year>\d{4})"),
)
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Entry:
    """What stands in a line of a sheet."""

    name: str = field(repr=False)
    city: str | None = field(repr=False)
    country: str
    mail: str | None = field(repr=False)
    affiliation: str | None = field(repr=False)
    date: str | None  # YYYY-MM-DD
    sheet: int | None
    line: int | None  # of the sheet


@dataclass(frozen=True)
class Row:
    """A row of the file. Where something is wrong with it, `entry` is None and `wrong` says what, by columns."""

    line: int  # of the file, from 1; the header is the first
    name: str = field(repr=False)  # as it stands there
    entry: Entry | None
    wrong: Sequence[tuple[str, Message]] = ()


def read_rows(text: str, country: str, today: date) -> Sequence[Row]:
    """The rows of a list; `country`: of those that say none; empty: each has to. Raises UnreadableList."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise UnreadableList(N_("This list is too long to be looked at in one go. Please cut it."))
    rows = records(text)
    header = next(rows, None)
    if header is None:
        raise UnreadableList(N_("There is nothing in it. The first row names the columns."))
    columns = _columns(header[1])
    read: list[Row] = []
    for line, cells in rows:
        if len(read) == MAX_ROWS:
            raise UnreadableList(N_("These are more than %(most)s rows. Please cut the list.", most=MAX_ROWS))
        read.append(_read_row(line, cells, columns, country, today))
    if not read:
        raise UnreadableList(N_("There is no row below the names of the columns."))
    return read


def digest_of(rows: Sequence[Row], statement_id: int) -> bytes:
    """32 bytes that are the same for the same rows under the same wording, however the file was written."""
    said = [astuple(row.entry) for row in rows if row.entry is not None]
    return hashlib.sha256(json.dumps([statement_id, said]).encode()).digest()


def _columns(cells: Sequence[str]) -> Sequence[str]:
    named = [names.tidy(cell) for cell in cells]
    while named and not named[-1]:
        named.pop()
    columns = []
    for heading in named:
        column = column_of(heading)
        if column is None:
            raise UnreadableList(
                N_(
                    "The first row names a column “%(column)s”, which we do not know. We know %(columns)s.",
                    column=heading[:60],
                    columns=", ".join(COLUMNS),
                )
            )
        if column in columns:
            raise UnreadableList(N_("The first row names the column “%(column)s” twice.", column=heading[:60]))
        columns.append(column)
    if "name" not in columns:
        raise UnreadableList(N_("The first row has to name the columns %(columns)s too.", columns="name"))
    return columns


def _read_row(line: int, cells: Sequence[str], columns: Sequence[str], country: str, today: date) -> Row:
    texts = dict(zip(columns, cells, strict=False))
    if not names.tidy(texts.get("country", "")):
        texts["country"] = country
    entry, wrong = read_entry(texts, today)
    if any(cell.strip() for cell in cells[len(columns) :]):
        wrong.append(("", N_("It has more cells than the first row. Is a comma within a cell quoted?")))
    return Row(
        line=line,
        name=names.tidy(texts.get("name", ""))[: names.MAX_NAME],
        entry=None if wrong else entry,
        wrong=wrong,
    )


def read_entry(texts: Mapping[str, str], today: date) -> tuple[Entry | None, list[tuple[str, Message]]]:
    """What the texts of a row say, by columns; None where something is wrong, and then what."""
    wrong: list[tuple[str, Message]] = []
    values: dict[str, Any] = {}
    for column in COLUMNS:
        try:
            values[column] = _READ[column](texts.get(column, ""))
            if column == "date" and values[column] is not None and values[column] > today.isoformat():
                raise WrongCell(N_("This day is yet to come."))
        except WrongCell as error:
            wrong.append((column, error.problem))
    return None if wrong else Entry(**values), wrong


def read_date(text: str) -> str | None:
    """A day as YYYY-MM-DD, from 2026-11-22, 22.11.2026 or 22/11/2026, in the digits of any script. Raises
    WrongCell."""
    tidy = _digits(names.tidy(text))
    if not tidy:
        return None
    for pattern in _DATES:
        if found := pattern.fullmatch(tidy):
            try:
                day = date(*(int(found[part]) for part in ("year", "month", "day")))
            except ValueError:
                break
            if day >= _EARLIEST:
                return day.isoformat()
    raise WrongCell(
        N_("This is no day that we can read. Write it like 2026-11-22, or 22.11.2026 with the day first.")
    )


def read_number(text: str) -> int | None:
    """A number above 0, with or without zeros before it. Raises WrongCell."""
    tidy = _digits(names.tidy(text))
    if not tidy:
        return None
    if not re.fullmatch("[0-9]{1,12}", tidy) or not 1 <= int(tidy) <= MAX_NUMBER:
        raise WrongCell(N_("This is no whole number above 0."))
    return int(tidy)


def read_place(text: str) -> str | None:
    """A city or an affiliation. Raises WrongCell."""
    line = read_line(text)
    if line is not None and (names.starts_like_a_formula(line) or names.has_link(line)):
        raise WrongCell(N_("Please give a name, not a link or a formula."))
    return line


def read_needed_country(text: str) -> str:
    """As `read_country`, with words for an empty cell. Raises WrongCell."""
    if not names.tidy(text):
        raise WrongCell(N_("Please fill this in, or choose a country for all rows."))
    return read_country(text)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c, c)) for c in text[:40])


_READ: Mapping[str, Callable[[str], object]] = {
    "name": read_name,
    "city": read_place,
    "country": read_needed_country,
    "mail": read_email,
    "affiliation": read_place,
    "date": read_date,
    "sheet": read_number,
    "line": read_number,
}
