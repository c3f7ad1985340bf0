"""Forms of a campaign's details: made of items, for how many there are depends on its languages and rows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from starlette.datastructures import FormData
from wtforms import BooleanField, Field, StringField
from wtforms.form import BaseForm

from petitions.campaigns.content import Content
from petitions.campaigns.schedule import Schedule
from petitions.console.details_checks import CHECKS
from petitions.console.text_forms import plain_line, plain_lines
from petitions.i18n import N_, Message, language_name

Kind = Literal["line", "lines", "email", "url", "number", "numbers", "date", "moment", "box", "boxes", "radio"]
#: Empty rows below those that are filled in.
_SPARE_ROWS = 2
MAX_ROWS = 50
Values = dict[str, Any]
Rows = Mapping[str, int]


@dataclass(frozen=True)
class Item:
    """One field."""

    name: str
    label: Message
    kind: Kind = "line"
    hint: Message | None = None
    choices: Sequence[tuple[str, Message]] = ()
    language: str | None = None
    most: int = 200


@dataclass(frozen=True)
class Group:
    """Fields that belong together; `is_row`: one of several that are alike; `add`: the words under which it is
    folded away while it is empty."""

    legend: Message
    items: Sequence[Item]
    hint: Message | None = None
    is_row: bool = False
    add: Message | None = None


@dataclass(frozen=True)
class Fold:
    """Groups that stand together on the page; `add`: the words that open them, where they are folded away."""

    groups: Sequence[Group]
    add: Message | None = None


@dataclass(frozen=True)
class Part:
    """A page of the details. `owns`: the keys of the terms that it writes; `rows`: those that are lists."""

    key: str
    title: Message
    about: Message
    owns: frozenset[str]
    groups: Callable[[Sequence[str], Rows], Sequence[Group]]
    values: Callable[[Content], Values]
    write: Callable[["Entered", Content], Content]
    check: Callable[["Entered", Content, datetime, Schedule | None], None] = lambda *_all: None
    rows: tuple[str, ...] = ()


class BoxesField(Field):
    """Some of several."""

    def __init__(self, *args: Any, allowed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = allowed

    def process_formdata(self, valuelist: list[str]) -> None:
        """What is ticked, in the order of the page."""
        self.data = [value for value in self.allowed if value in valuelist]


def in_languages(
    name: str,
    label: Message,
    languages: Sequence[str],
    kind: Kind = "line",
    hint: Message | None = None,
    most: int = 200,
) -> list[Item]:
    """An item for each language of the campaign."""
    return [
        Item(
            f"{name}_{language}",
            N_("%(label)s (%(language)s)", label=label, language=language_name(language))
            if len(languages) > 1
            else label,
            kind,
            hint if place == 0 else None,
            language=language,
            most=most,
        )
        for place, language in enumerate(languages)
    ]


def local_values(name: str, text: Any) -> Values:
    """The values of `in_languages`."""
    return {f"{name}_{language}": words for language, words in text.items()} if isinstance(text, Mapping) else {}


def table(content: Content, key: str) -> Mapping[str, Any]:
    """A table of the terms; empty where there is none yet."""
    value = content.terms.get(key)
    return value if isinstance(value, Mapping) else {}


def row_values(content: Content, key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a list of the terms."""
    value = content.terms.get(key)
    rows = value if isinstance(value, list) else []
    return ((n, row) for n, row in enumerate(rows) if isinstance(row, Mapping))


def count_rows(part: Part, content: Content, data: FormData | None) -> Rows:
    """How many rows each list of a part shows: those there are and two more, and all that were sent."""
    counts = {key: len(content.terms.get(key, ())) + _SPARE_ROWS for key in part.rows}
    for name in data or ():
        sent = re.match(r"(\w+)-(\d{1,3})-", name, re.ASCII)
        if sent and sent[1] in counts:
            counts[sent[1]] = max(counts[sent[1]], int(sent[2]) + 1)
    return {key: min(count, MAX_ROWS + _SPARE_ROWS) for key, count in counts.items()}


class DetailsForm(BaseForm):
    """The form of some items, with what somebody sent or with values."""

    def __init__(self, items: Sequence[Item], data: FormData | None, values: Values | None = None) -> None:
        super().__init__([(item.name, _field(item)) for item in items])
        self.items = items
        self.process(data, data=values)


def fold(groups: Sequence[Group], form: DetailsForm, saved: Values) -> Sequence[Fold]:
    """The groups of a page. Rows that nobody has filled in yet are folded away; those above a filled one stay."""

    def is_empty(group: Group) -> bool:
        names = [item.name for item in group.items]
        return not any(form[name].data or form[name].errors or saved.get(name) for name in names)

    folds: list[Fold] = []
    for add, alike in groupby(groups, key=lambda group: group.add):
        rows = list(alike)
        filled = max((n for n, group in enumerate(rows, 1) if add is None or not is_empty(group)), default=0)
        folds += [Fold(part, words) for part, words in ((rows[:filled], None), (rows[filled:], add)) if part]
    return folds


def _field(item: Item) -> Any:
    checks = [CHECKS[item.kind](item.most)] if item.kind in CHECKS else []
    if item.kind == "box":
        return BooleanField(item.label)
    if item.kind == "boxes":
        return BoxesField(item.label, checks, allowed=[value for value, _ in item.choices])
    if item.kind == "radio":
        return StringField(item.label, [CHECKS["radio"](tuple(value for value, _ in item.choices))])
    return StringField(item.label, checks, filters=[plain_lines if item.kind == "lines" else plain_line])


@dataclass(frozen=True)
class Entered:
    """What somebody entered, read by the names of the items."""

    form: DetailsForm
    languages: Sequence[str]
    rows: Rows

    def text(self, name: str) -> str:
        return str(self.form[name].data or "") if name in self.form else ""

    def chosen(self, name: str) -> list[str]:
        return list(self.form[name].data or ())

    def is_ticked(self, name: str) -> bool:
        return bool(self.form[name].data)

    def local(self, name: str) -> dict[str, str]:
        """The texts that are there, by language."""
        texts = {language: self.text(f"{name}_{language}") for language in self.languages}
        return {language: text for language, text in texts.items() if text}

    def places(self, key: str) -> Iterator[str]:
        """What the names of each row of a list begin with."""
        return (f"{key}-{n}-" for n in range(self.rows[key]))

    def refuse(self, name: str, message: Message) -> None:
        """Say beside a field what is wrong with it."""
        if not self.form[name].errors:
            self.form[name].errors = [message]


def in_order(chosen: Sequence[str], before: Sequence[str]) -> list[str]:
    """What is chosen, in the order that it had before: some campaigns put the safest first."""
    return [*(value for value in before if value in chosen), *(value for value in chosen if value not in before)]


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", None, {}, [])}
