"""All files of a plan: of the same rows, whole or not there."""

import csv
import io
import json
import os
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from petitions.errors import ExportCancelled, ScriptsWithoutFont
from petitions.lists import pdf_files
from petitions.lists.columns import Column, Kind
from petitions.lists.documents import Document
from petitions.lists.folders import SealedFolder, working_folder
from petitions.lists.plans import Format, Plan
from petitions.lists.writing import write_files
from tests.lists.made import MemoryFolder, Watcher, make_document, make_section
from tests.web.support import Page

#: Those that need no fonts.
PLAIN = (Format.CSV, Format.JSONL, Format.XLSX, Format.HTML)


def large() -> Document:
    """A list of which every format takes more than a few chunks, for nothing repeats itself."""
    chance = random.Random(1886)
    columns = [Column("number", "Number", Kind.NUMBER), Column("name", "Name")]
    rows = [(number, f"{chance.randbytes(150).hex()}") for number in range(1, 4_001)]
    return make_document(make_section(rows, columns, page=500))


def test_every_format_has_the_same_rows() -> None:
    folder, watcher = MemoryFolder(), Watcher()
    write_files(make_document(), Plan(formats=PLAIN), folder, watcher, fonts_dir=None)
    assert list(folder.files) == ["signatures.csv", "signatures.jsonl", "signatures.xlsx", "signatures.html"]
    assert watcher.phases == [("csv", 3), ("jsonl", 3), ("xlsx", 3), ("html", 3)]
    assert watcher.done == [3, 3, 3, 3]
    numbers = [
        [
            int(row[0])
            for row in csv.reader(io.StringIO(folder.files["signatures.csv"].decode()))
            if row[0].isdigit()
        ],
        [json.loads(line)["number"] for line in folder.files["signatures.jsonl"].splitlines()],
        [
            row[0]
            for row in openpyxl.load_workbook(io.BytesIO(folder.files["signatures.xlsx"])).worksheets[0].values
            if row[0] != "Number"
        ],
        [int(cell.text) for cell in Page(folder.files["signatures.html"].decode()).all("td")[::6]],
    ]
    assert numbers == [[1, 2, 4]] * 4


def test_a_plan_says_how_its_files_are() -> None:
    folder = MemoryFolder()
    write_files(make_document(), Plan(bom=True), folder, Watcher(), fonts_dir=None)
    assert folder.files["signatures.csv"].startswith(b"\xef\xbb\xbfNumber,")


def test_a_script_without_a_font_is_told_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def check_fonts(document: Document, fonts_dir: Path | None, *, spell_out: bool) -> None:
        asked.append((document.slug, fonts_dir, spell_out))
        raise ScriptsWithoutFont(["Devanagari"])

    monkeypatch.setattr(pdf_files, "check_fonts", check_fonts)
    folder, watcher = MemoryFolder(), Watcher()
    plan = Plan(formats=(Format.CSV, Format.PDF), spell_out=True)
    with pytest.raises(ScriptsWithoutFont):
        write_files(make_document(), plan, folder, watcher, fonts_dir=Path("/fonts"))
    assert asked == [("free-boris", Path("/fonts"), True)]
    assert (folder.files, watcher.phases) == ({}, [])
    write_files(make_document(), Plan(formats=(Format.CSV,)), folder, watcher, fonts_dir=None)
    assert list(folder.files) == ["signatures.csv"]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    with working_folder(tmp_path) as folder:
        yield folder


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """For this process alone: the system refuses to write more into a file, as when the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("wanted", PLAIN)
@pytest.mark.parametrize("size", [0, 1, 100_000, 262_144, 400_000])
def test_a_disk_that_fills_leaves_no_file(work: Path, wanted: Format, size: int) -> None:
    document, folder = large(), SealedFolder(work)
    with no_file_longer_than(size), pytest.raises(OSError, match="File too large"):
        write_files(document, Plan(formats=(wanted,)), folder, Watcher(), fonts_dir=None)
    assert folder.files == []
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("wanted", PLAIN)
def test_a_device_without_space_leaves_no_file(
    work: Path, wanted: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "0.sealed").symlink_to("/dev/full")
    monkeypatch.setattr(os, "O_EXCL", 0)
    folder = SealedFolder(work)
    with pytest.raises(OSError, match="No space left"):
        write_files(large(), Plan(formats=(wanted,)), folder, Watcher(), fonts_dir=None)
    assert folder.files == []
    assert list(work.iterdir()) == []


def test_what_was_whole_before_the_disk_was_full_stays_whole(work: Path) -> None:
    document, folder = large(), SealedFolder(work)
    other = MemoryFolder()
    write_files(document, Plan(formats=PLAIN), other, Watcher(), fonts_dir=None)
    sizes = {name: len(content) for name, content in other.files.items()}
    assert sizes["signatures.csv"] < sizes["signatures.jsonl"]
    limit = (sizes["signatures.csv"] + sizes["signatures.jsonl"]) // 2
    with no_file_longer_than(limit), pytest.raises(OSError, match="File too large"):
        write_files(document, Plan(formats=PLAIN), folder, Watcher(), fonts_dir=None)
    assert [file.name for file in folder.files] == ["signatures.csv"]
    assert b"".join(folder.files[0].read()) == other.files["signatures.csv"]
    assert [path.name for path in work.iterdir()] == ["0.sealed"]


@pytest.mark.parametrize("wanted", PLAIN)
def test_who_cancels_leaves_no_file(work: Path, wanted: Format) -> None:
    class Cancelling(Watcher):
        def advance(self, rows: int) -> None:
            super().advance(rows)
            if self.done[-1] > 2_000:
                raise ExportCancelled

    folder, watcher = SealedFolder(work), Cancelling()
    with pytest.raises(ExportCancelled):
        write_files(large(), Plan(formats=(wanted,)), folder, watcher, fonts_dir=None)
    assert watcher.done == [2_500]
    assert (folder.files, list(work.iterdir())) == ([], [])


def test_files_lie_sealed_until_somebody_reads_them(work: Path) -> None:
    folder, memory = SealedFolder(work), MemoryFolder()
    for each in (folder, memory):
        write_files(make_document(), Plan(formats=PLAIN), each, Watcher(), fonts_dir=None)
    assert [file.name for file in folder.files] == list(memory.files)
    for file in folder.files:
        content = memory.files[file.name]
        assert b"".join(file.read()) == content
        assert (file.size, file.rows) == (len(content), memory.rows[file.name])
        sealed = file.path.read_bytes()
        assert sealed != content
        assert "Sánchez".encode() not in sealed
        assert file.path.stat().st_mode & 0o777 == 0o600
        assert "sealed" not in repr(file)
        assert file.key.hex() not in repr(file)


def test_a_folder_for_work_goes_with_everything_in_it(tmp_path: Path) -> None:
    def work_and_fail() -> None:
        with working_folder(tmp_path / "exports") as folder:
            (folder / "file").write_bytes(b"x")
            raise ExportCancelled

    with pytest.raises(ExportCancelled):
        work_and_fail()
    assert list((tmp_path / "exports").iterdir()) == []
