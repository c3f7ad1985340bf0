"""What may stand in the fields of a campaign's details; nothing has to."""

import itertools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from wtforms import Field
from wtforms.validators import StopValidation

from petitions.campaigns.values import TermsError, read_email, read_paragraphs, read_url
from petitions.console.text_forms import UNREADABLE, check_line, check_markdown
from petitions.i18n import N_, Message
from petitions.web.forms import Check

MAX_STEP = 1_000_000_000
_MAX_STEPS = 50


def parse_day(text: str) -> date:
    """A day as <input type="date"> sends it. Raises ValueError."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError("no day")
    return date.fromisoformat(text)


def parse_moment(text: str) -> datetime:
    """A day with a time as <input type="datetime-local"> sends it, in UTC. Raises ValueError."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?", text, re.ASCII):
        raise ValueError("no moment")
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def write_moment(moment: datetime | None) -> str:
    """For <input type="datetime-local">: whole minutes."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="minutes") if moment else ""


def parse_steps(text: str) -> list[int]:
    """Growing numbers with spaces between them; dots and apostrophes may group digits: "1.000". A comma alone
    could mean either: "100,500" is refused. Raises ValueError."""
    steps = [_parse_step(word.rstrip(",;")) for word in text.split()]
    if any(a >= b for a, b in itertools.pairwise(steps)) or len(steps) > _MAX_STEPS:
        raise ValueError("they do not grow")
    return steps


def _parse_step(word: str) -> int:
    if not re.fullmatch(r"\d{1,10}|\d{1,3}([.'’]\d{3}){1,3}", word, re.ASCII):
        raise ValueError("no number")
    step = int(re.sub(r"\D", "", word))
    if not 0 < step <= MAX_STEP:
        raise ValueError("too large or too small")
    return step


def _reads(read: Callable[[str], Any], message: Message) -> Callable[[Any], Check]:
    """Makes a validator: empty, or something that `read` can read."""

    def make(_most: Any) -> Check:
        def check(_form: Any, field: Field) -> None:
            try:
                if field.data:
                    read(field.data)
            except (TermsError, ValueError):
                raise StopValidation(message) from None

        return check

    return make


def _lines(most: int) -> Check:
    is_plain = _reads(lambda text: read_paragraphs(text, ""), UNREADABLE)(most)

    def check(form: Any, field: Field) -> None:
        if len(field.data) > most:
            raise StopValidation(N_("Please keep it to %(most)s characters.", most=most))
        check_markdown(form, field)
        is_plain(form, field)

    return check


def _number(most: int) -> Check:
    def check(_form: Any, field: Field) -> None:
        if field.data and not (re.fullmatch(r"\d{1,6}", field.data, re.ASCII) and int(field.data) <= most):
            raise StopValidation(N_("Please give a whole number from 0 to %(most)s.", most=most))

    return check


def _one_of(allowed: tuple[str, ...]) -> Check:
    def check(_form: Any, field: Field) -> None:
        if field.data not in allowed:
            raise StopValidation(N_("Please choose one of the list."))

    return check


def _some(_most: int) -> Check:
    def check(_form: Any, field: Field) -> None:
        if not field.data:
            raise StopValidation(N_("Please tick at least one."))

    return check


#: For each kind of field, what makes its validator from the most that it takes, or from the choices.
CHECKS: dict[str, Callable[[Any], Check]] = {
    "line": check_line,
    "lines": _lines,
    "email": _reads(
        lambda text: read_email(text, ""),
        N_("This is not a complete mail address. It looks like ana@example.org."),
    ),
    "url": _reads(lambda text: read_url(text, ""), N_("Please give a whole address. It begins with https://.")),
    "number": _number,
    "numbers": _reads(parse_steps, N_("Please give whole numbers, each greater than the last: 100 500 1000.")),
    "date": _reads(parse_day, N_("Please give a day, like 2027-06-30.")),
    "moment": _reads(parse_moment, N_("Please give a day and a time, like 2027-06-30T18:00.")),
    "boxes": _some,
    "radio": _one_of,
}
