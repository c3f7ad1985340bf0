"""Files of pictures, taken apart before any decoder sees them.

What is in a file decides what it is, not its name. Only the parts from which the first picture is made are passed
on: no texts, no later frames, no notes of a camera but which side is up. Nothing here decodes, and all of it is
done in one pass whose steps are counted, so that a file of a million empty parts costs nothing.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: Parts of a file; pictures that people draw have some dozens.
_MOST_PARTS = 4_000
#: Passes over a JPEG, each of which may cost the decoder as much as the whole picture.
_MOST_SCANS = 60
_EXIF = b"Exif\0\0"
_ORIENTATION, _SHORT = 0x0112, 3


class BrokenPicture(ValueError):
    """The file does not hold what its kind must have."""


@dataclass(frozen=True)
class PictureFile:
    """One picture, in its own coding."""

    kind: str  # as Pillow names it
    width: int  # pixels, as the file says
    height: int
    data: bytes = field(repr=False)
    orientation: int = 1  # as EXIF numbers them


def kind_of(data: bytes) -> str | None:
    """PNG, JPEG, WEBP or GIF; None for anything else."""
    for kind, start in _STARTS.items():
        if data.startswith(start) and (kind != "WEBP" or data[8:12] == b"WEBP"):
            return kind
    return None


_STARTS: Mapping[str, tuple[bytes, ...]] = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "WEBP": (b"RIFF",),
    "GIF": (b"GIF87a", b"GIF89a"),
}


def take_apart(kind: str, data: bytes) -> PictureFile:
    """The first picture of a file of this kind. Raises BrokenPicture."""
    try:
        file = _READERS[kind](data)
    except (struct.error, IndexError) as error:
        raise BrokenPicture("it ends too early") from error
    if not file.width or not file.height:
        raise BrokenPicture("it has no size")
    return file


_KEPT_IN_PNG = frozenset((b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND"))


def _read_png(data: bytes) -> PictureFile:
    kept, orientation, place = [data[:8]], 1, 8
    for _ in range(_MOST_PARTS):
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            raise BrokenPicture("a chunk ends too early")
        if name in _KEPT_IN_PNG:
            kept.append(data[place:end])
        elif name == b"eXIf":
            orientation = _orientation(data[place + 8 : end - 4])
        if name == b"IEND":
            break
        place = end
    else:
        raise BrokenPicture("too many chunks")
    if data[12:16] != b"IHDR":
        raise BrokenPicture("it does not begin with its size")
    width, height = struct.unpack_from(">II", data, 16)
    return PictureFile("PNG", width, height, b"".join(kept), orientation)


#: In front of a JPEG's lines these say how it is coded; APP0, APP2 and APP14 what its colours mean.
_SIZE_IN_JPEG = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA


def _read_jpeg(data: bytes) -> PictureFile:
    kept, size, orientation, place = [data[:2]], (0, 0), 1, 2
    for _ in range(_MOST_PARTS):
        fill, marker, length = struct.unpack_from(">BBH", data, place)
        if fill != 0xFF or length < 2:
            raise BrokenPicture("a segment is missing")
        if marker == 0xFF:  # a byte of padding
            place += 1
            continue
        if marker == _START_OF_SCAN:
            break
        content = data[place + 4 : place + 2 + length]
        if marker in _SIZE_IN_JPEG and size == (0, 0):
            size = struct.unpack_from(">HH", content, 1)
        if marker == 0xE1 and content.startswith(_EXIF):
            orientation = _orientation(content[len(_EXIF) :])
        if _is_kept_in_jpeg(marker, content):
            kept.append(data[place : place + 2 + length])
        place += 2 + length
    else:
        raise BrokenPicture("too many segments")
    scans = _scans_of(data, place)
    if scans.count(bytes((0xFF, _START_OF_SCAN))) > _MOST_SCANS:
        raise BrokenPicture("too many scans")
    kept.append(scans)
    return PictureFile("JPEG", size[1], size[0], b"".join(kept), orientation)


def _is_kept_in_jpeg(marker: int, content: bytes) -> bool:
    if 0xE0 <= marker <= 0xEF:
        return marker in (0xE0, 0xEE) or (marker == 0xE2 and content.startswith(b"ICC_PROFILE\0"))
    return marker != 0xFE


def _scans_of(data: bytes, place: int) -> bytes:
    """From the first line to the mark of the end: lines are coded so that no mark is in them."""
    end = data.find(b"\xff\xd9", place)
    if end < 0:
        raise BrokenPicture("it has no end")
    return data[place : end + 2]


def _read_gif(data: bytes) -> PictureFile:
    """The head, the first frame and whatever says which of its colours is transparent."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place = 13 + _colours_in_gif(flags)
    head, control = data[:place], b""
    for _ in range(_MOST_PARTS):
        block = data[place]
        if block == 0x2C:
            left, top, frame_width, frame_height, flags = struct.unpack_from("<HHHHB", data, place + 1)
            end = _end_of_blocks(data, place + 11 + _colours_in_gif(flags))
            size = (max(width, left + frame_width), max(height, top + frame_height))
            return PictureFile("GIF", *size, head + control + data[place:end] + b";")
        if block != 0x21:
            break
        end = _end_of_blocks(data, place + 2)
        if data[place + 1] == 0xF9:
            control = data[place:end]
        place = end
    raise BrokenPicture("no picture in it")


def _colours_in_gif(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, place: int) -> int:
    while data[place]:
        place += 1 + data[place]
    return place + 1


def _read_webp(data: bytes) -> PictureFile:
    name = data[12:16]
    if name == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif name == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif name == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise BrokenPicture("no picture in it")
    return PictureFile("WEBP", width, height, data, _orientation_in_webp(data))


def _orientation_in_webp(data: bytes) -> int:
    place = 12
    for _ in range(_MOST_PARTS):
        if place + 8 > len(data):
            return 1
        name, length = struct.unpack_from("<4sI", data, place)
        if name == b"EXIF":
            return _orientation(data[place + 8 : place + 8 + length].removeprefix(_EXIF))
        place += 8 + length + length % 2
    raise BrokenPicture("too many chunks")


_READERS: Mapping[str, Callable[[bytes], PictureFile]] = {
    "PNG": _read_png,
    "JPEG": _read_jpeg,
    "GIF": _read_gif,
    "WEBP": _read_webp,
}


def _orientation(exif: bytes) -> int:
    """Which side is up, as a camera notes it: 1 where it does not say, or says it in a broken way."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, place)
        for entry in range(min(entries, 200)):
            tag, form, _count, value = struct.unpack_from(f"{order}HHIH", exif, place + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return value if form == _SHORT and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
