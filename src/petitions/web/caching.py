"""Caches of one process: what is asked for a thousand times a second is made once a second."""

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from petitions.errors import StoreUnavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Seconds for which an answer is fresh.
FRESH = 1.0
#: Seconds for which an old answer still serves while the store is away.
STALE = 300.0
#: Seconds for which a store that did not answer is not asked for the same again.
SPARED = 2.0
#: Under this name a response tells the layers around it how long it may be sent to others who ask the same.
FRESH_UNTIL = "petitions.fresh_until"
PUBLIC_CACHE_CONTROL = "public, max-age=0, s-maxage=10, stale-while-revalidate=30"


class TimedCache(Generic[K, V]):
    """Values that are loaded at most once in FRESH seconds for a key, by one caller while the others wait.
    While the store is away, the last value serves for STALE seconds."""

    def __init__(
        self,
        load: Callable[[K], Awaitable[V]] | None = None,
        capacity: int = 512,
        fresh_for: float | None = None,
    ) -> None:
        """`fresh_for`: seconds, where they are not FRESH."""
        self._load = load
        self._fresh_for = fresh_for
        self._capacity = capacity
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._spared: dict[K, float] = {}  # until when a store that is away is not asked again
        self._loading: dict[K, asyncio.Future[V]] = {}

    def fresh(self, key: K) -> V | None:
        """The value, if it is fresh."""
        entry = self._values.get(key)
        seconds = FRESH if self._fresh_for is None else self._fresh_for
        return entry[1] if entry is not None and time.monotonic() - entry[0] < seconds else None

    def forget(self, key: K) -> None:
        """Load this key anew at the next call."""
        self._values.pop(key, None)

    async def get(self, key: K, load: Callable[[K], Awaitable[V]] | None = None) -> V:
        """The value, loaded when it is not fresh. Raises what loading raises."""
        value = self.fresh(key) or self._stale_meanwhile(key)
        if value is not None:
            return value
        waiting = self._loading.get(key)
        if waiting is not None:
            return await asyncio.shield(waiting)
        loader = load or self._load
        assert loader is not None
        future = self._loading[key] = asyncio.ensure_future(self._fetch(key, loader))
        future.add_done_callback(lambda done: self._loaded(key, done))
        return await asyncio.shield(future)

    def _stale_meanwhile(self, key: K) -> V | None:
        """The old value, while the store is spared after it did not answer."""
        entry = self._values.get(key)
        return entry[1] if entry is not None and time.monotonic() < self._spared.get(key, 0.0) else None

    async def _fetch(self, key: K, load: Callable[[K], Awaitable[V]]) -> V:
        try:
            value = await load(key)
        except StoreUnavailable:
            entry = self._values.get(key)
            if entry is None or time.monotonic() - entry[0] > STALE:
                raise
            self._spared[key] = time.monotonic() + SPARED
            return entry[1]
        self._spared.pop(key, None)
        self._values[key] = (time.monotonic(), value)
        self._values.move_to_end(key)
        while len(self._values) > self._capacity:
            oldest, _ = self._values.popitem(last=False)
            self._spared.pop(oldest, None)
        return value

    def _loaded(self, key: K, done: "asyncio.Future[V]") -> None:
        self._loading.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited has seen it; nobody else has to


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A rendered page with its headers, plain and compressed."""

    body: bytes
    compressed: bytes
    etag: bytes
    fresh_until: float  # on the monotonic clock
    headers: list[tuple[bytes, bytes]]
    compressed_headers: list[tuple[bytes, bytes]]
    not_modified_headers: list[tuple[bytes, bytes]]


def make_page(body: bytes, media_type: str, extra: list[tuple[bytes, bytes]] | None = None) -> CachedPage:
    """A page that caches may keep for seconds; `extra` headers go with it."""
    etag = b'W/"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"'
    compressed = gzip.compress(body, 6, mtime=0)
    common = [
        (b"cache-control", PUBLIC_CACHE_CONTROL.encode()),
        (b"vary", b"Accept-Language, Accept-Encoding"),
        (b"etag", etag),
        *(extra or []),
    ]
    typed = [*common, (b"content-type", media_type.encode())]
    return CachedPage(
        body=body,
        compressed=compressed,
        etag=etag,
        fresh_until=time.monotonic() + FRESH,
        headers=[*typed, (b"content-length", str(len(body)).encode())],
        compressed_headers=[
            *typed,
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(compressed)).encode()),
        ],
        not_modified_headers=common,
    )


def accepts_gzip(header: bytes) -> bool:
    """Whether an Accept-Encoding header takes gzip."""
    return b"gzip" in header and b"gzip;q=0" not in header.replace(b" ", b"")


class CachedPageResponse(Response):
    """Sends a cached page as it lies there: whole, compressed, or as 304."""

    def __init__(self, page: CachedPage) -> None:
        self.page = page
        self.status_code = 200
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page, compressed, status = self.page, False, 200
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                compressed = accepts_gzip(value)
            elif name == b"if-none-match" and (page.etag in value or value.strip() == b"*"):
                status = 304
        headers, body = page.headers, page.body
        if status == 304:
            headers, body = page.not_modified_headers, b""
        elif compressed:
            headers, body = page.compressed_headers, page.compressed
        if scope["method"] == "HEAD":
            body = b""
        start = {"type": "http.response.start", "status": status, "headers": list(headers)}
        await send({**start, FRESH_UNTIL: page.fresh_until})
        await send({"type": "http.response.body", "body": body})


class PageCache(TimedCache[Any, CachedPage]):
    """Rendered pages by whatever they depend on."""

    async def respond(self, key: Hashable, render: Callable[[], Awaitable[CachedPage]]) -> CachedPageResponse:
        """The page of this key, rendered by one caller while the others wait."""
        page = self.fresh(key)
        if page is None:
            page = await self.get(key, lambda _key: render())
        return CachedPageResponse(page)


def no_store(response: Response) -> Response:
    """Mark a page that follows an action: nobody keeps it."""
    response.headers["Cache-Control"] = "no-store"
    return response
