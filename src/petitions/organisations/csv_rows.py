"""Reading a list of organisations from a CSV file: every row is right, or says in words what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from petitions import names
from petitions.csv_lists import (
    MAX_LINE,
    UnreadableList,
    WrongCell,
    read_country,
    read_email,
    read_line,
    read_name,
    readable,
    records,
)
from petitions.folding import words_of
from petitions.i18n import LANGUAGES, N_, Message, translator
from petitions.organisations.kinds import HEADINGS, KINDS
from petitions.organisations.naming import MAX_NAME, find_trick
from petitions.organisations.requesting import Entry
from petitions.organisations.websites import InvalidWebsite, Website, check_website

MAX_ROWS = 1_000
MAX_MEMBERS = 100_000_000
MAX_COMMENT = 500
_MAX_PHONE = 40
#: By which a row may have its columns; those that it needs come first.
_NEEDED = ("name", "kind", "country")
COLUMNS = (
    *_NEEDED,
    "city",
    "website",
    "members",
    "comment",
    "contact_name",
    "contact_role",
    "email",
    "phone",
    "language",
)
_PHONE = re.compile(r"[0-9 +()/.\-]+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'’ \u00a0\u202f\u066c][0-9]{3})+|[0-9]+")


@dataclass(frozen=True)
class Row:
    """A row of the file. Where something is wrong with it, `entry` is None and `wrong` says what, by columns."""

    line: int  # of the file, from 1; the header is the first
    name: str  # as it stands there
    entry: Entry | None
    contact_name: str | None = field(repr=False)
    contact_role: str | None = field(repr=False)
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    language: str
    wrong: Sequence[tuple[str, Message]] = ()


def read_list(text: str, language: str) -> Sequence[Row]:
    """The rows of a list; `language`: of those that say none. Raises UnreadableList."""
    rows = records(text)
    header = next(rows, None)
    if header is None:
        raise UnreadableList(N_("There is nothing in it. The first row names the columns."))
    columns = _columns(header[1])
    read: list[Row] = []
    for line, cells in rows:
        if len(read) == MAX_ROWS:
            raise UnreadableList(N_("These are more than %(most)s rows. Please cut the list.", most=MAX_ROWS))
        read.append(_read_row(line, cells, columns, language))
    if not read:
        raise UnreadableList(N_("There is no row below the names of the columns."))
    return read


def _columns(cells: Sequence[str]) -> Sequence[str]:
    columns = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    for column in columns:
        if column not in COLUMNS:
            raise UnreadableList(
                N_(
                    "The first row names a column “%(column)s”, which we do not know. We know %(columns)s.",
                    column=names.tidy(column)[:60],
                    columns=", ".join(COLUMNS),
                )
            )
        if columns.count(column) > 1:
            raise UnreadableList(N_("The first row names the column “%(column)s” twice.", column=column))
    missing = [column for column in _NEEDED if column not in columns]
    if missing:
        raise UnreadableList(
            N_("The first row has to name the columns %(columns)s too.", columns=", ".join(missing))
        )
    return columns


def _read_row(line: int, cells: Sequence[str], columns: Sequence[str], language: str) -> Row:
    texts = dict(zip(columns, cells, strict=False))
    wrong: list[tuple[str, Message]] = []
    values: dict[str, object] = {}
    for column in COLUMNS:
        try:
            values[column] = _READ[column](texts.get(column, ""))
        except WrongCell as error:
            wrong.append((column, error.problem))
    if any(cell.strip() for cell in cells[len(columns) :]):
        wrong.append(("", N_("It has more cells than the first row. Is a comma within a cell quoted?")))
    entry = None
    if not wrong:
        entry = Entry(**{name: values[name] for name in Entry.__dataclass_fields__})  # type: ignore[arg-type]
    said = {name: str(values[name]) if values.get(name) else None for name in COLUMNS}
    return Row(
        line=line,
        name=names.tidy(texts.get("name", ""))[:MAX_NAME],
        entry=entry,
        contact_name=said["contact_name"],
        contact_role=said["contact_role"],
        email=said["email"],
        phone=said["phone"],
        language=said["language"] or language,
        wrong=wrong,
    )


def _name(text: str) -> str:
    name = read_name(text, MAX_NAME)
    if (trick := find_trick(name)) is not None:
        raise WrongCell(trick)
    return name


def _kind(text: str) -> str:
    kind = _kinds().get(" ".join(words_of(text[:MAX_LINE])))
    if kind is None:
        raise WrongCell(N_("The kind is one of %(kinds)s.", kinds=", ".join(KINDS)))
    return kind


def _website(text: str) -> Website | None:
    tidy = names.tidy(text)
    try:
        return check_website(tidy) if tidy else None
    except InvalidWebsite as error:
        raise WrongCell(error.problem) from None


def _members(text: str) -> int | None:
    """A number with or without its groups: 48000, 48.000, 48,000, ٤٨٠٠٠."""
    tidy = names.tidy(text)
    if not tidy:
        return None
    digits = "".join(str(unicodedata.digit(c, c)) for c in tidy[:MAX_LINE])
    number = int(re.sub("[^0-9]", "", digits)) if _GROUPED.fullmatch(digits) else 0
    if not 1 <= number <= MAX_MEMBERS:
        raise WrongCell(N_("This is no whole number above 0."))
    return number


def _comment(text: str) -> str | None:
    return readable(names.tidy_lines(text), MAX_COMMENT)


def _phone(text: str) -> str | None:
    phone = read_line(text, _MAX_PHONE)
    if phone is not None and not _PHONE.fullmatch(phone):
        raise WrongCell(N_("Digits, spaces and + - ( ) / . please."))
    return phone


def _language(text: str) -> str | None:
    code = names.tidy(text).lower()
    if code and code not in LANGUAGES:
        raise WrongCell(N_("The language is one of %(languages)s.", languages=", ".join(LANGUAGES)))
    return code or None


_READ: Mapping[str, Callable[[str], object]] = {
    "name": _name,
    "kind": _kind,
    "country": read_country,
    "city": read_line,
    "website": _website,
    "members": _members,
    "comment": _comment,
    "contact_name": read_line,
    "contact_role": read_line,
    "email": read_email,
    "phone": _phone,
    "language": _language,
}


@cache
def _kinds() -> Mapping[str, str]:
    """By their keys, and by what they are called in any of our languages."""
    called = {
        " ".join(words_of(translator(language).translate(words))): kind
        for language in reversed(LANGUAGES)
        for table in (HEADINGS, KINDS)
        for kind, words in table.items()
    }
    return called | {kind: kind for kind in KINDS}
