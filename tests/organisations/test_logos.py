"""Logos: whatever is sent becomes a small picture of ours, or a clear word; and both soon."""

import io
import random
import struct
import time
import zlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations.logos import (
    InvalidLogo,
    Logo,
    find_logo,
    find_shown_logo,
    read_logo,
    seal_logo,
    unseal_logo,
)
from petitions.organisations.pictures import BOX, MAX_FILE, MAX_KEPT
from petitions.organisations.requesting import add
from petitions.settings import Settings
from tests import factories

SECRETS = ("secret" * 8,)


def coded(image: Image.Image, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def drawing(mode: str = "RGBA", size: tuple[int, int] = (640, 320)) -> Image.Image:
    """Red on the left, blue on the right, and nothing in the middle."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 4, size[1]), "#ff0000")
    draw.rectangle((size[0] - size[0] // 4, 0, size[0], size[1]), "#0000ff")
    return image.convert(mode)


def opened(logo: Logo) -> Image.Image:
    image = Image.open(io.BytesIO(logo.image))
    assert (image.format, image.size) == ("WEBP", (logo.width, logo.height))
    return image.convert("RGBA")


def is_like(pixel: object, wanted: tuple[int, int, int], alpha: int = 255, slack: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= slack for a, b in zip(pixel, (*wanted, alpha), strict=True))


RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize(
    ("kind", "name", "content_type"),
    [
        ("PNG", "logo.png", "image/png"),
        ("WEBP", "logo.webp", "image/webp"),
        ("GIF", "LOGO.GIF", "image/gif"),
        ("PNG", "union.example", "application/octet-stream"),
        ("PNG", "logo.final", ""),
        ("PNG", "", "Image/PNG; charset=binary"),
    ],
)
def test_a_logo_is_made_anew_small_and_keeps_what_is_clear(kind: str, name: str, content_type: str) -> None:
    logo = read_logo(coded(drawing(), kind), name, content_type)
    assert (logo.width, logo.height) == BOX
    image = opened(logo)
    assert is_like(image.getpixel((10, 80)), RED)
    assert is_like(image.getpixel((310, 80)), BLUE)
    assert image.getpixel((160, 80))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_photograph_is_taken_in_every_coding(mode: str, progressive: bool) -> None:
    data = coded(drawing("RGB", (1280, 640)).convert(mode), "JPEG", quality=95, progressive=progressive)
    image = opened(read_logo(data, "logo.jpg", "image/jpeg"))
    assert image.size == BOX
    assert is_like(image.getpixel((10, 80)), (76, 76, 76) if mode == "L" else RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_drawing_is_taken_in_every_mode(mode: str) -> None:
    image = Image.new("I;16", (64, 32), 0x8000) if mode == "I;16" else Image.new("L", (64, 32), 255).convert(mode)
    pixel = opened(read_logo(coded(image, "PNG"), "a.png", "image/png")).getpixel((5, 5))
    assert is_like(pixel, (128,) * 3 if mode == "I;16" else (255,) * 3)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((20, 10), (20, 10)),  # nothing is blown up
        ((4_000, 2_000), (320, 160)),
        ((4_000, 1), (320, 1)),
        ((1, 4_000), (1, 160)),
        ((500, 500), (160, 160)),
        ((1, 1), (1, 1)),
    ],
)
def test_it_fits_into_the_box(size: tuple[int, int], small: tuple[int, int]) -> None:
    logo = read_logo(coded(Image.new("L", size, 128), "PNG"), "a.png", "image/png")
    assert (logo.width, logo.height) == opened(logo).size == small


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "secret place"
    return exif.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_which_side_is_up_is_honoured_and_forgotten(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (64, 32), "white")
    upright.paste(RED, (0, 0, 16, 8))
    turns = Image.Transpose
    undo = [
        None,
        turns.FLIP_LEFT_RIGHT,
        turns.ROTATE_180,
        turns.FLIP_TOP_BOTTOM,
        turns.TRANSPOSE,
        turns.ROTATE_90,
        turns.TRANSVERSE,
        turns.ROTATE_270,
    ][orientation - 1]
    stored = upright if undo is None else upright.transpose(undo)
    image = opened(read_logo(coded(stored, kind, exif=_exif(orientation), quality=100), "", ""))
    assert image.size == (64, 32)
    assert is_like(image.getpixel((4, 3)), RED, slack=40)
    assert [is_like(image.getpixel(p), (255, 255, 255), slack=40) for p in ((60, 3), (4, 28), (60, 28))] == [
        True
    ] * 3


def test_colours_are_those_of_the_profile() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    swapped = drawing("RGB")
    plain = read_logo(coded(swapped, "PNG"), "", "")
    same = read_logo(coded(swapped, "PNG", icc_profile=srgb_profile()), "", "")
    assert opened(plain).getpixel((10, 10)) == opened(same).getpixel((10, 10))
    # One that does not fit the picture, and one that is none, change nothing.
    for profile in (lab.tobytes(), b"nonsense"):
        assert read_logo(coded(swapped, "PNG", icc_profile=profile), "", "") == plain
    inverted = read_logo(coded(drawing(), "PNG", icc_profile=swapped_profile()), "", "")
    assert is_like(opened(inverted).getpixel((10, 80)), BLUE, slack=40)
    assert opened(inverted).getpixel((160, 80))[3] == 0  # type: ignore[index]


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB with what it says of red and of blue exchanged."""
    profile = bytearray(srgb_profile())
    (count,) = struct.unpack_from(">I", profile, 128)
    places = {bytes(profile[132 + 12 * n : 136 + 12 * n]): 132 + 12 * n for n in range(count)}
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(megabytes: int) -> bytes:
    """What unpacks to so much more than it is. Its checksum is wrong, which nobody should live to see."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"\0") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"\0" * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * megabytes + packer.flush()


PNG = coded(drawing(), "PNG")
HEAD, REST = PNG[:33], PNG[33:]  # up to the size, and after it
GIF = coded(drawing(), "GIF")
JPEG = coded(drawing("RGB"), "JPEG")
WEBP = coded(drawing(), "WEBP")


def test_nothing_of_the_file_is_kept_but_pixels() -> None:
    secret = b"51.5N 0.1W, by Clara"
    private = [
        HEAD + chunk(b"tEXt", b"Author\0" + secret) + chunk(b"eXIf", secret) + REST + secret,
        JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(secret) + 2) + secret + JPEG[2:] + secret,
        coded(drawing(), "WEBP", exif=b"Exif\0\0" + secret, xmp=secret, icc_profile=srgb_profile()),
        coded(drawing(), "GIF", comment=secret),
    ]
    for data in private:
        assert secret in data
        image = read_logo(data, "", "").image
        chunks, place = [], 12
        while place < len(image):
            name, length = struct.unpack_from("<4sI", image, place)
            chunks.append(name)
            place += 8 + length + length % 2
        assert place == len(image) == struct.unpack_from("<I", image, 4)[0] + 8
        assert set(chunks) <= {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
        assert secret not in image
    plain = read_logo(PNG, "", "")
    assert read_logo(private[0], "", "").digest == plain.digest


def test_what_cannot_be_seen_is_not_kept_either() -> None:
    hidden = Image.new("RGBA", (100, 50), (12, 200, 77, 0))
    hidden.paste((255, 0, 0, 255), (0, 0, 50, 50))
    kept = Image.open(io.BytesIO(read_logo(coded(hidden, "PNG"), "", "").image)).convert("RGBA")
    assert kept.getpixel((90, 25)) != (12, 200, 77, 0)
    assert kept.getpixel((90, 25))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_noise_is_made_small_too(mode: str) -> None:
    logo = read_logo(coded(noise(*BOX, mode), "PNG"), "", "")
    assert len(logo.image) <= MAX_KEPT


_SVG, _PDF, _OTHER = (
    "This is an SVG drawing",
    "This is a PDF document.",
    "This file is no picture that we can read.",
)
_MISNAMED, _BROKEN, _EMPTY = (
    "The name of this file says another kind",
    "This picture is damaged",
    "This file is empty.",
)
_LARGE_FILE, _LARGE_PICTURE = "This file is larger than 2 MB.", "This picture has too many pixels"


def sized_png(width: int, height: int, data: bytes = b"x", depth: int = 8, interlaced: int = 0) -> bytes:
    size = struct.pack(">IIBBBBB", width, height, depth, 6, 0, 0, interlaced)
    return PNG[:8] + chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "name", "content_type", "problem"),
    [
        (b"", "logo.png", "image/png", _EMPTY),
        (b"x" * (MAX_FILE + 1), "logo.png", "image/png", _LARGE_FILE),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.svg", "image/svg+xml", _SVG),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- -->\n<SVG/>", "logo.png", "image/png", _SVG),
        (b"\x1f\x8b\x08packed", "logo.svgz", "", _SVG),
        (b"%PDF-1.7", "logo.png", "image/png", _PDF),
        (b"<html><script>alert(1)</script>", "logo.png", "image/png", _OTHER),
        (b"BM" + b"\0" * 60, "logo.bmp", "image/bmp", _OTHER),
        (b"\0\0\0\x1cftypheic", "logo.heic", "image/heic", _OTHER),
        (b"RIFF\0\0\0\0WAVE", "logo.webp", "image/webp", _OTHER),
        (PNG, "logo.jpg", "image/jpeg", _MISNAMED),
        (PNG, "logo.png", "image/jpeg", _MISNAMED),
        (PNG, "logo.png", "text/html", _MISNAMED),
        (PNG, "logo.svg", "image/png", _MISNAMED),
        (JPEG, "logo.PNG", "", _MISNAMED),
        (GIF, "C:\\pictures\\logo.webp", "", _MISNAMED),
        (sized_png(10_000, 10_000), "logo.png", "image/png", _LARGE_PICTURE),
        (sized_png(4_001, 1), "logo.png", "image/png", _LARGE_PICTURE),
        (sized_png(4_000, 2_001), "logo.png", "image/png", _LARGE_PICTURE),
        (sized_png(0x7FFFFFFF, 0x7FFFFFFF), "logo.png", "image/png", _LARGE_PICTURE),
        (coded(Image.new("L", (4_001, 2)), "JPEG"), "", "", _LARGE_PICTURE),
        (coded(Image.new("L", (2, 4_001)), "WEBP"), "", "", _LARGE_PICTURE),
        (coded(Image.new("L", (2, 4_001)), "WEBP", lossless=True), "", "", _LARGE_PICTURE),
        (WEBP[:24] + b"\xff" * 6 + WEBP[30:] if WEBP[12:16] == b"VP8X" else b"RIFF", "", "", _LARGE_PICTURE),
        (GIF[:6] + b"\xff\xff\xff\xff" + GIF[10:], "", "", _LARGE_PICTURE),
        (sized_png(0, 10), "", "", _BROKEN),
        (PNG[:-20], "", "", _BROKEN),
        (PNG[:40], "", "", _BROKEN),
        (PNG[:8], "", "", _BROKEN),
        (HEAD + REST.replace(b"IDAT", b"IDAX"), "", "", _BROKEN),
        (JPEG[: len(JPEG) // 2], "", "", _BROKEN),
        (JPEG[:3], "", "", _BROKEN),
        (WEBP[: len(WEBP) // 2], "", "", _BROKEN),
        (WEBP[:12], "", "", _BROKEN),
        (GIF[:20], "", "", _BROKEN),
        (GIF[:6], "", "", _BROKEN),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else str(len(value)),
)
def test_what_we_do_not_take_is_refused_and_says_why(
    data: bytes, name: str, content_type: str, problem: str
) -> None:
    with pytest.raises(InvalidLogo) as refused:
        read_logo(data, name, content_type)
    assert str(refused.value.problem).startswith(problem)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.frombytes(mode, (width, height), random.Random(1).randbytes(width * height * len(mode)))


def animated(kind: str) -> bytes:
    frames = [Image.new("RGB", (200, 100), (number * 9, 0, 0)) for number in range(1, 20)]
    return coded(Image.new("RGB", (200, 100), BLUE), kind, save_all=True, append_images=frames)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    assert is_like(opened(read_logo(animated(kind), "", "")).getpixel((100, 50)), BLUE)


def many_scans() -> bytes:
    """A progressive picture whose last pass is sent again and again."""
    data = coded(Image.new("RGB", (4_000, 2_000), "red"), "JPEG", progressive=True)
    end = len(data) - 2
    last = data.rindex(b"\xff\xda")
    return data[:end] + data[last:end] * 20_000 + data[end:]


def many_exif_entries() -> bytes:
    """A note of a camera each of whose entries names the same 200 kilobytes."""
    entries = b"".join(struct.pack("<HHII", tag, 7, 200_000, 8) for tag in range(20_000))
    return b"II*\0" + struct.pack("<IH", 8, 20_000) + entries


def exif_segments(exif: bytes) -> bytes:
    """The same in a JPEG, whose segments hold 64 kilobytes."""
    parts = [b"Exif\0\0" + exif[start : start + 65_000] for start in range(0, len(exif), 65_000)]
    return b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts)


def flooded(data: bytes, place: int, what: bytes, size: int = MAX_FILE) -> bytes:
    return data[:place] + what * ((size - len(data)) // len(what)) + data[place:]


_AFTER_COLOURS = 13 + 3 * 2 ** ((GIF[10] & 7) + 1)
#: Whatever takes long to look at, and hides what it costs: each with whether a picture comes out.
NASTY: dict[str, tuple[Callable[[], bytes], bool]] = {
    "a flat picture of 8 million pixels": (
        lambda: coded(Image.new("L", (4_000, 2_000), 9), "PNG", compress_level=1),
        True,
    ),
    "16 bits, interlaced": (lambda: sized_png(4_000, 2_000, zlib.compress(b"\4" * 64_020_000, 1), 16, 1), True),
    "noise": (lambda: coded(noise(1_000, 600), "PNG"), True),
    "noise in WebP": (
        lambda: coded(noise(500, 300).resize((4_000, 2_000)), "WEBP", quality=1, method=0),
        True,
    ),
    "lines past the last one": (lambda: sized_png(10, 10, bomb(1_800)), True),
    "texts that unpack to gigabytes": (
        lambda: HEAD + chunk(b"zTXt", b"a\0\0" + bomb(90)) * 20 + REST,
        True,
    ),
    "a profile that unpacks to gigabytes": (
        lambda: HEAD + chunk(b"iCCP", b"a\0\0" + bomb(1_800)) + REST,
        False,
    ),
    "two hundred thousand chunks": (lambda: flooded(PNG, 33, chunk(b"teSt", b"")), False),
    "as many comments": (lambda: flooded(GIF, _AFTER_COLOURS, b"!\xfe\0"), False),
    "one comment of as many parts": (
        lambda: GIF[:_AFTER_COLOURS] + b"!\xfe" + b"\1a" * 1_000_000 + b"\0" + GIF[_AFTER_COLOURS:],
        True,
    ),
    "as many segments": (lambda: flooded(JPEG, 2, b"\xff\xfe\0\2"), False),
    "as many bytes of padding": (lambda: flooded(JPEG, 2, b"\xff"), False),
    "thousands of passes": (many_scans, False),
    "a camera that noted gigabytes": (lambda: HEAD + chunk(b"eXIf", many_exif_entries()) + REST, True),
    "the same in a JPEG": (lambda: JPEG[:2] + exif_segments(many_exif_entries()) + JPEG[2:], True),
    "frames without end": (lambda: flooded(GIF, len(GIF) - 1, GIF[_AFTER_COLOURS:-1]), True),
    "chunks of WebP": (lambda: flooded(WEBP, len(WEBP), b"XXXX\0\0\0\0"), False),
}


@pytest.mark.parametrize("name", NASTY)
def test_the_nastiest_files_take_less_than_two_seconds(name: str) -> None:
    make, is_picture = NASTY[name]
    data = make()
    assert len(data) <= MAX_FILE
    started = time.perf_counter()
    try:
        logo = read_logo(data, "", "")
    except InvalidLogo:
        assert not is_picture
    else:
        assert is_picture
        assert len(logo.image) <= MAX_KEPT
    assert time.perf_counter() - started < 2.0


_SAMPLES = [PNG, JPEG, GIF, WEBP, coded(drawing("RGB"), "JPEG", progressive=True), coded(drawing("RGB"), "WEBP")]


@given(st.sampled_from(_SAMPLES), st.data())
@examples(max_examples=60)
def test_a_damaged_file_is_a_picture_or_a_clear_word(sample: bytes, data: st.DataObject) -> None:
    places = st.integers(0, min(len(sample), 400) - 1) | st.integers(0, len(sample) - 1)
    cuts = sorted(data.draw(st.lists(places, max_size=6)))
    damaged = bytearray(sample)
    for start, end in pairwise(cuts):
        damaged[start : min(end, start + 8)] = data.draw(st.binary(max_size=10))
    try:
        logo = read_logo(bytes(damaged[: data.draw(places)] if data.draw(st.booleans()) else damaged), "", "")
    except InvalidLogo:
        return
    width, height = opened(logo).size
    assert width <= BOX[0]
    assert height <= BOX[1]


@given(
    st.binary(max_size=200), st.sampled_from([b"", *(sample[:16] for sample in _SAMPLES)]), st.text(max_size=20)
)
def test_nonsense_is_refused(data: bytes, start: bytes, name: str) -> None:
    with pytest.raises(InvalidLogo):
        read_logo(start + data, name, name)


def test_a_sealed_logo_comes_back_and_nothing_else_does() -> None:
    logo = read_logo(PNG, "", "")
    sealed = seal_logo(logo, SECRETS)
    assert unseal_logo(sealed, SECRETS) == logo
    assert unseal_logo(sealed, ("new" * 20, *SECRETS)) == logo
    assert unseal_logo(sealed, ("new" * 20,)) is None
    forged = [
        sealed[:-1],
        sealed[1:],
        sealed.swapcase(),
        sealed.split(".")[0],
        "",
        ".",
        "é",
        "\ud800",
        "x" * 200_000,
    ]
    assert [unseal_logo(text, SECRETS) for text in forged] == [None] * len(forged)


@given(st.text())
def test_no_text_of_somebody_else_is_a_logo(text: str) -> None:
    assert unseal_logo(text, SECRETS) is None


def test_a_logo_is_found_by_whoever_may_see_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    logo = read_logo(PNG, "", "")
    asked = factories.organisation_request(campaign, settings, logo=logo)
    with database.writing() as session:
        organisation = add(session, asked)
        assert find_logo(session, campaign.id, logo.digest) == logo.image
        assert find_shown_logo(session, campaign.id, logo.digest) is None
        organisation.state = "approved"
        session.flush()
        assert find_shown_logo(session, campaign.id, logo.digest) == logo.image
        assert find_shown_logo(session, campaign.id + 1, logo.digest) is None
        assert find_logo(session, campaign.id, "0" * 32) is None
        assert organisation.created_at <= utc_now()
