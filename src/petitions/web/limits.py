"""No body may be larger than any form of ours; the console has larger ones than the public pages, for those who
are logged in, or were when they opened the form: reading a large form takes long."""

from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from petitions.web.errors import error_response

_CONSOLE = "/console/"


class BodyLimit:
    """Answers a body that says how large it is with a page (Starlette would in plain text, and without our
    headers); one that does not say is cut off by Starlette while it is read."""

    def __init__(self, app: ASGIApp, most: int, most_in_console: int, cookie: str) -> None:
        self.most, self.most_in_console, self.cookie = most, most_in_console, cookie
        self.app = RequestBodyLimitMiddleware(app, most)
        self.app_of_console = RequestBodyLimitMiddleware(app, most_in_console)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        may_be_large = scope["type"] == "http" and scope["path"].startswith(_CONSOLE) and self._has_cookie(scope)
        most, app = (self.most_in_console, self.app_of_console) if may_be_large else (self.most, self.app)
        if scope["type"] == "http" and _declared_length(scope) > most:
            await error_response(Request(scope, receive), HTTPException(413))(scope, receive, send)
            return
        await app(scope, receive, send)

    def _has_cookie(self, scope: Scope) -> bool:
        return bool(Request(scope).cookies.get(self.cookie))


def _declared_length(scope: Scope) -> int:
    value: bytes = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(value[:18]) if value.isdigit() else 0
