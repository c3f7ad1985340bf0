"""The order of the public list, its groups, its pages, and what a search finds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.i18n import translator
from petitions.organisations.counting import Standing, lock
from petitions.organisations.kinds import KINDS
from petitions.organisations.listing import Shown, ShownOrganisation
from petitions.organisations.shelf import Shelf
from petitions.organisations.shown import (
    PAGE_SIZE,
    WHOLE,
    Ordered,
    Wish,
    count_pages,
    group,
    put_in_order,
    take_page,
)
from petitions.settings import Settings
from tests import factories

ONE = ShownOrganisation(
    number=1,
    name="Union",
    kind="union",
    country="IE",
    city=None,
    website=None,
    logo=None,
    logo_width=None,
    logo_height=None,
    members=None,
    comment=None,
    language="en",
    pin=None,
    name_key="union",
    statement_id=1,
)


def shown(*organisations: ShownOrganisation) -> Shown:
    members = sum(one.members or 0 for one in organisations)
    return Shown(Standing(len(organisations), members, 0, 1), organisations, frozenset())


def ordered(language: str, *organisations: ShownOrganisation) -> Ordered:
    return put_in_order(shown(*organisations), language, translator(language).country)


def names(organised: Ordered, wish: Wish) -> list[str]:
    return [one.name for one in organised.find(wish)]


def numbered(*changes: Mapping[str, Any]) -> list[ShownOrganisation]:
    return [replace(ONE, number=number, **change) for number, change in enumerate(changes, 1)]


def test_pinned_ones_come_first_then_kind_country_and_alphabet() -> None:
    organisations = numbered(
        {"name": "Zeta", "kind": "other"},
        {"name": "Students", "kind": "students", "country": "FR"},
        {"name": "Öko", "country": "DE"},
        {"name": "Oboe", "country": "DE"},
        {"name": "Ost", "country": "DE"},
        {"name": "Bakers", "country": "AT"},
        {"name": "Second", "kind": "company", "pin": 2},
        {"name": "First", "kind": "other", "pin": 1},
        {"name": "Also second", "kind": "union", "pin": 2},
    )
    found = ordered("en", *organisations)
    assert [one.name for one in found.organisations] == [
        "First",
        "Also second",
        "Second",
        "Bakers",
        "Oboe",
        "Öko",
        "Ost",
        "Students",
        "Zeta",
    ]
    sections = [
        (section.kind, [(country, [one.name for one in there]) for country, there in section.countries])
        for section in group(found.organisations)
    ]
    assert sections == [
        ("", [("", ["First", "Also second", "Second"])]),
        ("union", [("AT", ["Bakers"]), ("DE", ["Oboe", "Öko", "Ost"])]),
        ("students", [("FR", ["Students"])]),
        ("other", [("IE", ["Zeta"])]),
    ]


def test_countries_stand_in_the_order_of_their_names_in_the_language_of_the_reader() -> None:
    organisations = numbered({"country": "DE"}, {"country": "ES"}, {"country": "AT"})
    orders = {
        language: [one.country for one in ordered(language, *organisations).organisations]
        for language in ("en", "de", "es")
    }
    # Austria, Germany, Spain; Deutschland, Österreich, Spanien; Alemania, Austria, España.
    assert orders == {"en": ["AT", "DE", "ES"], "de": ["DE", "AT", "ES"], "es": ["DE", "AT", "ES"]}
    assert [code for code, _ in ordered("en", *organisations).countries] == ["AT", "DE", "ES"]


def test_what_can_be_chosen_is_counted() -> None:
    found = ordered("en", *numbered({"kind": "party"}, {"country": "DE"}, {"kind": "party", "country": "DE"}))
    assert found.kinds == [("union", 1), ("party", 2)]
    assert found.countries == [("DE", 2), ("IE", 1)]


def test_a_search_finds_beginnings_of_words_of_names_and_cities() -> None:
    found = ordered(
        "en",
        *numbered(
            {"name": "Écoles de Paix", "city": "Besançon", "country": "FR"},
            {"name": "Peace Union", "city": "Cork"},
            {"name": "نقابة المعلمين", "kind": "association"},
        ),
    )
    assert names(found, Wish(text="ecol BESANCON")) == ["Écoles de Paix"]
    assert names(found, Wish(text="oles")) == []
    assert names(found, Wish(text="union peace")) == ["Peace Union"]
    assert names(found, Wish(text="المعلم")) == ["نقابة المعلمين"]
    assert names(found, Wish(text="···")) == [one.name for one in found.organisations]
    assert names(found, Wish(kind="union", country="IE")) == ["Peace Union"]
    assert names(found, Wish(kind="union", country="IE", text="ecoles")) == []


@given(
    st.lists(
        st.tuples(
            st.text(min_size=1, max_size=6),
            st.sampled_from([*KINDS]),
            st.sampled_from(["DE", "FR", "RU", "EG"]),
            st.none() | st.integers(1, 3),
        ),
        max_size=40,
    ),
    st.sampled_from(["en", "ar", "ru", "eu"]),
)
def test_every_organisation_stands_once_under_one_heading_of_each(
    rows: list[tuple[str, str, str, int | None]], language: str
) -> None:
    organisations = numbered(
        *({"name": name, "kind": kind, "country": country, "pin": pin} for name, kind, country, pin in rows)
    )
    found = ordered(language, *organisations)
    assert found.organisations == ordered(language, *reversed(organisations)).organisations
    sections = group(found.organisations)
    assert [section.kind for section in sections] == list(dict.fromkeys(section.kind for section in sections))
    again: list[ShownOrganisation] = []
    for section in sections:
        codes = [code for code, _ in section.countries]
        assert len(codes) == len(set(codes))
        for code, there in section.countries:
            if section.kind:
                assert {(one.kind, one.country, one.pin) for one in there} == {(section.kind, code, None)}
            again += there
    assert again == list(found.organisations)


@given(st.integers(0, 2_000))
def test_pages_hold_every_organisation_once(many: int) -> None:
    organisations = [replace(ONE, number=number) for number in range(many)]
    pages = [take_page(organisations, number) for number in range(1, count_pages(many) + 1)]
    assert [one for page in pages for one in page] == organisations
    assert all(0 < len(page) <= WHOLE for page in pages) or many == 0
    assert all(len(page) == PAGE_SIZE for page in pages[:-1])


def test_the_largest_are_named_where_there_is_no_room_for_all() -> None:
    organisations = numbered(
        {"members": None}, {"members": 5}, {"members": 500}, {"members": None, "pin": 2}, {"members": 1, "pin": 1}
    )
    assert [one.number for one in shown(*organisations).leading] == [5, 4, 3, 2, 1]
    crowd = [replace(ONE, number=number) for number in range(200)]
    assert [one.number for one in shown(*crowd).leading] == list(range(150))


@pytest.mark.anyio
async def test_the_store_is_asked_for_them_anew_only_after_a_change(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    shelf = Shelf(database)
    nobody = await shelf.load(campaign.id)
    assert (nobody.standing, list(nobody.organisations)) == (Standing(), [])
    factories.cosign(database, settings, campaign, name="Bakers", members=3)
    first = await shelf.load(campaign.id)
    assert [one.name for one in first.organisations] == ["Bakers"]
    assert await shelf.load(campaign.id) is first
    with database.writing() as session:
        lock(session, campaign.id).revision += 1
    again = await shelf.load(campaign.id)
    assert again is not first
    assert again.organisations == first.organisations
