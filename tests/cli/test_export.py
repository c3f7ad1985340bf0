"""petitions export: a file that is whole or is not there."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.cli import export
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.keeping import exports_folder
from petitions.delivery.making import Made, make
from petitions.delivery.models import Delivery, Export
from petitions.delivery.site_keys import signing_key
from petitions.errors import ScriptsWithoutFont
from petitions.ids import new_id
from petitions.lists.serials import Serials
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
    def write(_made: Made, out: Any) -> None:
        out.write(b"Number,Name\r\n1,Ana")
        raise error

    monkeypatch.setattr(Made, "write_to", write)


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


@only_sqlite
def test_what_leaves_by_standard_output_is_in_the_log_before_its_first_byte(
    run: Run, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    """Whoever reads it may go away, or kill the command, when they have what they wanted."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    arguments = ("export", signed.slug, "--profile", "full", "--reason", "The officer", "-o")
    with os.fdopen(write_end, "wb") as gone:
        assert run(*arguments, "-", stdout=gone).returncode == 1
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    assert run(*arguments, str(link)).returncode == 5
    whole = run(*arguments, "-")
    assert whole.returncode == 0
    entries = logged(database)
    assert [(entry["action"], entry["why"], entry["rows"]) for entry in entries] == [
        ("export.made", "The officer", 2)
    ] * 3
    assert entries[2]["sha256"] == hashlib.sha256(whole.stdout).hexdigest()


def test_a_file_is_remembered_before_it_has_its_name(
    petitions: Petitions,
    database: Database,
    signed: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever kills the command then leaves no list that nobody knows of."""
    target, seen = tmp_path / "list.csv", []
    replace_file = Path.replace

    def replacing(unfinished: Path, name: Path) -> Path:
        if name == target:
            found = unfinished.stat()
            with database.reading() as session:
                remembered = session.scalars(select(Export).order_by(Export.made_at.desc())).first()
            assert remembered is not None
            seen.append((remembered.path, remembered.size, remembered.modified_ns))
            assert seen[-1] == (str(target), found.st_size, found.st_mtime_ns)
            assert logged(database)[-1]["sha256"] == hashlib.sha256(unfinished.read_bytes()).hexdigest()
        return replace_file(unfinished, name)

    monkeypatch.setattr(Path, "replace", replacing)
    for arguments in ((), ("--columns", "name")):  # the second takes the place of the first
        assert petitions("export", signed.slug, *arguments, "-o", target).exit_code == 0
    assert len(seen) == 2
    with database.reading() as session:
        assert [one.size for one in session.scalars(select(Export))] == [target.stat().st_size]


def test_a_purge_between_the_log_and_the_name_leaves_no_list(
    petitions: Petitions,
    database: Database,
    signed: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sync = os.fsync

    def purging(descriptor: int) -> None:
        sync(descriptor)
        if Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".unfinished":
            assert logged(database)[0]["action"] == "export.made"
            purge(database, signed.id, utc_now())

    monkeypatch.setattr(os, "fsync", purging)
    result = petitions("export", signed.slug, "-o", tmp_path / "list.csv")
    assert result.exit_code == 5
    assert result.stderr.endswith(
        "The data of the signers of free-boris were erased meanwhile. No file was made.\n"
    )
    assert [path.name for path in tmp_path.iterdir() if "list" in path.name] == []
    assert count_rows(database, Export) == 0


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

    def write(database: Database, campaign: CampaignSnapshot, *others: Any) -> Made:
        made = make(database, campaign, *others)
        purge(database, campaign.id, utc_now())
        return made

    monkeypatch.setattr(export, "make", write)


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


def test_a_list_for_a_device_is_not_written_after_a_purge(
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
        "The data of the signers of free-boris were erased meanwhile. Nothing was written.\n",
    )
    assert link.is_symlink()


def test_the_organisations_are_a_file_of_their_own(
    petitions: Petitions, database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    cosign(database, settings, signed, name="Bakers", city=None)
    target = tmp_path / "organisations.csv"
    result = petitions("export", signed.slug, "--organisations", "--bom", "--output", target)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 organisations\n")
    heading, row, end = target.read_bytes().decode().split("\r\n")
    assert heading.startswith("\ufeffNumber,Name of the organisation,Kind,Country,")
    assert row.startswith("1,Bakers,")
    assert end == ""
    assert count_rows(database, Export) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    purge(database, signed.id, utc_now())
    assert target.exists()
    assert petitions("export", signed.slug, "--organisations", "-o", target).exit_code == 0


# What can be chosen


def logged(database: Database) -> list[dict[str, Any]]:
    """What the log says of lists, as (action, actor) and details."""
    with database.reading() as session:
        of_lists = select(AuditEntry).where(AuditEntry.action.startswith("export")).order_by(AuditEntry.id)
        entries = session.scalars(of_lists).all()
    return [{"action": entry.action, "actor": entry.actor, **entry.details} for entry in entries]


def test_every_list_stands_in_the_log(
    petitions: Petitions, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    target = tmp_path / "signatures.csv"
    assert petitions("export", signed.slug, "--country", "es", "-o", target).exit_code == 0
    (entry,) = logged(database)
    cut_off = entry.pop("cut_off")
    assert abs(datetime.fromisoformat(cut_off) - utc_now()) < timedelta(minutes=1)
    assert entry == {
        "action": "export.made",
        "actor": "petitions",
        "profile": "delivery",
        "formats": ["csv"],
        "filters": {"countries": ["ES"]},
        "rows": 2,
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }
    result = petitions("export", signed.slug, "-o", "-")
    assert logged(database)[1]["sha256"] == hashlib.sha256(result.stdout_bytes).hexdigest()


@pytest.mark.parametrize("profile", ["contacts", "full"])
def test_addresses_need_a_reason_that_stands_in_the_log(
    petitions: Petitions, database: Database, signed: CampaignSnapshot, tmp_path: Path, profile: str
) -> None:
    target = tmp_path / "list.csv"
    for reason in ((), ("--reason", " ")):
        result = petitions("export", signed.slug, "--profile", profile, *reason, "-o", target)
        assert (result.exit_code, result.stderr) == (
            2,
            "A list with addresses needs --reason; it stands in the log of free-boris.\n",
        )
    assert not target.exists()
    assert logged(database) == []
    result = petitions("export", signed.slug, "--profile", profile, "--reason", "The letter", "-o", target)
    assert result.exit_code == 0
    assert (logged(database)[0]["profile"], logged(database)[0]["why"]) == (profile, "The letter")
    assert (b"planted-A@example.org" in target.read_bytes()) == (profile == "full")


def test_a_pack_by_the_command_line_is_one_that_verify_knows(
    petitions: Petitions, database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    cosign(database, settings, signed, name="Bakers")
    target = tmp_path / "pack.zip"
    arguments = ("--pack", "--format", "jsonl", "--format", "csv", "--organisations", "--paper")
    result = petitions("export", signed.slug, *arguments, "-o", target)
    assert result.exit_code == 0
    assert result.stderr.endswith("2 signatures\n1 organisations\n")
    assert petitions("verify", target, "--key", signing_key(settings).public.fingerprint).exit_code == 0
    with database.reading() as session:
        assert session.scalars(select(Export.path)).all() == [str(target)]


def test_filters_columns_and_headings(
    petitions: Petitions, database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    sign_and_confirm(database, settings, signed, name="Claire", country="FR", language="fr")
    target = tmp_path / "list.csv"

    def rows(*arguments: str) -> list[str]:
        result = petitions("export", signed.slug, *arguments, "-o", target)
        assert result.exit_code == 0, result.stderr
        return target.read_bytes().decode().split("\r\n")[:-1]

    assert rows("--columns", "name, country", "--headings", "de") == [
        "Name,Land",
        "Ana Sánchez,Spanien",
        "Борис,Spanien",
        "Claire,Frankreich",
    ]
    assert rows("--country", "fr", "--columns", "name") == ["Name", "Claire"]
    assert rows("--language", "fr", "--language", "de", "--columns", "name") == ["Name", "Claire"]
    today = f"{utc_now():%Y-%m-%d}"
    yesterday = f"{utc_now() - timedelta(days=1):%Y-%m-%d}"
    assert len(rows("--since", today)) == 4
    assert len(rows("--until", yesterday)) == 1
    assert len(rows("--cut-off", yesterday)) == 1


def test_only_who_was_not_delivered(
    petitions: Petitions, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    for number, serials in ((1, Serials([1]).pack()), (2, None)):
        delivery = Delivery(id=new_id(), campaign_id=signed.id, number=number, serials=serials)
        delivery.delivered_on, delivery.recipient, delivery.way = utc_now().date(), "The embassy", "mailed"
        delivery.created_at, delivery.created_by = utc_now(), "Lea"
        with database.writing() as session:
            session.add(delivery)
    target = tmp_path / "new.csv"
    result = petitions("export", signed.slug, "--not-delivered", "-o", target)
    assert names(target.read_bytes()) == ["Борис"]
    assert result.stderr.startswith(
        "Nobody knows who was in the deliveries that were recorded without a list: 2.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("--columns", "email"),
            2,
            "This list cannot be made: this list has no column email; it can have: number,",
        ),
        (("--headings", "klingon"), 2, "This list cannot be made: "),
        (("--since", "2026-02-02", "--until", "2026-02-01"), 2, "This list cannot be made: the last day comes"),
        (("--cut-off", "2999-01-01"), 2, "--cut-off lies in the future."),
    ],
)
def test_what_cannot_be_made_is_told(
    petitions: Petitions,
    signed: CampaignSnapshot,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    result = petitions("export", signed.slug, *arguments, "-o", tmp_path / "list.csv")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(words)
    assert not (tmp_path / "list.csv").exists()


def test_scripts_without_a_font_are_named(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> Made:
        raise ScriptsWithoutFont(["Devanagari", "Thai"])

    monkeypatch.setattr(export, "make", fail)
    result = petitions("export", signed.slug, "--format", "pdf", "-o", tmp_path / "list.pdf")
    assert result.exit_code == 5
    assert result.stderr.startswith("No font here has the letters of: Devanagari, Thai. Install ")
    assert not (tmp_path / "list.pdf").exists()


def left(settings: Settings, folder: Path) -> list[str]:
    """What an export that was broken off left, here or in the folder of exports."""
    here = [path.name for path in folder.iterdir() if "list" in path.name]
    return here + [path.name for path in (settings.data_dir / "exports").iterdir()]


@pytest.mark.parametrize("place", ["make", "write_to"])
def test_a_disk_that_is_really_full(
    petitions: Petitions,
    settings: Settings,
    signed: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """The kernel lets no file grow: while the list is made, or when it gets its place."""
    owner: Any = export if place == "make" else Made
    act = getattr(owner, place)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def act_in_a_small_place(*args: Any) -> Any:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            made = act(*args)
            if place == "write_to":
                args[-1]._out.flush()
            return made
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    monkeypatch.setattr(owner, place, act_in_a_small_place)
    result = petitions("export", signed.slug, "-o", tmp_path / "list.csv")
    full = f"{exports_folder(settings)} (PETITIONS_EXPORTS_DIR)" if place == "make" else f"{tmp_path}/list.csv"
    assert (result.exit_code, result.stderr) == (
        5,
        f"{full} cannot be written: File too large. No file was made.\n",
    )
    assert left(settings, tmp_path) == []


def test_a_folder_of_exports_that_cannot_be_used(
    petitions: Petitions, signed: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PETITIONS_EXPORTS_DIR", str(tmp_path / "file" / "exports"))
    result = petitions("export", signed.slug, "-o", tmp_path / "list.csv")
    assert (result.exit_code, result.stderr) == (3, "PETITIONS_EXPORTS_DIR cannot be used: Not a directory.\n")


def test_ctrl_c_leaves_nothing(
    signed: CampaignSnapshot, settings: Settings, environ: dict[str, str], tmp_path: Path
) -> None:
    """In the middle of a file, in a process of its own."""
    script = tmp_path / "halting.py"
    script.write_text(
        "import time\n"
        "from petitions.delivery import making\n"
        "def write_files(document, plan, folder, watcher, **options):\n"
        "    with folder.new_file('half.csv', 1) as out:\n"
        "        out.write(b'x' * 1_000_000)\n"
        "        print('halfway', flush=True)\n"
        "        time.sleep(60)\n"
        "making.write_files = write_files\n"
        "from petitions.cli.main import main\n"
        "main()\n"
    )
    command = [sys.executable, str(script), "export", signed.slug, "-o", str(tmp_path / "list.csv")]
    process = subprocess.Popen(command, env=os.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"halfway\n"
    assert len(left(settings, tmp_path)) == 2
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, b"")
    assert left(settings, tmp_path) == []
