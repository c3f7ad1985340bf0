"""Mail addresses: one mailbox is one key, and a slip is asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions import addresses, mailboxes
from petitions.addresses import (
    InvalidAddress,
    canonical_address,
    check_address,
    fingerprint,
    make_email_key,
    suggest_address,
)

KEY = "k" * 32
KNOWN = sorted(addresses._COMMON | addresses._NOT_TYPOS | set(mailboxes._PROVIDERS))


@given(st.text(max_size=80) | st.tuples(st.text(max_size=30), st.text(max_size=30)).map("@".join))
def test_any_text_is_an_address_or_is_not(text: str) -> None:
    try:
        address = check_address(text)
    except InvalidAddress:
        return
    assert check_address(address) == address
    assert "@" in address
    assert len(make_email_key(address, KEY)) == 16
    suggest_address(address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ana@example.com", "ana@example.com"),
        ("Ana.Sanchez@Example.COM", "Ana.Sanchez@example.com"),
        ("ana+tag@example.com", "ana+tag@example.com"),
        ("ana@münchen.de", "ana@münchen.de"),
        ("ana@xn--mnchen-3ya.de", "ana@münchen.de"),
        ("josé@example.com", "josé@example.com"),
        ("борис@почта.рф", "борис@почта.рф"),
        ("o'brien@example.ie", "o'brien@example.ie"),
    ],
)
def test_addresses_are_put_into_their_normal_form(text: str, address: str) -> None:
    assert check_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@example",
        "ana@@example.com",
        "ana example@example.com",
        "ana@exa mple.com",
        "ana@example..com",
        ".ana@example.com",
        "ana@-example.com",
        "Ana <ana@example.com>",
        "ana@example.com, boris@example.com",
        "ana@[127.0.0.1]",
        "ana\n@example.com",
        "ana@example.com\nBcc: x@example.com",
        "ana@" + "a" * 250 + ".com",
        "\ud800@example.com",
        "ana@\ud800.com",
        "ana@xn--\u0661.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        check_address(text)


@pytest.mark.parametrize(
    ("spelling", "other"),
    [
        ("Ana@Example.COM", "ana@example.com"),
        ("a.n.a+news@gmail.com", "ana@gmail.com"),
        ("ana@googlemail.com", "ana@gmail.com"),
        ("A.N.A@GoogleMail.com", "ana@gmail.com"),
        ("ana+x@outlook.com", "ana@outlook.com"),
        ("ana@protonmail.com", "ana@proton.me"),
        ("a.na+x@pm.me", "ana@proton.me"),
        ("ana@ya.ru", "ana@yandex.ru"),
        ("ana@yandex.com", "ana@yandex.ru"),
        ("ana@münchen.de", "ana@xn--mnchen-3ya.de"),
        ("ANA@MÜNCHEN.DE", "ana@münchen.de"),
        ("ana@faß.de", "ana@xn--fa-hia.de"),
        ("ana@me.com", "ana@icloud.com"),
        ("ana+x@mac.com", "ana@icloud.com"),
        ("ana@not\u3000encodable.DE", "ana@not\u3000encodable.de"),
    ],
)
def test_spellings_of_one_mailbox_are_one_key(spelling: str, other: str) -> None:
    assert canonical_address(spelling) == canonical_address(other)
    assert make_email_key(spelling, KEY) == make_email_key(other, KEY)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a.na@example.com", "ana@example.com"),
        ("ana+x@example.com", "ana@example.com"),
        ("a.na@outlook.com", "ana@outlook.com"),
        ("ana@outlook.com", "ana@hotmail.com"),
        ("ana@gmail.com", "ana@proton.me"),
        ("anna@gmail.com", "ana@gmail.com"),
        ("+x@gmail.com", "+y@gmail.com"),
        ("ana@faß.de", "ana@fass.de"),
        ("ana@βόλος.com", "ana@βόλοσ.com"),
        ("a.na@mac.com", "ana@mac.com"),
    ],
)
def test_different_mailboxes_are_different_keys(one: str, two: str) -> None:
    assert make_email_key(one, KEY) != make_email_key(two, KEY)


@given(st.emails() | st.from_regex(r"[a-zA-Z.+]{1,12}@(gmail|proton|example)\.(com|me)", fullmatch=True))
def test_the_canonical_form_stands_for_itself(address: str) -> None:
    canonical = canonical_address(address)
    assert canonical_address(canonical) == canonical
    assert make_email_key(canonical, KEY) == make_email_key(address, KEY)
    assert canonical_address(address.upper()) == canonical
    assert "@" in canonical


def test_a_key_needs_the_secret() -> None:
    assert make_email_key("ana@example.com", KEY) != make_email_key("ana@example.com", KEY + "x")
    assert fingerprint(KEY) != fingerprint(KEY + "x")
    assert KEY not in fingerprint(KEY)


def test_the_rules_are_known_by_their_number() -> None:
    """Raise RULES_VERSION when canonical forms change: the number is part of the fingerprint."""
    assert fingerprint(KEY) == "1:" + fingerprint(KEY).partition(":")[2]
    assert addresses.RULES_VERSION == 1


@pytest.mark.parametrize("domain", KNOWN)
def test_a_known_provider_is_never_a_slip(domain: str) -> None:
    assert suggest_address(f"ana@{domain}") is None
    assert suggest_address(f"ana@{domain.upper()}") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmil.com", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("icloud.cm", "icloud.com"),
        ("protonmail.co", "protonmail.com"),
        ("riseup.ne", "riseup.net"),
        ("GMIAL.com", "gmail.com"),
    ],
)
def test_slips_of_large_providers_are_asked_about(typed: str, meant: str) -> None:
    assert suggest_address(f"Ana.S@{typed}") == f"Ana.S@{meant}"


@pytest.mark.parametrize(
    "domain", ["example.org", "ucd.ie", "ehu.eus", "mail.org", "gmx.com", "a.b", "uni.de", "почта.рф"]
)
def test_other_domains_are_left_alone(domain: str) -> None:
    assert suggest_address(f"ana@{domain}") is None


def distance(a: str, b: str) -> int:
    """Optimal string alignment: letters added, dropped, changed, neighbours swapped."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@st.composite
def mistyped(draw: st.DrawFn) -> str:
    """A provider's domain with one or two slips."""
    domain = draw(st.sampled_from(addresses._COMMON_DOMAINS))
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, max(0, len(domain) - 2)))
        letter = draw(st.sampled_from("abmnoc.-1"))
        domain = draw(
            st.sampled_from(
                [
                    domain[:at] + letter + domain[at:],
                    domain[:at] + domain[at + 1 :],
                    domain[:at] + letter + domain[at + 1 :],
                    domain[:at] + domain[at + 1 : at + 2] + domain[at : at + 1] + domain[at + 2 :],
                ]
            )
        )
    return domain


@given(mistyped() | st.text(max_size=25))
def test_a_suggestion_is_a_provider_one_slip_away(domain: str) -> None:
    suggestion = suggest_address(f"ana@{domain}")
    near = [
        known for known in addresses._COMMON_DOMAINS if len(known) >= 6 and distance(domain.lower(), known) == 1
    ]
    if suggestion is None:
        typed = domain.rpartition("@")[2].lower()
        assert not near or typed in KNOWN or not 4 <= len(typed) <= 24
        return
    local, _, meant = suggestion.rpartition("@")
    assert local == f"ana@{domain}".rpartition("@")[0]
    assert meant in addresses._COMMON
    assert distance(domain.rpartition("@")[2].lower(), meant) == 1
