"""Rules: read as a whole or not at all, and judged in the time of the words."""

import ipaddress
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.abuse.rules import (
    KINDS,
    MAX_BYTES,
    MAX_LINES,
    Facts,
    Rules,
    RulesWrong,
    Verdict,
    parse_rules,
)
from petitions.folding import words_of
from petitions.i18n import translator


def judge(
    text: str, email: str = "ana@example.org", address: str | None = "192.0.2.1", texts: Sequence[str] = ()
) -> Verdict | None:
    return Rules.of(parse_rules(text)).judge(Facts(email, address, texts))


def is_held(text: str, **facts: object) -> bool:
    verdict = judge(text, **facts)  # type: ignore[arg-type]
    return verdict is not None and verdict.holds


def wrong(text: str) -> list[tuple[int, str]]:
    with pytest.raises(RulesWrong) as raised:
        parse_rules(text)
    return [(line.number, translator("en").translate(line.reason)) for line in raised.value.wrong]


def test_a_list_is_read_with_its_comments_and_empty_lines() -> None:
    rules = parse_rules(
        "# Against the flood of Sunday\n\nhold domain Spam.Example # since noon\r\n  allow  word  Ana   Sánchez\n"
    )
    assert [(rule.holds, rule.kind, rule.value, rule.number, rule.text) for rule in rules] == [
        (True, "domain", "spam.example", 3, "hold domain Spam.Example"),
        (False, "word", "ana sanchez", 4, "allow  word  Ana   Sánchez"),
    ]


def test_a_wrong_list_is_refused_with_every_line_that_is_wrong() -> None:
    text = (
        "hold domain example.org\nblock domain example.org\nhold name Ana\nhold\nhold domain\n"
        "hold domain example\nhold address ana\nhold network 192.0.2.300\nhold network 0.0.0.0/0\n"
        "hold word !!!\nallow network ::ffff:1.2.3.4"
    )
    assert wrong(text) == [
        (2, 'A rule begins with "hold" or "allow".'),
        (3, 'After "hold" comes "domain", "address", "network" or "word".'),
        (4, 'After "hold" comes "domain", "address", "network" or "word".'),
        (5, "Say which: a domain, an address, a network or words."),
        (6, "This is no domain. It looks like example.org."),
        (7, "This is no mail address. It looks like ana@example.org."),
        (8, "This is no network. It looks like 192.0.2.0/24 or 2001:db8::/32."),
        (9, "This network is too wide: it would hold people of whole countries."),
        (10, "There is no word in it."),
        (11, "Please write this IPv4 network without the prefix of IPv6."),
    ]


@pytest.mark.parametrize(
    "value",
    [
        *("hold domain example..org", "hold domain -a.org", "hold domain a b.org", "hold domain 192.0.2.1"),
        *("hold domain example.org.", "hold domain ana@example.org", "hold address @example.org"),
        *(
            "hold address a b@example.org",
            "hold address ana@example",
            f"hold word {'x' * 300}",
            "hold word a\u200bb",
        ),
        *("hold network example.org", "hold network 192.0.2.0/33", "hold network 2000::/3"),
    ],
)
def test_what_could_never_match_or_match_everybody_is_refused(value: str) -> None:
    assert len(wrong(value)) == 1


def test_lists_are_bounded() -> None:
    line = "hold domain example.org\n"
    assert len(parse_rules((line * MAX_LINES).rstrip())) == MAX_LINES
    assert wrong(line * MAX_LINES) == [(0, f"The list has more than {MAX_LINES} lines.")]
    assert wrong("#" + "é" * (MAX_BYTES // 2)) == [(0, f"The list is longer than {MAX_BYTES} bytes.")]


@pytest.mark.parametrize(
    ("email", "held"),
    [
        ("ana@spam.example", True),
        ("ana@a.b.spam.example", True),
        ("ana@SPAM.example", True),
        ("ana@nospam.example", False),
        ("ana@example", False),
        ("ana@bücher.example", True),
        ("ana@xn--bcher-kva.example", True),
    ],
)
def test_a_domain_covers_those_below_it(email: str, held: bool) -> None:
    assert is_held("hold domain spam.example\nhold domain Bücher.example", email=email) is held


def test_an_address_is_a_mailbox_in_all_its_spellings() -> None:
    for rule in ("hold address a.n.a+x@googlemail.com", "hold address ANA@gmail.com"):
        assert is_held(rule, email="ana@gmail.com")
        assert is_held(rule, email="a.na+petition@gmail.com")
        assert not is_held(rule, email="anna@gmail.com")


@pytest.mark.parametrize(
    ("rule", "address", "held"),
    [
        ("192.0.2.0/24", "192.0.2.255", True),
        ("192.0.2.0/24", "192.0.3.0", False),
        ("192.0.2.7/24", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::/32", "2001:db8:1::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("2001:db8::1", "2001:db8::1", True),
        ("2001:db8::1", "2001:db8::2", False),
        ("2001:db8::/32", "192.0.2.1", False),
        ("fe80::/32", "fe80::1%eth0", True),
        ("192.0.2.1", None, False),
        ("192.0.2.1", "testclient", False),
    ],
)
def test_a_network_of_either_kind(rule: str, address: str | None, held: bool) -> None:
    assert is_held(f"hold network {rule}", address=address) is held


@pytest.mark.parametrize(
    ("rule", "text", "held"),
    [
        ("spam", "SPAM!", True),
        ("spam", "spammer", False),
        ("spam", "no-spam-here", True),
        ("buy now", "Please BUY, now.", True),
        ("buy now", "now buy", False),
        ("buy now", "buy it now", False),
        ("sanchez", "Ana SÁNCHEZ", True),
        ("победа", "Наша Победа!", True),
        ("a a b", "a a a b", True),
    ],
)
def test_words_are_found_between_other_words(rule: str, text: str, held: bool) -> None:
    assert is_held(f"hold word {rule}", texts=["Madrid", text]) is held


def test_many_rules_that_begin_alike_are_found_each() -> None:
    rules = ["a", "a b", "a b c", "a bb", "a b d e", "b", "b c"]
    for text in ("a b c", "a b d", "x a b d e", "a bb c", "ab", "b c a"):
        ready = Rules.of(parse_rules("\n".join(f"hold word {words}" for words in rules)))
        found = [rule.value for rule in ready.words.find(text.split())]
        assert sorted(found) == sorted(words for words in rules if f" {words} " in f" {text} ")


_some_words = st.lists(st.sampled_from(["a", "b", "ab", "aa", "é", "яд", "a1"]), min_size=1, max_size=5)


@given(st.lists(_some_words, max_size=12), st.lists(_some_words, max_size=3))
def test_the_words_that_are_found_are_those_that_a_look_at_each_rule_finds(
    rules: list[list[str]], texts: list[list[str]]
) -> None:
    ready = Rules.of(parse_rules("\n".join(f"hold word {' '.join(words)}" for words in rules)))
    for text in texts:
        words = words_of(" ".join(text))
        found = [rule.value for rule in ready.words.find(words)]
        those = {" ".join(words_of(" ".join(rule))) for rule in rules}
        expected = [
            rule
            for rule in those
            for place in range(len(words))
            if f"{' '.join(words[place:])} ".startswith(f"{rule} ")
        ]
        assert sorted(found) == sorted(expected)


def test_rules_with_one_word_in_common_are_not_tried_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One moderator could slow down the forms of every campaign."""
    ready = Rules.of(parse_rules("\n".join(f"hold word a x{n}" for n in range(4_000))))
    rules, tried = ready.words._words, []

    class Tried(list[str]):
        def __getitem__(self, place: Any) -> Any:
            tried.append(place)
            return super().__getitem__(place)

    monkeypatch.setattr(ready.words, "_words", Tried(rules))
    assert list(ready.words.find(["a", "y"] * 125)) == []
    assert len(tried) <= 250 * 14  # halving four thousand, and one more


def test_words_do_not_reach_from_one_field_into_the_next() -> None:
    assert not is_held("hold word ana madrid", texts=["Ana", "Madrid"])


def test_what_is_allowed_is_not_held_wherever_it_stands() -> None:
    for text in ("allow domain example.org\nhold word ana", "hold word ana\nallow domain example.org"):
        verdict = judge(text, texts=["Ana"])
        assert verdict is not None
        assert not verdict.holds
    assert not is_held("allow domain example.org\nhold domain example.org")
    assert is_held("allow domain a.example.org\nhold domain example.org")


def test_nothing_is_said_of_others() -> None:
    assert judge("hold domain spam.example\nallow word boris", texts=["Ana"]) is None
    assert judge("") is None


def test_a_key_says_nothing_of_an_address_and_stays_when_lines_move() -> None:
    (first,) = parse_rules("hold address ana@example.org")
    *_, second = parse_rules("# more\nhold domain spam.example\nhold address Ana@Example.org # again")
    assert first.key == second.key
    assert first.key.startswith("address-")
    assert "ana" not in first.key
    assert judge("hold address ana@example.org") == Verdict(holds=True, key=first.key)


_lines = st.one_of(
    st.text(max_size=60),
    st.tuples(
        st.sampled_from(["hold", "allow", "block"]), st.sampled_from([*KINDS, "x"]), st.text(max_size=40)
    ).map(" ".join),
)


@given(st.lists(_lines, max_size=8).map("\n".join))
def test_any_text_is_a_list_or_is_refused_with_numbers_of_its_lines(text: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    try:
        rules = parse_rules(text)
    except RulesWrong as error:
        lines = [each.number for each in error.wrong]
        assert [*lines] == sorted({*lines} & {*range(1, count + 1)}) != []
        return
    assert all(1 <= rule.number <= count and rule.value for rule in rules)
    # As it is compared it can be written and read again.
    again = parse_rules("\n".join(f"{'hold' if r.holds else 'allow'} {r.kind} {r.value}" for r in rules))
    assert [rule.key for rule in again] == [rule.key for rule in rules]


@given(st.ip_addresses(), st.data())
def test_a_network_holds_what_lies_in_it(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject
) -> None:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return
    length = data.draw(st.integers(8 if address.version == 4 else 19, address.max_prefixlen))
    network = ipaddress.ip_network((address, length), strict=False)
    assert is_held(f"hold network {network}", address=str(address))
    outside = ipaddress.ip_address(int(address) ^ (1 << (address.max_prefixlen - length)))
    assert not is_held(f"hold network {network}", address=str(outside))
