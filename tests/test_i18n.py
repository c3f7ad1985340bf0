"""Languages: chosen from what a reader asks, with their numbers, dates and countries."""

import itertools
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from petitions.i18n import (
    COUNTRY_CODES,
    LANGUAGES,
    N_,
    Message,
    choose_language,
    is_language_tag,
    language_name,
    preferred_languages,
    text_direction,
    translator,
)


@given(
    st.text(max_size=500)
    | st.lists(st.sampled_from(["en", "es-MX", ";", "q=", "0.5", ",", "*", " "])).map("".join)
)
def test_any_header_is_read(header: str) -> None:
    tags = preferred_languages(header)
    assert len(tags) <= 20
    assert all(tag == tag.lower() and tag.isascii() and tag for tag in tags)
    assert choose_language(tags, LANGUAGES) in (None, *LANGUAGES)


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", ()),
        ("es", ("es",)),
        ("es-MX, es;q=0.9, en;q=0.8", ("es-mx", "es", "en")),
        ("en;q=0.1, fr;q=0.9, de", ("de", "fr", "en")),
        ("en ; q = 0.5 , fr", ("fr", "en")),
        ("en;q=0, fr", ("fr",)),
        ("en;q=0.5, fr;q=0.5", ("en", "fr")),
        ("en;q=2, fr;q=-1, de;q=x, it;q=nan, ru;q=inf, eu", ("eu",)),
        ("en;level=1, fr", ("fr",)),
        ("*, fr;q=0.5", ("fr",)),
        (",,;q=1,;,fr", ("fr",)),
        ("es\x00, fr", ("fr",)),
        ("ésp, fr", ("fr",)),
        ("EN-gb", ("en-gb",)),
    ],
)
def test_headers(header: str, tags: tuple[str, ...]) -> None:
    assert preferred_languages(header) == tags


@given(st.lists(st.tuples(st.sampled_from(LANGUAGES), st.integers(1, 1000)), min_size=1, max_size=9))
def test_the_heaviest_language_comes_first(wanted: list[tuple[str, int]]) -> None:
    tags = preferred_languages(", ".join(f"{tag};q={weight / 1000:.3f}" for tag, weight in wanted))
    expected = sorted(wanted, key=lambda entry: -entry[1])
    assert list(tags) == [tag for tag, _ in expected]


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        (["es"], ["en", "es"], "es"),
        (["es-mx"], ["en", "es"], "es"),
        (["fr", "es"], ["en", "es"], "es"),
        (["fr"], ["en", "es"], None),
        ([], ["en"], None),
        (["en"], [], None),
        (["pt-br"], ["pt-PT", "pt-BR"], "pt-BR"),
        (["pt"], ["pt-PT", "pt-BR"], "pt-PT"),
        (["pt-ao"], ["pt-PT", "pt-BR"], "pt-PT"),
        (["PT-br", "en"], ["en", "pt-BR"], "pt-BR"),
        (["zh-hant"], ["zh-Hans", "zh-Hant"], "zh-Hant"),
    ],
)
def test_the_first_wanted_language_that_is_offered_is_chosen(
    wanted: list[str], offered: list[str], chosen: str | None
) -> None:
    assert choose_language(wanted, offered) == chosen


def test_arabic_runs_from_the_right() -> None:
    assert {language: text_direction(language) for language in LANGUAGES} == {
        language: "rtl" if language == "ar" else "ltr" for language in LANGUAGES
    }
    assert text_direction("fa-IR") == "rtl"


def test_languages_are_named_in_themselves() -> None:
    assert [language_name(language) for language in LANGUAGES] == [
        "English",
        "Español",
        "Français",
        "Deutsch",
        "Italiano",
        "Русский",
        "العربية",
        "Euskara",
        "Gaeilge",
    ]
    assert language_name("pt-BR") == "Português (Brasil)"
    assert language_name("zh-Hant") == "中文 (繁體)"
    assert language_name("xx") == "xx"
    assert language_name("") == ""


@given(st.text(max_size=20))
def test_any_text_is_a_language_or_is_not(text: str) -> None:
    if is_language_tag(text):
        assert len(text) <= 30
        assert text.replace("-", "").isalnum()
        assert text.isascii()
        assert language_name(text)


@pytest.mark.parametrize("tag", [*LANGUAGES, "pt-BR", "zh-Hant-TW", "ca-valencia", "sr-Latn"])
def test_language_tags(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize("tag", ["", "e", "xx", "en_US", "en.utf8", "en@euro", "english", "en-", "en us", "../en"])
def test_what_is_no_language_tag(tag: str) -> None:
    assert not is_language_tag(tag)


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert {language: translator(language).number(1234567) for language in LANGUAGES} == {
        "en": "1,234,567",
        "es": "1.234.567",
        "fr": "1\u202f234\u202f567",
        "de": "1.234.567",
        "it": "1.234.567",
        "ru": "1\u00a0234\u00a0567",
        "ar": translator("ar").number(1234567),
        "eu": "1.234.567",
        "ga": "1,234,567",
    }


def test_dates_are_written_as_each_language_writes_them() -> None:
    assert translator("en").date(date(2026, 11, 22)) == "22 November 2026"
    assert translator("es").date(datetime(2026, 11, 22, 23, 59, tzinfo=UTC)) == "22 de noviembre de 2026"
    english = translator("en").moment(datetime(2026, 11, 22, 16, tzinfo=UTC))
    assert english.startswith("22 November 2026")
    assert english.endswith(" 16:00 UTC")
    for language in LANGUAGES:
        assert "UTC" in translator(language).moment(datetime(2026, 11, 22, 16, tzinfo=UTC))


@given(st.integers(-99_999, 99_999) | st.integers(-(10**15), 10**15))
def test_numbers_are_those_of_cldr(number: int) -> None:
    for language in LANGUAGES:
        words = translator(language)
        expected = format_decimal(number, locale=words.locale, numbering_system="default")
        assert words.number(number) == expected, language


@given(st.integers(0, 4 * 10**9))
def test_moments_are_the_dates_and_times_of_cldr(second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    for language in LANGUAGES:
        words = translator(language)
        day = format_date(at, format="long", locale=words.locale)
        time = format_time(at, "short", tzinfo=UTC, locale=words.locale)
        said = words.moment(at)
        assert said.startswith(day)
        assert f"{time} UTC" in said[len(day) :]
        assert words.moment(at.astimezone(timezone(timedelta(hours=-9)))) == said
        assert words.moment(at.replace(tzinfo=None)) == said


def test_countries_are_named_and_sorted_for_the_reader() -> None:
    for language in LANGUAGES:
        countries = translator(language).countries
        assert {country.code for country in countries} == COUNTRY_CODES
        assert all(country.name for country in countries)
    spanish = [country.name for country in translator("es").countries]
    assert spanish.index("España") < spanish.index("Estados Unidos") < spanish.index("Francia")
    german = [country.name for country in translator("de").countries]
    assert german.index("Norwegen") < german.index("Österreich") < german.index("Polen")
    assert translator("eu").country("ES") == "Espainia"
    assert translator("en").country("??") == "??"


def test_country_codes_are_countries() -> None:
    assert {"ES", "RU", "IE", "PS", "VE", "CA", "CH", "GB", "US", "XK"} <= COUNTRY_CODES
    assert not {"EU", "UN", "ZZ"} & COUNTRY_CODES
    assert 240 <= len(COUNTRY_CODES) <= 260


def test_a_message_is_its_text_with_its_values() -> None:
    message = N_("Please keep it to %(most)s characters.", most=5)
    assert message == "Please keep it to %(most)s characters."
    assert translator("en").translate(message) == "Please keep it to 5 characters."
    assert translator("en").translate(Message("50 %")) == "50 %"
    assert translator("en").translate("") == ""
    nested = N_("Please keep it to %(most)s characters.", most=N_("%(n)s or %(m)s", n=5, m=6))
    assert translator("en").translate(nested) == "Please keep it to 5 or 6 characters."


def test_a_value_is_not_read_as_a_text() -> None:
    """What somebody typed is put in as it stands."""
    message = N_("Please keep it to %(most)s characters.", most="%(most)s")
    assert translator("en").translate(message) == "Please keep it to %(most)s characters."


def test_english_plurals() -> None:
    words = translator("en")
    assert [words.ngettext("one", "many", number) for number in (0, 1, 2)] == ["many", "one", "many"]


def test_pairs_of_languages_do_not_mix() -> None:
    for one, two in itertools.combinations(LANGUAGES, 2):
        assert translator(one) is not translator(two)
        assert translator(one).locale != translator(two).locale
