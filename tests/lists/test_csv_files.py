"""Lists as CSV: what every reader reads, and nothing that a spreadsheet calculates."""

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petitions.lists.columns import Column, Kind
from petitions.lists.csv_files import BOM, field, safe_cell, write_csv
from petitions.lists.documents import Document
from tests.lists.made import MemoryFolder, Watcher, make_document, make_section

#: What a spreadsheet may begin to calculate, or skip before it does.
STARTS = "=+-@\t\r\n＝＋－＠"
FORMULAS = "=+-@＝＋－＠"
TEXTS = (Column("one", "One"), Column("two", "Two"))


def made(document: Document, *, bom: bool = False) -> dict[str, bytes]:
    folder = MemoryFolder()
    write_csv(document, folder, Watcher(), bom=bom)
    return folder.files


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_a_file_says_what_somebody_reads() -> None:
    assert made(make_document()) == {
        "signatures.csv": (
            "Number,Name,Country,A few words,Date,Confirmed\r\n"
            '1,Ana Sánchez,Spain,"With you.\nAlways.",2026-11-22,2026-11-22T12:01:00Z\r\n'
            "2,محمد علي,Ireland & more,,2026-11-22,2026-11-22T23:59:59Z\r\n"
            '4,\'=1+1,XX,"x;""\'=2""",,\r\n'
        ).encode()
    }


def test_each_section_is_a_file_and_the_watcher_sees_every_row() -> None:
    folder, watcher = MemoryFolder(), Watcher()
    sections = [make_section(), make_section([], key="paper"), make_section(key="organisations", page=1)]
    write_csv(make_document(*sections), folder, watcher)
    assert folder.rows == {"signatures.csv": 3, "paper.csv": 0, "organisations.csv": 3}
    assert folder.files["paper.csv"] == b"Number,Name,Country,A few words,Date,Confirmed\r\n"
    assert folder.files["organisations.csv"] == folder.files["signatures.csv"]
    assert (watcher.phases, watcher.done) == ([("csv", 6)], [6])


def test_the_mark_for_excel_comes_first() -> None:
    assert made(make_document(), bom=True) == {
        name: BOM.encode() + content for name, content in made(make_document()).items()
    }
    assert BOM.encode() == b"\xef\xbb\xbf"


def test_a_row_of_one_empty_cell_is_a_row() -> None:
    document = make_document(make_section([("",), (None,), ("x",)], [Column("name", "Name")]))
    assert rows(made(document)["signatures.csv"]) == [["Name"], [""], [""], ["x"]]


@pytest.mark.parametrize("start", STARTS)
def test_a_cell_that_a_spreadsheet_would_calculate_is_quoted(start: str) -> None:
    assert safe_cell(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x; =1", "x; '=1"),
        ("x\t@y", "x\t'@y"),
        ("x|-1", "x|'-1"),
        ("With you.\n+1", "With you.\n'+1"),
        ("With you.\r\n\n=1", "With you.\r\n\n'=1"),
        ("x,＝1", "x,'＝1"),
        ('x;"=1"', 'x;"\'=1"'),
        (" =1;\u00a0=2", " '=1;\u00a0'=2"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_a_formula_behind_another_separator_is_quoted(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


@pytest.mark.parametrize("text", ["", "Ana", "1", "a=b", "'=1", "Ana -", "x; y = z", "Ana-Luz, a@b, 1+1"])
def test_other_cells_stand_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def begun(written: str) -> list[str]:
    """What begins with a formula when the text is cut at whatever some spreadsheet separates by."""
    pieces = [piece.lstrip(' \u00a0"') for piece in re.split(r"[;\t|\r\n,]", written)]
    return [piece for piece in pieces if piece.startswith(tuple(FORMULAS))]


_typed = st.text() | st.text(st.sampled_from("=+-@＝;,|\t\r\n \"'a"))


@given(_typed)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(tuple(STARTS))
    assert begun(cell) == []
    assert cell.replace("'", "") == text.replace("'", "")


@given(st.lists(st.tuples(_typed | st.none(), _typed | st.none())), st.integers(1, 4))
@example([("=cmd|x", "@x"), ('x;"=1', "\t ＝1"), ("a,b\n=c", "'"), ("", None)], 3)
def test_whatever_was_typed_is_read_back_and_calculates_nothing(typed: list[Any], page: int) -> None:
    written = made(make_document(make_section(typed, TEXTS, page=page)))["signatures.csv"]
    assert rows(written) == [["One", "Two"], *([safe_cell(cell or "") for cell in row] for row in typed)]
    assert begun(written.decode()) == []


@given(_typed)
def test_headings_and_words_of_choices_are_as_safe(text: str) -> None:
    columns = [Column("a", text), Column("b", "B", Kind.CHOICE, {"x": text or "-"})]
    written = made(make_document(make_section([("1", "x"), ("2", text)], columns)))["signatures.csv"]
    assert rows(written) == [[safe_cell(text), "B"], ["1", safe_cell(text or "-")], ["2", safe_cell(text)]]
    assert begun(written.decode()) == []


@given(st.lists(_typed, min_size=2, max_size=5))
def test_lines_are_those_of_the_csv_module(cells: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(cell) for cell in cells])
    # The module also quotes what some programs take for a comment or an end; RFC 4180 does not ask for it.
    ours = ",".join(map(field, cells)) + "\r\n"
    assert next(csv.reader([ours])) == next(csv.reader([out.getvalue()]))
    assert ours.replace('"', "") == out.getvalue().replace('"', "")
