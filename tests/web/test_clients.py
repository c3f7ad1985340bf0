"""Whose address counts behind proxies."""

import ipaddress

from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from petitions.abuse.networks import network_of
from petitions.settings import parse_networks
from petitions.web.clients import client_address

TRUSTED = parse_networks("10.0.0.0/8, 2001:db8:ffff::/48")


def ask(peer: str | None, *forwarded: bytes) -> str | None:
    headers = [(b"x-forwarded-for", value) for value in forwarded]
    client = (peer, 1234) if peer is not None else None
    return client_address(HTTPConnection({"type": "http", "headers": headers, "client": client}), TRUSTED)


def test_without_a_proxy_the_peer_counts() -> None:
    assert ask("192.0.2.1") == "192.0.2.1"
    assert ask(None) is None


def test_a_header_of_an_unknown_peer_counts_for_nothing() -> None:
    assert ask("192.0.2.1", b"198.51.100.1") == "192.0.2.1"
    assert ask(None, b"198.51.100.1") is None
    assert ask("testclient", b"198.51.100.1") == "testclient"


def test_a_trusted_proxy_is_believed_as_far_as_its_trusted_neighbours() -> None:
    assert ask("10.0.0.1", b"198.51.100.1") == "198.51.100.1"
    assert ask("10.0.0.1", b"203.0.113.9, 198.51.100.1, 10.0.0.2") == "198.51.100.1"
    assert ask("10.0.0.1", b"203.0.113.9", b"198.51.100.1, 10.0.0.2") == "198.51.100.1"
    assert ask("10.0.0.1", b"10.0.0.3, 10.0.0.2") == "10.0.0.3"
    assert ask("2001:db8:ffff::1", b"2001:db8::7") == "2001:db8::7"


def test_ports_and_brackets_are_taken_off() -> None:
    assert ask("10.0.0.1", b"198.51.100.1:4711") == "198.51.100.1"
    assert ask("10.0.0.1", b"[2001:db8::7]:4711") == "2001:db8::7"


def test_nonsense_of_a_trusted_proxy_ends_at_the_last_good_address() -> None:
    for nonsense in (b"", b",", b"unknown", b"198.51.100.1, x", b"1.2.3", b"[", b"\xff"):
        assert ask("10.0.0.1", nonsense) == "10.0.0.1"
    assert ask("10.0.0.1", b"198.51.100.1, x, 10.0.0.2") == "10.0.0.2"


addresses = st.one_of(st.ip_addresses().map(lambda ip: str(ip).encode()), st.binary(max_size=30))


@given(
    peer=st.one_of(
        st.none(), st.sampled_from(["10.0.0.1", "192.0.2.1", "2001:db8:ffff::1"]), st.text(max_size=20)
    ),
    forwarded=st.lists(st.lists(addresses, max_size=4).map(b", ".join), max_size=3),
)
@example(peer="10.0.0.1", forwarded=[b"fe80::1%eth0"])
@example(peer="10.0.0.1", forwarded=[b"::ffff:198.51.100.1"])
@example(peer="fe80::1%\x00", forwarded=[b"1"])
def test_any_header_gives_the_peer_or_an_address(peer: str | None, forwarded: list[bytes]) -> None:
    address = ask(peer, *forwarded)
    if address != peer:
        assert address is not None
        ipaddress.ip_address(address)
    network = network_of(address) if address else None
    assert network is None or ipaddress.ip_network(network).num_addresses in (1, 2**64)
