"""Packs: what lies in them, and that recipients can check them with what their computer has."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.site_keys import grouped, signing_key
from petitions.errors import SettingsError
from petitions.lists.plans import Format, Plan, Profile
from petitions.settings import Settings
from petitions.signatures.importing import import_files
from petitions.signatures.withdrawing import Withdraw
from tests.delivery.support import made, unzipped
from tests.factories import (
    WORDING,
    act,
    campaign_files,
    cosign,
    link_to,
    make_campaign,
    remove,
    sign_and_confirm,
)

PACK = Plan(pack=True, formats=(Format.CSV, Format.JSONL), organisations=True, on_paper=True)


@pytest.fixture
def signed(database: Database, settings: Settings) -> CampaignSnapshot:
    """A campaign in two languages, one of which got new words; with signatures of every kind."""
    campaign = make_campaign(database, languages=("en", "es"))
    spanish = campaign.statements["es"].id
    for visibility in ("public", "public", "initials", "addressee", "anonymous", "public"):
        name = None if visibility == "anonymous" else "Planted Ana"
        sign_and_confirm(database, settings, campaign, visibility=visibility, name=name)
    sign_and_confirm(database, settings, campaign, statement_id=spanish, language="es")
    remove(database, sign_and_confirm(database, settings, campaign))
    act(database, Withdraw(link_to(sign_and_confirm(database, settings, campaign)), utc_now()))
    cosign(database, settings, campaign, name="Bakers", members=40)
    wordings = {"en": WORDING, "es": replace(WORDING, title="Libertad para Boris")}
    files = campaign_files(languages=("en", "es"), wordings=wordings)
    with database.writing() as session:
        import_files(session, files, utc_now())
        return get_snapshot(session, campaign.slug)


def packed(
    database: Database, campaign: CampaignSnapshot, settings: Settings, folder: Path, plan: Plan = PACK
) -> tuple[Mapping[str, bytes], Mapping[str, Any]]:
    """The files of a pack, and its manifest."""
    _, content = made(database, campaign, settings, folder, plan)
    files = unzipped(content)
    return files, json.loads(files["manifest.json"])


def test_what_lies_in_a_pack(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    files, manifest = packed(database, signed, settings, tmp_path / "work")
    assert [*files] == [
        *("README.txt", "manifest.json", "manifest.json.sig", "SHA256SUMS", "SHA256SUMS.sig", "key.pem"),
        *("statement/en-1.txt", "statement/es-2.txt", "statement/es-1.txt"),
        *("lists/signatures.csv", "lists/paper.csv", "lists/organisations.csv"),
        *("lists/signatures.jsonl", "lists/paper.jsonl", "lists/organisations.jsonl"),
    ]
    assert files["statement/es-2.txt"].startswith(b"# Libertad para Boris\n\nA sociologist is arrested.\n\n")
    assert files["statement/es-1.txt"].startswith(b"# Free Boris\n")
    assert b"1. His release.\n2. The dropping" in files["statement/en-1.txt"]
    key = signing_key(settings)
    assert files["key.pem"] == key.public.pem
    assert key.public.has_signed(files["manifest.json"], files["manifest.json.sig"])
    assert key.public.has_signed(files["SHA256SUMS"], files["SHA256SUMS.sig"])
    above = ("manifest.json.sig", "SHA256SUMS", "SHA256SUMS.sig")
    known = {name: content for name, content in files.items() if name not in above}
    lines = [line.split("  ") for line in files["SHA256SUMS"].decode().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in known.items()}
    del known["manifest.json"]
    described = {file["name"]: (file["size"], file["sha256"]) for file in manifest["files"]}
    assert described == {name: (len(content), sums[name]) for name, content in known.items()}
    assert not any(b"example.org" in files[name] for name in files if name.startswith("lists/sig"))


def test_a_pack_for_everybody_has_another_name(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    """Two packs of one day lie in one folder, and one of them is handed over."""
    done, _ = made(database, signed, settings, tmp_path / "work", replace(PACK, profile=Profile.PUBLIC))
    assert done.name == f"free-boris-{done.cut_off:%Y-%m-%d}-public-pack.zip"


def test_the_manifest_says_how_many_of_what(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    done, content = made(database, signed, settings, tmp_path / "work", PACK)
    files = unzipped(content)
    manifest = json.loads(files["manifest.json"])
    assert done.manifest_sha256 == hashlib.sha256(files["manifest.json"]).hexdigest()
    assert done.name == f"free-boris-{done.cut_off:%Y-%m-%d}-pack.zip"
    assert manifest["counts"] == {
        "confirmed": 9,
        "counted": 7,
        "named": 5,
        "initials": 1,
        "unnamed": 1,
        "names_hidden": 0,
        "removed": {"fake": 1},
        "withdrawn": 1,
        "on_paper": 0,
        "on_paper_waiting": 0,
        "on_paper_repeated": 0,
        "organisations": 1,
        "members": 40,
    }
    signatures = manifest["lists"]["signatures"]
    assert (signatures["rows"], signatures["first"], signatures["last"], signatures["through"]) == (6, 1, 7, 9)
    assert manifest["lists"]["organisations"]["rows"] == 1
    assert (manifest["profile"], manifest["filters"], manifest["format"]) == ("delivery", {}, "petitions-pack-1")
    assert manifest["campaign"]["titles"] == {"en": "Free Boris", "es": "Libertad para Boris"}
    assert manifest["campaign"]["addressees"] == ["The embassies"]
    assert [(one["file"], one["in_force"]) for one in manifest["wordings"]] == [
        ("statement/en-1.txt", True),
        ("statement/es-2.txt", True),
        ("statement/es-1.txt", False),
    ]
    # Sorted, so that the same manifest is the same bytes wherever it is made.
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert files["manifest.json"].decode() == text


def test_what_was_left_out_stands_in_the_manifest(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    plan = Plan.from_json(
        {"pack": True, "countries": ["ES"], "languages": ["en"], "since": "2026-01-01", "until": "2099-12-31"}
    )
    files, manifest = packed(database, signed, settings, tmp_path / "work", plan)
    assert manifest["filters"] == {
        "countries": ["ES"],
        "languages": ["en"],
        "since": "2026-01-01",
        "until": "2099-12-31",
    }
    readme = files["README.txt"].decode()
    assert "manifest.json says under “filters”" in readme
    assert "7 people have signed online." in readme  # whom the lists do not all have:
    assert f"        Signatures: {manifest['lists']['signatures']['rows']} rows\n" in readme


def test_a_list_for_everybody_does_not_number_who_is_left_out(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    _, manifest = packed(
        database, signed, settings, tmp_path / "work", Plan(pack=True, profile=Profile.PUBLIC, organisations=True)
    )
    assert manifest["lists"]["signatures"].keys() == {"rows", "columns"}


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def unpacked(database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path) -> Path:
    """A pack as its recipient has it on the disk."""
    _, content = made(database, signed, settings, tmp_path / "work", PACK)
    pack, folder = tmp_path / "pack.zip", tmp_path / "unpacked"
    pack.write_bytes(content)
    subprocess.run(["unzip", "-q", pack, "-d", folder], check=True)
    return folder


def commands_in(folder: Path) -> list[str]:
    """The commands of the README, word for word."""
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    return [line.strip() for line in readme.splitlines() if line.startswith(("    sha256sum", "    openssl"))]


def test_the_recipient_needs_no_program_of_ours(settings: Settings, unpacked: Path) -> None:
    commands = commands_in(unpacked)
    assert len(commands) == 3
    said = [run(command, unpacked) for command in commands]
    assert [one.returncode for one in said] == [0, 0, 0]
    assert said[0].stdout == "Signature Verified Successfully\n"
    assert said[1].stdout.count(": OK\n") == 12
    fingerprint = signing_key(settings).public.fingerprint
    assert said[2].stdout.split()[0] == fingerprint
    assert grouped(fingerprint) in (unpacked / "README.txt").read_text(encoding="utf-8")
    (unpacked / "lists" / "signatures.csv").write_bytes(b"other")
    assert [run(command, unpacked).returncode for command in commands] == [0, 1, 0]
    (unpacked / "SHA256SUMS").write_bytes(b"other")
    assert run(commands[0], unpacked).returncode == 1


def test_a_forger_without_the_key_cannot_write_the_sums_anew(unpacked: Path) -> None:
    """Thousands of invented rows and sums that fit them; everything that is signed is left as it was."""
    commands = commands_in(unpacked)
    with (unpacked / "lists" / "signatures.csv").open("ab") as file:
        file.writelines(b"%d,Forged Person,Madrid,Spain,2026-11-23,en\r\n" % number for number in range(99, 5000))
    with (unpacked / "statement" / "en-1.txt").open("ab") as file:
        file.write(b"And down with the minister.\n")
    sums = unpacked / "SHA256SUMS"
    names = [line.partition("  ")[2] for line in sums.read_text().splitlines()]
    digests = {name: hashlib.sha256((unpacked / name).read_bytes()).hexdigest() for name in names}
    sums.write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()))
    assert [run(command, unpacked).returncode for command in commands] == [1, 0, 0]
    # Nor with what the site did sign.
    sums.write_bytes((unpacked / "manifest.json").read_bytes())
    (unpacked / "SHA256SUMS.sig").write_bytes((unpacked / "manifest.json.sig").read_bytes())
    assert [run(command, unpacked).returncode for command in commands] == [0, 1, 0]


def test_the_page_on_top_is_in_the_language_of_the_lists_and_in_english(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    files, _ = packed(database, signed, settings, tmp_path / "es", replace(PACK, language="es"))
    spanish, english = files["README.txt"].decode().split("\n" + "-" * 72 + "\n\n")
    assert spanish.startswith("Libertad para Boris\n")
    assert "7 people have signed online." in english
    assert "Of these, 1 is counted without a name." in english
    assert "http://testserver/verify" in spanish
    files, _ = packed(database, signed, settings, tmp_path / "eo", replace(PACK, language="eo"))
    assert "-" * 72 not in files["README.txt"].decode()


def test_a_site_without_a_key_makes_no_pack(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError):
        made(database, signed, replace(settings, signing_key=""), tmp_path / "work", PACK)
