"""Lists that people bring along as CSV, from any spreadsheet: its cells are right, or say what is wrong."""

import csv
import io
from collections.abc import Iterator
from functools import cache

from petitions import names
from petitions.addresses import InvalidAddress, check_address
from petitions.folding import words_of
from petitions.i18n import COUNTRY_CODES, LANGUAGES, N_, Message, translator

MAX_LINE, MAX_EMAIL = 120, 254
_CALLED = {"UK": "GB", "USA": "US", "EL": "GR"}


class UnreadableList(ValueError):
    """The file is no list that we can read; `problem` says why and what helps."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


class WrongCell(ValueError):
    """A cell holds what its column does not take; `problem` says what it takes."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


def decode_list(data: bytes) -> str:
    """The text of a file. Raises UnreadableList."""
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeError:
        raise UnreadableList(
            N_("The file is not in UTF-8. In your spreadsheet choose “CSV UTF-8” when you save it.")
        ) from None


def records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows in which something stands, each with its first line. Raises UnreadableList."""
    text = text.removeprefix("\ufeff")
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


def read_line(text: str, most: int = MAX_LINE) -> str | None:
    """One line of text; None where nothing of it can be seen. Raises WrongCell."""
    return readable(names.tidy(text), most)


def readable(text: str, most: int) -> str | None:
    """The same of a text that is tidy. Raises WrongCell."""
    if not text or names.is_blank(text):
        return None
    if len(text) > most:
        raise WrongCell(N_("Please keep it to %(most)s characters.", most=most))
    if names.has_forbidden_characters(text):
        raise WrongCell(N_("It holds characters that cannot be shown. Please type it again."))
    return text


def read_name(text: str, most: int = MAX_LINE) -> str:
    """A name, which has to be there. Raises WrongCell."""
    name = read_line(text, most)
    if name is None:
        raise WrongCell(N_("Please fill this in."))
    if names.starts_like_a_formula(name) or names.has_link(name):
        raise WrongCell(N_("Please give a name, not a link or a formula."))
    return name


def read_country(text: str) -> str:
    """The code of a country, by its code or by what it is called in any of our languages. Raises WrongCell."""
    tidy = names.tidy(text)
    code = _CALLED.get(tidy.upper(), tidy.upper())
    found = code if code in COUNTRY_CODES else _countries().get(" ".join(words_of(tidy[:MAX_LINE])))
    if found is None:
        raise WrongCell(N_("This is no country that we know. A code of two letters is best, like IE or DE."))
    return found


def read_email(text: str) -> str | None:
    """A mail address in its normal form; None for an empty cell. Raises WrongCell."""
    tidy = names.tidy(text)
    try:
        if len(tidy) > MAX_EMAIL:
            raise InvalidAddress
        return check_address(tidy) if tidy else None
    except InvalidAddress:
        raise WrongCell(N_("This is not a complete mail address. It looks like ana@example.org.")) from None


@cache
def _countries() -> dict[str, str]:
    """By what they are called in any of our languages."""
    return {
        " ".join(words_of(country.name)): country.code
        for language in reversed(LANGUAGES)
        for country in translator(language).countries
    }
