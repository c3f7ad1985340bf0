"""Where lines end."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.pdf.breaking import split_lines


def split(text: str, width: float) -> list[str]:
    """Every character takes a room of 1, marks above and below others none."""
    reach, ends = 0.0, []
    for character in text:
        reach += 0 if unicodedata.category(character) == "Mn" else 1
        ends.append(reach)
    return [text[start:end] for start, end in split_lines(text, ends, width)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("one two  ", ["one two"]),
        ("unbreakable", ["unbreaka", "ble"]),
        ("well-known man", ["well-", "known", "man"]),
        ("1990-1995", ["1990-199", "5"]),
        ("学者和教师支持自由。好", ["学者和教师支持自", "由。好"]),
        ("学者和教师支持自。好", ["学者和教师支持", "自。好"]),
        ("e\u0301" * 9, ["e\u0301" * 8, "e\u0301"]),
        ("का" * 5, ["का" * 4, "का"]),
        ("का" * 5 + "क", ["का" * 4, "काक"]),
        ("ककाकाकाकाक", ["ककाकाका", "काक"]),
        ("ana@mail.org", ["ana@", "mail.org"]),
        ("", []),
    ],
)
def test_lines_end_where_somebody_reading_expects_it(text: str, lines: list[str]) -> None:
    assert split(text, 8) == lines


def test_a_letter_that_is_too_wide_stands_alone() -> None:
    assert split("ab", 0.5) == ["a", "b"]


@given(text=st.text(alphabet="ab- 学。(\u0301\u200d"), width=st.integers(1, 9))
def test_nothing_gets_lost_and_lines_fit(text: str, width: int) -> None:
    lines = split(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        room = sum(unicodedata.category(character)[0] != "M" for character in line)
        assert room <= width or room <= 3 * line.count("\u200d") + 1
