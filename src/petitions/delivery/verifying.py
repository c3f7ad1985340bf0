"""Checking a pack, without the store and without the network: is it, byte for byte, what a site signed?

Every byte of a pack is either in a file that the manifest knows by its SHA-256, or follows from the rest; the
signature holds the manifest. So whatever was changed is found, and the file that it is in is named.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from zlib import crc32

from petitions.delivery import manifests
from petitions.delivery.manifest_rules import ManifestBroken, read_manifest
from petitions.delivery.rows import Rows, count_rows
from petitions.delivery.site_keys import SIGNATURE_SIZE, PublicKey, parse_public_key
from petitions.delivery.zips import Archive, Place, read_zip

#: What is read whole, and how long it is at most: what says what the others are.
_KEPT = (*manifests.ABOVE, manifests.KEY)
_LONGEST_KEPT = 1 << 22
#: Whoever made more problems than these made them on purpose.
_MOST_PROBLEMS = 100
#: How the archive itself is called where something is wrong with it.
TABLE = "the table of contents of the archive"


@dataclass(frozen=True)
class Problem:
    """Something that is not as it has to be."""

    file: str  # its name in the pack, or TABLE
    words: str  # a clause: "its checksum is another one"


@dataclass(frozen=True)
class Report:
    """What came of a check."""

    problems: Sequence[Problem]
    manifest: Mapping[str, Any] | None  # None: it cannot be read
    fingerprint: str | None  # of the key in the pack
    files: int
    key_compared: bool  # with one that somebody had from elsewhere

    @property
    def is_whole(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.problems

    @property
    def cut_off(self) -> datetime | None:
        """The moment of which the lists are."""
        return datetime.fromisoformat(self.manifest["cut_off"]) if self.manifest is not None else None


def verify(file: BinaryIO, known: str | None = None) -> Report:
    """Check a pack. `known`: the fingerprint, or the public key, that the site's page shows, as hexadecimal digits
    without blanks. Raises OSError."""
    return _Check(read_zip(file), known).run()


class _EnoughError(Exception):
    """So much is wrong that the rest does not matter."""


@dataclass
class _Seen:
    """A file as it was found."""

    size: int
    sha256: str
    is_whole: bool  # its checksum in the archive is right
    content: bytes | None  # None: it is long, or nobody asks what stands in it
    rows: Rows | None  # of a list that can be read


@dataclass
class _Check:
    archive: Archive
    known: str | None
    problems: dict[Problem, None] = field(default_factory=dict)
    seen: dict[str, _Seen] = field(default_factory=dict)

    def run(self) -> Report:
        places = {place.name: place for place in self.archive.places}
        manifest, key = None, None
        with suppress(_EnoughError):
            self._look_around()
            for name in _KEPT:  # these first: they say what the others are
                if name in places:
                    self._read(places[name], None)
            manifest = self._read_manifest()
            key = self._read_key(manifest)
            self._look_into(places, manifest, key)
        fingerprint = key.fingerprint if key is not None else None
        return Report(tuple(self.problems), manifest, fingerprint, len(places), self.known is not None)

    def _look_into(
        self, places: Mapping[str, Place], manifest: Mapping[str, Any] | None, key: PublicKey | None
    ) -> None:
        is_signed = self._check_signature(key)
        lists = manifest["lists"] if manifest is not None else {}
        for name, place in places.items():
            if name not in self.seen:
                self._read(place, lists)
        if manifest is not None and is_signed:  # what nobody signed accuses no file
            self._check_files(manifest)
            self._check_sums(manifest, key)
            self._check_rows(manifest)

    def _say(self, file: str, words: str) -> None:
        self.problems[Problem(file, words)] = None
        if len(self.problems) == _MOST_PROBLEMS:
            self.problems[Problem(TABLE, "there may be more; nothing further was looked at")] = None
            raise _EnoughError

    def _look_around(self) -> None:
        if self.archive.table_damaged:
            self._say(TABLE, "it is damaged, or the file is cut off, or this is no pack")
        for name in self.archive.damaged:
            self._say(name, "the bytes of the archive before it were changed")
        names = Counter(place.name for place in self.archive.places)
        for name in sorted(name for name, times in names.items() if times > 1):
            self._say(name, "it is there more than once")

    def _read(self, place: Place, lists: Mapping[str, Any] | None) -> None:
        digest, crc, size, kept = hashlib.sha256(), 0, 0, bytearray()
        is_kept = place.name in _KEPT and place.size <= _LONGEST_KEPT

        def chunks() -> Any:
            nonlocal crc, size
            for chunk in self.archive.read(place):
                digest.update(chunk)
                crc, size = crc32(chunk, crc), size + len(chunk)
                if is_kept:
                    kept.extend(chunk)
                yield chunk

        rows = None
        found = manifests.list_in(place.name)
        reading = chunks()
        if found is not None and lists is not None and found[0] in lists:
            columns = lists[found[0]]["columns"]
            rows = count_rows(reading, found[1], columns.index("number") if "number" in columns else None)
        for _chunk in reading:
            pass
        is_whole = (size, crc) == (place.size, place.crc)
        if not is_whole:
            self._say(place.name, "its content was changed: its checksum in the archive is another one")
        content = bytes(kept) if is_kept else None
        self.seen[place.name] = _Seen(size, digest.hexdigest(), is_whole, content, rows)

    def _content(self, name: str) -> bytes | None:
        seen = self.seen.get(name)
        if seen is None or seen.content is None:
            self._say(name, "it is missing" if seen is None else "it is far too long")
            return None
        return seen.content

    def _read_manifest(self) -> Mapping[str, Any] | None:
        content = self._content(manifests.MANIFEST)
        if content is None:
            return None
        try:
            return read_manifest(content)
        except ManifestBroken as error:
            self._say(manifests.MANIFEST, str(error))
            return None

    def _read_key(self, manifest: Mapping[str, Any] | None) -> PublicKey | None:
        content = self._content(manifests.KEY)
        if content is None:
            return None
        try:
            key = parse_public_key(content)
        except ValueError:
            self._say(manifests.KEY, "it is no public key of Ed25519")
            return None
        if key.pem != content:
            self._say(manifests.KEY, "there is more in it than a public key")
        is_sound = self._is_sound(manifests.MANIFEST, manifests.KEY)
        if manifest is not None and is_sound and manifest["key"] != manifests.describe_key(key):
            self._say(manifests.KEY, "it is not the key that manifest.json names")
        if self.known is not None and self.known not in (key.fingerprint, key.raw.hex()):
            self._say(manifests.KEY, "it is not the key that you gave: somebody else signed this pack")
        return key

    def _check_signature(self, key: PublicKey | None) -> bool:
        """Whether the key in the pack signed its manifest."""
        signature, signed = self._content(manifests.SIGNATURE), self._content(manifests.MANIFEST)
        if key is None or signature is None or signed is None:
            return False
        if len(signature) != SIGNATURE_SIZE:
            self._say(manifests.SIGNATURE, "it is no signature of Ed25519")
            return False
        if key.has_signed(signed, signature):
            return True
        if self._is_sound(manifests.MANIFEST, manifests.SIGNATURE, manifests.KEY):  # else it was said where
            self._say(manifests.MANIFEST, "the signature is not of this manifest by this key")
        return False

    def _is_sound(self, *names: str) -> bool:
        """Whether these are at least as they were when the archive was made, by whomever."""
        return all(name in self.seen and self.seen[name].is_whole for name in names)

    def _check_files(self, manifest: Mapping[str, Any]) -> None:
        known = {file["name"]: file for file in manifest["files"]}
        renamed = set(self.archive.damaged)  # it was said already, and their names say nothing
        for name in sorted(self.seen.keys() - known.keys() - renamed - set(manifests.ABOVE)):
            self._say(name, "manifest.json does not know it: somebody put it there")
        for name, file in known.items():
            seen = self.seen.get(name)
            if seen is None and name in renamed:
                continue
            if seen is None:
                self._say(name, "it is missing")
            elif (seen.size, seen.sha256) != (file["size"], file["sha256"]):
                self._say(name, "it is not the file that was signed: its SHA-256 is another one")

    def _check_sums(self, manifest: Mapping[str, Any], key: PublicKey | None) -> None:
        """What recipients check who have no program: it says the same, and is signed by the same key."""
        sums, signature = self._content(manifests.SUMS), self._content(manifests.SUMS_SIGNATURE)
        expected = manifests.sums(manifest["files"], self.seen[manifests.MANIFEST].sha256)
        if sums is not None and sums != expected:
            self._say(manifests.SUMS, "it does not say the same as manifest.json")
        if key is not None and signature is not None and not key.has_signed(expected, signature):
            self._say(manifests.SUMS_SIGNATURE, "it is no signature of SHA256SUMS by this key")

    def _check_rows(self, manifest: Mapping[str, Any]) -> None:
        """The lists say of themselves what the manifest says of them."""
        parts: dict[tuple[str, str], list[tuple[str, Rows]]] = {}
        for file in manifest["files"]:
            found, seen = manifests.list_in(file["name"]), self.seen.get(file["name"])
            if found is None or seen is None or seen.rows is None:
                continue
            if seen.rows.broken is not None:
                self._say(file["name"], seen.rows.broken)
            elif seen.rows.number != file["rows"]:
                self._say(file["name"], f"it has {seen.rows.number} rows, and manifest.json says {file['rows']}")
            else:
                parts.setdefault(found, []).append((file["name"], seen.rows))
        for (key, _format), files in parts.items():
            about, last = manifest["lists"][key], 0
            if sum(rows.number for _, rows in files) != about["rows"]:
                self._say(files[-1][0], "there are fewer or more rows than manifest.json says")
            for name, rows in files:
                if rows.first is not None and rows.first <= last:
                    self._say(name, "its numbers do not rise")
                last = rows.last or last
            has_numbers = any(rows.first is not None for _, rows in files)
            if "first" in about and has_numbers and (files[0][1].first, last) != (about["first"], about["last"]):
                self._say(files[0][0], "its numbers are not those that manifest.json says")
