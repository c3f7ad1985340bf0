"""Archives (ZIP, as PKWARE's APPNOTE describes it) in which no byte is free.

Nothing is compressed, every date is the first day of 1980, and nothing optional is written. So the same files make
the same archive, and whoever reads one can say what each byte of it has to be: a single bit that is another one
belongs either to a file, or to the table of contents at the end.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO
from zlib import crc32

from petitions.errors import SealBroken

#: What a size or a place must stay below to be written with four bytes, and a number of files with two.
MOST_32, MOST_16 = 0xFFFFFFFF, 0xFFFF
CHUNK = 1 << 18
#: A pack has a few dozen files, and some hundreds where lists are long: nobody reads an archive with more than
#: these, nor a longer table of contents.
_MOST_FILES = 10_000
_LONGEST_TABLE = 1 << 24
_LOCAL, _CENTRAL = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I")
_LOCAL_64, _CENTRAL_64 = struct.Struct("<2H2Q"), struct.Struct("<2H3Q")
_END, _END_64, _LOCATOR = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_UTF8, _STORED, _TIME, _DATE = 0x0800, 0, 0, 0x0021
_PLAIN, _LARGE, _UNIX = 20, 45, 3 << 8
_MODE = 0o100644 << 16


@dataclass(frozen=True)
class ZipEntry:
    """A file that is to be put into an archive; its size and checksum must be known before."""

    name: str
    size: int
    crc: int
    read: Callable[[], Iterator[bytes]] = field(repr=False)

    @classmethod
    def of(cls, name: str, content: bytes) -> "ZipEntry":
        """A small file in hand."""
        return cls(name, len(content), crc32(content), lambda: iter((content,)))


@dataclass(frozen=True)
class Place:
    """A file in an archive."""

    name: str
    size: int
    crc: int  # as the archive says
    offset: int  # of its header
    is_large: bool = False  # written with numbers of eight bytes

    @property
    def content(self) -> int:
        """Where its first byte stands."""
        return self.offset + len(_local(self))

    @property
    def end(self) -> int:
        """Where the next thing begins."""
        return self.content + self.size


@dataclass(frozen=True)
class Archive:
    """What there is in a file that should be an archive of ours."""

    file: BinaryIO = field(repr=False)
    places: Sequence[Place]  # of the files that can be read
    damaged: Sequence[str]  # names of files before whose first byte something is wrong
    table_damaged: bool  # something is wrong with the table of contents

    def read(self, place: Place) -> Iterator[bytes]:
        """A file, a chunk at a time, as far as it is there. Raises OSError."""
        left = place.size
        self.file.seek(place.content)
        while left and (chunk := self.file.read(min(left, CHUNK))):
            left -= len(chunk)
            yield chunk


def write_zip(entries: Sequence[ZipEntry], most: int = MOST_32) -> Iterator[bytes]:
    """An archive, a chunk at a time; `most` is another number in tests alone. Raises SealBroken where a file is
    not what was said of it, and what the files raise."""
    places: list[Place] = []
    offset = 0
    for entry in entries:
        place = Place(entry.name, entry.size, entry.crc, offset, _must_be_large(entry.size, offset, most))
        yield _local(place)
        size = crc = 0
        for chunk in entry.read():
            size, crc = size + len(chunk), crc32(chunk, crc)
            yield chunk
        if (size, crc) != (entry.size, entry.crc):
            raise SealBroken
        places.append(place)
        offset = place.end
    yield _table(places, offset, most)


def read_zip(file: BinaryIO, most: int = MOST_32) -> Archive:
    """Look at everything around the files: where the archive is whole, each of these bytes is as `write_zip` would
    have written it. Raises OSError."""
    size = file.seek(0, 2)
    places = _read_table(file, size, most)
    if places is None:
        return Archive(file, _walk(file, size), (), table_damaged=True)
    damaged: list[str] = []
    table_damaged = False
    for place in places:
        expected = _local(place)
        file.seek(place.offset)
        found = file.read(len(expected))
        if found == expected:
            continue
        own = _parse_local(found, place.offset)
        damaged += [place.name] if own is None else [place.name, own.name]
        # A header that is sound by itself and says something else: nobody can tell which of the two is right.
        table_damaged = table_damaged or own is not None
    return Archive(file, places, tuple(dict.fromkeys(damaged)), table_damaged)


def _walk(file: BinaryIO, size: int) -> list[Place]:
    """The files from the beginning on, by their own headers: the table of contents cannot be read."""
    places: list[Place] = []
    offset = 0
    while len(places) < _MOST_FILES:
        file.seek(offset)
        place = _parse_local(file.read(_LOCAL.size + _LOCAL_64.size + MOST_16), offset)
        if place is None or place.end > size:
            break
        places.append(place)
        offset = place.end
    return places


def _read_table(file: BinaryIO, size: int, most: int) -> list[Place] | None:
    """The files by the table of contents; None where any byte of it is not as it has to be, or it does not tell
    the whole archive from the first byte to the last."""
    found = _find_table(file, size)
    if found is None:
        return None
    start, number = found
    if not 0 <= start <= size or size - start > _LONGEST_TABLE or number > _MOST_FILES:
        return None
    file.seek(start)
    table, at = file.read(size - start), 0
    places: list[Place] = []
    for _ in range(number):
        place = _parse_central(table[at : at + _CENTRAL.size + _CENTRAL_64.size + MOST_16])
        if place is None or place.offset != (places[-1].end if places else 0):
            return None
        if place.is_large != _must_be_large(place.size, place.offset, most):
            return None
        places.append(place)
        at += len(_central(place))
    end = places[-1].end if places else 0
    return places if end == start and _table(places, start, most) == table else None


def _find_table(file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Where the table of contents begins, and how many files it has, as the last bytes say."""
    before = size - _END.size
    if before < 0:
        return None
    file.seek(before)
    _, _, _, _, number, _, start, _ = _END.unpack(file.read(_END.size))
    if start == MOST_32:
        before -= _LOCATOR.size + _END_64.size
        if before < 0:
            return None
        file.seek(before)
        *_, number, _, start = _END_64.unpack(file.read(_END_64.size))
    return start, number


def _parse_local(data: bytes, offset: int) -> Place | None:
    """The header of a file; None unless it is one that we write."""
    if len(data) < _LOCAL.size:
        return None
    *_, crc, _, size, length, extra = _LOCAL.unpack_from(data)
    name, rest = _split(data[_LOCAL.size :], length)
    if extra:
        if len(rest) < _LOCAL_64.size:
            return None
        _, _, size, _ = _LOCAL_64.unpack_from(rest)
    place = Place(name, size, crc, offset, bool(extra))
    return place if name and data.startswith(_local(place)) else None


def _parse_central(data: bytes) -> Place | None:
    """The same of the table of contents."""
    if len(data) < _CENTRAL.size:
        return None
    *_, crc, _, size, length, extra, _, _, _, _, offset = _CENTRAL.unpack_from(data)
    name, rest = _split(data[_CENTRAL.size :], length)
    if extra:
        if len(rest) < _CENTRAL_64.size:
            return None
        _, _, size, _, offset = _CENTRAL_64.unpack_from(rest)
    place = Place(name, size, crc, offset, bool(extra))
    return place if name and data.startswith(_central(place)) else None


def _split(data: bytes, length: int) -> tuple[str, bytes]:
    """A name of so many bytes, and what follows; no name where it is not UTF-8."""
    try:
        return data[:length].decode(), data[length:]
    except UnicodeDecodeError:
        return "", b""


def _must_be_large(size: int, offset: int, most: int) -> bool:
    return size >= most or offset >= most


def _local(place: Place) -> bytes:
    name = place.name.encode()
    extra = _LOCAL_64.pack(1, 16, place.size, place.size) if place.is_large else b""
    size = MOST_32 if place.is_large else place.size
    kind = (_LARGE if place.is_large else _PLAIN, _UTF8, _STORED, _TIME, _DATE)
    return _LOCAL.pack(b"PK\3\4", *kind, place.crc, size, size, len(name), len(extra)) + name + extra


def _central(place: Place) -> bytes:
    name = place.name.encode()
    extra = _CENTRAL_64.pack(1, 24, place.size, place.size, place.offset) if place.is_large else b""
    size, offset = (MOST_32, MOST_32) if place.is_large else (place.size, place.offset)
    version = _LARGE if place.is_large else _PLAIN
    kind = (_UNIX | version, version, _UTF8, _STORED, _TIME, _DATE)
    lengths = (len(name), len(extra), 0, 0, 0)
    return _CENTRAL.pack(b"PK\1\2", *kind, place.crc, size, size, *lengths, _MODE, offset) + name + extra


def _table(places: Sequence[Place], start: int, most: int) -> bytes:
    """The table of contents, and the end that says where it begins."""
    table, number = b"".join(map(_central, places)), len(places)
    if start < most and number < MOST_16:
        return table + _END.pack(b"PK\5\6", 0, 0, number, number, len(table), start, 0)
    kind = (_END_64.size - 12, _UNIX | _LARGE, _LARGE, 0, 0)
    return (
        table
        + _END_64.pack(b"PK\6\6", *kind, number, number, len(table), start)
        + _LOCATOR.pack(b"PK\6\7", 0, start + len(table), 1)
        + _END.pack(b"PK\5\6", 0, 0, MOST_16, MOST_16, MOST_32, MOST_32, 0)
    )
