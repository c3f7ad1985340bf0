"""Which way a text runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.pdf.directions import find_levels, first_direction, visual_order


def show(text: str, direction: str) -> str:
    """The letters from the left to the right."""
    levels = find_levels(text, direction)
    return text if levels is None else "".join(text[place] for place in visual_order(levels))


@pytest.mark.parametrize(
    ("text", "direction", "shown"),
    [
        ("abc", "ltr", "abc"),
        ("abc (1)", "rtl", "abc (1)"),
        ("abc!", "rtl", "!abc"),
        ("אבג", "rtl", "גבא"),
        ("abc אבג 123", "ltr", "abc 123 גבא"),
        ("אבג abc 123", "rtl", "abc 123 גבא"),
        ("אבג 1958", "rtl", "1958 גבא"),
        ("Cork, אבג", "rtl", "גבא ,Cork"),
        ("\u2068אבג\u2069, Cork", "ltr", "\u2068גבא\u2069, Cork"),
        ("", "rtl", ""),
    ],
)
def test_words_stand_in_the_order_in_which_they_are_read(text: str, direction: str, shown: str) -> None:
    assert show(text, direction) == shown


def test_the_first_letter_says_which_way() -> None:
    assert [first_direction(text) for text in ("Ana", "1 אבג", "(محمد) Ana", "Ana محمد", "123", "")] == [
        *("ltr", "rtl", "rtl", "ltr", "ltr", "ltr")
    ]


@given(
    text=st.text(alphabet=st.sampled_from("aא1ع(,) \u200d\u200f\u2067\u2069\u0301٣")),
    direction=st.sampled_from(("ltr", "rtl")),
)
def test_every_character_is_shown_once(text: str, direction: str) -> None:
    assert sorted(show(text, direction)) == sorted(text)
