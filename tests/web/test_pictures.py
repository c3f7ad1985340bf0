"""Pictures are decoded beside the pages: two at once, and not too many in line."""

import asyncio
import io
import threading

import pytest
from PIL import Image

from petitions.abuse.networks import hash_network
from petitions.errors import IntakeFull
from petitions.organisations.logos import InvalidLogo, Logo
from petitions.web import pictures
from petitions.web.bodies import Upload
from petitions.web.pictures import (
    AT_ONCE,
    MOST_IN_AN_HOUR,
    MOST_OF_A_NETWORK,
    MOST_WAITING,
    Decoders,
    logo_of,
)
from tests.web.support import within

ONE = Logo(b"", 1, 1)


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
        return ONE

    monkeypatch.setattr(pictures, "read_logo", decode)
    decoders = Decoders()
    async with within():
        upload = Upload("a", "", b"")
        sent = [asyncio.ensure_future(decoders.decode(upload)) for _ in range(AT_ONCE + MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(IntakeFull):
            await decoders.decode(upload)
        gate.set()  # nothing of this blocked the loop: the gate is opened from it
        assert await asyncio.gather(*sent) == [ONE] * len(sent)
        assert most == AT_ONCE
        await decoders.decode(upload)  # there is room again


def from_network(network: str | None) -> Upload:
    return Upload("a", "", b"", network)


@pytest.mark.anyio
async def test_one_network_does_not_fill_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(pictures, "read_logo", lambda *_file: ONE if gate.wait(10) else None)
    decoders = Decoders()
    async with within():
        sent = [
            asyncio.ensure_future(decoders.decode(from_network("192.0.2.1"))) for _ in range(MOST_OF_A_NETWORK)
        ]
        await asyncio.sleep(0)
        with pytest.raises(IntakeFull):
            await decoders.decode(from_network("192.0.2.1"))
        others = ["192.0.2.2", None, None, None, None, None]
        sent += [asyncio.ensure_future(decoders.decode(from_network(other))) for other in others]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*sent) == [ONE] * len(sent)
        assert await decoders.decode(from_network("192.0.2.1")) == ONE  # there is room again


@pytest.mark.anyio
async def test_one_network_has_so_many_in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(pictures, "read_logo", lambda *_file: ONE)
    decoders = Decoders(lambda: now)
    async with within():
        for _ in range(MOST_IN_AN_HOUR):
            assert await decoders.decode(from_network("192.0.2.1")) == ONE
        with pytest.raises(InvalidLogo) as refused:
            await decoders.decode(from_network("192.0.2.1"))
        assert str(refused.value.problem).startswith("Many pictures came from your network")
        assert await decoders.decode(from_network("192.0.2.2")) == ONE
        for _ in range(MOST_IN_AN_HOUR + 1):
            assert await decoders.decode(from_network(None)) == ONE
        now += 3_600.0
        assert await decoders.decode(from_network("192.0.2.1")) == ONE


@pytest.mark.anyio
async def test_where_pictures_came_from_is_forgotten_after_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(pictures, "read_logo", lambda *_file: ONE)
    decoders = Decoders(lambda: now)
    await decoders.decode(from_network("192.0.2.1"))
    kept = decoders._hourly
    assert hash_network("192.0.2.1", kept._key) in kept._counts  # and not the network itself
    now += 3_599.0
    decoders.forget_networks()
    assert len(kept._counts) == 1
    now += 1.0
    key = kept._key
    decoders.forget_networks()
    assert not kept._counts
    assert kept._key != key
    assert not decoders._inside_from
