"""Takes the pictures of the README, with made-up signatures: python -m tests.e2e.pictures

With a folder it takes every page of the tour instead, to be looked at: whole, on a phone and at a desk, in English
and in Arabic: python -m tests.e2e.pictures /tmp/pictures
"""

import re
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browsing import DESK, PHONE, new_visitor
from tests.e2e.conftest import ARGUMENTS, find_chromium
from tests.e2e.cosigned import show_others
from tests.e2e.past import give_past
from tests.e2e.program import Demo, running_demo
from tests.e2e.samples import NAMES
from tests.e2e.tour import STOPS, arrive

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def email_of(number: int, slug: str) -> str:
    return f"sample{number}.{slug.partition('-')[0]}@example.org"


def sign(demo: Demo, slug: str, count: int) -> None:
    """Made-up signatures, confirmed. The demo holds what comes after 60 in an hour."""
    for number in range(count):
        name, country = NAMES[number % len(NAMES)]
        visibility = "initials" if number % 3 == 0 else "public"
        email = email_of(number, slug)
        demo.submit(slug, email=email, name=name, country=country, visibility=visibility)
        demo.confirm(email)
    demo.wait_for_page(slug, count)


def take(browser: Browser, demo: Demo, path: str, size: tuple[int, int], scale: int, file: Path) -> None:
    visitor = new_visitor(browser, demo.url, size, device_scale_factor=scale)
    visitor.page.goto(path)
    visitor.page.evaluate("document.querySelector('.sample').remove()")
    file.write_bytes(pack(visitor.page.screenshot()))
    visitor.leave()


def pack(png: bytes) -> bytes:
    """The same picture, packed as tightly as deflate can."""
    chunks = list(_chunks(png))
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    (header,) = (data for kind, data in chunks if kind == b"IHDR")
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position < len(png):
        length, kind = struct.unpack_from(">I4s", png, position)
        yield kind, png[position + 8 : position + 8 + length]
        position += length + 12


def take_for_readme(browser: Browser, demo: Demo) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    phone = (390, 844)
    prisoner, campuses, strike = "free-boris-kagarlitsky", "hands-off-our-campuses", "wabtec-strike"
    cosigned = "solidarity-mugimendu-sozialista"
    sign(demo, prisoner, 34)
    sign(demo, campuses, 22)
    own_page = demo.own_path(email_of(1, prisoner))
    give_past(demo, strike)
    show_others(demo, cosigned)
    for path, size, scale, file in (
        (f"/c/{prisoner}?lang=en", phone, 2, "statement-phone.png"),
        (f"/c/{campuses}?lang=ar", DESK, 1, "statement-arabic.png"),
        (f"{own_page}?lang=en", phone, 2, "own-page-phone.png"),
        (f"/c/{strike}/count?lang=en", phone, 2, "count-phone.png"),
        (f"/c/{cosigned}/organisations?lang=en", phone, 1, "organisations-phone.png"),
    ):
        take(browser, demo, path, size, scale, TARGET / file)


def take_all(browser: Browser, demo: Demo, folder: Path) -> None:
    """Every stop of the tour."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("en", "ar"):
        for size, window in ((PHONE, "phone"), (DESK, "desk")):
            for stop in STOPS:
                visitor = new_visitor(browser, demo.url, size)
                arrive(stop, visitor, demo, language)
                name = re.sub(r"\W+", "-", stop)
                visitor.page.screenshot(path=folder / f"{name}.{language}.{window}.png", full_page=True)
                visitor.leave()


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        if sys.argv[1:]:
            take_all(browser, demo, Path(sys.argv[1]))
        else:
            take_for_readme(browser, demo)
        browser.close()


if __name__ == "__main__":
    main()
