"""No body may be larger than any form of ours; the console has larger ones than the public pages, for those who
are logged in, or were when they opened the form: reading a large form takes long. Larger still are the two forms
with which an organisation sends its logo, and the one with which a lead adds evidence of a delivery: of those only
so many are let in at once."""

import re

from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from petitions.web.errors import error_response
from petitions.web.uploads import NETWORK, Uploads, sending_network

_CONSOLE = "/console/"
_EVIDENCE = re.compile(r"/console/c/[^/]+/deliveries/[^/]+/evidence")
#: Files of evidence that come in at once, each of up to 10 MiB, and the seconds that one may take.
_EVIDENCE_AT_ONCE, _EVIDENCE_SECONDS = 4, 300.0
_WITH_LOGO = re.compile(r"/c/[^/]+/organisations|/organisation/[^/]+/edit")


class BodyLimit:
    """Answers a body that says how large it is with a page (Starlette would in plain text, and without our
    headers); one that does not say is cut off by Starlette while it is read."""

    def __init__(
        self,
        app: ASGIApp,
        most: int,
        most_with_logo: int,
        most_in_console: int,
        most_with_evidence: int,
        cookie: str,
    ) -> None:
        self.most, self.most_with_logo, self.most_in_console = most, most_with_logo, most_in_console
        self.most_with_evidence, self.cookie = most_with_evidence, cookie
        sizes = (most, most_with_logo, most_in_console, most_with_evidence)
        self.apps = {size: RequestBodyLimitMiddleware(app, size) for size in sizes}
        self.uploads = {
            most_with_logo: Uploads(self.apps[most_with_logo]),
            most_with_evidence: Uploads(self.apps[most_with_evidence], _EVIDENCE_SECONDS, _EVIDENCE_AT_ONCE),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most(scope)
        if scope["type"] == "http" and _declared_length(scope) > most:
            await error_response(Request(scope, receive), HTTPException(413))(scope, receive, send)
            return
        if most not in self.uploads:
            await self.apps[most](scope, receive, send)
            return
        scope[NETWORK] = sending_network(Request(scope))
        is_small = 0 < _declared_length(scope) <= self.most
        await (self.apps[most] if is_small else self.uploads[most])(scope, receive, send)

    def _most(self, scope: Scope) -> int:
        if scope["type"] != "http":
            return self.most
        if scope["path"].startswith(_CONSOLE) and self._has_cookie(scope):
            adds_evidence = scope["method"] == "POST" and _EVIDENCE.fullmatch(scope["path"])
            return self.most_with_evidence if adds_evidence else self.most_in_console
        sends_logo = scope["method"] == "POST" and _WITH_LOGO.fullmatch(scope["path"])
        return self.most_with_logo if sends_logo else self.most

    def _has_cookie(self, scope: Scope) -> bool:
        return bool(Request(scope).cookies.get(self.cookie))


def _declared_length(scope: Scope) -> int:
    value: bytes = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(value[:18]) if value.isdigit() else 0
