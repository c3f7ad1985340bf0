"""Lists as PDF, read by poppler."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petitions.errors import ExportCancelled, ScriptsWithoutFont
from petitions.lists import pdf_files
from petitions.lists.columns import Cell, Column, Kind
from petitions.lists.documents import Document
from petitions.lists.pdf_columns import plan_layout
from petitions.lists.pdf_files import check_fonts, write_pdf
from petitions.lists.plans import Format, Plan
from petitions.lists.writing import write_files
from petitions.pdf.fonts import Shelf
from petitions.pdf.papers import Paper
from petitions.pdf.setting import Setter
from tests.lists.made import WORDING, MemoryFolder, Row, Watcher, make_document, make_section
from tests.pdf.reading import letters, list_fonts, needs_fonts, read_info, read_text

pytestmark = needs_fonts

COLUMNS = (
    Column("number", "Number", Kind.NUMBER),
    Column("name", "Name"),
    Column("affiliation", "Affiliation"),
    Column("city", "City"),
    Column("country", "Country", Kind.CHOICE, {"ES": "Spain", "EG": "Egypt"}),
    Column("comment", "Comment"),
    Column("answer_union", "Union"),
    Column("date", "Date", Kind.DATE),
)
ROWS: Sequence[Row] = (
    (1, "Ana Sánchez", "Universidad de Cork", "Madrid", "ES", "With you.\nAlways.", None, "2026-11-22"),
    (2, "Борис Иванов", None, "Москва", None, None, "Профсоюз", "2026-11-22"),
    (3, "محمد علي", "جامعة القاهرة", "القاهرة", "EG", "الحرية الآن", None, "2026-11-22"),
    (5, "अनुष्का शर्मा", None, None, "ES", None, None, "2026-11-23"),
    (8, "王小明", None, "北京", "XX", "学者支持自由 🙏", None, None),
)


def make(document: Document, **options: object) -> MemoryFolder:
    """The files of a list."""
    folder = MemoryFolder()
    write_pdf(document, folder, Watcher(), **{"fonts_dir": None, "paper": Paper.A4} | options)  # type: ignore[arg-type]
    return folder


def make_many(rows: int) -> Document:
    """A list with so many signatures and two organisations."""
    many = [
        (number, f"Name {number}", None, "Cork", "ES", None, None, "2026-11-22") for number in range(1, rows + 1)
    ]
    few = make_section([(1, "CGT"), (2, "NIPSA")], COLUMNS[:2], key="organisations", title="Organisations")
    return make_document(make_section(many, COLUMNS, page=2_000), few)


@pytest.fixture(scope="module")
def file() -> bytes:
    """A list with names in five scripts."""
    folder = make(make_document(make_section(ROWS, COLUMNS)))
    assert folder.rows == {"signatures.pdf": 5}
    return folder.files["signatures.pdf"]


def test_the_title_page_says_what_was_signed_and_by_how_many(file: bytes) -> None:
    text = " ".join(read_text(file, "-l", "1").split())
    assert re.findall(
        "Free Boris|A sociologist is arrested|He spoke freely & <b>well</b>|1. His release|"
        "2. The dropping of all charges|The embassies|As of 23 November 2026, 10:00 UTC|Example Committee|"
        "https://petitions.example/c/free-boris|https://petitions.example/verify|Page 1 of 2",
        text,
    )[:8] == [
        "The embassies",
        "Free Boris",
        "A sociologist is arrested",
        "As of 23 November 2026, 10:00 UTC",
        "He spoke freely & <b>well</b>",
        "1. His release",
        "2. The dropping of all charges",
        "Example Committee",
    ]
    assert "Signatures 10" in text
    assert text.endswith("Page 1 of 2")


def test_the_list_has_every_cell_of_every_row(file: bytes) -> None:
    text = read_text(file, "-f", "2")
    for row in ROWS:
        for cell in row:
            for word in str(cell or "").replace("🙏", "").replace("EG", "Egypt").replace("ES", "Spain").split():
                assert word in text or word[::-1] in text, word
    assert "[person with folded hands]" in text
    assert "Union: Профсоюз" in text


def test_the_letters_of_a_list_are_those_of_its_rows() -> None:
    rows = [(number, name, None, None, None, None, None, None) for number, name, *_ in ROWS]
    text = read_text(make(make_document(make_section(rows, COLUMNS))).files["signatures.pdf"], "-f", "2", "-raw")
    between = text.partition("Date")[2].partition("Free Boris")[0]
    assert letters(between) == letters("".join(f"{row[0]}{row[1]}" for row in rows))


def test_a_file_is_complete_in_itself(file: bytes) -> None:
    fonts = list_fonts(file)
    assert len(fonts) >= 7
    assert all(is_within for _, is_within in fonts)
    info = read_info(file)
    assert (info["Title"], info["Tagged"]) == ("Free Boris", "yes")
    assert info["CreationDate"] == "Mon Nov 23 10:00:00 2026 UTC"


@pytest.mark.parametrize(
    ("paper", "size"), [(Paper.A4, "595.28 x 841.89 pts (A4)"), (Paper.LETTER, "612 x 792 pts (letter)")]
)
def test_both_papers(paper: Paper, size: str) -> None:
    assert read_info(make(make_document(), paper=paper).files["signatures.pdf"])["Page size"] == size


def test_nobody_in_a_list_is_said(file: bytes) -> None:
    document = make_document(make_section([], COLUMNS), make_section([], COLUMNS[:2], "organisations", "Groups"))
    folder = make(document)
    text = read_text(folder.files["signatures.pdf"], "-f", "2")
    assert text.count("Nobody is in this list.") == 2
    assert text.count("Number") == 2
    assert "Groups" in text


def test_headings_stand_on_every_page() -> None:
    text = read_text(make(make_many(200)).files["signatures.pdf"], "-f", "2")
    pages = text.split("\f")[:-1]
    assert len(pages) >= 4
    assert all("Number" in page and "City, Country" in page for page in pages[:-1])
    assert all(page.lstrip().startswith("Free Boris\n") for page in pages)
    assert re.findall(r"Name (\d+)", text) == [str(number) for number in range(1, 201)]


def test_a_long_list_comes_in_volumes_with_a_page_of_contents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_files, "VOLUME", 100)
    watcher, folder = Watcher(), MemoryFolder()
    write_pdf(make_many(250), folder, watcher, fonts_dir=None, paper=Paper.A4)
    assert folder.rows == {
        "signatures-01.pdf": 100,
        "signatures-02.pdf": 100,
        "signatures-03.pdf": 50,
        "organisations.pdf": 2,
        "contents.pdf": 0,
    }
    assert (watcher.phases, watcher.done) == ([("pdf", 252)], [252])
    contents = read_text(folder.files["contents.pdf"], "-layout")
    lines = [line.split() for line in contents.splitlines() if ".pdf" in line]
    pages = {name: read_info(data)["Pages"] for name, data in folder.files.items()}
    assert lines == [
        ["signatures-01.pdf", "1–100", "100", pages["signatures-01.pdf"]],
        ["signatures-02.pdf", "101–200", "100", pages["signatures-02.pdf"]],
        ["signatures-03.pdf", "201–250", "50", pages["signatures-03.pdf"]],
        ["organisations.pdf", "1–2", "2", pages["organisations.pdf"]],
    ]
    assert "He spoke freely" in contents
    second = read_text(folder.files["signatures-02.pdf"])
    assert re.findall(r"Name (\d+)", second) == [str(number) for number in range(101, 201)]
    assert "Signatures · Volume 2 of 3" in second


def test_the_longest_texts_stand_whole_over_as_many_pages_as_they_need() -> None:
    longest = " ".join(f"w{number}" for number in range(6_000))[:32_766] + "."
    wide = "字" * 120
    rows: Sequence[Row] = [
        (1, wide, longest, "Ŵ" * 200, "ES", longest, longest, "2026-11-22"),
        (2, "Ana", None, None, None, "m" * 500, None, None),
    ]
    text = read_text(make(make_document(make_section(rows, COLUMNS))).files["signatures.pdf"], "-f", "2")
    joined = re.sub(r"\s", "", text)
    assert joined.count("字") == 120
    assert joined.count("Ŵ") == 200
    assert "m" * 500 in joined
    words = re.findall(r"\bw\d+\b", text)
    assert words == 3 * re.findall(r"\bw\d+\b", longest)


def test_a_list_from_the_right_has_its_columns_from_the_right() -> None:
    headings = ("الرقم", "الاسم", "الانتماء", "المدينة", "البلد", "كلمات", "نقابة", "التاريخ")
    columns = tuple(replace(column, heading=text) for column, text in zip(COLUMNS, headings, strict=True))
    wording = replace(WORDING, language="ar", title="الحرية لبوريس", summary="اعتقل", body="نطالب", demands=())
    document = make_document(make_section(ROWS, columns), language="ar", title=wording.title, wordings=(wording,))
    data = make(document).files["signatures.pdf"]
    boxes = read_text(data, "-f", "2", "-bbox")
    places = {word: float(left) for left, word in re.findall(r'xMin="([\d.]+)"[^>]*>([^<]+)</word>', boxes)}
    assert places["1"] > places["Sánchez"] > places["Universidad"] > places["Madrid"] > places["2026-11-22"]


def test_fields_of_lists_that_hold_everything_have_room_below() -> None:
    keys = "number name email visibility affiliation city country comment comment_state language wording signed"
    columns = [Column(key, f"The {key}", Kind.NUMBER if key == "number" else Kind.TEXT) for key in keys.split()]
    rows: list[Row] = [(n, *(f"{key}{n} and more of it" for key in keys.split()[1:])) for n in range(1, 4)]
    section = make_section(rows, columns)
    layout = plan_layout(section, Setter(Shelf(None), "en"), 400, "ltr")
    beside = [place for track in layout.beside for place in track.places]
    assert sorted([*beside, *(place for place, _ in layout.below)]) == list(range(len(columns)))
    assert layout.beside[-1].left + layout.beside[-1].width <= 400.1
    text = " ".join(read_text(make(make_document(section)).files["signatures.pdf"], "-f", "2").split())
    assert "The wording: wording2 and more of it" in text


def test_scripts_without_a_font_are_named_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "NotoSans-Regular.ttf").symlink_to("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf")
    monkeypatch.setattr(Shelf.__init__, "__defaults__", ((),))
    document, folder, watcher = make_document(make_section(ROWS, COLUMNS)), MemoryFolder(), Watcher()
    with pytest.raises(ScriptsWithoutFont) as raised:
        check_fonts(document, tmp_path, spell_out=False)
    assert raised.value.scripts == ("Arabic", "Devanagari", "Han")
    with pytest.raises(ScriptsWithoutFont):
        write_files(document, Plan(formats=(Format.PDF,)), folder, watcher, fonts_dir=tmp_path)
    assert (folder.files, watcher.phases) == ({}, [])
    check_fonts(document, tmp_path, spell_out=True)
    spelled = make(document, fonts_dir=tmp_path).files["signatures.pdf"]
    assert "‹U+738B›‹U+5C0F›‹U+660E›" in re.sub(r"\s", "", read_text(spelled, "-f", "2"))
    with pytest.raises(ScriptsWithoutFont, match="Latin"):
        check_fonts(document, tmp_path / "none", spell_out=True)


def test_nothing_is_left_when_nobody_wants_it_any_more() -> None:
    class Cancelling(Watcher):
        def advance(self, rows: int) -> None:
            raise ExportCancelled

    folder = MemoryFolder()
    with pytest.raises(ExportCancelled):
        write_pdf(make_document(), folder, Cancelling(), fonts_dir=None, paper=Paper.A4)
    assert folder.files == {}


def test_the_same_list_is_the_same_bytes_in_any_process() -> None:
    script = (
        "import sys\n"
        "from tests.lists.test_pdf_files import *\n"
        "files = make(make_document(make_section(ROWS, COLUMNS))).files\n"
        "sys.stdout.buffer.write(files['signatures.pdf'])\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


cells = st.none() | st.text(max_size=60)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(rows=st.lists(st.tuples(cells, cells, cells, cells), max_size=4))
def test_any_texts_make_a_file_that_can_be_read(rows: list[tuple[Cell, ...]]) -> None:
    numbered = [(number, *row[:3], None, row[3], None, None) for number, row in enumerate(rows, 1)]
    data = make(make_document(make_section(numbered, COLUMNS))).files["signatures.pdf"]
    text = read_text(data, "-f", "2")
    assert all(str(number) in text for number in range(1, len(rows) + 1))
