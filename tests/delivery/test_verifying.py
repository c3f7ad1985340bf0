"""Checking packs: a single bit that is another one is found, and its file is named."""

import hashlib
import io
import json
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.delivery import manifests, zips
from petitions.delivery.manifest_rules import ManifestBroken, read_manifest
from petitions.delivery.rows import count_rows
from petitions.delivery.site_keys import SigningKey, signing_key
from petitions.delivery.verifying import TABLE, Problem, Report, verify
from petitions.delivery.zips import Place, ZipEntry, read_zip, write_zip
from petitions.lists.plans import Format, Plan
from petitions.settings import Settings
from tests.delivery.support import made, unzipped
from tests.factories import cosign, sign_and_confirm

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
KEY = signing_key(Settings("", Path(), "", (), "", "k" * 32))


@pytest.fixture
def pack(database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path) -> bytes:
    """A small pack."""
    for number in range(3):
        sign_and_confirm(database, settings, campaign, name=f"Ana {number}")
    cosign(database, settings, campaign, name="Bakers")
    plan = Plan(pack=True, formats=(Format.CSV, Format.JSONL), organisations=True, on_paper=True)
    return made(database, campaign, settings, tmp_path / "work", plan)[1]


def check(content: bytes, known: str | None = None) -> Report:
    return verify(io.BytesIO(content), known)


def named(report: Report) -> list[str]:
    return [problem.file for problem in report.problems]


def zipped(files: Mapping[str, bytes]) -> bytes:
    return b"".join(write_zip([ZipEntry.of(name, content) for name, content in files.items()]))


def test_a_pack_as_it_was_made(pack: bytes, settings: Settings) -> None:
    report = check(pack)
    assert (list(report.problems), report.is_whole, report.files) == ([], True, 13)
    fingerprint = signing_key(settings).public.fingerprint
    assert (report.fingerprint, report.key_compared) == (fingerprint, False)
    assert report.manifest is not None
    assert report.manifest["counts"]["counted"] == 3
    for known in (fingerprint, signing_key(settings).public.raw.hex()):
        report = check(pack, known)
        assert (report.is_whole, report.key_compared) == (True, True)


@only_sqlite
def test_a_flipped_bit_anywhere_names_the_file(pack: bytes) -> None:
    """One bit of every byte; the next test takes any."""
    places = read_zip(io.BytesIO(pack)).places
    for byte in range(len(pack)):
        _check_flip(pack, places, 8 * byte + byte % 8)


@only_sqlite
@given(data=st.data())
def test_any_flipped_bit_names_the_file(pack: bytes, data: st.DataObject) -> None:
    places = read_zip(io.BytesIO(pack)).places
    _check_flip(pack, places, data.draw(st.integers(0, 8 * len(pack) - 1)))


def _check_flip(pack: bytes, places: Any, bit: int) -> None:
    changed = bytearray(pack)
    changed[bit // 8] ^= 1 << bit % 8
    report = check(bytes(changed))
    owner = next((place.name for place in places if place.offset <= bit // 8 < place.end), TABLE)
    assert owner in named(report), bit


@only_sqlite
@given(data=st.data())
def test_any_other_bytes_are_noticed(pack: bytes, data: st.DataObject) -> None:
    start, length = data.draw(st.integers(0, len(pack))), data.draw(st.integers(0, 200))
    changed = pack[:start] + data.draw(st.binary(max_size=60)) + pack[start + length :]
    assert check(changed).is_whole == (changed == pack)


@given(st.binary(max_size=200))
def test_any_file_is_a_pack_or_is_not(content: bytes) -> None:
    assert TABLE in named(check(content))


def test_a_file_that_was_made_to_tire_whoever_checks_it() -> None:
    """Thousands of files with something wrong about each; more files than any pack has."""
    places: list[Place] = []
    for number in range(5000):
        places.append(Place(f"a{number}", 0, 1, places[-1].end if places else 0))
    content = b"".join(map(zips._local, places)) + zips._table(places, places[-1].end, zips.MOST_32)
    report = check(content)
    assert len(report.problems) == 101
    assert report.problems[-1].words == "there may be more; nothing further was looked at"
    many = zipped({f"a{number}": b"" for number in range(10_001)})
    assert read_zip(io.BytesIO(many)).table_damaged
    assert len(read_zip(io.BytesIO(many)).places) == 10_000
    assert TABLE in named(check(many))


def test_papers_are_not_kept_while_they_are_checked(tmp_path: Path) -> None:
    file, paper = tmp_path / "pack.zip", bytes(1 << 20)
    with file.open("wb") as out:
        names = [*(f"statement/en-{number}.txt" for number in range(30)), "manifest.json"]
        out.writelines(write_zip([ZipEntry.of(name, 5 * paper if name[0] == "m" else paper) for name in names]))
    tracemalloc.start()
    try:
        with file.open("rb") as pack:
            report = verify(pack)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert Problem("manifest.json", "it is far too long") in report.problems


def test_a_line_without_end_is_no_list() -> None:
    for line in (b"," * (5 << 20), b"1," * (3 << 20) + b"\r\n"):
        chunks = (line[at : at + 65536] for at in range(0, len(line), 65536))
        assert count_rows(chunks, "csv", 0).broken == "it is no list any more after 0 rows"


# Somebody who knows what they do, and has everything but the key


def change(files: Mapping[str, bytes], **contents: bytes) -> bytes:
    return zipped({**files, **{name.replace("__", "/"): content for name, content in contents.items()}})


def test_a_list_that_somebody_wrote_anew(pack: bytes) -> None:
    files = unzipped(pack)
    csv = files["lists/signatures.csv"].replace(b"Ana 1", b"Eva 1")
    assert named(check(zipped({**files, "lists/signatures.csv": csv}))) == ["lists/signatures.csv"]


def test_a_file_more_or_less(pack: bytes) -> None:
    files = unzipped(pack)
    assert named(check(zipped({**files, "lists/more.csv": b"1"}))) == ["lists/more.csv"]
    for name in files:
        rest = {other: content for other, content in files.items() if other != name}
        assert name in named(check(zipped(rest))), name
    both = [*files.items(), ("README.txt", b"other")]
    twice = b"".join(write_zip([ZipEntry.of(name, content) for name, content in both]))
    assert "README.txt" in named(check(twice))


def test_sums_that_somebody_wrote_anew(pack: bytes) -> None:
    files = unzipped(pack)
    sums = files["SHA256SUMS"].replace(b"README.txt", b"README.txT")
    assert named(check(zipped({**files, "SHA256SUMS": sums}))) == ["SHA256SUMS"]
    for signature in (KEY.sign(files["SHA256SUMS"]), files["manifest.json.sig"], b"", bytes(64)):
        forged = zipped({**files, "SHA256SUMS.sig": signature})
        assert named(check(forged)) == ["SHA256SUMS.sig"]


def test_a_manifest_that_somebody_wrote_anew(pack: bytes) -> None:
    files = unzipped(pack)
    manifest = json.loads(files["manifest.json"])
    manifest["campaign"]["addressees"] = ["Somebody else"]
    assert named(check(zipped({**files, "manifest.json": manifests.dump(manifest)}))) == ["manifest.json"]


def test_a_pack_that_somebody_else_signed_is_whole_and_by_another_key(pack: bytes, settings: Settings) -> None:
    forged = signed_by(KEY, unzipped(pack), lambda manifest: manifest["campaign"].update(slug="forged"))
    assert check(forged).is_whole
    report = check(forged, signing_key(settings).public.fingerprint)
    assert named(report) == ["key.pem"]
    assert "somebody else signed this pack" in report.problems[0].words


def signed_by(key: SigningKey, files: dict[str, bytes], act: Callable[[Any], Any], **lists: bytes) -> bytes:
    """A pack that says something else and is signed in the right way; `lists`: files by their names without
    endings, in CSV."""
    files = dict(files)
    manifest = json.loads(files["manifest.json"])
    files |= {f"lists/{name}.csv": content for name, content in lists.items()} | {"key.pem": key.public.pem}
    manifest["key"] = manifests.describe_key(key.public)
    for file in manifest["files"]:
        content = files.get(file["name"], b"")
        file["size"], file["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    act(manifest)
    files["manifest.json"] = manifests.dump(manifest)
    files["manifest.json.sig"] = key.sign(files["manifest.json"])
    digest = hashlib.sha256(files["manifest.json"]).hexdigest()
    files["SHA256SUMS"] = manifests.sums(manifest["files"], digest)
    files["SHA256SUMS.sig"] = key.sign(files["SHA256SUMS"])
    return zipped(files)


@pytest.mark.parametrize(
    "act",
    [
        lambda m: m["counts"].update(named=4),
        lambda m: m["counts"].update(named=4, counted=4),
        lambda m: m["counts"].update(confirmed=4),
        lambda m: m["counts"].update(removed={"fake": 1}),
        lambda m: m["lists"]["signatures"].update(last=9),
        lambda m: m["lists"]["signatures"].update(first=0),
        lambda m: m["lists"]["signatures"].update(rows=4),
        lambda m: m["lists"].pop("signatures"),
        lambda m: m["wordings"][0].update(file="statement/en-2.txt"),
        lambda m: m["wordings"].append({**m["wordings"][0], "version": 2, "file": "statement/en-2.txt"}),
        lambda m: m["files"].append(m["files"][0]),
        lambda m: m["files"].append({**m["files"][0], "name": "../../etc/passwd"}),
        lambda m: m.update(format="petitions-pack-2"),
        lambda m: m.update(more=1),
        lambda m: m.update(cut_off="2026-13-01T00:00:00Z"),
        lambda m: m["counts"].update(members=-1),
        lambda m: m["counts"].update(members=True),
    ],
)
@only_sqlite
def test_a_manifest_that_contradicts_itself(pack: bytes, act: Callable[[Any], Any]) -> None:
    assert "manifest.json" in named(check(signed_by(KEY, unzipped(pack), act)))


HEAD = b"Number,Name,City,Country,Date,Language\r\n"


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b"1,Ana,,,,\r\n2,Ana,,,,\r\n",
        HEAD + b"1,Ana,,,,\r\n3,Ana,,,,\r\n2,Ana,,,,\r\n",
        HEAD + b"1,Ana,,,,\r\n2,Ana,,,,\r\n2,Ana,,,,\r\n",
        HEAD + b"1,Ana,,,,\r\n2,Ana,,,,\r\n4,Ana,,,,\r\n",
        HEAD + b"0,Ana,,,,\r\n2,Ana,,,,\r\n3,Ana,,,,\r\n",
        HEAD + b"x,Ana,,,,\r\n2,Ana,,,,\r\n3,Ana,,,,\r\n",
        HEAD + b"1,\xff,,,,\r\n2,Ana,,,,\r\n3,Ana,,,,\r\n",
        HEAD + b'1,"Ana,,,,\r\n2,Ana,,,,\r\n3,Ana,,,,\r\n',
        b"",
    ],
)
@only_sqlite
def test_a_list_that_is_not_what_its_manifest_says(pack: bytes, content: bytes) -> None:
    forged = signed_by(KEY, unzipped(pack), lambda manifest: None, signatures=content)
    assert named(check(forged)) == ["lists/signatures.csv"]


@pytest.mark.parametrize(
    ("numbers", "is_right"),
    [(((1,), (2, 3)), True), (((1, 2), (3,)), True), (((2, 3), (1,)), False), (((1, 3), (3,)), False)],
)
@only_sqlite
def test_a_list_in_two_files_goes_on_where_it_was(
    pack: bytes, numbers: tuple[tuple[int, ...], ...], is_right: bool
) -> None:
    rows = [HEAD + b"".join(b"%d,Ana,,,,\r\n" % number for number in part) for part in numbers]
    parts = {f"lists/signatures-0{place}.csv": content for place, content in enumerate(rows, 1)}

    def split(manifest: Any) -> None:
        manifest["files"] = [file for file in manifest["files"] if file["name"] != "lists/signatures.csv"]
        for name, content in parts.items():
            described = manifests.describe_file(name, len(content), hashlib.sha256(content).hexdigest())
            manifest["files"].append(described | {"rows": content.count(b"\r\n") - 1})

    kept = {name: content for name, content in unzipped(pack).items() if name != "lists/signatures.csv"}
    report = check(signed_by(KEY, kept | parts, split))
    assert report.is_whole == is_right
    assert set(named(report)) <= set(parts)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists) | st.binary())
def test_any_bytes_are_a_manifest_or_are_not(content: Any) -> None:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(ManifestBroken):
        read_manifest(data)


@only_sqlite
@given(data=st.data())
def test_any_value_in_a_manifest_is_right_or_is_told(pack: bytes, data: st.DataObject) -> None:
    manifest = json.loads(unzipped(pack)["manifest.json"])
    here: Any = manifest
    while True:
        keys = [*here] if isinstance(here, dict) else [*range(len(here))]
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], dict | list) or not here[key] or data.draw(st.booleans()):
            break
        here = here[key]
    here[key] = data.draw(st.none() | st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=2))
    forged = signed_by_any(manifest, unzipped(pack))
    check(forged)  # whatever it says, nothing breaks


def signed_by_any(manifest: Any, files: dict[str, bytes]) -> bytes:
    files["manifest.json"] = manifests.dump(manifest)
    files["manifest.json.sig"], files["key.pem"] = KEY.sign(files["manifest.json"]), KEY.public.pem
    return zipped(files)


@given(st.lists(st.integers(1, 10**12), unique=True, max_size=40).map(sorted), st.integers(1, 7))
def test_rows_are_counted_however_the_bytes_come(numbers: list[int], size: int) -> None:
    csv = "N,A\r\n" + "".join(f'{number},"a\r\n""b"\r\n' for number in numbers)
    jsonl = "".join(
        json.dumps({"number": number, "name": "\u2028é"}, ensure_ascii=False) + "\n" for number in numbers
    )
    for text, kind in ((csv, "csv"), (jsonl, "jsonl")):
        content = text.encode()
        rows = count_rows((content[at : at + size] for at in range(0, len(content), size)), kind, 0)
        ends = (numbers[0], numbers[-1]) if numbers else (None, None)
        assert (rows.number, rows.first, rows.last, rows.broken) == (len(numbers), *ends, None)
