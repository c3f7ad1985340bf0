"""The shortest way for a wave: the same question within a second gets the same answer, before any routing."""

import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from petitions.ids import new_request_id
from petitions.web import metrics
from petitions.web.caching import FRESH_UNTIL, accepts_gzip

_MOST = 1024
_REQUEST_ID = b"x-request-id"

Key = tuple[str, bytes, bytes, bytes, bool]
Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Answer:
    """What a cached page answered to one exact question; it is forgotten together with the page."""

    fresh_until: float
    route: str
    headers: Headers
    body: Message


class FreshAnswers:
    """Sends again what a cached page answered to the same path, query, host, language and encoding. Whatever is
    no cached page, or asks for more than a page (a condition, a part), passes through."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._answers: dict[Key, _Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        started = time.monotonic()
        answer = self._answers.get(key)
        if answer is not None and started < answer.fresh_until:
            identifier = new_request_id().encode()
            headers = [*answer.headers, (_REQUEST_ID, identifier)]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send(answer.body)
            metrics.observe_route(answer.route, "GET", 200, time.monotonic() - started)
            return
        await self.app(scope, receive, self._remembering(key, scope, send))

    def _remembering(self, key: Key, scope: Scope, send: Send) -> Send:
        kept: _Answer | None = None

        async def send_and_remember(message: Message) -> None:
            nonlocal kept
            if message["type"] == "http.response.start":
                fresh_until = message.get(FRESH_UNTIL)
                if fresh_until is not None and message["status"] == 200:
                    headers = [pair for pair in message["headers"] if pair[0] != _REQUEST_ID]
                    kept = _Answer(fresh_until, metrics.route_of(scope), headers, {})
            elif kept is not None:
                kept.body = message
                self._keep(key, kept)
            await send(message)

        return send_and_remember

    def _keep(self, key: Key, answer: _Answer) -> None:
        if len(self._answers) >= _MOST:
            now = time.monotonic()
            self._answers = {k: a for k, a in self._answers.items() if now < a.fresh_until}
            if len(self._answers) >= _MOST:
                self._answers.clear()
        self._answers[key] = answer


def _key(scope: Scope) -> Key | None:
    """Everything that an answer depends on; None for what has to be looked at."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    host = language = b""
    compressed = False
    for name, value in scope["headers"]:
        if name == b"host":
            host = value
        elif name == b"accept-language":
            language = language + b"," + value if language else value
        elif name == b"accept-encoding":
            compressed = accepts_gzip(value)
        elif name in (b"if-none-match", b"range"):
            return None
    return (scope["path"], scope["query_string"], host, language, compressed)
