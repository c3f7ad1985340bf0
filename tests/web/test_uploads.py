"""Large bodies: so many at once, so many from one network, and none for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from petitions.app import MAX_BODY
from petitions.db import Database
from petitions.web.uploads import AT_ONCE, AT_ONCE_FROM_A_NETWORK, NETWORK, Uploads
from tests import factories
from tests.web.support import within

PATH = "/c/free-boris/organisations"
_HEAD = (
    b'--b\r\nContent-Disposition: form-data; name="logo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
    b"x" * 100_000,
)


class Sender:
    """Sends a large form as far as it is told to."""

    def __init__(self, app: ASGIApp, address: str, *, length: int | None = 2_400_000, path: str = PATH) -> None:
        self._app = app
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._asked = asyncio.Event()
        self.sent: list[Any] = []
        for piece in _HEAD:
            self._pieces.put_nowait({"type": "http.request", "body": piece, "more_body": True})
        told = [(b"content-length", str(length).encode())] if length is not None else []
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [
                (b"host", b"testserver"),
                (b"content-type", b"multipart/form-data; boundary=b"),
                *told,
            ],
            "client": (address, 50_000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }

    async def _receive(self) -> Any:
        if self._pieces.empty():
            self._asked.set()
        return await self._pieces.get()

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    async def begin(self) -> "Sender":
        """Send what there is. Back when the server waits for more, or has answered."""
        self._answering = asyncio.ensure_future(self._app(self._scope, self._receive, self._send))
        asked = asyncio.ensure_future(self._asked.wait())
        await asyncio.wait((self._answering, asked), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return self

    async def end(self, **message: Any) -> int:
        """Send the last piece. The status of the answer."""
        self._pieces.put_nowait({"type": "http.request", "body": b"", "more_body": False, **message})
        return await self.answered()

    async def answered(self) -> int:
        await self._answering
        return self.status

    def close(self) -> None:
        """Close the line."""
        self._pieces.put_nowait({"type": "http.disconnect"})

    async def leave(self) -> None:
        """Close the line, and wait until the server knows."""
        self.close()
        await asyncio.wait((self._answering,))

    @property
    def waits(self) -> bool:
        return not self.sent

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


@asynccontextmanager
async def under_way(app: ASGIApp, addresses: list[str]) -> AsyncIterator[list[Sender]]:
    """Forms of these addresses that stop before their end."""
    senders = [await Sender(app, address).begin() for address in addresses]
    try:
        assert all(sender.waits for sender in senders)
        yield senders
    finally:
        for sender in senders:
            await sender.leave()


@pytest.fixture
def app(app_and_client: tuple[Starlette, httpx.AsyncClient], database: Database) -> Starlette:
    factories.make_campaign(database, signers=["individuals", "organisations"])
    return app_and_client[0]


@pytest.mark.anyio
async def test_one_network_has_some_places_and_the_others_have_theirs(app: Starlette) -> None:
    async with within(), under_way(app, [f"2001:db8::{n}" for n in range(AT_ONCE_FROM_A_NETWORK)]) as theirs:
        refused = await Sender(app, "2001:db8::99").begin()
        assert await refused.answered() == 503
        assert refused.headers[b"connection"] == b"close"
        assert int(refused.headers[b"retry-after"]) > 0
        small = await Sender(app, "2001:db8::99", length=MAX_BODY).begin()
        assert small.waits  # as any other form may
        await small.leave()
        other = await Sender(app, "198.51.100.1").begin()
        assert await other.end() != 503
        await theirs[0].end()
        assert await (await Sender(app, "2001:db8::99").begin()).end() != 503


@pytest.mark.anyio
@pytest.mark.parametrize("length", [2_400_000, None], ids=["told", "untold"])
async def test_so_many_are_under_way_in_all(app: Starlette, length: int | None) -> None:
    async with within():
        async with under_way(app, [f"198.51.100.{n}" for n in range(AT_ONCE)]):
            assert await (await Sender(app, "203.0.113.1", length=length).begin()).answered() == 503
        # Whoever closed the line has left a place, though nothing was answered.
        async with under_way(app, ["203.0.113.1"]):
            pass


@pytest.mark.anyio
async def test_this_machine_is_no_network(app: Starlette) -> None:
    async with within(), under_way(app, ["127.0.0.1"] * (AT_ONCE_FROM_A_NETWORK + 2)):
        pass


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/c/nothing/organisations", "/organisation/no-token/edit"])
async def test_where_nothing_is_the_body_is_not_waited_for(app: Starlette, path: str) -> None:
    async with within():
        assert await (await Sender(app, "198.51.100.1", path=path).begin()).answered() == 404


@pytest.mark.anyio
async def test_what_does_not_arrive_is_cut_off_and_what_did_is_not(app: Starlette) -> None:
    begun = asyncio.Event()

    async def read(request: Request) -> Response:
        await request.body()
        begun.set()
        message = await request.receive()  # for longer than a body may take
        return Response(message["type"])

    uploads = Uploads(Starlette(routes=[Route(PATH, read, methods=["POST"])]), seconds=0.02)

    async def of_one_network(scope: Any, receive: Any, send: Any) -> None:
        await uploads({**scope, NETWORK: "198.51.100.1"}, receive, send)

    async with within():
        late = await Sender(of_one_network, "").begin()
        assert await late.answered() == 408
        assert late.headers[b"connection"] == b"close"
        whole = await Sender(of_one_network, "").begin()
        ending = asyncio.ensure_future(whole.end())
        await begun.wait()
        await asyncio.sleep(0.03)  # the clock is what is tested
        whole.close()
        assert await ending == 200
        assert whole.sent[1]["body"] == b"http.disconnect"
        assert b"connection" not in whole.headers


@pytest.mark.anyio
async def test_the_page_of_a_late_one_says_so(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("petitions.web.uploads.SECONDS_TO_ARRIVE", 0.0)
    async with within():
        late = await Sender(app, "198.51.100.1").begin()
        assert await late.answered() == 408
        assert b"That took too long" in b"".join(message.get("body", b"") for message in late.sent)
