"""Domains of throw-away addresses, and large providers."""

import pytest

from petitions import addresses
from petitions.abuse.disposable import _known, find_disposable
from petitions.abuse.providers import LARGE, is_large
from petitions.mailboxes import _PROVIDERS


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("mailinator.com", "mailinator.com"),
        ("a.b.mailinator.com", "mailinator.com"),
        ("mailinator.com.example.org", None),
        ("gmail.com", None),
        ("example.org", None),
        ("com", None),
        ("", None),
    ],
)
def test_a_domain_of_the_list_covers_those_below_it(domain: str, found: str | None) -> None:
    assert find_disposable(domain) == found


def test_no_provider_that_many_people_use_is_in_the_list() -> None:
    assert LARGE & _known() == set()


def test_every_provider_that_we_know_by_name_is_large() -> None:
    named = addresses._COMMON | set(_PROVIDERS)
    assert [domain for domain in sorted(named) if not is_large(domain)] == []


def test_large_providers_are_written_as_domains_are_compared() -> None:
    assert [domain for domain in LARGE if domain != addresses.domain_of(f"ana@{domain}")] == []
