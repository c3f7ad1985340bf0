"""The manifest of a pack: what is in it, as a program reads it. docs/delivery.md explains every key.

It is JSON of one form (keys sorted, two spaces, UTF-8, a line break at the end), so that the same manifest is
always the same bytes, and a signature of them a signature of what they say.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.terms import text_in
from petitions.delivery.site_keys import PublicKey
from petitions.lists.cuts import Cut
from petitions.lists.documents import Counts
from petitions.lists.folders import MadeFile
from petitions.lists.gathering import Gathered
from petitions.lists.plans import Plan, Profile
from petitions.lists.serials import Serials
from petitions.settings import Settings

FORMAT = "petitions-pack-1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
SUMS, SUMS_SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
README, KEY = "README.txt", "key.pem"
STATEMENTS, LISTS = "statement/", "lists/"
#: What no file of the manifest is: they stand above it.
ABOVE = (MANIFEST, SIGNATURE, SUMS, SUMS_SIGNATURE)
#: Lists of whom the numbers tell who is left out; the public page does not.
NUMBERED = (Profile.DELIVERY, Profile.FULL)

_LIST_FILE = re.compile(rf"{LISTS}(signatures|paper|organisations)(?:-\d+)?\.(csv|jsonl)")


def dump(manifest: Mapping[str, Any]) -> bytes:
    """The one form of a manifest."""
    return (json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def moment_of(cut: Cut) -> str:
    """The cut-off, like 2026-11-23T10:00:00Z."""
    return f"{cut.moment:%Y-%m-%dT%H:%M:%SZ}"


def build(
    campaign: CampaignSnapshot,
    plan: Plan,
    cut: Cut,
    gathered: Gathered,
    files: Sequence[Mapping[str, Any]],
    key: PublicKey,
    settings: Settings,
) -> dict[str, Any]:
    """A manifest; `files` as `describe_file` has them."""
    document = gathered.document
    return {
        "format": FORMAT,
        "software": {"name": "petitions", "version": version("petitions")},
        "site": {"name": settings.site_name, "url": settings.base_url},
        "campaign": {
            "slug": campaign.slug,
            "url": document.url,
            "language": campaign.default_language,
            "titles": {wording.language: wording.title for wording in document.wordings if wording.in_force},
            "addressees": [
                text_in(name, campaign.default_language, campaign.default_language)
                for name in campaign.terms.addressees
            ],
            "responsible": campaign.terms.responsible.name,
        },
        "cut_off": moment_of(cut),
        "profile": str(plan.profile),
        "filters": _filters(plan),
        "counts": count(document.counts),
        "lists": _lists(plan, cut, gathered),
        "wordings": [
            {
                "language": wording.language,
                "version": wording.version,
                "title": wording.title,
                "in_force": wording.in_force,
                "file": wording_file(wording.language, wording.version),
            }
            for wording in document.wordings
        ],
        "files": list(files),
        "key": describe_key(key),
    }


def describe_key(key: PublicKey) -> dict[str, Any]:
    """A public key, as a manifest has it."""
    return {"algorithm": "Ed25519", "public": key.raw.hex(), "fingerprint": key.fingerprint}


def count(counts: Counts) -> dict[str, Any]:
    """Counts by category; `confirmed` and `counted` are sums of others."""
    return {**asdict(counts), "removed": dict(counts.removed), "counted": counts.counted}


def wording_file(language: str, number: int) -> str:
    """Where a wording lies in a pack."""
    return f"{STATEMENTS}{language}-{number}.txt"


def describe_file(name: str, size: int, sha256: str, rows: int | None = None) -> dict[str, Any]:
    """A file, as a manifest has it; `rows` only of lists."""
    said: dict[str, Any] = {"name": name, "size": size, "sha256": sha256}
    return said if rows is None else said | {"rows": rows}


def describe_list(file: MadeFile) -> dict[str, Any]:
    """The same of a list."""
    return describe_file(LISTS + file.name, file.size, file.sha256, file.rows)


def sums(files: Sequence[Mapping[str, Any]], manifest_sha256: str) -> bytes:
    """What `sha256sum -c` reads: every file but this one and the signatures."""
    digests = {file["name"]: file["sha256"] for file in files} | {MANIFEST: manifest_sha256}
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()


def list_in(name: str) -> tuple[str, str] | None:
    """Of which list a file is a whole or a part, and in which format ("csv" or "jsonl"), where `verify` can read
    its rows."""
    match = _LIST_FILE.fullmatch(name)
    return None if match is None else (match[1], match[2])


def _filters(plan: Plan) -> dict[str, Any]:
    data = plan.to_json()
    said = {key: data[key] for key in ("countries", "languages", "since", "until") if key in data}
    return said | ({"not_in_deliveries": [one.hex for one in plan.without]} if plan.without else {})


def _lists(plan: Plan, cut: Cut, gathered: Gathered) -> dict[str, Any]:
    known = {
        "signatures": (gathered.serials, cut.through_serial),
        "paper": (gathered.paper_numbers, cut.through_number),
    }
    said: dict[str, Any] = {}
    for section in gathered.document.sections:
        about: dict[str, Any] = {"rows": section.rows, "columns": [column.key for column in section.columns]}
        if section.key in known and plan.profile in NUMBERED:
            numbers, through = known[section.key]
            about |= {"first": _first(numbers), "last": _last(numbers), "through": through}
        said[section.key] = about
    return said


def _first(numbers: Serials) -> int | None:
    return next(iter(numbers), None)


def _last(numbers: Serials) -> int | None:
    bits = int.from_bytes(numbers.bits, "little")
    return bits.bit_length() - 1 if bits else None
