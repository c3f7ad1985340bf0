"""What a manifest has to look like, and which of its numbers follow from others."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from petitions.delivery.manifests import FORMAT, KEY, README, dump, wording_file
from petitions.lists.plans import Profile


@dataclass(frozen=True)
class Mapped:
    """An object with any keys, and values of one shape."""

    shape: Any


@dataclass(frozen=True)
class Some:
    """An object with some of these keys."""

    shapes: Mapping[str, Any]


_HEX = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: A name in a pack leads nowhere else, wherever it is unpacked.
_PAPER = re.compile(r"(?:statement/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LIST = re.compile(r"lists/[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SHOWN = ("named", "initials", "unnamed", "names_hidden")
_COUNTS = (
    *(*_SHOWN, "confirmed", "withdrawn", "counted", "on_paper", "on_paper_waiting", "on_paper_repeated"),
    *("organisations", "members"),
)
_ABOUT = {"rows": int, "columns": [str]}
_NUMBERED = _ABOUT | {"first": (int, None), "last": (int, None), "through": int}
_OF_PEOPLE = (_ABOUT, _NUMBERED)
_FILE = {"size": int, "sha256": _HEX}
#: A type (whole numbers are from 0), a pattern, a list of something, every key of an object, or one of several.
_SHAPE: Mapping[str, Any] = {
    "format": str,
    "software": {"name": str, "version": str},
    "site": {"name": str, "url": str},
    "campaign": {
        **dict.fromkeys(("slug", "url", "language", "responsible"), str),
        "titles": Mapped(str),
        "addressees": [str],
    },
    "cut_off": _MOMENT,
    "profile": re.compile("|".join(Profile)),
    "filters": dict,
    "counts": {**dict.fromkeys(_COUNTS, int), "removed": Mapped(int)},
    "lists": Some({"signatures": _OF_PEOPLE, "paper": _OF_PEOPLE, "organisations": _ABOUT}),
    "wordings": [{"language": str, "version": int, "title": str, "in_force": bool, "file": str}],
    "files": [({"name": _PAPER, **_FILE}, {"name": _LIST, "rows": int, **_FILE})],
    "key": {"algorithm": re.compile("Ed25519"), "public": _HEX, "fingerprint": _HEX},
}


class ManifestBroken(ValueError):
    """Why a manifest is none, as a clause."""


def read_manifest(content: bytes) -> Mapping[str, Any]:
    """A manifest of which every value is of its kind and every sum comes out. Raises ManifestBroken."""
    try:
        data: dict[str, Any] = json.loads(content)
        is_canonical = isinstance(data, dict) and dump(data) == content
    except (ValueError, RecursionError):
        raise ManifestBroken("it is no JSON any more") from None
    if not is_canonical:
        raise ManifestBroken("it is not written in the one form that manifests have")
    if data.get("format") != FORMAT:
        raise ManifestBroken(f"it is not of the format {FORMAT}, the only one that this program knows")
    if not _is_of(data, _SHAPE) or not _is_moment(data["cut_off"]):
        raise ManifestBroken("a value in it is missing, or is of another kind")
    for clause, is_right in _sums(data):
        if not is_right:
            raise ManifestBroken(clause)
    return data


def _is_of(value: Any, shape: Any) -> bool:
    """Whether a value is as one of the shapes above."""
    if isinstance(shape, tuple):
        return any(_is_of(value, one) for one in shape)
    if isinstance(shape, dict):
        same = isinstance(value, dict) and value.keys() == shape.keys()
        return same and all(_is_of(value[key], one) for key, one in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(_is_of(one, shape[0]) for one in value)
    if isinstance(shape, Mapped):
        return isinstance(value, dict) and all(_is_of(one, shape.shape) for one in value.values())
    if isinstance(shape, Some):
        known = isinstance(value, dict) and value.keys() <= shape.shapes.keys()
        return known and all(_is_of(one, shape.shapes[key]) for key, one in value.items())
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if shape is int:
        return type(value) is int and value >= 0
    return value is None if shape is None else isinstance(value, shape)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _sums(data: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """What follows from what, with a clause for each that does not come out."""
    counts, lists = data["counts"], data["lists"]
    shown = sum(counts[name] for name in _SHOWN)
    gone = sum(counts["removed"].values()) + counts["withdrawn"]
    names = [file["name"] for file in data["files"]]
    wordings = [wording_file(one["language"], one["version"]) for one in data["wordings"]]
    checks = [
        ("its counts do not add up to those that count", counts["counted"] == shown),
        ("its counts do not add up to those that were confirmed", counts["confirmed"] == shown + gone),
        ("a file is named twice in it", len(set(names)) == len(names)),
        ("it does not name README.txt and key.pem", {README, KEY} <= set(names)),
        ("it names other wordings than files", [one["file"] for one in data["wordings"]] == wordings),
        ("a wording is in no file", set(wordings) <= set(names)),
        ("it has no list of signatures", "signatures" in lists),
    ]
    ranges = [_is_range(about) for about in lists.values() if "first" in about]
    checks.append(("the range of numbers of a list is wrong", all(ranges)))
    if data["profile"] == Profile.DELIVERY and not data["filters"] and "signatures" in lists:
        whole = lists["signatures"]["rows"] == counts["named"] + counts["initials"]
        checks.append(("the list has not as many rows as there are names for it", whole))
        if "paper" in lists:
            checks.append(("not all on paper are listed", lists["paper"]["rows"] == counts["on_paper"]))
    return checks


def _is_range(about: Mapping[str, Any]) -> bool:
    first, last, through, rows = about["first"], about["last"], about["through"], about["rows"]
    if not rows:
        return first is None and last is None
    return first is not None and last is not None and 1 <= first <= last <= through and rows <= last - first + 1
