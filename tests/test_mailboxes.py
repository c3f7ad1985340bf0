"""Which domain stands for those below it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.abuse.providers import LARGE
from petitions.mailboxes import domain_of, registrable


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("uni.example", "uni.example"),
        ("maths.uni.example", "uni.example"),
        ("a.b.c.uni.example", "uni.example"),
        ("mail.union.co.uk", "union.co.uk"),
        ("student.uni.ac.uk", "uni.ac.uk"),
        ("uni.kiev.ua", "uni.kiev.ua"),
        ("post.bund.xn--p1ai", "bund.xn--p1ai"),
        ("sub.xn--bcher-kva.example", "xn--bcher-kva.example"),
        # Sites that give away as many names as somebody likes.
        ("a.github.io", "github.io"),
        ("a.b.duckdns.org", "duckdns.org"),
        # What nobody can register stays what it is.
        ("co.uk", "co.uk"),
        ("com", "com"),
        ("", ""),
    ],
)
def test_the_registered_domain_stands_for_those_below_it(domain: str, registered: str) -> None:
    assert registrable(domain) == registered


_labels = st.text("abz09-é", min_size=1, max_size=5)
_domains = st.lists(_labels, min_size=1, max_size=5).map(".".join) | st.text(max_size=20)


@given(_domains, st.sampled_from(["", ".com", ".co.uk", ".example", ".gov"]))
def test_it_is_the_end_of_the_domain_and_stands_for_itself(domain: str, below: str) -> None:
    known = domain_of(f"ana@{domain}{below}")
    registered = registrable(known)
    assert registrable(registered) == registered
    assert registered == known or known.rstrip(".").endswith(f".{registered}")


def test_large_providers_are_large_by_their_registered_domain() -> None:
    assert [domain for domain in sorted(LARGE) if registrable(domain) not in LARGE] == []


def test_new_domains_take_microseconds() -> None:
    """A flood brings one with each form."""
    registrable("a.example")
    began = time.process_time()
    for n in range(1_000):
        registrable(f"h{n}.flood.example")
    assert time.process_time() - began < 0.1  # a hundred for each; about three are usual
