"""Reading lists of organisations: whatever a spreadsheet writes, and whatever is wrong with it."""

import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from petitions.csv_lists import UnreadableList, decode_list
from petitions.i18n import LANGUAGES, Message, translator
from petitions.organisations.csv_rows import COLUMNS, MAX_ROWS, Row, read_list
from petitions.organisations.kinds import KINDS
from petitions.organisations.naming import find_trick

HEADER = "name,kind,country"
WHOLE = """name,kind,country,city,website,members,comment,contact_name,contact_role,email,phone,language
Union of Examples,union,IE,Cork,https://union.example,48000,"We stand, with Boris.",Clara Contact,Secretary,\
office@union.example,+353 21 000,ga
"""


def one(text: str) -> Row:
    (row,) = read_list(text, "en")
    return row


def cell(column: str, value: str) -> Row:
    """A row that is right but for one cell."""
    cells = {"name": "Union", "kind": "union", "country": "IE", column: value}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(cells))
    writer.writeheader()
    writer.writerow(cells)
    return one(out.getvalue())


def wrong(column: str, value: str) -> Sequence[str]:
    row = cell(column, value)
    assert row.entry is None
    assert {name for name, _ in row.wrong} == {column}
    return [translator("en").translate(words) for _, words in row.wrong]


def test_every_column_is_read() -> None:
    row = one(WHOLE)
    assert row.wrong == []
    entry = row.entry
    assert entry is not None
    assert (entry.name, entry.kind, entry.country, entry.city) == ("Union of Examples", "union", "IE", "Cork")
    assert entry.website is not None
    assert (entry.website.url.rstrip("/"), entry.website.domain) == ("https://union.example", "union.example")
    assert (entry.members, entry.comment) == (48_000, "We stand, with Boris.")
    assert (row.contact_name, row.contact_role) == ("Clara Contact", "Secretary")
    assert (row.email, row.phone, row.language) == ("office@union.example", "+353 21 000", "ga")
    assert (row.line, row.name) == (2, "Union of Examples")


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_write_is_read(between: str, end: str, encoding: str) -> None:
    text = end.join(between.join(cells) for cells in (("country", "Kind", " NAME "), ("ie", "Union", "Übung")))
    row = one(decode_list((text + end).encode(encoding)))
    assert row.entry is not None
    assert (row.entry.name, row.entry.country, row.entry.kind) == ("Übung", "IE", "union")


def test_lines_are_those_of_the_file() -> None:
    text = f'{HEADER}\n\nA,union,IE\n"B\nb",union,IE\n,,\nC,union,IE\n'
    assert [(row.line, row.name) for row in read_list(text, "en")] == [(3, "A"), (4, "B b"), (7, "C")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IE", "IE"),
        ("ie", "IE"),
        ("Ireland", "IE"),
        ("Irland", "IE"),
        ("Irlande", "IE"),
        ("الأردن", "JO"),
        ("Россия", "RU"),
        ("UK", "GB"),
        ("USA", "US"),
    ],
)
def test_a_country_may_be_called_as_in_any_of_our_languages(text: str, code: str) -> None:
    entry = cell("country", text).entry
    assert entry is not None
    assert entry.country == code


@pytest.mark.parametrize(
    "text", ["48000", "48.000", "48,000", "48 000", "48\u202f000", "48’000", "٤٨٠٠٠", "٤٨٬٠٠٠"]
)
def test_numbers_may_have_groups_as_people_write_them(text: str) -> None:
    entry = cell("members", text).entry
    assert entry is not None
    assert entry.members == 48_000


@pytest.mark.parametrize(
    "text", ["0", "-5", "many", "4.8", "48.00", "1,2,3", "100000001", "48000.", "½", "9" * 400]
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    assert wrong("members", text) == ["This is no whole number above 0."]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("name", ""),
        ("name", "\u2800"),
        ("name", "=HYPERLINK(1)"),
        ("name", "Win at www.pills.example"),
        ("name", "x" * 161),
        ("name", "Uni\u202eon"),
        ("name", "Union\u3164"),
        ("name", "Uniоn"),  # a Cyrillic о
        ("kind", "club"),
        ("kind", ""),
        ("country", "Atlantis"),
        ("country", "XX"),
        ("country", ""),
        ("city", "x" * 121),
        ("website", "javascript:alert(1)"),
        ("website", "https://user:secret@union.example"),
        ("comment", "x" * 501),
        ("comment", "a\x00b"),
        ("contact_name", "x" * 121),
        ("email", "office"),
        ("email", "a@" + "b" * 300 + ".example"),
        ("phone", "call me"),
        ("language", "xx"),
    ],
)
def test_every_mistake_is_said_beside_its_column(column: str, text: str) -> None:
    (words,) = wrong(column, text)
    assert words[0].isupper()
    assert words.endswith(".")


def test_all_mistakes_of_a_row_are_said_at_once_and_other_rows_are_right() -> None:
    bad, good = read_list(f"{HEADER},email\n,club,XX,office\nUnion,union,IE,\n", "en")
    assert [column for column, _ in bad.wrong] == ["name", "kind", "country", "email"]
    assert (good.wrong, good.entry is not None) == ([], True)


def test_more_cells_than_columns_are_a_mistake_and_fewer_are_empty() -> None:
    more, fewer = read_list(f"{HEADER},city\nUnion,union,IE,Cork,Kerry\nUnion,union,IE\n", "en")
    assert [column for column, _ in more.wrong] == [""]
    assert fewer.entry is not None
    assert fewer.entry.city is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is nothing in it."),
        ("\n \n", "There is nothing in it."),
        (HEADER, "There is no row below"),
        ("name,kind\nA,union", "has to name the columns country too"),
        (f"{HEADER},colour\n", "a column “colour”, which we do not know"),
        (f"{HEADER},name\n", "the column “name” twice"),
        (f'{HEADER}\nA,union,IE\n"B,union,IE\n', "From line 3 on it cannot be read"),
        (f'{HEADER}\n"A" b,union,IE\n', "From line 2 on it cannot be read"),
        (f"{HEADER}\n" + "A,union,IE\n" * (MAX_ROWS + 1), "more than 1000 rows"),
    ],
)
def test_what_is_no_list_says_why(text: str, said: str) -> None:
    with pytest.raises(UnreadableList) as error:
        read_list(text, "en")
    assert said in translator("en").translate(error.value.problem)


@pytest.mark.parametrize("data", [b"na\xefve", "naïve".encode("latin-1"), b"\xff\xfea"])
def test_other_encodings_are_refused_with_what_helps(data: bytes) -> None:
    with pytest.raises(UnreadableList) as error:
        decode_list(data)
    assert "CSV UTF-8" in error.value.problem


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"{HEADER},members,website\n{text}".encode())
)
def test_any_file_is_read_or_refused_in_words(data: bytes) -> None:
    rows: Sequence[Row] = ()
    problem = ""
    try:
        rows = read_list(decode_list(data), "en")
    except UnreadableList as error:
        problem = translator("en").translate(error.problem)
    assert bool(rows) != bool(problem)
    for row in rows:
        assert (row.entry is None) == bool(row.wrong)
        assert all(isinstance(words, Message) for _, words in row.wrong)
        assert row.language in LANGUAGES


names = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=40).filter(
    lambda text: text.strip() and find_trick(text) is None
)


@given(
    st.lists(st.tuples(names, st.sampled_from(list(KINDS)), st.sampled_from(["IE", "DE", "EG"])), min_size=1),
    st.sampled_from([",", ";", "\t"]),
    st.permutations(["name", "kind", "country"]),
)
@hypothesis_settings(max_examples=40)
def test_what_was_written_is_what_is_read(
    rows: list[tuple[str, str, str]], between: str, order: list[str]
) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, order, delimiter=between)
    writer.writeheader()
    writer.writerows(dict(zip(COLUMNS, row, strict=False)) for row in rows)
    read = read_list(out.getvalue(), "en")
    assert [(row.entry.kind, row.entry.country) for row in read if row.entry is not None] == [
        row[1:] for row in rows
    ]
