"""Forms are accepted from our own pages only. There is no cookie to ride on public pages; this keeps another
site from signing in a visitor's name with one click."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from petitions.errors import ForeignOrigin
from petitions.web.errors import error_response

#: Mail programs send it on a click of their own button (RFC 8058); it takes a token and can only stop mails.
_FROM_ANYWHERE = "/unsubscribe/"
_CONSOLE = "/console"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class OriginCheck:
    """Refuses what Sec-Fetch-Site, or else Origin, says comes from elsewhere. Neither sent is accepted, but not
    in the console, where a cookie says who somebody is."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self.app = app
        self.origin = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS and self._is_foreign(scope):
            request = Request(scope, receive)
            await error_response(request, ForeignOrigin())(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_foreign(self, scope: Scope) -> bool:
        if scope["path"].startswith(_FROM_ANYWHERE):
            return False
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site != "same-origin"
        origin = headers.get("origin")
        if origin is None:
            return str(scope["path"]).startswith(_CONSOLE)
        return not self._is_ours(origin)

    def _is_ours(self, origin: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return f"{parts.scheme}://{parts.netloc.lower()}" == self.origin
