"""What every response carries, and what is measured of every request."""

import time
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from petitions import log
from petitions.ids import new_request_id
from petitions.web import metrics
from petitions.web.errors import error_response

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: For a page whose script works beside it: the proof of work of the signing form.
CSP_WITH_WORKER = f"{_CSP}; worker-src 'self'"
#: For what other sites may show in a frame: no script and no form.
CSP_FRAMED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *"
)
_CSP_HEADER = b"content-security-policy"
_FRAMED = CSP_FRAMED.encode()


class Frame:
    """The outermost layer: request id, security headers, metrics."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.scheme = "https" if https else "http"
        self.headers = [
            (_CSP_HEADER, _CSP.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        if https:
            self.headers.append((b"strict-transport-security", b"max-age=31536000"))
        #: Of a response with a policy of its own; and of one that may be shown in a frame.
        self.besides = self.headers[1:]
        self.framed = [header for header in self.besides if header[0] != b"x-frame-options"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["scheme"] = self.scheme  # what visitors see, in front of every proxy
        if not scope["query_string"].isascii():
            scope["query_string"] = quote(scope["query_string"], safe="!$%&'()*+,/:;=?@").encode()
        identifier = new_request_id()
        token = log.request_id.set(identifier)
        started = time.perf_counter()
        status, begun = 500, False

        async def send_framed(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                given = message["headers"]
                own = next((value for name, value in given if name == _CSP_HEADER), None)
                message["headers"] = [
                    *given,
                    *(self.headers if own is None else self.framed if own == _FRAMED else self.besides),
                    (b"x-request-id", identifier.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_framed)
        except Exception as error:
            if begun:
                raise
            await error_response(Request(scope, receive), error)(scope, receive, send_framed)
        finally:
            metrics.observe(scope, status, time.perf_counter() - started)
            log.request_id.reset(token)
