"""Takes the pictures of the README, with made-up signatures: python -m tests.e2e.pictures"""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browsing import DESK, new_visitor
from tests.e2e.conftest import ARGUMENTS, find_chromium
from tests.e2e.program import Demo, running_demo

TARGET = Path(__file__).resolve().parents[2] / "docs" / "pictures"

#: Words for "sample" and "example" as names: nobody is called so.
NAMES = (
    ("Sample Signer", "IE"),
    ("Ana Muestra", "ES"),
    ("Erika Mustermann", "DE"),
    ("Jean Exemple", "FR"),
    ("Mario Esempio", "IT"),
    ("Иван Примеров", "KZ"),
    ("أمل مثال", "LB"),
    ("Adibide Etxe", "ES"),
    ("Sampla Ní Shampla", "IE"),
    ("Placeholder Jones", "GB"),
    ("Exemplo da Silva", "BR"),
    ("سامي نموذج", "EG"),
)


def sign(demo: Demo, slug: str, count: int) -> None:
    """Made-up signatures, confirmed. The demo holds what comes after 60 in an hour."""
    for number in range(count):
        name, country = NAMES[number % len(NAMES)]
        visibility = "initials" if number % 3 == 0 else "public"
        email = f"sample{number}.{slug}@example.org"
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


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for slug, count, language, size, scale, file in (
            ("free-boris-kagarlitsky", 34, "en", (390, 844), 2, "statement-phone.png"),
            ("hands-off-our-campuses", 22, "ar", DESK, 1, "statement-arabic.png"),
        ):
            sign(demo, slug, count)
            take(browser, demo, f"/c/{slug}?lang={language}", size, scale, TARGET / file)
        browser.close()


if __name__ == "__main__":
    main()
