"""Pictures that were sent: decoded with care and made anew as a small one; nothing of the file itself is kept."""

import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from PIL import Image, ImageCms

from petitions.i18n import N_, Message
from petitions.organisations.picture_files import PictureFile, kind_of, take_apart

#: Bytes of a file.
MAX_FILE = 2 * 1024 * 1024
#: Pixels of what is decoded.
MAX_SIDE, MAX_PIXELS = 4_000, 8_000_000
#: Pixels into which it fits in the end: shown at half of that, and sharp on every screen.
BOX = (320, 160)
#: Bytes of what is kept: without loss where it is small, as drawings are.
MAX_WITHOUT_LOSS, MAX_KEPT = 24_000, 60_000

warnings.simplefilter("error", Image.DecompressionBombWarning)


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


#: What endings of names and declared types say.
_NAMED = {
    **dict.fromkeys(("png", "apng", "image/png", "image/x-png", "image/apng"), "PNG"),
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif", "image/jpeg", "image/jpg", "image/pjpeg"), "JPEG"),
    **dict.fromkeys(("webp", "image/webp"), "WEBP"),
    **dict.fromkeys(("gif", "image/gif"), "GIF"),
}
#: Endings of names that say what no picture of ours is; all others say nothing ("logo.final", "union.example").
_OTHER_ENDINGS = frozenset(
    "svg svgz pdf tif tiff bmp ico heic heif avif jxl psd ai eps html htm xhtml xml js php exe zip doc".split()
)
#: Types that say nothing.
_UNSAID = frozenset(("", "application/octet-stream", "binary/octet-stream", "application/x-unknown"))

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
    if _is_misnamed(kind, filename, content_type):
        raise InvalidLogo(_MISNAMED)
    try:
        file = take_apart(kind, data)
        if not _fits(file.width, file.height):
            raise InvalidLogo(_LARGE_PICTURE)
        return _write(_decode(file))
    except InvalidLogo:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InvalidLogo(_LARGE_PICTURE) from None
    except Exception:  # decoders say in a dozen ways that they cannot
        raise InvalidLogo(_BROKEN) from None


def _fits(width: int, height: int) -> bool:
    return width <= MAX_SIDE and height <= MAX_SIDE and width * height <= MAX_PIXELS


def _name_other(data: bytes, filename: str, content_type: str) -> Message:
    start = data[:4096].lower()
    if b"<svg" in start or filename.lower().endswith((".svg", ".svgz")) or "svg" in content_type.lower():
        return _SVG
    return _PDF if start.startswith(b"%pdf") else _OTHER


def _is_misnamed(kind: str, filename: str, content_type: str) -> bool:
    ending = PurePath(filename.replace("\\", "/")).suffix[1:].lower()
    declared = content_type.partition(";")[0].strip().lower()
    if ending in _OTHER_ENDINGS or _NAMED.get(ending, kind) != kind:
        return True
    return declared not in _UNSAID and _NAMED.get(declared) != kind


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _decode(file: PictureFile) -> Image.Image:
    """The picture, small, upright, in RGB or RGBA of the colours that screens have."""
    box = BOX if file.orientation < 5 else BOX[::-1]
    with Image.open(io.BytesIO(file.data), formats=[file.kind]) as image:
        if not _fits(*image.size):
            raise InvalidLogo(_LARGE_PICTURE)
        image.draft(None, (2 * box[0], 2 * box[1]))  # of a JPEG no more is decoded than that
        image.load()
        profile = image.info.get("icc_profile")
        small = _with_plain_colours(image)
    small.thumbnail(box, Image.Resampling.LANCZOS)
    small = _in_screen_colours(small, profile)
    turn = _TURNS.get(file.orientation)
    return small.transpose(turn) if turn is not None else small


def _with_plain_colours(image: Image.Image) -> Image.Image:
    """A copy whose neighbouring pixels can be mixed."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")  # 16 bits of grey
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.copy() if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def _in_screen_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB. A profile that cannot be used is left aside."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(image, source, _SCREEN, outputMode=mode)
            if changed is not None:
                return changed
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert(mode)


_SCREEN = ImageCms.createProfile("sRGB")


def _write(image: Image.Image) -> Logo:
    """As WebP of no more than MAX_KEPT bytes, and of nothing but pixels."""
    while True:
        bare = Image.new(image.mode, image.size)
        bare.paste(image)
        for data, most in _codings(bare):
            if len(data) <= most:
                return Logo(data, bare.width, bare.height)
        image = image.reduce(2)  # noise: nobody's logo, but it must end


def _codings(image: Image.Image) -> Iterator[tuple[bytes, int]]:
    yield _code(image, lossless=True, quality=90), MAX_WITHOUT_LOSS
    for quality in (80, 50, 20):
        yield _code(image, quality=quality, alpha_quality=quality), MAX_KEPT


def _code(image: Image.Image, **how: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", method=4, **how)
    return buffer.getvalue()
