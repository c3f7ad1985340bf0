"""Where a form came from: what is taken for a source, and what is not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.watching.sources import LONGEST, find_source, source_key, tidy

HOST = "sign.example.org"
PAGE = f"https://{HOST}/c/free-boris"


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("utm_source=newsletter", "newsletter"),
        ("lang=es&utm_source=Newsletter&utm_campaign=Spring%202026", "newsletter/spring-2026"),
        ("utm_source=Prensa+Libre%21", "prensa-libre"),
        ("utm_source=caf%C3%A9", "cafe"),
        ("utm_source=first&utm_source=second", "first"),
        ("utm_campaign=spring", None),
        ("utm_source=", None),
        ("utm_source=%D8%B9", None),
        ("utm_source=ana%40example.org", None),
        ("utm_source=mail&utm_campaign=ana%40example.org", "mail"),
        ("", None),
    ],
)
def test_the_address_of_the_page_names_the_source(query: str, source: str | None) -> None:
    assert find_source(f"{PAGE}?{query}", "", HOST) == source


@pytest.mark.parametrize(
    ("field", "source"),
    [
        ("News Letter/spring", "news-letter/spring"),
        ("mastodon.social", "mastodon.social"),
        ("sign.example.org", None),
        ("", None),
        ("/spring", None),
        ("a/b/c", "a/b-c"),
        ("(direct)", "direct"),
    ],
)
def test_the_form_says_what_the_address_does_not(field: str, source: str | None) -> None:
    assert find_source(PAGE, field, HOST) == source


def test_the_address_goes_before_the_form() -> None:
    assert find_source(f"{PAGE}?utm_source=poster", "mastodon.social", HOST) == "poster"


def test_only_pages_of_our_own_name_a_source() -> None:
    assert find_source("https://other.example/?utm_source=poster", "", HOST) is None


@given(st.text(max_size=300))
def test_nothing_but_small_plain_signs_is_left(text: str) -> None:
    assert re.fullmatch(rf"[a-z0-9._-]{{0,{LONGEST}}}", tidy(text))
    assert tidy(tidy(text)) == tidy(text)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_header_and_no_field_makes_it_stumble(page: str, field: str) -> None:
    for source in (find_source(f"{PAGE}?utm_source={page}", field, HOST), find_source(page, field, HOST)):
        assert source is None or re.fullmatch(r"[a-z0-9._-]{1,40}(/[a-z0-9._-]{1,40})?", source)


def test_a_key_tells_neither_source_nor_campaign_without_the_secret() -> None:
    keys = {source_key(campaign, name, key) for campaign in (1, 2) for name in ("a", "b") for key in ("x", "y")}
    assert len(keys) == 8
