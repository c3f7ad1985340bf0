"""Who is asking: the visitor's address, for the rates alone."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import HTTPConnection

from petitions import log
from petitions.settings import Network

_warned: set[str] = set()
#: Where a request keeps what was found.
_KEY = "petitions.client_address"
_MOST_PROXIES = 64
_proxies: set[tuple[str, tuple[Network, ...]]] = set()


def client_address(request: HTTPConnection, trusted: Sequence[Network]) -> str | None:
    """The visitor's address. X-Forwarded-For counts only as far as its hops are trusted proxies, read from
    the nearest on; None where the peer has no address (a Unix socket). Found once for a request."""
    known: str | None
    if _KEY in request.scope:
        known = request.scope[_KEY]
    else:
        known = request.scope[_KEY] = _find(request, trusted)
    return known


def _find(request: HTTPConnection, trusted: Sequence[Network]) -> str | None:
    peer = request.client.host if request.client else None
    forwarded = request.headers.getlist("x-forwarded-for")
    if not forwarded:
        return peer
    if not _is_proxy(peer, trusted):
        _warn_once("forwarded_header_ignored")
        return peer
    address = peer
    for hop in reversed(",".join(forwarded).split(",")):
        candidate = _parse(hop.strip())
        if candidate is None:
            break
        address = str(candidate)
        if not _is_trusted(candidate, trusted):
            break
    return address


def _is_proxy(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether the peer is trusted; remembered of those that are, and of nobody else."""
    if peer is None:
        return False
    key = (peer, tuple(trusted))
    if key in _proxies:
        return True
    ip = _parse(peer)
    if ip is None or not _is_trusted(ip, trusted):
        return False
    if len(_proxies) < _MOST_PROXIES:
        _proxies.add(key)
    return True


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address with or without a port: 192.0.2.1:80, [2001:db8::1]:80."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_trusted(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(ip in network for network in trusted)


def _warn_once(event: str) -> None:
    if event not in _warned:
        _warned.add(event)
        log.warning(event, setting="PETITIONS_TRUSTED_PROXIES")
