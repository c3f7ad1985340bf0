"""What a search asks for, and how a job keeps it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.addresses import make_email_key
from petitions.moderation.conditions import STATES, Conditions, domain_as_stored, key_of
from petitions.names import folded_words

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
_conditions = st.builds(
    Conditions,
    name=st.text(max_size=20),
    email_key=st.none() | st.binary(min_size=16, max_size=16),
    domain=st.none() | st.text(min_size=1, max_size=20),
    country=st.none() | st.sampled_from(["ES", "FR"]),
    language=st.none() | st.sampled_from(["en", "es"]),
    state=st.none() | st.sampled_from(STATES),
    since=st.none() | _moments,
    until=st.none() | _moments,
)


@given(_conditions)
def test_conditions_come_back_from_the_store_as_they_were(conditions: Conditions) -> None:
    assert Conditions.from_json(json.loads(json.dumps(conditions.to_json()))) == conditions


def test_what_is_stored_says_only_what_is_asked() -> None:
    assert Conditions().to_json() == {}
    assert Conditions(country="ES").to_json() == {"country": "ES"}


@pytest.mark.parametrize("kept", [{"slug": "x"}, {"state": "gone"}, {"email_key": "no"}, {"since": "yesterday"}])
def test_what_was_never_stored_is_refused_without_repeating_it(kept: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(these are no conditions|non-hexadecimal|Invalid isoformat)"):
        Conditions.from_json(kept)


@pytest.mark.parametrize(
    ("conditions", "is_empty"),
    [
        (Conditions(), True),
        (Conditions(state="counted"), True),
        (Conditions(state="removed"), False),
        (Conditions(state="unread"), False),
        (Conditions(name="ana"), False),
        (Conditions(name="%"), False),
        (Conditions(email_key=b"k" * 16), False),
        (Conditions(until=NOON), False),
        (Conditions(state="counted", country="ES"), False),
    ],
)
def test_conditions_are_empty_that_everybody_fulfils(conditions: Conditions, is_empty: bool) -> None:
    assert conditions.is_empty is is_empty


@pytest.mark.parametrize(
    ("asked", "name", "fits"),
    [
        ("", None, True),
        ("", "Ana", True),
        ("ana", None, False),
        ("ANA", "Ana Sánchez", True),
        ("sanch an", "Ana Sánchez", True),
        ("ana lopez", "Ana Sánchez", False),
        ("nchez", "Ana Sánchez", False),
        ("%", "Ana Sánchez", False),
        ("%", None, False),
        ("ليلى", "ليلي", True),
    ],
)
def test_every_word_that_is_asked_for_begins_a_word_of_the_name(asked: str, name: str | None, fits: bool) -> None:
    assert Conditions(name=asked).matches_name(name) is fits


@given(st.text(max_size=30))
def test_a_name_is_found_by_its_own_words(name: str) -> None:
    assert Conditions(name=name).matches_name(name) is (bool(folded_words(name)) or not name)
    assert Conditions(name=name).finds_nobody is (bool(name) and not folded_words(name))


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("Example.ORG", "example.org"),
        ("@example.org", "example.org"),
        (" ana@Example.org ", "example.org"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("maths.uni.example", "uni.example"),
        ("ana@post.Gewerkschaft.co.uk", "gewerkschaft.co.uk"),
        ("co.uk", "co.uk"),
    ],
)
def test_a_domain_is_looked_for_as_it_is_stored(typed: str, domain: str) -> None:
    assert domain_as_stored(typed) == domain


def test_an_address_is_looked_for_by_its_key() -> None:
    assert key_of(" Ana@Example.org ", "secret") == make_email_key("ana@example.org", "secret")


def test_conditions_do_not_print_whom_they_name() -> None:
    printed = repr(Conditions(name="Ana", email_key=b"secret-of-16-byt", country="ES"))
    assert "Ana" not in printed
    assert "secret" not in printed
    assert "ES" in printed
