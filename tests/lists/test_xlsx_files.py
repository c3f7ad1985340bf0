"""Lists as workbooks: cells of their types, and texts that stay texts."""

import io
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from petitions.lists import xlsx_files
from petitions.lists.columns import Column, Kind
from petitions.lists.documents import Document
from petitions.lists.plans import Paper
from petitions.lists.xlsx_cells import MOST, escape_text, name_of, shorten
from petitions.lists.xlsx_files import write_xlsx
from tests.lists.made import CUT_OFF, ROWS, WORDING, MemoryFolder, Watcher, make_document, make_section
from tests.lists.texts import BLOCKS, DIRECTIONS, LONGEST, TEMPTING, TOO_LONG

CUT = "[…] The text is longer than a cell; the list as CSV has all of it."


def made(document: Document, **options: Any) -> bytes:
    folder = MemoryFolder()
    write_xlsx(document, folder, Watcher(), **options)
    assert folder.rows == {"signatures.xlsx": document.rows}
    return folder.files["signatures.xlsx"]


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), rich_text=False)


def values(sheet: Worksheet) -> list[list[Any]]:
    return [[unescape(v) if isinstance(v, str) else v for v in row] for row in sheet.iter_rows(values_only=True)]


def test_cells_have_their_types() -> None:
    book = opened(made(make_document()))
    assert book.sheetnames == ["Signatures", "About this list"]
    sheet = book["Signatures"]
    day = datetime(2026, 11, 22)  # noqa: DTZ001 - workbooks know no zones
    assert values(sheet) == [
        ["Number", "Name", "Country", "A few words", "Date", "Confirmed"],
        [1, "Ana Sánchez", "Spain", "With you.\nAlways.", day, day + timedelta(hours=12, minutes=1)],
        [2, "محمد علي", "Ireland & more", None, day, day + timedelta(hours=23, minutes=59, seconds=59)],
        [4, "=1+1", "XX", 'x;"=2"', None, None],
    ]
    assert [cell.data_type for cell in sheet[2]] == ["n", "s", "s", "s", "d", "d"]
    assert sheet["B4"].data_type == "s"  # no formula, whatever it begins with
    assert (sheet["E2"].number_format, sheet["F2"].number_format) == ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")
    assert all(sheet[place].quotePrefix for place in ("B2", "C2", "D2", "B4"))
    assert sheet["D2"].alignment.wrap_text


def test_the_heading_stays_in_sight() -> None:
    sheet = opened(made(make_document()))["Signatures"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F4"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.dimensions == "A1:F4"
    assert all(cell.font.b for cell in sheet[1])
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    letter = opened(made(make_document(), paper=Paper.LETTER))["Signatures"]
    assert int(letter.page_setup.paperSize) == 1
    widths = {name: dimension.width for name, dimension in sheet.column_dimensions.items()}
    assert widths["A"] < widths["E"] < widths["F"] < 60
    assert not sheet.sheet_view.rightToLeft


def test_sections_are_sheets_and_the_last_says_what_the_list_is() -> None:
    sections = [
        make_section(),
        make_section([], key="paper", title="Signatures on paper"),
        make_section(ROWS[:1], key="organisations", title="Organisations"),
    ]
    book = opened(made(make_document(*sections)))
    assert book.sheetnames == ["Signatures", "Signatures on paper", "Organisations", "About this list"]
    assert len(values(book["Organisations"])) == 2
    assert values(book["Signatures on paper"]) == [
        ["Number", "Name", "Country", "A few words", "Date", "Confirmed"]
    ]
    assert book["Signatures on paper"].freeze_panes == "A2"
    about = values(book["About this list"])
    assert about[:11] == [
        ["Title", "Free Boris"],
        ["Addressed to", "The embassies"],
        ["Responsible", "Example Committee"],
        ["Page of the statement", "https://petitions.example/c/free-boris"],
        ["As of", datetime(2026, 11, 23, 10)],  # noqa: DTZ001
        ["Signatures", 10],
        ["With their full name", 3],
        ["With initials", 2],
        ["Counted without a name", 5],
        ["Rows of “Signatures” in this list", 3],
        ["Rows of “Signatures on paper” in this list", 0],
    ]
    assert [row[1] for row in about[13:]] == [
        "A sociologist is arrested.",
        "He spoke freely & <b>well</b>.",
        "We answer.",
        "His release.",
        "The dropping of all charges.",
    ]


def test_lists_from_the_right_to_the_left() -> None:
    book = opened(made(make_document(language="ar")))
    assert all(sheet.sheet_view.rightToLeft for sheet in book)


def test_a_long_section_goes_on_in_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "MOST_ROWS", 5)
    rows = [(number,) for number in range(1, 13)]
    section = make_section(rows, [Column("number", "Number", Kind.NUMBER)], page=3)
    other = make_section(rows[:5], section.columns, key="paper", title="Paper", page=3)
    watcher, folder = Watcher(), MemoryFolder()
    write_xlsx(make_document(section, other), folder, watcher)
    book = opened(folder.files["signatures.xlsx"])
    assert book.sheetnames == ["Signatures", "Signatures 2", "Signatures 3", "Paper", "About this list"]
    numbers = [[row[0] for row in values(sheet)] for sheet in list(book)[:4]]
    assert numbers == [
        ["Number", 1, 2, 3, 4, 5],
        ["Number", 6, 7, 8, 9, 10],
        ["Number", 11, 12],
        ["Number", 1, 2, 3, 4, 5],
    ]
    assert [sheet.auto_filter.ref for sheet in list(book)[:3]] == ["A1:A6", "A1:A6", "A1:A3"]
    assert (watcher.phases, watcher.done) == ([("xlsx", 17)], [17])


def test_the_limit_is_that_of_the_format() -> None:
    assert xlsx_files.MOST_ROWS + 1 == 2**20


def test_many_sheets_keep_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the tenth, whose name comes before that of the second."""
    monkeypatch.setattr(xlsx_files, "MOST_ROWS", 1)
    section = make_section([(n,) for n in range(12)], [Column("number", "Number", Kind.NUMBER)], page=5)
    book = opened(made(make_document(section)))
    assert [values(sheet)[1][0] for sheet in list(book)[:12]] == list(range(12))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b\\c?d*e[f]g:h", "a b c d e f g h"),
        ("'quoted'", "quoted"),
        ("x" * 40, "x" * 31),
        ("History", "History 2"),
        ("ABOUT THIS LIST", "ABOUT THIS LIST"),
        ("", "–"),
    ],
)
def test_any_title_names_a_sheet(title: str, name: str) -> None:
    book = opened(made(make_document(make_section(title=title))))
    assert book.sheetnames[0] == name
    assert len({sheet.casefold() for sheet in book.sheetnames}) == 2


@pytest.mark.parametrize(
    "texts", [TEMPTING, DIRECTIONS, BLOCKS, (LONGEST,)], ids=["tempting", "both", "all", "long"]
)
def test_texts_are_read_as_they_were_typed(texts: tuple[str, ...]) -> None:
    document = make_document(make_section([(text,) for text in texts], [Column("name", "Name")], page=100))
    sheet = opened(made(document))["Signatures"]
    assert [row[0] for row in values(sheet)[1:]] == list(texts)
    assert {cell.data_type for cell in sheet["A"]} == {"s"}


@pytest.mark.parametrize("text", [TOO_LONG, "𝒳" * 16_384, "x" * 100_000])
def test_a_text_that_no_cell_takes_says_so(text: str) -> None:
    assert len(text.encode("utf-16-le")) // 2 > MOST
    document = make_document(make_section([(text,), ("short",)], [Column("comment", "Words")]))
    shown, short = (row[0] for row in values(opened(made(document))["Signatures"])[1:])
    assert shown.endswith(" " + CUT)
    assert text.startswith(shown.removesuffix(" " + CUT))
    assert MOST - 1 <= len(shown.encode("utf-16-le")) // 2 <= MOST
    assert short == "short"


_cells = st.text() | st.text(st.sampled_from("_x00410AF\r\n\t <&>\x01\ufffe'=")) | st.none()


@given(st.lists(st.tuples(_cells, st.integers(0, 2**50) | st.none()), max_size=8), st.integers(1, 3))
@example([("_x0041_x0042_", 1), ("__x0041_", 2), ("_x_x0041_", 0)], 2)
def test_whatever_was_typed_is_read_back(rows: list[Any], page: int) -> None:
    columns = [Column("name", "Name"), Column("number", "Number", Kind.NUMBER)]
    sheet = opened(made(make_document(make_section(rows, columns, page=page))))["Signatures"]
    expected = [[text or None, number] for text, number in rows]
    found = values(sheet)[1:]
    found += [[None, None]] * (len(expected) - len(found))  # rows at the end without anything
    assert found == expected


@given(st.dates(min_value=datetime(1, 1, 1).date()))  # noqa: DTZ001
def test_days_are_days(day: Any) -> None:
    document = make_document(make_section([(day.isoformat(),)], [Column("date", "Date", Kind.DATE)]))
    (value,) = values(opened(made(document))["Signatures"])[1]
    if day.isoformat() < "1900-03-01":  # a workbook has no such days
        assert value == day.isoformat()
    else:
        assert value.date() == day


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_moments_are_moments(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    document = make_document(make_section([(f"{moment.isoformat()}Z",)], [Column("at", "At", Kind.MOMENT)]))
    assert values(opened(made(document))["Signatures"])[1] == [moment]


@given(st.text(), st.integers(0, 40))
def test_what_is_shortened_fits(text: str, more: int) -> None:
    long = text + "é𝒳" * (MOST // 3) + "x" * more
    short = shorten(long, "cut")
    units = len(short.encode("utf-16-le")) // 2
    if len(long.encode("utf-16-le")) // 2 <= MOST:
        assert short == long
    else:
        assert MOST - 1 <= units <= MOST
        assert long.startswith(short.removesuffix(" cut"))


def test_columns_have_the_names_of_spreadsheets() -> None:
    assert [name_of(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


def test_what_xml_does_not_take_is_written_in_the_way_of_workbooks() -> None:
    assert escape_text("a\x01\r<_x000D_>\ufffe") == "a_x0001__x000D_&lt;_x005F_x000D_&gt;_xFFFE_"


def test_the_same_list_is_the_same_file() -> None:
    """In another process, too, with another seed for its hashes."""
    program = (
        "import hashlib, sys; from tests.lists.test_xlsx_files import made, make_document;"
        "print(hashlib.sha256(made(make_document())).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(runs) == 1


def test_every_time_in_it_is_the_cut_off() -> None:
    archive = zipfile.ZipFile(io.BytesIO(made(make_document())))
    assert archive.testzip() is None
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert archive.namelist()[0] == "[Content_Types].xml"
    core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2026-11-23T10:00:00Z"}
    other = made(make_document(cut_off=CUT_OFF.astimezone(UTC) + timedelta(seconds=1)))
    assert other != made(make_document())


def test_spaces_at_the_ends_of_a_text_are_kept_also_by_those_who_read_xml_strictly() -> None:
    section = make_section([("  Ana ",)], [Column("name", "Name")])
    archive = zipfile.ZipFile(io.BytesIO(made(make_document(section))))
    assert b'<t xml:space="preserve">  Ana </t>' in archive.read("xl/worksheets/sheet1.xml")


def test_a_sheet_that_may_grow_large_is_written_so_that_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "_LARGE", 1)
    assert values(opened(made(make_document()))["Signatures"])[1][1] == "Ana Sánchez"


def test_no_estimate_is_too_small() -> None:
    """The most that escaping makes of a character is seven."""
    columns = [Column("name", "x"), Column("number", "y", Kind.NUMBER), Column("at", "z", Kind.MOMENT)]
    row = ("\x01" * 50, 2**50, "2026-11-22T12:01:01Z")
    section = make_section([row] * 500, columns, page=100)
    archive = zipfile.ZipFile(io.BytesIO(made(make_document(section))))
    assert archive.getinfo("xl/worksheets/sheet1.xml").file_size < xlsx_files._most_bytes(section) + 5_000


def test_a_statement_that_is_longer_than_a_cell_says_so() -> None:
    wording = type(WORDING)(**vars(WORDING) | {"body": "word " * 10_000})
    about = values(opened(made(make_document(wordings=(wording,))))["About this list"])
    assert sum(str(row[1]).endswith(" […]") for row in about) == 1
