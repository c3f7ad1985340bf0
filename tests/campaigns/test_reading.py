"""The terms of a campaign: what was written can be read again."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.campaigns.lifecycle import purge_due_at
from petitions.campaigns.reading import TermsError, read_terms
from petitions.campaigns.terms import (
    PUBLIC_LISTS,
    SIGNERS,
    VISIBILITIES,
    Affiliation,
    Initiator,
    Link,
    NeutralMail,
    Question,
    Responsible,
    Retention,
    Terms,
    text_in,
    write_terms,
)
from tests.factories import TERMS

_texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Co", "Cn", "Zl", "Zp"]), min_size=1, max_size=60
).map(str.strip)
_lines = _texts.filter(bool)
_local = st.dictionaries(st.sampled_from(["en", "es", "ar", "pt-BR"]), _lines, min_size=1)
_paragraphs = st.lists(_lines, min_size=1, max_size=3).map("\n\n".join)
_local_paragraphs = st.dictionaries(st.sampled_from(["en", "es", "ar", "pt-BR"]), _paragraphs, min_size=1)
_emails = st.sampled_from(["a@example.org", "leitung@münchen.example.org", "γ@example.org"])
_urls = st.sampled_from(["https://example.org", "http://example.org/a?b=c#d", "https://example.org:8443/ü"])

#: A day, or months; where a day is set the months mean nothing, and are not kept.
_retentions = st.builds(Retention, st.integers(0, 36)) | st.builds(Retention, until=st.dates())


def _some(choices: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of them, in any order: a lead puts the safest first."""
    return st.lists(st.sampled_from(choices), min_size=1, unique=True).map(tuple)


MONTHS = "expected a whole number from 0 to 36"
NO_MONTHS: tuple[object, ...] = (-1, 37, 1.5, True, "6", None, [])
NO_DAYS: tuple[object, ...] = ("soon", "", "2027-02-30", 7, None, datetime(2027, 6, 30, tzinfo=UTC), [])


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    choices = draw(_some(VISIBILITIES))
    keys = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True), max_size=4, unique=True))
    return Terms(
        signers=draw(_some(SIGNERS)),
        goal_steps=tuple(sorted(draw(st.sets(st.integers(1, 1_000_000_000), max_size=6)))),
        public_list=draw(st.sampled_from(PUBLIC_LISTS)),
        responsible=draw(st.builds(Responsible, _lines, _emails, st.none() | _lines)),
        addressees=tuple(draw(st.lists(_local, min_size=1, max_size=3))),
        visibility_choices=choices,
        visibility_default=draw(st.sampled_from(choices)),
        reply_to=draw(st.none() | _emails),
        initiator=draw(st.none() | st.builds(Initiator, _lines, st.none() | _urls)),
        affiliation=draw(st.none() | st.builds(Affiliation, _local, st.booleans())),
        questions=tuple(Question(key, draw(_local), draw(st.booleans()), draw(st.booleans())) for key in keys),
        links=tuple(draw(st.lists(st.builds(Link, _local, _urls), max_size=3))),
        mail=draw(st.none() | st.builds(NeutralMail, _local, _local)),
        retention=draw(_retentions),
        updates_label=draw(st.none() | _local),
        thanks=draw(st.none() | _local_paragraphs),
        share=draw(st.none() | _local),
        reminder=draw(st.booleans()),
        review_comments=draw(st.booleans()),
        approve_proven=draw(st.booleans()),
    )


@given(all_terms())
def test_what_was_written_is_read_again(terms: Terms) -> None:
    stored = json.loads(json.dumps(write_terms(terms)))
    assert read_terms(stored, ()) == terms


def test_every_term_is_tried() -> None:
    """A new one that the strategy above forgets would be lost in the store without a failing test."""
    written = write_terms(example_terms())
    assert {field.name for field in fields(Terms)} == {
        *(set(written) - {"visibility", "updates", "after_signing", "comments", "organisations"}),
        *("visibility_choices", "visibility_default", "updates_label", "thanks", "share", "review_comments"),
        "approve_proven",
    }


def example_terms() -> Terms:
    """Terms that say everything."""
    return read_terms(
        {
            **TERMS,
            "reply_to": "contact@example.org",
            "initiator": {"name": "Union"},
            "affiliation": {"label": "Campus"},
            "questions": [{"key": "union", "label": "Union"}],
            "links": [{"label": "Fund", "url": "https://example.org"}],
            "mail": {"subject": "Confirm", "sender_name": "Post"},
            "retention": {"until": date(2027, 6, 30)},
            "updates": {"label": {"en": "Write to me", "es": "Escribidme"}},
            "after_signing": {"thanks": "Thank you.\n\nCome on **Friday**.", "share": "Sign with me"},
            "reminder": {"enabled": False},
            "comments": {"review": True},
            "organisations": {"approve_proven": True},
        },
        ["en", "es"],
    )


def test_retention_and_the_words_of_the_consent_are_written_as_a_file_says_them() -> None:
    written = write_terms(example_terms())
    assert written["retention"] == {"until": "2027-06-30"}
    assert written["updates"] == {"label": {"en": "Write to me", "es": "Escribidme"}}
    default = write_terms(read_terms(TERMS, ["en"]))
    assert default["retention"] == {"months_after_closing": 6}
    assert "updates" not in default


def test_terms_from_before_these_keys_are_read() -> None:
    """Campaigns that were imported by an earlier version."""
    written = write_terms(read_terms(TERMS, ["en"]))
    del written["retention"]
    terms = read_terms(written, ())
    assert terms.retention is None  # nothing is erased that nobody announced
    assert purge_due_at(terms.retention, datetime(2020, 1, 1, tzinfo=UTC)) is None
    assert terms.updates_label is None
    assert (terms.thanks, terms.share, terms.reminder) == (None, None, True)
    assert "retention" not in write_terms(terms)


@pytest.mark.parametrize("months", [0, 1, 36])
def test_months_after_the_closing(months: int) -> None:
    terms = read_terms({**TERMS, "retention": {"months_after_closing": months}}, ["en"])
    assert terms.retention == Retention(months, None)


@pytest.mark.parametrize(
    ("retention", "key", "expected"),
    [
        *(({"months_after_closing": value}, "retention.months_after_closing", MONTHS) for value in NO_MONTHS),
        *(({"until": value}, "retention.until", "expected a date, like 2027-06-30") for value in NO_DAYS),
        (
            {"until": "2027-06-30", "months_after_closing": 6},
            "retention",
            "expected either until or months_after_closing, not both",
        ),
        ({"days": 3}, "retention.days", "there is no such key; the keys are months_after_closing, until"),
        (None, "retention", "expected a table"),
        (6, "retention", "expected a table"),
    ],
)
def test_a_retention_that_nobody_can_keep_is_refused(retention: object, key: str, expected: str) -> None:
    with pytest.raises(TermsError) as caught:
        read_terms({**TERMS, "retention": retention}, ["en"])
    assert (caught.value.key, caught.value.expected) == (key, expected)


@given(all_terms(), st.data())
def test_terms_with_one_value_changed_are_read_or_refused(terms: Terms, data: st.DataObject) -> None:
    """Whatever somebody puts in the place of a value, TermsError is all that comes of it."""
    written: Any = json.loads(json.dumps(write_terms(terms)))
    parent = place = written
    key: Any = "signers"
    while isinstance(place, (dict, list)) and place:
        parent = place
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        place = place[key]
        if data.draw(st.booleans()):
            break
    parent[key] = data.draw(st.none() | st.booleans() | st.integers() | st.text() | st.just([]) | st.just({}))
    try:
        read = read_terms(written, ["en"])
    except TermsError as error:
        assert error.key  # noqa: PT017 - both ends are right
    else:
        assert read_terms(write_terms(read), ()) == read


@pytest.mark.parametrize(
    ("steps", "count", "goal"),
    [
        ((), 5, None),
        ((10,), 0, 10),
        ((10,), 10, 10),
        ((10,), 11, 10),
        ((10, 100), 9, 10),
        ((10, 100), 10, 100),
        ((10, 100), 500, 100),
    ],
)
def test_the_goal_grows_in_steps(steps: tuple[int, ...], count: int, goal: int | None) -> None:
    assert read_terms({**TERMS, "goal_steps": list(steps)}, ["en"]).next_goal(count) == goal


def test_a_text_in_a_language_falls_back_to_the_campaign_s_own_and_then_to_any() -> None:
    text = {"de": "Hallo", "en": "Hello"}
    assert text_in(text, "en", "de") == "Hello"
    assert text_in(text, "fr", "de") == "Hallo"
    assert text_in(text, "fr", "it") == "Hallo"


@pytest.mark.parametrize(
    ("signers", "answer"), [(["individuals"], True), (["organisations"], False), (list(SIGNERS), True)]
)
def test_who_may_sign(signers: list[str], answer: bool) -> None:
    assert read_terms({**TERMS, "signers": signers}, ["en"]).open_to_individuals is answer


def test_what_follows_a_signature_is_written_as_a_file_says_it() -> None:
    written = write_terms(example_terms())
    thanks = "Thank you.\n\nCome on **Friday**."
    assert written["after_signing"] == {
        "thanks": {"en": thanks, "es": thanks},
        "share": {"en": "Sign with me", "es": "Sign with me"},
    }
    assert written["reminder"] == {"enabled": False}
    default = write_terms(read_terms(TERMS, ["en"]))
    assert {"after_signing", "reminder"} & set(default) == set()


THANKS = "expected a text of 1 to 2000 characters"


@pytest.mark.parametrize(
    ("data", "key", "expected"),
    [
        *(
            ({"after_signing": {"thanks": text}}, "after_signing.thanks", THANKS)
            for text in ("", " \n ", "a" * 2001, "a\0b", "a\u2028b")
        ),
        ({"after_signing": {"thanks": {"en": 7}}}, "after_signing.thanks.en", THANKS),
        (
            {"after_signing": {"share": "one\ntwo"}},
            "after_signing.share",
            "expected a text of 1 to 200 characters on one line",
        ),
        (
            {"after_signing": {"share": {"es": "Hola"}}},
            "after_signing.share",
            "expected a text in each language; missing: en",
        ),
        (
            {"after_signing": {"gift": "no"}},
            "after_signing.gift",
            "there is no such key; the keys are share, thanks",
        ),
        ({"after_signing": "Thank you"}, "after_signing", "expected a table"),
        ({"reminder": {"enabled": "no"}}, "reminder.enabled", "expected true or false"),
        ({"reminder": {"after": 2}}, "reminder.after", "there is no such key; the keys are enabled"),
        ({"reminder": False}, "reminder", "expected a table"),
    ],
)
def test_what_cannot_follow_a_signature_is_refused(data: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(TermsError) as caught:
        read_terms({**TERMS, **data}, ["en"])
    assert (caught.value.key, caught.value.expected) == (key, expected)
