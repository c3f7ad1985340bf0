"""Addresses and keys that are made from what leads write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.campaigns.naming import (
    RESERVED_SLUGS,
    free_slug,
    is_question_key,
    is_slug,
    suggest_question_key,
    suggest_slug,
)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Free Ana Sánchez!", "free-ana-sanchez"),
        ("  ¡Ni una menos!  ", "ni-una-menos"),
        ("Свободу Борису", "svobodu-borisu"),
        ("Straße & Öl", "strasse-ol"),
        ("Don't touch it", "dont-touch-it"),
        ("New", "new-1"),
        ("…!?", ""),
        ("", ""),
        ("one " * 40, "one-one-one-one-one-one-one-one-one-one-one-one-one-one-one"),
        ("a" * 300, "a" * 60),
    ],
)
def test_an_address_is_made_from_a_title(title: str, slug: str) -> None:
    assert suggest_slug(title) == slug


@given(st.text())
def test_every_suggestion_can_be_had(title: str) -> None:
    slug = suggest_slug(title)
    assert slug == "" or is_slug(slug)
    assert is_question_key(suggest_question_key(title, ()))


@pytest.mark.parametrize(
    "text", ["", "-", "a--b", "a-", "-a", "A", "é", "a_b", "a b", "a\n", "a" * 81, *sorted(RESERVED_SLUGS)]
)
def test_what_is_no_address(text: str) -> None:
    assert not is_slug(text)


def test_the_first_free_number_is_taken() -> None:
    assert free_slug("a", ()) == "a"
    assert free_slug("a", {"a"}) == "a-2"
    assert free_slug("a", {"a", "a-2", "a-4"}) == "a-3"


@given(st.text(max_size=40), st.integers(1, 30))
def test_no_two_questions_get_one_key(label: str, number: int) -> None:
    keys: set[str] = set()
    for _ in range(number):
        key = suggest_question_key(label, keys)
        assert key not in keys
        assert is_question_key(key)
        keys.add(key)


def test_a_key_is_made_from_a_question() -> None:
    assert suggest_question_key("Профсоюз?", ()) == "profsoyuz"
    assert suggest_question_key("Union", {"union"}) == "union_2"
    assert suggest_question_key("2 things", ()) == "things"
    assert suggest_question_key("???", ()) == "question"
