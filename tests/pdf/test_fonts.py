"""Which font writes what."""

import shutil
from pathlib import Path

import pytest

from petitions.pdf.fonts import SYSTEM_DIRS, Shelf, Style, name_of_script
from tests.pdf.reading import NOTO, needs_fonts

pytestmark = needs_fonts


@pytest.mark.parametrize(
    ("character", "style", "name"),
    [
        ("a", Style.SANS, "NotoSans-Regular"),
        ("ж", Style.BOLD, "NotoSans-Bold"),
        ("ώ", Style.SERIF, "NotoSerif-Regular"),
        ("e", Style.SERIF_ITALIC, "NotoSerif-Italic"),
        ("ع", Style.SANS, "NotoSansArabic-Regular"),
        ("ع", Style.SERIF, "NotoNaskhArabic-Regular"),
        ("अ", Style.BOLD, "NotoSansDevanagari-Bold"),
        ("अ", Style.SERIF_ITALIC, "NotoSansDevanagari-Regular"),  # there is no italic one
        ("ག", Style.SANS, "NotoSerifTibetan-Regular"),  # nor a sans
        ("ⵣ", Style.SANS, "NotoSansTifinagh-Regular"),
        ("☭", Style.SANS, "NotoSansSymbols-Regular"),
    ],
)
def test_every_letter_has_the_font_of_its_script_and_style(
    shelf: Shelf, character: str, style: Style, name: str
) -> None:
    font = shelf.find(character, style)
    assert font is not None
    assert font.name == name


@pytest.mark.parametrize(
    ("region", "name"),
    [("SC", "NotoSansCJKsc-Regular"), ("JP", "NotoSansCJKjp-Regular"), ("KR", "NotoSansCJKkr-Regular")],
)
def test_chinese_characters_have_the_shapes_of_their_region(shelf: Shelf, region: str, name: str) -> None:
    font = shelf.find("直", region=region)
    assert font is not None
    assert font.name == name


@pytest.mark.parametrize(("character", "is_keyed"), [("a", False), ("ع", False), ("直", True)])
def test_only_chinese_fonts_have_keys_of_their_own(shelf: Shelf, character: str, *, is_keyed: bool) -> None:
    font = shelf.find(character)
    assert font is not None
    assert font.is_keyed is is_keyed


def test_a_font_knows_how_far_its_glyphs_reach(shelf: Shelf) -> None:
    font = shelf.primary()
    assert font is not None
    left, lower, right, upper = font.box
    assert left < 0 < right
    # No letter reaches beyond it.
    for character in "ÅgjÑŸ":
        top, bottom = font.ink(font.glyph(character))
        assert lower <= -bottom * 1000 < top * 1000 <= upper


def test_emoji_have_no_font_for_theirs_is_of_pictures(shelf: Shelf) -> None:
    assert shelf.find("🙏") is None


def test_fonts_of_ones_own_go_before_those_of_the_system(tmp_path: Path) -> None:
    below = tmp_path / "deep" / "er"
    below.mkdir(parents=True)
    shutil.copy(NOTO / "NotoSans-Regular.ttf", below)
    font = Shelf(tmp_path).find("a")
    assert font is not None
    assert font.path == below / "NotoSans-Regular.ttf"
    assert (own := Shelf(tmp_path).find("ع")) is not None
    assert SYSTEM_DIRS[0] in own.path.parents


def test_any_other_font_is_better_than_none(tmp_path: Path) -> None:
    shutil.copy(NOTO / "NotoSansArabic-Regular.ttf", tmp_path / "Some Face.ttf")
    shelf = Shelf(tmp_path, system_dirs=())
    assert shelf.find("ع") is not None
    assert shelf.find("अ") is None


def test_files_that_are_no_fonts_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "NotoSans-Regular.ttf").write_bytes(b"no font at all")
    (tmp_path / "NotoSans-Bold.ttc").write_bytes(b"")
    shelf = Shelf(tmp_path, system_dirs=())
    assert shelf.primary() is None
    assert shelf.find("a", Style.BOLD) is None


def test_scripts_have_their_english_names() -> None:
    assert [name_of_script(character) for character in "अᐃ"] == ["Devanagari", "Canadian Aboriginal"]
