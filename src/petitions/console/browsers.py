"""Browsers in which people log in: how they are called, and how they are known again."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from petitions.abuse.networks import is_loopback, network_of
from petitions.errors import LinkInvalid
from petitions.web.clients import client_address
from petitions.web.site import Site

#: The cookie says that somebody was logged in here before, and as whom; it logs nobody in.
_PURPOSE, _PATH = "browser", "/console/login"
_LIFETIME = timedelta(days=400)  # browsers keep none longer
_NAMES = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def browser_name(request: Request) -> str:
    """How its owner recognises a browser: "Firefox, Linux"."""
    agent = request.headers.get("user-agent", "")[:300]
    found = [next((name for sign, name in some if sign in agent), None) for some in (_NAMES, _SYSTEMS)]
    return ", ".join(name for name in found if name) or "?"


def network_name(request: Request, site: Site) -> str | None:
    """The network that somebody asks from, in memory alone; None where a proxy on this machine, which nobody told
    us to trust, stands before all of them."""
    address = client_address(request, site.settings.trusted_proxies)
    if address is None or (is_loopback(address) and "x-forwarded-for" in request.headers):
        return None
    return network_of(address)


def known_browser(request: Request, site: Site, user_id: UUID | None, now: datetime) -> str | None:
    """What a browser is counted under in which this account was logged in before; None for any other."""
    token = request.cookies.get(_cookie_name(site))
    if not token or user_id is None:
        return None
    try:
        named = site.tokens.read(_PURPOSE, token[:300], now, _LIFETIME)
    except LinkInvalid:
        return None
    return f"{named.row_id}:{named.epoch}" if named.row_id == user_id else None


def remember_browser(request: Request, response: Response, site: Site, user_id: UUID, now: datetime) -> None:
    """From now on this browser is counted apart when somebody logs in to the account."""
    if known_browser(request, site, user_id, now) is None:
        response.set_cookie(
            _cookie_name(site),
            site.tokens.make(_PURPOSE, 0, user_id, secrets.randbits(32)),
            max_age=int(_LIFETIME.total_seconds()),
            path=_PATH,
            httponly=True,
            secure=site.settings.base_url.startswith("https:"),
            samesite="lax",
        )


def _cookie_name(site: Site) -> str:
    return "__Secure-petitions-browser" if site.settings.base_url.startswith("https:") else "petitions-browser"
