"""Pictures that were sent: decoded with care and drawn anew, smaller; nothing of the file itself is kept."""

import io
import warnings
from dataclasses import dataclass
from pathlib import PurePath

from PIL import Image, ImageCms

from petitions.picture_files import PictureFile, take_apart

warnings.simplefilter("error", Image.DecompressionBombWarning)


class TooManyPixels(ValueError):
    """A picture is larger than what is decoded."""


class NotReadable(ValueError):
    """A picture is damaged, or not what its kind must be."""


@dataclass(frozen=True)
class Measures:
    """What is decoded, and what is made of it; all in pixels."""

    side: int  # of the file, at most
    pixels: int
    box: tuple[int, int]  # into which it fits in the end

    def allow(self, width: int, height: int) -> bool:
        """Whether a picture of this size is decoded."""
        return width <= self.side and height <= self.side and width * height <= self.pixels


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


def is_misnamed(kind: str, filename: str, content_type: str) -> bool:
    """Whether a file says of itself that it is another kind than what is in it."""
    ending = PurePath(filename.replace("\\", "/")).suffix[1:].lower()
    declared = content_type.partition(";")[0].strip().lower()
    if ending in _OTHER_ENDINGS or _NAMED.get(ending, kind) != kind:
        return True
    return declared not in _UNSAID and _NAMED.get(declared) != kind


def draw(kind: str, data: bytes, measures: Measures) -> Image.Image:
    """The picture of a file, small, upright, in RGB or RGBA of the colours that screens have; nothing but pixels.
    Raises TooManyPixels and NotReadable."""
    try:
        file = take_apart(kind, data)
        if not measures.allow(file.width, file.height):
            raise TooManyPixels
        drawn = _decode(file, measures)
        bare = Image.new(drawn.mode, drawn.size)
        bare.paste(drawn)
        return bare
    except TooManyPixels:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise TooManyPixels from None
    except Exception:  # decoders say in a dozen ways that they cannot
        raise NotReadable from None


def code(image: Image.Image, **how: int) -> bytes:
    """As WebP; `how`: what Pillow takes."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", method=4, **how)
    return buffer.getvalue()


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _decode(file: PictureFile, measures: Measures) -> Image.Image:
    box = measures.box if file.orientation < 5 else measures.box[::-1]
    with Image.open(io.BytesIO(file.data), formats=[file.kind]) as image:
        if not measures.allow(*image.size):
            raise TooManyPixels
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
