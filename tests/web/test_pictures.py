"""Pictures are decoded beside the pages: two at once, and not too many in line."""

import asyncio
import io
import threading

import pytest
from PIL import Image

from petitions.errors import IntakeFull
from petitions.organisations.logos import InvalidLogo, Logo
from petitions.web import pictures
from petitions.web.bodies import Upload
from petitions.web.pictures import AT_ONCE, MOST_WAITING, Decoders, logo_of
from tests.web.support import within


@pytest.mark.anyio
async def test_an_upload_becomes_a_logo_or_an_error() -> None:
    buffer = io.BytesIO()
    Image.new("L", (30, 20)).save(buffer, "PNG")
    logo = await logo_of(Upload("a.png", "image/png", buffer.getvalue()))
    assert (logo.width, logo.height) == (30, 20)
    with pytest.raises(InvalidLogo):
        await logo_of(Upload("a.svg", "image/svg+xml", b"<svg/>"))


@pytest.mark.anyio
async def test_a_flood_of_pictures_leaves_the_pages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, lock, gate = 0, 0, threading.Lock(), threading.Event()

    def decode(_data: bytes, _filename: str, _content_type: str) -> Logo:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        assert gate.wait(10)
        with lock:
            inside -= 1
        return Logo(b"", 1, 1)

    monkeypatch.setattr(pictures, "read_logo", decode)
    decoders = Decoders()
    async with within():
        upload = Upload("a", "", b"")
        sent = [asyncio.ensure_future(decoders.decode(upload)) for _ in range(AT_ONCE + MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(IntakeFull):
            await decoders.decode(upload)
        gate.set()  # nothing of this blocked the loop: the gate is opened from it
        assert await asyncio.gather(*sent) == [Logo(b"", 1, 1)] * len(sent)
        assert most == AT_ONCE
        await decoders.decode(upload)  # there is room again
