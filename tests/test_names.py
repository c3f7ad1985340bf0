"""Names of any script."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions import names
from petitions.folding import fold
from petitions.names import (
    folded_words,
    has_forbidden_characters,
    has_link,
    initials,
    is_blank,
    starts_like_a_formula,
    tidy,
    tidy_lines,
)

any_text = st.text(max_size=130)


@given(any_text)
def test_tidy_is_one_line_without_spaces_to_spare(text: str) -> None:
    tidied = tidy(text)
    assert tidy(tidied) == tidied
    assert tidied == tidied.strip()
    assert "  " not in tidied
    assert "\n" not in tidied
    assert unicodedata.is_normalized("NFC", tidied)
    assert [c for c in unicodedata.normalize("NFC", text) if not c.isspace()] == [
        c for c in tidied if not c.isspace()
    ]


@given(any_text)
def test_tidy_lines_keeps_lines_and_at_most_one_empty_one_between_two(text: str) -> None:
    tidied = tidy_lines(text)
    assert tidy_lines(tidied) == tidied
    assert "\n\n\n" not in tidied
    assert all(line == line.strip() for line in tidied.split("\n"))


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("  Ana \t  Sánchez\u00a0", "Ana Sánchez"),
        ("Ana\r\nSánchez", "Ana Sánchez"),
        ("Sa\u0301nchez", "Sánchez"),
        ("", ""),
    ],
)
def test_tidy(text: str, tidied: str) -> None:
    assert tidy(text) == tidied


def test_tidy_lines() -> None:
    assert tidy_lines("  With   you.\r\n\r\n\r\n\r\nAlways. \rAna\n") == "With you.\n\nAlways.\nAna"


@pytest.mark.parametrize("text", ["", " ", "\u200b\u200d", "\u3164", "\u2800\u2800", "\u00a0\u2003"])
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Ana Sánchez",
        "Cher",
        "李",
        "王小明",
        "محمد بن سلمان",
        "می\u200cخواهم",  # a joiner of Persian
        "Владимир Ильич",
        "Ó Súilleabháin",
        "Jean-Luc",
        "O'Brien",
        "Dr. h. c. Müller",
        "Nguyễn Thị Minh Khai",
        "ক্ষুদিরাম বসু",
        "שרה",
        "ჯულია",
        "Itziar Etxeberria",
        "X Æ A-12",
        "Sarah 🙂",
        "김철수",
        "𠮷野家",  # beyond the first plane
        "a" * 120,
    ],
)
def test_names_of_any_script_are_names(name: str) -> None:
    assert not is_blank(name)
    assert not has_forbidden_characters(name)
    assert not has_link(name)
    assert not starts_like_a_formula(name)
    assert tidy(name) == unicodedata.normalize("NFC", name)
    assert folded_words(name)


@pytest.mark.parametrize(
    "character", [*map(chr, range(32)), "\x7f", "\x85", "\u2028", "\u2029", "\ue000", "\ud800"]
)
def test_control_characters_are_forbidden(character: str) -> None:
    assert has_forbidden_characters(f"Ana{character}Sánchez") is (character != "\n")


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_marks_that_turn_the_direction_of_other_text_are_forbidden(code: int) -> None:
    assert has_forbidden_characters(f"Ana{chr(code)}")


@pytest.mark.parametrize(
    "text", ["https://spam.example", "see HTTP://x", "ftp://x", "www.spam.example", "Ana WWW.x.org"]
)
def test_links_are_told(text: str) -> None:
    assert has_link(text)


@pytest.mark.parametrize("text", ["Ana", "a.b.c", "wwwww", "http", "Ana: hello", "//", "Awww.no"])
def test_other_words_are_no_links(text: str) -> None:
    assert not has_link(text)


@pytest.mark.parametrize(("text", "formula"), [(f"{c}1", c in "=+-@") for c in "=+-@'\"a1("])
def test_formulas_are_told(text: str, formula: bool) -> None:
    assert starts_like_a_formula(text) is formula


def test_a_blank_text_is_no_formula() -> None:
    assert not starts_like_a_formula("")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Siobhán BYRNE", "siobhan byrne"),
        ("Łódź", "lodz"),
        ("Straße", "STRASSE"),
        ("İstanbul ışık", "istanbul isik"),
        ("Ελλάς", "ελλασ"),
        ("Ёлка", "елка"),
        ("مُحَمَّد", "محمد"),
        ("فاطمة", "فاطمه"),
        ("علی", "علي"),
        ("ﬁn", "fin"),
        ("Ａｎａ", "ana"),
        ("Þórður", "thordur"),
        ("می\u200cخواهم", "میخواهم"),
    ],
)
def test_spellings_of_one_name_fold_alike(a: str, b: str) -> None:
    assert fold(a) == fold(b)


@given(any_text)
def test_case_and_composition_do_not_matter_to_folding(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text) == fold(unicodedata.normalize("NFC", text))


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_capitals_fold_like_small_letters(text: str) -> None:
    assert fold(text.lower()) == fold(text.upper().lower())


@given(any_text)
def test_folded_words_fit_the_index(text: str) -> None:
    words = folded_words(text)
    assert len(words) <= 12
    assert len(set(words)) == len(words)
    assert all(0 < len(word) <= names.MAX_WORD for word in words)
    assert all(c.isalnum() for word in words for c in word)


def test_words_of_scripts_with_vowel_signs_stay_whole() -> None:
    assert len(folded_words("कुमार")) == len(folded_words("தமிழ்")) == len(folded_words("ক্ষুদিরাম")) == 1


def test_long_names_are_cut_in_the_index() -> None:
    assert folded_words("x" * 100) == ["x" * 40]
    assert len(folded_words(" ".join(f"w{number}" for number in range(60)))) == 12


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ana Sánchez", "A. S."),
        ("Jean-Luc Moreau", "J. L. M."),
        ("ana", "A."),
        ("María del Carmen Pérez Gómez", "M. D. C. P."),
        ("Ó Súilleabháin", "Ó. S."),
        ("O'Brien", "O."),
        ("Борис Кагарлицкий", "Б. К."),
        ("محمد الأحمد", "م. ا."),
        ("王 小明", "王. 小."),
        ("Łukasz", "Ł."),
        ("ßen", "ß."),
        ("(Ana) 2nd Sánchez", "A. N. S."),
        ("1234", ""),
        ("🙂", ""),
        ("", ""),
        ("a b c d e f g h i j k", "A. B. C. D."),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected


@given(any_text)
def test_initials_are_short_and_say_no_more_than_first_letters(text: str) -> None:
    found = initials(text)
    assert len(found) <= 20
    assert found == found.strip()
    letters = [c for c in found if unicodedata.category(c)[0] == "L"]
    assert len(letters) <= 5  # four, and one more where a capital of a mark is a letter
    assert not found or unicodedata.category(found[0])[0] == "L"


@given(st.text(st.characters(categories=["L"]), min_size=2, max_size=30))
def test_initials_never_give_a_long_word_away(word: str) -> None:
    letters = [c for c in initials(word) if unicodedata.category(c)[0] == "L"]
    assert len(letters) == 1
