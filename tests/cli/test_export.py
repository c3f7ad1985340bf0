"""petitions export: a file that is whole or is not there."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.cli import export
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.csv_export import write_csv
from petitions.delivery.models import Export
from petitions.delivery.organisations_csv import make_list
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.cli.conftest import Petitions
from tests.factories import cosign, make_campaign, sign_and_confirm
from tests.web.support import count_rows

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
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        "The file holds names. Where it lies unchanged, it is deleted when the data of the signers are erased; "
        "copies are yours to delete.\n2 signatures\n"
    )
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


# What is remembered of a list


def test_an_export_is_remembered_and_its_end_is_told(
    petitions: Petitions, database: Database, settings: Settings, tmp_path: Path
) -> None:
    closes_at = utc_now() + timedelta(days=1)
    campaign = make_campaign(database, closes_at=closes_at, retention={"until": "2099-12-31"})
    sign_and_confirm(database, settings, campaign)
    target = tmp_path / "signatures.csv"
    result = petitions("export", campaign.slug, "-o", target)
    assert result.stderr == (
        "The file holds names. Where it lies unchanged, it is deleted on 2099-12-31; copies are yours to delete.\n"
        "1 signatures\n"
    )
    with database.reading() as session:
        export = session.scalars(select(Export)).one()
    assert (export.campaign_id, export.path, export.rows) == (campaign.id, str(target), 1)
    assert (export.size, export.modified_ns) == (target.stat().st_size, target.stat().st_mtime_ns)
    assert petitions("purge", campaign.slug, "--yes").exit_code == 0
    assert not target.exists()


def test_what_went_to_a_device_is_not_remembered(
    petitions: Petitions, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    """It is nothing that could be deleted; nor is a file that happens to be named like standard output."""
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    result = petitions("export", signed.slug, "-o", link)
    assert (result.exit_code, result.stderr) == (0, "2 signatures\n")
    assert count_rows(database, Export) == 0


def test_standard_output_is_not_remembered(
    run: Run, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    (tmp_path / "-").write_text("mine")
    result = run("export", signed.slug, "--output", "-", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, b"2 signatures\n")
    assert count_rows(database, Export) == 0
    assert (tmp_path / "-").read_text() == "mine"


def test_an_export_that_failed_is_not_remembered(
    petitions: Petitions,
    database: Database,
    signed: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing_after_a_row(monkeypatch, OSError(28, "No space left on device"))
    assert petitions("export", signed.slug, "-o", tmp_path / "signatures.csv").exit_code == 5
    assert count_rows(database, Export) == 0


def purging_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign is purged when its list is written, and not yet recorded."""

    def write(database: Database, campaign: CampaignSnapshot, out: Any, **options: Any) -> int:
        rows = write_csv(database, campaign, out, **options)
        purge(database, campaign.id, utc_now())
        return rows

    monkeypatch.setattr(export, "write_csv", write)


def test_a_campaign_that_is_purged_while_it_is_exported_leaves_no_list(
    petitions: Petitions,
    database: Database,
    signed: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    purging_meanwhile(monkeypatch)
    target = tmp_path / "signatures.csv"
    result = petitions("export", signed.slug, "-o", target)
    assert (result.exit_code, result.stdout, result.stderr) == (
        5,
        "",
        "The data of the signers of free-boris were erased meanwhile. No file was made.\n",
    )
    assert [file.name for file in tmp_path.iterdir() if "signatures" in file.name] == []
    assert count_rows(database, Export) == 0


def test_a_list_for_a_device_that_was_cut_by_a_purge_is_told(
    petitions: Petitions,
    database: Database,
    signed: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    purging_meanwhile(monkeypatch)
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    result = petitions("export", signed.slug, "-o", link)
    assert (result.exit_code, result.stderr) == (
        5,
        "The data of the signers of free-boris were erased meanwhile. The list is not whole.\n",
    )
    assert link.is_symlink()


def test_the_organisations_are_a_file_of_their_own(
    petitions: Petitions, database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    cosign(database, settings, signed, name="Bakers", city=None)
    target = tmp_path / "organisations.csv"
    result = petitions("export", signed.slug, "--organisations", "--bom", "--output", target)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 organisations\n")
    with database.reading() as session:
        assert target.read_bytes() == make_list(session, signed, bom=True).content
        assert session.scalars(select(Export)).all() == []
    assert target.stat().st_mode & 0o777 == 0o600
    purge(database, signed.id, utc_now())
    assert target.exists()
    assert petitions("export", signed.slug, "--organisations", "-o", target).exit_code == 0
