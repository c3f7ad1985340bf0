"""Whole files, read by poppler."""

import io
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from petitions.pdf.fonts import Shelf, Style
from petitions.pdf.pages import Book
from petitions.pdf.papers import Paper
from petitions.pdf.prose import Flow, Frame, read_line, read_markdown
from tests.pdf.reading import letters, list_fonts, needs_fonts, read_info, read_structure, read_text
from tests.pdf.test_setting import WRITINGS

pytestmark = needs_fonts

TEXT = """
# Why

We *demand* that **Boris Kagarlitsky** [is freed](https://example.org/case), see <https://example.org>.

1. Now.
2. Without *any* condition.

- One
  - Within one

> Quoted

    some code

<b>not ours</b>
"""


def write(shelf: Shelf, *texts: str, language: str = "en", paper: Paper = Paper.A4) -> bytes:
    """A file with these texts, one below the other."""
    out = io.BytesIO()
    book = Book(
        out,
        shelf,
        paper,
        language=language,
        title="Ana’s “list” محمد",
        author="Committee",
        at=datetime(2026, 11, 22, 16, tzinfo=UTC),
    )
    book.turn()
    flow = Flow(book, Frame(50, 50, 480, 700))
    for text in texts:
        flow.text(text, 12)
        flow.text(text, 12, Style.SERIF_BOLD)
    book.close(lambda page, number, total: page.show(book.setter.line(f"{number} of {total}", 8), 50, 750))
    return out.getvalue()


@pytest.mark.parametrize("text", WRITINGS)
def test_the_letters_of_every_script_come_back(shelf: Shelf, text: str) -> None:
    found = read_text(write(shelf, text))
    assert letters(found) == letters(text + text + "1 of 1")


def test_left_to_right_texts_come_back_as_they_are(shelf: Shelf) -> None:
    texts = ["Ana Sánchez", "Борис Кагарлицкий", "王小明", "अनुष्का शर्मा", "ခင်မောင်", "Ana (from Cork)"]
    lines = read_text(write(shelf, *texts)).split("\n")
    assert [line for line in lines if line in texts] == [text for text in texts for _ in range(2)]


def test_all_fonts_are_within_the_file(shelf: Shelf) -> None:
    fonts = list_fonts(write(shelf, *WRITINGS))
    assert len(fonts) > 20
    assert [name for name, is_within in fonts if not is_within] == []


def test_a_file_says_what_it_is(shelf: Shelf) -> None:
    info = read_info(write(shelf, "Ana", paper=Paper.LETTER))
    assert (info["Title"], info["Author"], info["Producer"]) == ("Ana’s “list” محمد", "Committee", "petitions")
    assert info["CreationDate"] == "Sun Nov 22 16:00:00 2026 UTC"
    assert (info["Tagged"], info["Pages"], info["Page size"]) == ("yes", "1", "612 x 792 pts (letter)")


def test_every_glyph_is_drawn_as_itself(shelf: Shelf, tmp_path: Path) -> None:
    """One that is missing from the file would look like any other that is."""

    def picture(text: str) -> bytes:
        (tmp_path / "one.pdf").write_bytes(write(shelf, text))
        subprocess.run(
            ["pdftoppm", "-r", "72", "-gray", "-H", "120", tmp_path / "one.pdf", tmp_path / "one"], check=True
        )
        return (tmp_path / "one-1.pgm").read_bytes()

    for letters_of_a_script in ("AbЖ", "王明田", "김철수", "مدع", "अकम", "กขค", "אבג", "სდი"):
        assert len({picture(letter) for letter in ("", *letters_of_a_script)}) == 1 + len(letters_of_a_script)


def test_pages_turn_and_know_how_many_there_are(shelf: Shelf) -> None:
    data = write(shelf, *["A line"] * 100)
    pages = read_text(data).split("\f")[:-1]
    assert len(pages) == int(read_info(data)["Pages"]) > 3
    assert [page.rstrip().rsplit("\n", 1)[1] for page in pages] == [
        f"{number} of {len(pages)}" for number in range(1, len(pages) + 1)
    ]
    assert sum(page.count("A line") for page in pages) == 200


def test_a_part_that_goes_on_upon_the_next_page_is_one_part(shelf: Shelf) -> None:
    words = [f"word{number}" for number in range(2_000)]
    data = write(shelf, " ".join(words), "The end")
    assert int(read_info(data)["Pages"]) > 2
    parts = [
        re.findall(r"word\d+|The end|\d of \d", part)
        for part in re.split(r"^ *P ", read_structure(data), flags=re.M)
    ]
    # What stands on every page is in no part.
    assert [part for part in parts if part] == [words, words, ["The end"], ["The end"]]


def test_the_mark_of_a_file_is_that_of_what_stands_in_it(shelf: Shelf) -> None:
    one, same, other = (
        re.search(rb"/ID \[\((\w+)\) \((\w+)\)\]", write(shelf, text)) for text in ("Ana", "Ana", "Bo")
    )
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.groups() == same.groups()
    assert one[1] != other[1]


def test_what_is_gray_does_not_make_gray_what_follows(shelf: Shelf, tmp_path: Path) -> None:
    out = io.BytesIO()
    at = datetime(2026, 11, 22, 16, tzinfo=UTC)
    book = Book(out, shelf, Paper.A4, language="en", title="Gray", author="Nobody", at=at)
    book.page.show(book.setter.line("Ana", 8), 300, 300, gray=0.9)
    for place, gray in enumerate((0.5, 0, 0.25)):
        book.page.fill(place * 100, 50, 100, 50, gray)
    book.close(lambda page, number, total: None)
    (tmp_path / "one.pdf").write_bytes(out.getvalue())
    subprocess.run(["pdftoppm", "-r", "72", "-gray", tmp_path / "one.pdf", tmp_path / "one"], check=True)
    with Image.open(tmp_path / "one-1.pgm") as picture:
        found = [picture.getpixel((x, 75)) for x in (50, 150, 250, 350)]
    assert found == pytest.approx([127, 0, 64, 255], abs=1)


def test_a_statement_is_set_with_its_lists_and_links(shelf: Shelf) -> None:
    blocks = read_markdown(TEXT)
    assert [(block.role, block.mark, block.depth) for block in blocks] == [
        ("H3", "", 0),
        ("P", "", 0),
        ("LI", "1.", 1),
        ("LI", "2.", 1),
        ("LI", "•", 1),
        ("LI", "•", 2),
        ("P", "", 1),
        ("P", "", 0),
        ("P", "", 0),
    ]
    assert blocks[1].pieces[1] == ("demand", Style.SERIF_ITALIC)
    words = "".join(words for words, _ in blocks[1].pieces)
    assert words == (
        "We demand that Boris Kagarlitsky is freed (https://example.org/case), see https://example.org."
    )
    assert read_line("His **release**") == [("His ", Style.SERIF), ("release", Style.SERIF_BOLD)]


def test_the_same_texts_are_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from petitions.pdf.fonts import Shelf\n"
        "from tests.pdf.test_pages import WRITINGS, write\n"
        "sys.stdout.buffer.write(write(Shelf(None), *WRITINGS))\n"
    )
    files = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(files) == 1
    assert len(files.pop()) > 10_000
