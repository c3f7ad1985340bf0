"""Who is asking: the visitor's address, for the rates alone."""

import ipaddress
from collections.abc import Sequence

from starlette.requests import HTTPConnection

from petitions import log
from petitions.settings import Network

_warned: set[str] = set()


def client_address(request: HTTPConnection, trusted: Sequence[Network]) -> str | None:
    """The visitor's address. X-Forwarded-For counts only as far as its hops are trusted proxies, read from
    the nearest on; None where the peer has no address (a Unix socket)."""
    peer = request.client.host if request.client else None
    forwarded = request.headers.getlist("x-forwarded-for")
    if not forwarded:
        return peer
    if not _is_trusted(peer, trusted):
        _warn_once("forwarded_header_ignored")
        return peer
    address = peer
    for hop in reversed(",".join(forwarded).split(",")):
        candidate = _parse(hop.strip())
        if candidate is None:
            break
        address = str(candidate)
        if not _is_trusted(address, trusted):
            break
    return address


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


def _is_trusted(address: str | None, trusted: Sequence[Network]) -> bool:
    ip = _parse(address or "")
    return ip is not None and any(ip in network for network in trusted)


def _warn_once(event: str) -> None:
    if event not in _warned:
        _warned.add(event)
        log.warning(event, setting="PETITIONS_TRUSTED_PROXIES")
