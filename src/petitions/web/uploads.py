"""Large bodies: how many may be under way at once, and for how long. Each lies in memory until it was read."""

import asyncio
from collections import Counter
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from petitions.abuse.networks import is_loopback, network_of
from petitions.errors import IntakeFull
from petitions.web.clients import client_address
from petitions.web.errors import error_response
from petitions.web.site import site_of

#: Of 2.5 MiB each: what a small machine can spare.
AT_ONCE = 40
AT_ONCE_FROM_A_NETWORK = 4
#: A logo of 2 MiB through a slow line, 50 kB in a second; what takes longer is cut off.
SECONDS_TO_ARRIVE = 45.0
_SECONDS_TO_WAIT = 10
#: Under this name a request tells from which network a form with a picture came; None where that says nothing.
NETWORK = "petitions.network"


def sending_network(request: Request) -> str | None:
    """The network that a form comes from, in memory alone; None for this machine itself, and for a proxy on it
    that nobody told us to trust, behind which everybody is."""
    address = client_address(request, site_of(request).settings.trusted_proxies)
    return None if address is None or is_loopback(address) else network_of(address)


class Uploads:
    """Lets so many large bodies through to `app` at once; whoever sends another is told to come back."""

    def __init__(self, app: ASGIApp, seconds: float | None = None, at_once: int = AT_ONCE) -> None:
        """`seconds`: that one may take, where they are not SECONDS_TO_ARRIVE."""
        self._app, self._seconds, self._at_once = app, seconds, at_once
        self._under_way: Counter[str | None] = Counter()  # by network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        network: str | None = scope[NETWORK]
        of_one = self._under_way[network] if network is not None else 0
        if of_one >= AT_ONCE_FROM_A_NETWORK or self._under_way.total() >= self._at_once:
            response = error_response(Request(scope, receive), IntakeFull(_SECONDS_TO_WAIT))
            response.headers["Connection"] = "close"  # nobody reads what is still on its way
            await response(scope, receive, send)
            return
        self._under_way[network] += 1
        upload = _Upload(receive, send, self._seconds or SECONDS_TO_ARRIVE, lambda: self._forget(network))
        try:
            await self._app(scope, upload.receive, upload.send)
        finally:
            upload.end()

    def _forget(self, network: str | None) -> None:
        self._under_way[network] -= 1
        if not self._under_way[network]:
            del self._under_way[network]


class _Upload:
    """One large body. It is over when the answer begins: by then it was read, or nobody will."""

    def __init__(self, receive: Receive, send: Send, seconds: float, on_end: Callable[[], None]) -> None:
        self._receive, self._send, self._on_end = receive, send, on_end
        self._until = asyncio.get_running_loop().time() + seconds
        self._arrived = self._late = self._over = False

    async def receive(self) -> Message:
        """The next piece. Raises HTTPException where all of it should have been here by now."""
        if self._arrived:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self._late = True
            raise HTTPException(408) from None
        self._arrived = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.end()
            if self._late:
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await self._send(message)

    def end(self) -> None:
        """Make room for another."""
        if not self._over:
            self._over = True
            self._on_end()
