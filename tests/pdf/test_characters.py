"""What is written for a character that no font has."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.errors import ScriptsWithoutFont
from petitions.pdf.characters import Reader, require_fonts
from petitions.pdf.fonts import Shelf
from tests.pdf.reading import NOTO, needs_fonts

pytestmark = needs_fonts


@pytest.fixture
def latin(tmp_path: Path) -> Shelf:
    """A machine with one font."""
    shutil.copy(NOTO / "NotoSans-Regular.ttf", tmp_path)
    return Shelf(tmp_path, system_dirs=())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Ana Sánchez", "Ana Sánchez"),
        ("thank you 🙏", "thank you [person with folded hands]"),
        ("🙏🏽", "[person with folded hands]"),
        ("👩‍🔬", "[woman]\u200d[microscope]"),
        ("❤️", "❤"),
        ("🇮🇪 🇵🇸", "[IE] [PS]"),
        ("a\tb\r\nc\u2028d", "a b c d"),
        ("nul\x00 bell\x07", "nul bell"),
        ("\u202eevil\u202c", "evil"),
        ("a\u0301", "á"),
        ("\ue000\U0010ffff", "‹U+E000›‹U+10FFFF›"),
        ("\ud800", "‹U+D800›"),
        ("  two   spaces ", "two spaces"),
        ("", ""),
    ],
)
def test_what_cannot_be_written_is_said(shelf: Shelf, text: str, written: str) -> None:
    assert Reader(shelf).clean(text) == written


def test_letters_without_a_font_are_spelled_out(latin: Shelf) -> None:
    assert (
        Reader(latin).clean("अ is a letter, ☭ is a sign") == "‹U+0905› is a letter, [hammer and sickle] is a sign"
    )


def test_letters_that_have_a_plainer_form_are_written_in_that(latin: Shelf) -> None:
    assert Reader(latin).clean("Ａｎａ 𝔅𝔬𝔯𝔦𝔰 ①") == "Ana Boris 1"


def test_scripts_without_a_font_are_named_and_nothing_else(latin: Shelf) -> None:
    with pytest.raises(ScriptsWithoutFont) as raised:
        require_fonts(latin, ["Ana", "अनु", frozenset("محمد☭🙏\u200d"), "Борис １２ 王"])
    assert raised.value.scripts == ("Arabic", "Devanagari", "Han")
    require_fonts(latin, ["Ana Борис Ξένια", "☭ 🙏 \u200d \ufe0f \x00 Ａ"])


def test_without_any_font_latin_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ScriptsWithoutFont, match="Latin"):
        require_fonts(Shelf(tmp_path, system_dirs=()), ())


@given(text=st.text())
def test_a_clean_text_stays_as_it_is(shelf: Shelf, text: str) -> None:
    reader = Reader(shelf)
    written = reader.clean(text)
    assert reader.clean(written) == written
