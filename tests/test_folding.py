"""Texts as they are compared."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.folding import _MOST_KEPT, _PHRASES, fold, words_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Siobhán BYRNE", "siobhan byrne"),
        ("Łódź, ΣΊΣΥΦΟΣ", "lodz, σισυφοσ"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("soft\u00adhyphen", "softhyphen"),
        ("ليلى", "ليلي"),
        ("\U0001e944\U0001e922", "\U0001e922"),  # a mark of a script that few computers know
    ],
)
def test_case_and_accents_are_taken_off(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=30))
def test_what_is_folded_has_no_marks_and_every_text_folds_alike_at_any_time(text: str) -> None:
    once = fold(text)
    assert [c for c in once if unicodedata.category(c) in ("Mn", "Me", "Cf")] == []
    assert fold(text) == once
    if text.isascii():
        assert once == text.lower()


def test_a_character_that_stands_for_a_phrase_is_read_in_a_name_and_not_by_the_hundred() -> None:
    assert words_of("محمد ﷺ")[1:] == words_of("صلى الله عليه وسلم")
    assert words_of("ﷺ" * 500 + " Buy this") == ["buy", "this"]


def test_no_text_grows_to_more_than_seven_times_its_length() -> None:
    """But for these: else short forms would take long to compare."""
    every = (chr(code) for code in range(sys.maxunicode + 1))
    longest = [c for c in every if len(unicodedata.normalize("NFKD", c)) > 7]
    assert longest == _PHRASES.findall("".join(longest)) != []
    assert len(fold("ﷺ" * 500)) <= 500
    assert _MOST_KEPT < 2**17
