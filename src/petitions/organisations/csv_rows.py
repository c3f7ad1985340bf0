"""Reading a list of organisations from a CSV file: every row is right, or says in words what is wrong with it."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from petitions import names
from petitions.addresses import InvalidAddress, check_address
from petitions.folding import words_of
from petitions.i18n import COUNTRY_CODES, LANGUAGES, N_, Message, translator
from petitions.organisations.kinds import HEADINGS, KINDS
from petitions.organisations.naming import MAX_NAME, find_trick
from petitions.organisations.requesting import Entry
from petitions.organisations.websites import InvalidWebsite, Website, check_website

MAX_ROWS = 1_000
MAX_MEMBERS = 100_000_000
MAX_COMMENT = 500
_MAX_LINE, _MAX_EMAIL, _MAX_PHONE = 120, 254, 40
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
_CALLED = {"UK": "GB", "USA": "US", "EL": "GR"}


class UnreadableList(ValueError):
    """The file is no list that we can read; `problem` says why and what helps."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Wrong(ValueError):
    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


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


def decode_list(data: bytes) -> str:
    """The text of a file. Raises UnreadableList."""
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeError:
        raise UnreadableList(
            N_("The file is not in UTF-8. In your spreadsheet choose “CSV UTF-8” when you save it.")
        ) from None


def read_list(text: str, language: str) -> Sequence[Row]:
    """The rows of a list; `language`: of those that say none. Raises UnreadableList."""
    rows = _records(text.removeprefix("\ufeff"))
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


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows in which something stands, each with its first line."""
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise UnreadableList(
            N_("From line %(line)s on it cannot be read: a quotation mark is missing, or one too many.", line=line)
        ) from None


def _delimiter(text: str) -> str:
    """What stands between the cells: whatever the first line has most of."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max((",", ";", "\t"), key=first.count)


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
        except _Wrong as error:
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


def _line(text: str, most: int = _MAX_LINE) -> str | None:
    return _readable(names.tidy(text), most)


def _readable(text: str, most: int) -> str | None:
    if not text or names.is_blank(text):
        return None
    if len(text) > most:
        raise _Wrong(N_("Please keep it to %(most)s characters.", most=most))
    if names.has_forbidden_characters(text):
        raise _Wrong(N_("It holds characters that cannot be shown. Please type it again."))
    return text


def _name(text: str) -> str:
    name = _line(text, MAX_NAME)
    if name is None:
        raise _Wrong(N_("Please fill this in."))
    if names.starts_like_a_formula(name) or names.has_link(name):
        raise _Wrong(N_("Please give a name, not a link or a formula."))
    if (trick := find_trick(name)) is not None:
        raise _Wrong(trick)
    return name


def _kind(text: str) -> str:
    kind = _kinds().get(" ".join(words_of(text[:_MAX_LINE])))
    if kind is None:
        raise _Wrong(N_("The kind is one of %(kinds)s.", kinds=", ".join(KINDS)))
    return kind


def _country(text: str) -> str:
    tidy = names.tidy(text)
    code = _CALLED.get(tidy.upper(), tidy.upper())
    found = code if code in COUNTRY_CODES else _countries().get(" ".join(words_of(tidy[:_MAX_LINE])))
    if found is None:
        raise _Wrong(N_("This is no country that we know. A code of two letters is best, like IE or DE."))
    return found


def _website(text: str) -> Website | None:
    tidy = names.tidy(text)
    try:
        return check_website(tidy) if tidy else None
    except InvalidWebsite as error:
        raise _Wrong(error.problem) from None


def _members(text: str) -> int | None:
    """A number with or without its groups: 48000, 48.000, 48,000, ٤٨٠٠٠."""
    tidy = names.tidy(text)
    if not tidy:
        return None
    digits = "".join(str(unicodedata.digit(c, c)) for c in tidy[:_MAX_LINE])
    number = int(re.sub("[^0-9]", "", digits)) if _GROUPED.fullmatch(digits) else 0
    if not 1 <= number <= MAX_MEMBERS:
        raise _Wrong(N_("This is no whole number above 0."))
    return number


def _comment(text: str) -> str | None:
    return _readable(names.tidy_lines(text), MAX_COMMENT)


def _email(text: str) -> str | None:
    tidy = names.tidy(text)
    try:
        if len(tidy) > _MAX_EMAIL:
            raise InvalidAddress
        return check_address(tidy) if tidy else None
    except InvalidAddress:
        raise _Wrong(N_("This is not a complete mail address. It looks like ana@example.org.")) from None


def _phone(text: str) -> str | None:
    phone = _line(text, _MAX_PHONE)
    if phone is not None and not _PHONE.fullmatch(phone):
        raise _Wrong(N_("Digits, spaces and + - ( ) / . please."))
    return phone


def _language(text: str) -> str | None:
    code = names.tidy(text).lower()
    if code and code not in LANGUAGES:
        raise _Wrong(N_("The language is one of %(languages)s.", languages=", ".join(LANGUAGES)))
    return code or None


_READ: Mapping[str, Callable[[str], object]] = {
    "name": _name,
    "kind": _kind,
    "country": _country,
    "city": _line,
    "website": _website,
    "members": _members,
    "comment": _comment,
    "contact_name": _line,
    "contact_role": _line,
    "email": _email,
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


@cache
def _countries() -> Mapping[str, str]:
    """By what they are called in any of our languages."""
    return {
        " ".join(words_of(country.name)): country.code
        for language in reversed(LANGUAGES)
        for country in translator(language).countries
    }
