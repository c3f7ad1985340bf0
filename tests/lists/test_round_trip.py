"""LibreOffice opens the files of a list, and gives the same rows back: nothing is calculated, nothing changes."""

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from petitions.lists.columns import Cell, Column, Kind
from petitions.lists.csv_files import safe_cell, write_csv
from petitions.lists.html_files import write_html
from petitions.lists.xlsx_files import write_xlsx
from tests.lists.made import COLUMNS, ROWS, MemoryFolder, Row, Watcher, make_document, make_section
from tests.lists.texts import BLOCKS, DIRECTIONS, LONGEST, TEMPTING

#: Comma, quotation mark, UTF-8, from the first line; columns as they are; texts are not guessed at; every sheet.
_READ = "44,34,76,1,{columns},0,false,false,false"
_WRITE = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
_FILTERS = {"xlsx": "Calc MS Excel 2007 XML", "html": "HTML (StarCalc)"}
_TIMEOUT = 120

TEXTS = (*TEMPTING, *DIRECTIONS, *BLOCKS)
NAMED: list[Row] = [(n, text, "ES", text, "2026-11-22", "2026-11-22T12:01:01Z") for n, text in enumerate(TEXTS, 1)]
SECTIONS = (
    make_section(NAMED, page=100),
    make_section(ROWS, key="paper", title="Signatures on paper"),
    make_section([], [*COLUMNS[:2], Column("members", "Members", Kind.NUMBER)], key="organisations", title="None"),
)

Sheets = dict[str, list[list[str]]]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sheets]:
    """What LibreOffice read, by kind of file and by sheet; it starts slowly, so only once for each kind."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-calc-nogui")
    folder = tmp_path_factory.mktemp("round")
    made = MemoryFolder()
    document = make_document(*SECTIONS)
    write_csv(document, made, Watcher())
    write_xlsx(document, made, Watcher())
    write_html(document, made, Watcher())
    long = make_document(make_section([(LONGEST,)], [Column("comment", "Words")]))
    for write, name in ((write_csv, "long.csv"), (write_xlsx, "long.xlsx")):
        one = MemoryFolder()
        write(long, one, Watcher())
        made.files[name] = next(iter(one.files.values()))
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    columns = "/".join(f"{number}/2" for number in range(1, len(COLUMNS) + 1))  # texts
    filters = {"csv": f"CSV:{_READ.format(columns=columns)}", **_FILTERS}
    return {kind: _convert(folder, kind, wanted) for kind, wanted in filters.items()}


def _convert(folder: Path, kind: str, wanted: str) -> Sheets:
    out = folder / f"from-{kind}"
    command = [
        "soffice",
        f"-env:UserInstallation=file://{folder}/profile",
        "--headless",
        f"--infilter={wanted}",
        "--convert-to",
        _WRITE,
        "--outdir",
        str(out),
        *map(str, sorted(folder.glob(f"*.{kind}"))),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    assert run.returncode == 0, run.stderr
    # It has no Java here, nor needs it.
    assert [line for line in run.stderr.splitlines() if "javaldx" not in line] == []
    sheets = {}
    for file in out.iterdir():
        with file.open(encoding="utf-8-sig", newline="") as lines:
            sheets[file.stem] = list(csv.reader(lines))
    return sheets


def said(rows: list[Row], *, moments: bool = False) -> list[list[str]]:
    """The rows as somebody reads them; a workbook writes its moments in its own way."""

    def say(column: Column, cell: Cell) -> str:
        text = column.say(cell)
        return text.replace("T", " ").rstrip("Z") if moments and column.kind is Kind.MOMENT else text

    return [[say(column, cell) for column, cell in zip(COLUMNS, row, strict=True)] for row in rows]


HEADING = [column.heading for column in COLUMNS]


def test_a_workbook_opens_as_it_is(opened: dict[str, Sheets]) -> None:
    sheets = opened["xlsx"]
    assert sheets["signatures-Signatures"] == [HEADING, *said(NAMED, moments=True)]
    assert sheets["signatures-Signatures on paper"] == [HEADING, *said(list(ROWS), moments=True)]
    assert sheets["signatures-None"] == [["Number", "Name", "Members"]]
    about = dict(row[:2] for row in sheets["signatures-About this list"] if row[0])
    assert about["As of"] == "2026-11-23 10:00:00"
    assert about["Rows of “Signatures” in this list"].replace(",", "") == str(len(NAMED))
    assert len(sheets) == 6


def test_the_longest_cell_is_whole(opened: dict[str, Sheets]) -> None:
    assert opened["xlsx"]["long-Signatures"] == [["Words"], [LONGEST]]
    assert opened["csv"]["long-long"] == [["Words"], [LONGEST]]


def test_csv_opens_as_it_is(opened: dict[str, Sheets]) -> None:
    """But for the marks in front of what would be calculated, and returns, which are ends of lines there."""
    sheets = opened["csv"]

    def marked(rows: list[Row]) -> list[list[str]]:
        return [[safe_cell(cell).replace("\r", "\n") for cell in row] for row in said(rows)]

    assert sheets["signatures-signatures"] == [HEADING, *marked(NAMED)]
    assert sheets["paper-paper"] == [HEADING, *marked(list(ROWS))]
    assert sheets["organisations-organisations"] == [["Number", "Name", "Members"]]


#: Characters that its reader of pages takes for marks of its own: 0 and 1 of every plane but the first.
_LOST = {plane << 16 | number: None for plane in range(1, 17) for number in (0, 1)}


def test_a_page_opens_as_it_is(opened: dict[str, Sheets]) -> None:
    """But for spaces, of which a page shows one where there are several."""
    ((_, rows),) = opened["html"].items()
    first = rows.index(HEADING) + 1
    found = [[" ".join(cell.split()) for cell in row] for row in rows[first : first + len(NAMED)]]
    assert found == [[" ".join(cell.translate(_LOST).split()) for cell in row] for row in said(NAMED)]
