"""The forms of the details, without a browser: what they can show, they can save."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, UploadFile

from petitions.campaigns.content import Content, Texts
from petitions.campaigns.reading import read_terms
from petitions.campaigns.terms import Terms, write_terms
from petitions.console.details import PARTS, part_digest
from petitions.console.details_checks import MAX_STEP, parse_day, parse_moment, parse_steps, write_moment
from petitions.console.details_forms import DetailsForm, Entered, Part, Values, count_rows
from petitions.console.text_forms import plain_line
from tests.campaigns.test_reading import all_terms

LANGUAGES = ("en", "ar", "es", "pt-BR")


def content_with(terms: dict[str, Any], **changes: Any) -> Content:
    return Content("en", terms=terms, texts=dict.fromkeys(LANGUAGES, Texts()), **changes)


def as_sent(values: Values) -> FormData:
    """What a browser sends of a form that shows these values."""
    fields: list[tuple[str, str | UploadFile]] = []
    for name, value in values.items():
        if isinstance(value, bool) or value is None:
            fields += [(name, "y")] if value else []
        elif isinstance(value, list):
            fields += [(name, str(each)) for each in value]
        else:
            fields.append((name, str(value)))
    return FormData(fields)


def entered_in(part: Part, content: Content, data: FormData) -> Entered:
    rows = count_rows(part, content, data)
    items = [item for group in part.groups(content.languages, rows) for item in group.items]
    return Entered(DetailsForm(items, data), content.languages, rows)


def tidied(value: Any) -> Any:
    """Spaces that a line of a form does not keep."""
    if isinstance(value, dict):
        return {key: tidied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [tidied(each) for each in value]
    return plain_line(value) if isinstance(value, str) and "\n" not in value else value


@given(all_terms())
def test_every_campaign_can_be_opened_and_saved_as_it_is(terms: Terms) -> None:
    content = content_with(tidied(write_terms(terms)))
    for part in PARTS.values():
        entered = entered_in(part, content, as_sent(part.values(content)))
        assert entered.form.validate(), (part.key, entered.form.errors)
        after = part.write(entered, content)
        assert read_terms(after.terms, ()) == read_terms(content.terms, ())
        assert (after.texts, after.default_language) == (content.texts, content.default_language)
        others = [other for other in PARTS.values() if other is not part]
        assert [part_digest(other, after) for other in others] == [part_digest(p, content) for p in others]


@given(all_terms(), st.data())
def test_whatever_is_sent_is_saved_or_said_to_be_wrong(terms: Terms, data: st.DataObject) -> None:
    """One field with anything in it: what the form takes, the file reader takes too."""
    content = content_with(tidied(write_terms(terms)))
    part = data.draw(st.sampled_from(sorted(PARTS.values(), key=lambda part: part.key)))
    values = part.values(content)
    rows = count_rows(part, content, None)
    items = [item for group in part.groups(content.languages, rows) for item in group.items]
    item = data.draw(st.sampled_from(items))
    values[item.name] = data.draw(
        st.text(max_size=20) | st.sampled_from(["0", "1 2", "https://", "a@b", "y", "-1"])
    )
    entered = entered_in(part, content, as_sent(values))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    if entered.form.validate():
        part.check(entered, content, now, None)
    if not entered.form.errors:
        after = part.write(entered, content).terms
        for key, value in after.items():
            if not _is_unfinished(key, value):
                read_terms({**write_terms(terms), key: value}, ())


def _is_unfinished(key: str, value: Any) -> bool:
    """Something that has to stand beside it is not there; that is told before publishing."""
    needed = {"links": {"label", "url"}, "questions": {"key", "label"}}.get(key, set())
    needed_in_table = {"mail": {"subject", "sender_name"}, "responsible": {"name", "email"}, "initiator": {"name"}}
    if key in needed_in_table:
        return not needed_in_table[key] <= set(value)
    return isinstance(value, list) and any(isinstance(row, dict) and not needed <= set(row) for row in value)


def test_every_term_has_a_place_in_the_console() -> None:
    """A new one that leads could write into a file alone is found here."""
    from petitions.campaigns.reading import _KEYS

    assert set().union(*(part.owns for part in PARTS.values())) == set(_KEYS)
    assert sum(len(part.owns) for part in PARTS.values()) == len(_KEYS)


@pytest.mark.parametrize(
    ("typed", "steps"),
    [
        ("", []),
        ("100", [100]),
        ("100 500\n1000", [100, 500, 1000]),
        ("100, 500; 1.000", [100, 500, 1000]),
        ("1.000.000 1'500'000", [1_000_000, 1_500_000]),
        (str(MAX_STEP), [MAX_STEP]),
    ],
)
def test_steps_of_a_goal(typed: str, steps: list[int]) -> None:
    assert parse_steps(typed) == steps


@pytest.mark.parametrize(
    "typed",
    [
        "0",
        "-1",
        "100,500",
        "5 5",
        "10 9",
        "1.5",
        "1.0000",
        "ten",
        "1e3",
        "٣",
        str(MAX_STEP + 1),
        " ".join(map(str, range(1, 52))),
    ],
)
def test_what_is_no_goal(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_steps(typed)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_minute(moment: datetime) -> None:
    assert parse_moment(write_moment(moment)) == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    "typed", ["soon", "2027-06-30", "2027-02-30T10:00", "2027-06-30T25:00", "2027-06-30T10:00+02:00"]
)
def test_what_is_no_moment(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(typed)


@pytest.mark.parametrize("typed", ["soon", "30.06.2027", "2027-02-30", "20270630", "2027-W26-3"])
def test_what_is_no_day(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_day(typed)
