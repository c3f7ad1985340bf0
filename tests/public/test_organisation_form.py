"""The form by which organisations ask: what it lets through, and what it says."""

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from petitions.i18n import LANGUAGES, translator
from petitions.public.organisation_form import (
    MAX_MEMBERS,
    AskForm,
    ContactForm,
    contact_in,
    entry_in,
    read_members,
)
from tests.public.organisation_support import CONTACT, form


@given(st.integers(1, MAX_MEMBERS), st.sampled_from([".", ",", " ", "'", "’", "_", "٬", "\u00a0", "\u202f", ""]))
def test_numbers_are_read_in_the_groups_of_any_country(members: int, separator: str) -> None:
    written = f"{members:,}".replace(",", separator)
    assert read_members(written) == members
    arabic = written.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert read_members(arabic) == members


@given(st.integers(1, MAX_MEMBERS), st.sampled_from(LANGUAGES))
def test_what_a_page_shows_can_be_typed(members: int, language: str) -> None:
    assert read_members(translator(language).number(members)) == members


@given(st.integers(100_000, MAX_MEMBERS))
def test_indian_groups_are_read(members: int) -> None:
    assert read_members(format_decimal(members, locale="en_IN")) == members


@given(st.text(max_size=30))
def test_anything_else_is_no_number_and_breaks_nothing(text: str) -> None:
    members = read_members(text)
    assert members is None or 1 <= members <= MAX_MEMBERS


@pytest.mark.parametrize(
    "text", ["0", "-5", "48.5", "1,000,0", "100000001", "1e3", "²", "about 500", "5 %", ",500", ""]
)
def test_no_number_of_members(text: str) -> None:
    assert read_members(text) is None


def test_a_form_that_is_right_is_read() -> None:
    sent = AskForm(FormData(form(name="  Union   of Examples ", phone="")))
    assert sent.validate(), sent.errors
    entry, contact = entry_in(sent), contact_in(sent, "e-mail key" * 4)
    assert (entry.name, entry.kind, entry.country, entry.city) == ("Union of Examples", "union", "IE", "Cork")
    assert entry.website is not None
    assert entry.website.url.removesuffix("/") == "https://union.example.org"
    assert (entry.members, entry.comment) == (48_000, "With you.\nAlways.")
    assert (contact.name, contact.role, contact.email) == ("Clara Contact", "Secretary", CONTACT["email"])
    assert contact.phone is None


def test_only_what_is_needed_is_required() -> None:
    empty = AskForm(FormData({}))
    assert not empty.validate()
    needed = ["name", "kind", "country", "contact_name", "contact_role", "email", "authorised"]
    assert list(empty.errors) == needed
    bare = {name: value for name, value in form().items() if name in needed}
    assert AskForm(FormData(bare)).validate()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "\u2800"),
        ("name", "=Union"),
        ("name", "Union www.example.org"),
        ("name", "U" * 161),
        ("name", "Union \u202etes"),
        ("name", "Union\u3164"),
        ("name", "Uniоn"),  # a Cyrillic о
        ("kind", "cult"),
        ("country", "XX"),
        ("city", "C" * 121),
        ("city", "www.evil.example"),
        ("website", "javascript:alert(1)"),
        ("website", "https://bank.example.com@evil.example.com"),
        ("website", "http://192.0.2.1/"),
        ("members", "many"),
        ("comment", "c" * 501),
        ("contact_name", "\u2800"),
        ("contact_name", "https://evil.example"),
        ("contact_role", "r" * 121),
        ("contact_role", "Click www.evil.example"),
        ("email", "office@union"),
        ("phone", "call me"),
        ("phone", "+" * 5),
        ("phone", "1" * 41),
        ("authorised", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str) -> None:
    sent = AskForm(FormData(form(**{field: value})))
    assert not sent.validate()
    assert list(sent.errors) == [field]


@pytest.mark.parametrize("phone", ["+353 (21) 000-000", "021/000.000", "٠٢١ ٠٠٠"])
def test_phones_of_all_sorts(phone: str) -> None:
    assert ContactForm(FormData({**CONTACT, "phone": phone})).validate()


def test_a_slip_in_the_address_is_asked_about_once() -> None:
    typed = {**CONTACT, "email": "union@gmial.com"}
    asked = ContactForm(FormData(typed))
    assert not asked.validate()
    assert "union@gmail.com" in translator("en").translate(asked.email.errors[0])
    assert ContactForm(FormData({**typed, "email_checked": "union@gmial.com"})).validate()
