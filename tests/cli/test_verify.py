"""petitions verify: in plain words, without a store, without settings."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from petitions.campaigns.queries import CampaignSnapshot
from petitions.cli.main import build_app
from petitions.db import Database
from petitions.delivery.site_keys import grouped, signing_key
from petitions.lists.plans import Format, Plan
from petitions.settings import Settings
from tests.delivery.support import made
from tests.factories import WORDING, cosign, make_campaign, sign_and_confirm

APP = build_app()
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
NAMES = {"public": "Ana"}
PLAN = Plan(pack=True, formats=(Format.CSV,), organisations=True)


@pytest.fixture
def pack(database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path) -> Path:
    """A pack in a file."""
    for visibility in ("public", "public", "anonymous"):
        sign_and_confirm(database, settings, campaign, visibility=visibility, name=NAMES.get(visibility))
    cosign(database, settings, campaign, name="Bakers")
    file = tmp_path / "pack.zip"
    file.write_bytes(made(database, campaign, settings, tmp_path / "work", PLAN)[1])
    return file


def verify(*arguments: object) -> Result:
    result: Result = CliRunner().invoke(APP, ["verify", *map(str, arguments)], catch_exceptions=False)
    return result


@only_sqlite
def test_a_whole_pack_is_told_in_words(pack: Path, settings: Settings) -> None:
    result = verify(pack)
    assert (result.exit_code, result.stderr) == (8, "")
    lines = result.stdout.splitlines()
    assert lines[:7] == [
        "This pack is whole: 9 files, each as it was signed. By whom was not checked: see the end.",
        "It says of itself:",
        "",
        "  Free Boris",
        "  http://testserver/c/free-boris",
        "  To:           The embassies",
        "  By:           Example Committee, with Solidarity Statements",
    ]
    assert "  People:       3, of them 1 without a name" in lines
    assert "  In the lists: 2 signatures, numbers 1 to 2" in lines
    assert "  In the lists: 1 organisations" in lines
    assert f"  Signed with the key  {grouped(signing_key(settings).public.fingerprint)}" in lines
    assert lines[-8].startswith("This proves: nothing was added")
    assert lines[-6].startswith("It does not prove that every name is a person's own")
    assert lines[-3].startswith("NOT CHECKED: whose key that is.")


@only_sqlite
def test_a_pack_leads_nobody_to_the_page_of_its_forger(
    database: Database, settings: Settings, campaign: CampaignSnapshot, pack: Path, tmp_path: Path
) -> None:
    """Which shows the fingerprint of their key."""
    forger = replace(settings, base_url="https://petit1ons.example", signing_key="another" * 8)
    pack.write_bytes(made(database, campaign, forger, tmp_path / "forged", PLAN)[1])
    result = verify(pack)
    assert result.exit_code == 8  # not as if all were well: a script asks for nothing else
    assert "petit1ons.example/verify" not in result.stdout
    assert "NOT CHECKED" in result.stdout
    assert verify(pack, "--key", signing_key(settings).public.fingerprint).exit_code == 7


@only_sqlite
def test_the_key_that_somebody_knows(pack: Path, settings: Settings, tmp_path: Path) -> None:
    key = signing_key(settings).public
    pem = tmp_path / "site.pem"
    pem.write_bytes(key.pem)
    for known in (pem, key.fingerprint, grouped(key.fingerprint).upper(), key.raw.hex()):
        result = verify(pack, "--key", known)
        assert result.exit_code == 0
        assert "It is the key that you gave." in result.stdout
        assert result.stdout.splitlines()[0] == "This pack is whole: 9 files, each as it was signed."
        assert "/verify" not in result.stdout
        assert "NOT CHECKED" not in result.stdout
    result = verify(pack, "--key", "0" * 64)
    assert (result.exit_code, result.stdout) == (7, "")
    assert "  key.pem: it is not the key that you gave: somebody else signed this pack\n" in result.stderr


@pytest.mark.parametrize("wrong", ["", "0" * 63, "nowhere.pem"])
@only_sqlite
def test_a_key_that_is_none(pack: Path, wrong: str) -> None:
    result = verify(pack, "--key", wrong)
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr.startswith(f"--key: {wrong} is no fingerprint of 64 digits, and no key: ")


@only_sqlite
def test_a_damaged_pack_names_its_file(pack: Path) -> None:
    content = pack.read_bytes()
    pack.write_bytes(content.replace(b"2,Ana", b"2,Eva"))
    result = verify(pack)
    assert (result.exit_code, result.stdout) == (7, "")
    assert result.stderr == (
        f"This pack is not what was signed, or not whole. Do not rely on it. {pack}:\n"
        "  lists/signatures.csv: its content was changed: its checksum in the archive is another one\n"
        "  lists/signatures.csv: it is not the file that was signed: its SHA-256 is another one\n"
    )


def test_what_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    result = verify(tmp_path / "text.zip")
    assert result.exit_code == 7
    assert "  the table of contents of the archive: it is damaged, or the file is cut off, or this is no pack" in (
        result.stderr.splitlines()
    )
    result = verify(tmp_path / "nowhere.zip")
    assert result.exit_code == 5
    assert result.stderr == f"{tmp_path}/nowhere.zip cannot be read: No such file or directory.\n"


@only_sqlite
def test_nothing_but_the_file_is_needed(pack: Path, tmp_path: Path) -> None:
    """Neither settings, nor a store, nor the network; and nothing is written."""
    empty = tmp_path / "empty"
    empty.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
    environ["PETITIONS_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    command = [sys.executable, "-m", "petitions", "verify", str(pack)]
    result = subprocess.run(command, cwd=empty, env=environ, capture_output=True, check=False, timeout=60)
    assert (result.returncode, result.stderr) == (8, b"")
    assert list(empty.iterdir()) == []


@only_sqlite
def test_a_title_that_would_turn_the_terminal_around(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    campaign = make_campaign(database, wordings={"en": replace(WORDING, title="Free\u202e Boris")})
    file = tmp_path / "pack.zip"
    file.write_bytes(made(database, campaign, settings, tmp_path / "work", PLAN)[1])
    result = verify(file)
    assert result.exit_code == 8
    assert "\u202e" not in result.stdout
