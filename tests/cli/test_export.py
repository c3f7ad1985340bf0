"""petitions export: a file that is whole or is not there."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.cli import export
from petitions.db import Database
from petitions.settings import Settings
from tests.cli.conftest import Petitions
from tests.factories import sign_and_confirm

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign with two signatures."""
    for name in ("Ana Sánchez", "Борис"):
        sign_and_confirm(
            database, settings, campaign, name=name, city=None, email=f"planted-{name[0]}@example.org"
        )
    return campaign


def names(content: bytes) -> list[str]:
    """The names of a list in CSV."""
    lines = content.decode("utf-8").removeprefix("\ufeff").split("\r\n")
    assert lines[0] == "Number,Name,Country,Date,Language"
    assert lines[-1] == ""
    return [line.split(",")[1] for line in lines[1:-1]]


def test_the_list_is_written_for_its_owner_alone(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    target = tmp_path / "signatures.csv"
    result = petitions("export", signed.slug, "--format", "csv", "--output", target)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "2 signatures\n")
    assert names(target.read_bytes()) == ["Ana Sánchez", "Борис"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert not target.read_bytes().startswith(b"\xef\xbb\xbf")
    assert b"planted" not in target.read_bytes()
    assert [file.name for file in tmp_path.iterdir() if "signatures" in file.name] == ["signatures.csv"]


def test_the_mark_for_excel(petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path) -> None:
    target = tmp_path / "signatures.csv"
    assert petitions("export", signed.slug, "-o", target, "--bom").exit_code == 0
    assert target.read_bytes().startswith(b"\xef\xbb\xbfNumber")
    assert names(target.read_bytes()) == ["Ana Sánchez", "Борис"]


def test_an_older_list_gives_way_to_a_whole_one(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    target = tmp_path / "signatures.csv"
    target.write_text("old" * 1000)
    assert petitions("export", signed.slug, "-o", target).exit_code == 0
    assert names(target.read_bytes()) == ["Ana Sánchez", "Борис"]


def failing_after_a_row(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def write(_database: Database, _campaign: object, out: Any, **_: object) -> int:
        out.write("Number,Name\r\n1,Ana")
        out.flush()
        raise error

    monkeypatch.setattr(export, "write_csv", write)


def test_a_full_disk_leaves_no_file(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "signatures.csv"
    failing_after_a_row(monkeypatch, OSError(28, "No space left on device"))
    result = petitions("export", signed.slug, "-o", target)
    assert (result.exit_code, result.stderr) == (
        5,
        f"{target} cannot be written: No space left on device. No file was made.\n",
    )
    assert [file for file in tmp_path.iterdir() if "signatures" in file.name] == []


def test_a_failure_keeps_the_older_list(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "signatures.csv"
    target.write_text("old")
    failing_after_a_row(monkeypatch, RuntimeError("broken"))
    with pytest.raises(RuntimeError):
        petitions("export", signed.slug, "-o", target)
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir() if "signatures" in file.name] == ["signatures.csv"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [("no/signatures.csv", "No such file or directory"), ("folder", "Is a directory")],
)
def test_a_place_that_cannot_be_written(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path, place: str, reason: str
) -> None:
    (tmp_path / "folder").mkdir()
    result = petitions("export", signed.slug, "-o", tmp_path / place)
    assert result.exit_code == 5
    assert result.stderr.startswith(f"{tmp_path / place} cannot be written: {reason}.")
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_device_is_written_to_and_never_replaced(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    """`--output /dev/null` by root would otherwise put a file of names in its place."""
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    result = petitions("export", signed.slug, "-o", link)
    assert (result.exit_code, result.stderr) == (5, f"{link} cannot be written: No space left on device.\n")
    assert link.is_symlink()
    assert Path("/dev/full").is_char_device()
    assert [path.name for path in Path("/dev").glob(".full.*")] == []


Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """Runs a command as a process of its own."""

    def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "petitions", *arguments]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        result: Any = subprocess.run(command, env=os.environ | environ, timeout=60, check=False, **options)
        return cast("subprocess.CompletedProcess[bytes]", result)

    return run


def test_a_minus_is_standard_output(run: Run, signed: CampaignSnapshot) -> None:
    result = run("export", signed.slug, "--output", "-")
    assert (result.returncode, result.stderr) == (0, b"2 signatures\n")
    assert names(result.stdout) == ["Ana Sánchez", "Борис"]


@only_sqlite
def test_a_full_standard_output_is_told(run: Run, signed: CampaignSnapshot) -> None:
    with Path("/dev/full").open("wb") as full:
        result = run("export", signed.slug, "--output", "-", stdout=full)
    assert (result.returncode, result.stderr) == (
        5,
        b"Standard output cannot be written: No space left on device.\n",
    )


@only_sqlite
def test_a_reader_who_goes_away_ends_the_export(run: Run, signed: CampaignSnapshot) -> None:
    """As `petitions export … | head` does."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as gone:
        result = run("export", signed.slug, "--output", "-", stdout=gone)
    assert (result.returncode, result.stderr) == (1, b"")
