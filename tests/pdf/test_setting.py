"""Texts set in lines of glyphs."""

import re

import pydyf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.pdf.fonts import Font, Shelf, Style
from petitions.pdf.setting import Line, Setter
from tests.pdf.reading import needs_fonts

pytestmark = needs_fonts

#: A text of each kind of writing.
WRITINGS = (
    "Ana Sánchez de la Torre",
    "Борис Кагарлицкий",
    "Ξένια Παπαδοπούλου",
    "محمد أحمد العربي",
    "שרה כהן",
    "अनुष्का शर्मा",
    "বাংলা নাম",
    "தமிழ் பெயர்",
    "王小明",
    "さくら 田中",
    "김철수",
    "สมชาย ใจดี",
    "ခင်မောင်",
    "ភាសាខ្មែរ",
    "བོད་ཡིག",
    "გიორგი",
    "Արամ",
    "አበበ",
    "ᐃᓄᒃᑎᑐᑦ",
    "x\u0323\u030c",
)


@pytest.fixture
def setter(shelf: Shelf) -> Setter:
    return Setter(shelf, "en")


def ops_of(line: Line) -> str:
    """What shows a line, as it stands in the file."""
    return bytes(pydyf.Stream(list(line.ops)).data).decode()


def no_box_is_drawn(setter: Setter) -> bool:
    return all(0 not in glyphs for glyphs in setter.glyphs().values())


@pytest.mark.parametrize("text", WRITINGS)
def test_a_text_of_any_script_is_drawn_with_the_letters_of_its_font(setter: Setter, text: str) -> None:
    line = setter.line(text, 8)
    assert 4 < line.width < 200
    assert no_box_is_drawn(setter)


def test_the_quick_way_draws_the_same_glyphs_as_the_exact_one(shelf: Shelf) -> None:
    setter = Setter(shelf, "en")
    quick, exact = (
        re.findall("[0-9A-F]{4}", ops_of(setter.line("Ana Müller, Łódź; Борис Ξένια 1–2", size)))
        for size in (9, 10)
    )
    assert quick == exact
    assert setter.line("AAA", 9).width == pytest.approx(setter.line("AAA", 10).width * 0.9)


def test_letters_of_arabic_join(setter: Setter) -> None:
    alone, joined = setter.line("م", 10), setter.line("محمد", 10)
    assert shown_glyphs(setter, alone)[0] not in shown_glyphs(setter, joined)
    # Across a change of the style, too.
    (line,) = setter.wrap_pieces([("مح", Style.SANS), ("مد", Style.BOLD)], 10, 500)
    assert shown_glyphs(setter, setter.line("مد", 10, Style.BOLD)) != shown_glyphs(setter, line)[:2]


def test_brackets_look_inwards_in_both_directions(setter: Setter) -> None:
    line = setter.line("(محمد) (Ana)", 10, direction="rtl")
    assert no_box_is_drawn(setter)
    shown = [setter.glyphs()[font][glyph] for font, glyph in shown_glyphs(setter, line)]
    assert "".join(shown).startswith("(Ana) (")


def shown_glyphs(setter: Setter, line: Line) -> list[tuple[Font, int]]:
    """The fonts and glyphs of a line, from the left to the right."""
    fonts = {name: font for font, name in setter.names.items()}
    found = []
    for name, ops in re.findall(r"/(F\d+) [\d.]+ Tf([^/]*)", ops_of(line)):
        found += [(fonts[name], int(glyph, 16)) for glyph in re.findall(r"[0-9A-F]{4}", ops)]
    return found


@pytest.mark.parametrize("size", [8, 12])
@pytest.mark.parametrize("text", WRITINGS)
def test_a_line_is_as_wide_in_the_file_as_it_was_measured(setter: Setter, text: str, size: float) -> None:
    line = setter.line(text, size)
    glyphs = sum(font.width(glyph) for font, glyph in shown_glyphs(setter, line))
    back = sum(map(int, re.findall(r">(-?\d+)(?:<|\])", ops_of(line))))
    assert (glyphs - back) * size / 1000 == pytest.approx(line.width, abs=0.05)


def test_a_font_that_lacks_what_it_promised_draws_no_box(shelf: Shelf) -> None:
    class Promising(Shelf):
        def find(self, character: str, style: Style = Style.SANS, region: str = "SC") -> Font | None:
            return super().find("a" if character == "अ" else character, style, region)

    setter = Setter(Promising(None), "en")
    line = setter.line("aअ", 8)
    assert no_box_is_drawn(setter)
    assert line.ops == setter.line("a‹U+0905›", 8).ops


def test_marks_that_the_font_of_their_letter_lacks_are_written_all_the_same(setter: Setter) -> None:
    setter.line("م\u0303 王\u0301 ก\u0308", 8)
    assert no_box_is_drawn(setter)


def test_long_texts_wrap_into_lines_that_fit(setter: Setter) -> None:
    for text in (*WRITINGS, "word " * 100, "https://petitions.example.org/" + "a" * 300, "字" * 120):
        lines = setter.wrap(text, 8, 60)
        assert all(line.width <= 60.1 for line in lines)
        assert len(lines) >= int(setter.line(text, 8).width / 60)


def test_pieces_of_several_styles_keep_their_spaces(setter: Setter) -> None:
    pieces = [
        ("We ", Style.SERIF),
        ("demand", Style.SERIF_BOLD),
        (" his  release ", Style.SERIF),
        ("now", Style.BOLD),
    ]
    (line,) = setter.wrap_pieces(pieces, 10, 500)
    fonts = [font.name for font in setter.used]
    assert fonts == ["NotoSerif-Regular", "NotoSerif-Bold", "NotoSans-Bold"]
    words = "".join(setter.used[font][glyph] for font, glyph in shown_glyphs(setter, line))
    assert words == "We demand his release now"


def test_what_is_too_long_for_a_heading_ends_with_dots(setter: Setter) -> None:
    line = setter.fit("A title that goes on and on", 8, 60)
    assert line.width <= 60
    assert line.ops == setter.line("A title that go…", 8).ops
    assert setter.fit("Short", 8, 60) == setter.line("Short", 8)


def test_tall_letters_get_the_room_they_need(setter: Setter) -> None:
    usual = setter.line("Ana", 8)
    tall = setter.line("བོད་ཡིག", 8)
    assert tall.above + tall.below > usual.above + usual.below


@given(
    text=st.text(max_size=40),
    style=st.sampled_from(Style),
    direction=st.sampled_from(("auto", "ltr", "rtl")),
    width=st.sampled_from((4, 30, 200)),
)
def test_no_text_whatever_fails_or_shows_an_empty_box(
    shelf: Shelf, text: str, style: Style, direction: str, width: int
) -> None:
    setter = Setter(shelf, "en")
    assert setter.wrap(text, 8, width, style, direction)
    setter.fit(text, 12, width, style, direction)
    assert no_box_is_drawn(setter)
