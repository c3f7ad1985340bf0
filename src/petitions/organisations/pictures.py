"""Logos that were sent: drawn anew as a small picture; nothing of the file itself is kept."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from petitions.i18n import N_, Message
from petitions.picture_files import kind_of
from petitions.pictures import Measures, NotReadable, TooManyPixels, code, draw, is_misnamed

#: Bytes of a file.
MAX_FILE = 2 * 1024 * 1024
#: Pixels of what is decoded.
MAX_SIDE, MAX_PIXELS = 4_000, 8_000_000
#: Pixels into which it fits in the end: shown at half of that, and sharp on every screen.
BOX = (320, 160)
#: Bytes of what is kept: without loss where it is small, as drawings are.
MAX_WITHOUT_LOSS, MAX_KEPT = 24_000, 60_000

_MEASURES = Measures(MAX_SIDE, MAX_PIXELS, BOX)


class InvalidLogo(ValueError):
    """The file is no picture that we take; `problem` says why and what helps."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Logo:
    """A picture that we made."""

    image: bytes = field(repr=False)  # WebP
    width: int  # pixels
    height: int

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that name its content."""
        return hashlib.sha256(self.image).hexdigest()[:32]


_SVG = N_("This is an SVG drawing, which can hold programs. Save it as PNG, and choose that file.")
_PDF = N_("This is a PDF document. Save the logo as PNG, and choose that file.")
_OTHER = N_(
    "This file is no picture that we can read. Save the logo as PNG, JPEG, WebP or GIF, and choose that file."
)
_MISNAMED = N_(
    "The name of this file says another kind of picture than what is in it. Save the logo once more as PNG, and "
    "choose that file."
)
_BROKEN = N_("This picture is damaged or not complete. Save the logo once more as PNG, and choose that file.")
_EMPTY = N_("This file is empty.")
_LARGE_FILE = N_("This file is larger than 2 MB. Save the logo smaller: 640 pixels of width are plenty.")
_LARGE_PICTURE = N_(
    "This picture has too many pixels: at most 4,000 in width and in height, and 8 million in all. Save the logo "
    "smaller: 640 pixels of width are plenty."
)


def read_logo(data: bytes, filename: str, content_type: str) -> Logo:
    """A small WebP of what is in the file. Takes less than two seconds whatever that is. Raises InvalidLogo."""
    if not data:
        raise InvalidLogo(_EMPTY)
    if len(data) > MAX_FILE:
        raise InvalidLogo(_LARGE_FILE)
    kind = kind_of(data)
    if kind is None:
        raise InvalidLogo(_name_other(data, filename, content_type))
    if is_misnamed(kind, filename, content_type):
        raise InvalidLogo(_MISNAMED)
    try:
        return _write(draw(kind, data, _MEASURES))
    except TooManyPixels:
        raise InvalidLogo(_LARGE_PICTURE) from None
    except NotReadable:
        raise InvalidLogo(_BROKEN) from None


def _name_other(data: bytes, filename: str, content_type: str) -> Message:
    start = data[:4096].lower()
    if b"<svg" in start or filename.lower().endswith((".svg", ".svgz")) or "svg" in content_type.lower():
        return _SVG
    return _PDF if start.startswith(b"%pdf") else _OTHER


def _write(image: Image.Image) -> Logo:
    """As WebP of no more than MAX_KEPT bytes."""
    while True:
        for data, most in _codings(image):
            if len(data) <= most:
                return Logo(data, image.width, image.height)
        image = image.reduce(2)  # noise: nobody's logo, but it must end


def _codings(image: Image.Image) -> Iterator[tuple[bytes, int]]:
    yield code(image, lossless=True, quality=90), MAX_WITHOUT_LOSS
    for quality in (80, 50, 20):
        yield code(image, quality=quality, alpha_quality=quality), MAX_KEPT
