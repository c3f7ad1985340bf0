"""What has to be done before a campaign can be published."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from petitions.campaigns.checklist import Missing, missing
from petitions.campaigns.content import Content, Texts, to_files
from petitions.campaigns.values import TermsError
from tests.campaigns.contents import NOW, TEXTS, content, contents, good_contents


def blocking(content: Content) -> list[Missing]:
    return [item for item in missing(content, "free-boris", NOW) if item.blocking]


def is_refused(content: Content) -> bool:
    try:
        to_files("free-boris", content, NOW)
    except TermsError:
        return True
    return False


@settings(max_examples=300)
@given(content=contents)
def test_something_is_missing_exactly_when_it_cannot_be_published(content: Content) -> None:
    assert bool(blocking(content)) == is_refused(content)


@given(content=good_contents)
def test_nothing_is_missing_from_what_can_be_published(content: Content) -> None:
    assert bool(blocking(content)) == is_refused(content)


def test_an_empty_campaign_is_told_everything_at_once() -> None:
    found = missing(Content("en", texts={"en": Texts(), "es": Texts(title="Libertad")}), "free-boris", NOW)
    assert [(item.path, item.language, str(item.message)) for item in found if item.blocking] == [
        ("/texts/en", "en", "The title is missing."),
        ("/texts/en", "en", "The summary is missing."),
        ("/texts/en", "en", "The text of the statement is missing."),
        ("/texts/es", "es", "The summary is missing."),
        ("/texts/es", "es", "The text of the statement is missing."),
        ("/details/basics", None, "Say who is responsible in law: a name and a mail address."),
        ("/details/basics", None, "Say to whom it is addressed."),
    ]


def test_without_any_text_the_default_language_is_named() -> None:
    (item,) = blocking(content(texts={"es": TEXTS}, addressees=[{"name": "All"}]))
    assert (item.path, str(item.message)) == ("/texts/en", "The texts are missing.")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"addressees": [{"name": "All"}, {"name": {"en": "x"}}]}, ("basics", "es", "addressees[2].name")),
        ({"questions": [{"key": "a", "label": {"es": "x"}}]}, ("form", "en", "questions[1].label")),
        ({"affiliation": {"label": {"en": "x"}}}, ("form", "es", "affiliation.label")),
        ({"updates": {"label": {"en": "x"}}}, ("form", "es", "updates.label")),
        ({"mail": {"subject": "x", "sender_name": {"en": "x"}}}, ("mails", "es", "mail.sender_name")),
        ({"after_signing": {"thanks": {"en": "x"}}}, ("thanks", "es", "after_signing.thanks")),
        ({"links": [{"label": {"en": "x"}, "url": "https://a.org"}]}, ("basics", "es", "links[1].label")),
        ({"links": [{"label": "x", "url": "a.org"}]}, ("basics", None, "links[1].url")),
        ({"goal_steps": [3, 2]}, ("dates", None, "goal_steps")),
        ({"goal": 4}, ("dates", None, "")),
        ({"public_list": "some"}, ("form", None, "public_list")),
        ({"unknown": 1}, ("basics", None, "unknown")),
        ({"retention": {"until": "2026-11-21"}}, ("dates", None, "retention")),
        ({"closes_at": NOW - timedelta(days=400)}, ("dates", None, "retention")),
        ({"opens_at": NOW, "closes_at": NOW - timedelta(days=1)}, ("dates", None, "")),
    ],
)
def test_a_mistake_is_told_where_it_is_mended(
    terms: dict[str, Any], expected: tuple[str, str | None, str]
) -> None:
    (item,) = blocking(content(("en", "es"), **terms))
    assert (item.area, item.language, item.place) == expected


def test_one_mistake_does_not_hide_another() -> None:
    wrong = content(
        ("en", "es"), reply_to="x", goal_steps=[0], mail={}, questions=[{"key": "a", "label": {"en": "x"}}]
    )
    assert {item.place for item in blocking(wrong)} == {
        "reply_to",
        "goal_steps",
        "mail.subject",
        "questions[1].label",
    }


def test_what_is_perhaps_not_meant_is_said_and_does_not_block() -> None:
    english, spanish = TEXTS, replace(TEXTS, follows=TEXTS.digest())
    calm = content(("en",), texts={"en": english, "es": spanish}, closes_at=NOW + timedelta(days=3))
    assert missing(calm, "free-boris", NOW) == []
    lagging = replace(
        calm, texts={"en": replace(english, body="New."), "es": replace(spanish, demands=(), background="")}
    )
    assert [(item.path, item.blocking, str(item.message)) for item in missing(lagging, "free-boris", NOW)] == [
        ("/texts/es", False, "The text was changed since this translation was looked at."),
        ("/texts/es", False, "It has not as many demands as the text in the main language."),
        ("/texts/es", False, "It has no background page."),
    ]
    endless = missing(replace(calm, closes_at=None), "free-boris", NOW)
    assert [str(item.message) for item in endless] == [
        "It has no closing day.",
        "Names are kept without an end until it gets a closing day or a day on which they go.",
    ]
    fixed = missing(content(retention={"until": "2027-06-30"}), "free-boris", NOW)
    assert [str(item.message) for item in fixed] == ["It has no closing day."]
    over = missing(replace(calm, closes_at=NOW), "free-boris", NOW)
    assert [str(item.message) for item in over] == ["Its closing day has passed: nobody can sign."]
