"""The forms themselves: what they offer, what they let through, and what they say."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.datastructures import FormData

from petitions.campaigns.reading import read_terms
from petitions.campaigns.terms import VISIBILITIES, Terms
from petitions.public.forms import AddressForm, own_form_for, said_in, sign_form_for
from petitions.signatures.changing import Said
from tests import factories
from tests.public.support import FULL_TERMS

TYPED = {
    "name": " Ana  Sánchez ",
    "country": "ES",
    "city": "Madrid",
    "affiliation": "Bakers",
    "comment": "With you.\r\nAlways.",
    "q_job": "baker",
    "q_phone": "123",
    "updates": "y",
}


def terms(**changes: Any) -> Terms:
    return read_terms({**factories.TERMS, **FULL_TERMS, **changes}, ["en"])


def said(typed: Mapping[str, str], held: str = "public", **changes: Any) -> Said:
    """What the own form of somebody with this visibility says."""
    form = own_form_for(terms(**changes), held)(FormData(typed))
    assert form.validate(), form.errors
    return said_in(form, terms(**changes))


def test_the_own_form_is_the_signing_form_without_the_address() -> None:
    signing, own = sign_form_for(terms())(), own_form_for(terms(), "public")()
    assert set(signing._fields) - set(own._fields) == {"email", "statement", "email_checked", "website", "source"}
    assert set(own._fields) <= set(signing._fields)
    assert "email" in sign_form_for(terms())()  # the one was not made from the other's loss


def test_forms_are_made_once_for_each_shape() -> None:
    assert own_form_for(terms(), "public") is own_form_for(terms(), "public")
    assert sign_form_for(terms()) is sign_form_for(terms())
    assert own_form_for(terms(), "public") is not own_form_for(terms(questions=[]), "public")


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_the_own_form_offers_what_its_holder_has_and_means_that_where_nothing_is_said(visibility: str) -> None:
    """Nobody becomes more visible by a field that was not sent."""
    changes: dict[str, Any] = {"visibility": {"choices": ["public", "addressee"], "default": "public"}}
    form = own_form_for(terms(**changes), visibility)()
    assert set(form.visibility.allowed) == {"public", "addressee", visibility}
    assert len(form.visibility.allowed) == len(set(form.visibility.allowed))
    assert said(TYPED, visibility, **changes).visibility == visibility
    assert set(sign_form_for(terms(**changes))().visibility.allowed) == {"public", "addressee"}


def test_what_is_said_is_tidy() -> None:
    assert said(TYPED) == Said(
        name="Ana Sánchez",
        country="ES",
        city="Madrid",
        affiliation="Bakers",
        comment="With you.\nAlways.",
        answers={"job": "baker", "phone": "123"},
        visibility="public",
        updates=True,
    )
    empty = {"name": "Ana", "country": "ES", "city": " ", "comment": "\n", "affiliation": "", "q_job": ""}
    assert said(empty) == Said("Ana", "ES", None, None, None, None, "public", updates=False)


def test_the_unnamed_say_nothing_that_would_be_shown() -> None:
    unnamed = TYPED | {"visibility": "anonymous"}
    assert said(unnamed) == Said(None, "ES", None, None, None, {"phone": "123"}, "anonymous", updates=True)
    assert said(unnamed | {"q_phone": ""}).answers is None


def test_what_a_signer_says_is_in_no_repr() -> None:
    text = repr(said(TYPED))
    for secret in ("Ana", "Madrid", "Bakers", "With you", "baker", "123"):
        assert secret not in text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" Ana@EXAMPLE.org ", "Ana@example.org"), ("ana@faß.de", "ana@faß.de"), ("ana@gmial.com", "ana@gmial.com")],
)
def test_an_address_is_asked_for_without_second_thoughts(typed: str, kept: str) -> None:
    """A likely slip is asked about when somebody signs; here nothing would come of it."""
    form = AddressForm(FormData({"email": typed}))
    assert form.validate()
    assert form.email.data == kept
