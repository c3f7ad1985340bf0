"""Rules against false signatures: whose drafts are held, and whose never are.

One rule a line, as `hold domain example.org  # why`. What is wrong in a list is said with its line, and then
nothing of it is taken. A rule that allows beats those that hold.
"""

import hashlib
import ipaddress
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import idna

from petitions.folding import words_of
from petitions.i18n import N_, Message
from petitions.mailboxes import canonical_address, domain_of

MAX_LINES, MAX_BYTES = 5_000, 200_000
ACTIONS = ("hold", "allow")
KINDS = ("domain", "address", "network", "word")
#: Larger networks hold people of whole countries.
_WIDEST = {4: 8, 6: 19}
_MAX_VALUE = 254
_LINE = re.compile(r"(\S+)(?:\s+(\S+)(?:\s+(.*))?)?")
_COMMENT = re.compile(r"(?:^|\s)#.*$")

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `value` as it is compared: a domain in ASCII, a mailbox, a network, folded words."""

    holds: bool
    kind: str
    value: str
    number: int  # of its line
    text: str  # as it was written, without the comment

    @property
    def key(self) -> str:
        """Stands for the rule beside what it holds, also after lines before it came or went."""
        digest = hashlib.sha256(f"{self.kind} {self.value}".encode()).hexdigest()
        return f"{self.kind}-{digest[:12]}"


#: With it begin the keys of rules about networks. They are digests of few enough values to try them all, so they
#: are kept no longer than networks are.
NETWORK_KEYS = "network-"


@dataclass(frozen=True, slots=True)
class WrongLine:
    """What is wrong with a list; number 0: with the whole."""

    number: int
    reason: Message


class RulesWrong(ValueError):
    """A list that is not taken."""

    def __init__(self, wrong: Sequence[WrongLine]) -> None:
        super().__init__(f"{len(wrong)} wrong lines")
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Facts:
    """What a draft is judged by."""

    email: str
    address: str | None  # the sender's, in the clear; it lives as long as the request
    texts: Sequence[str]  # name, city, affiliation, comment


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a draft: that it is held, or that nothing holds it; by which."""

    holds: bool
    key: str


def parse_rules(text: str) -> list[Rule]:
    """The rules of a list in their order. Raises RulesWrong with everything that is wrong in it."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise RulesWrong([WrongLine(0, N_("The list is longer than %(most)s bytes.", most=MAX_BYTES))])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise RulesWrong([WrongLine(0, N_("The list has more than %(most)s lines.", most=MAX_LINES))])
    rules: list[Rule] = []
    wrong: list[WrongLine] = []
    for number, line in enumerate(lines, 1):
        bare = _COMMENT.sub("", line).strip()
        if not bare:
            continue
        read = _read(bare, number)
        if isinstance(read, Rule):
            rules.append(read)
        else:
            wrong.append(WrongLine(number, read))
    if wrong:
        raise RulesWrong(wrong)
    return rules


def _read(line: str, number: int) -> Rule | Message:
    """The rule of a line, or what is wrong with it."""
    match = _LINE.fullmatch(line)
    action, kind, value = match.groups() if match else ("", None, None)
    if action not in ACTIONS:
        return N_('A rule begins with "hold" or "allow".')
    if kind not in KINDS:
        return N_('After "%(action)s" comes "domain", "address", "network" or "word".', action=action)
    if not value:
        return N_("Say which: a domain, an address, a network or words.")
    if len(value) > _MAX_VALUE or not value.isprintable():
        return N_("This is too long, or holds characters that cannot be shown.")
    read = _READERS[kind](value)
    return read if isinstance(read, Message) else Rule(action == "hold", kind, read, number, line)


def _read_domain(value: str) -> str | Message:
    domain = _ascii(value)
    return domain if domain is not None else N_("This is no domain. It looks like example.org.")


def _read_address(value: str) -> str | Message:
    local, at, domain = value.rpartition("@")
    if not at or not local or "@" in local or any(c.isspace() for c in value) or _ascii(domain) is None:
        return N_("This is no mail address. It looks like ana@example.org.")
    return canonical_address(value)


def _read_network(value: str) -> str | Message:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return N_("This is no network. It looks like 192.0.2.0/24 or 2001:db8::/32.")
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        return N_("Please write this IPv4 network without the prefix of IPv6.")
    if network.prefixlen < _WIDEST[network.version]:
        return N_("This network is too wide: it would hold people of whole countries.")
    return str(network)


def _read_words(value: str) -> str | Message:
    return " ".join(words_of(value)) or N_("There is no word in it.")


_READERS = {"domain": _read_domain, "address": _read_address, "network": _read_network, "word": _read_words}


def _ascii(domain: str) -> str | None:
    """A domain as name servers know it; None for what is none."""
    if not domain.strip("0123456789."):
        return None  # four numbers are no domain
    try:
        written = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    return written if "." in written.strip(".") and not written.endswith(".") and len(written) <= 253 else None


class _Words:
    """Rules about words, sorted: with which of them a text goes on is found by halving, not by trying each."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        by_words = {f"{rule.value} ": rule for rule in rules}
        self._words = sorted(by_words)  # each with a space behind it
        self._rules = [by_words[words] for words in self._words]
        self._longest = max(map(len, self._words), default=0)
        #: The place of the longest other rule with which this one begins; -1 for none.
        self._shorter: list[int] = []
        begun: list[int] = []
        for place, words in enumerate(self._words):
            while begun and not words.startswith(self._words[begun[-1]]):
                begun.pop()
            self._shorter.append(begun[-1] if begun else -1)
            begun.append(place)

    def __bool__(self) -> bool:
        return bool(self._words)

    def find(self, words: Sequence[str]) -> Iterable[Rule]:
        """Those whose words stand one after the other in a text."""
        text = " ".join(words) + " "
        start = 0
        for word in words:
            # Whatever the text begins with here comes before it, and is the beginning of all that lies between.
            rest = text[start : start + self._longest]
            place = bisect_right(self._words, rest) - 1
            while place >= 0:
                if rest.startswith(self._words[place]):
                    yield self._rules[place]
                place = self._shorter[place]
            start += len(word) + 1


@dataclass
class Rules:
    """Rules made ready: a draft is judged in the time that its words take, however many rules there are."""

    domains: dict[str, Rule] = field(default_factory=dict)
    addresses: dict[str, Rule] = field(default_factory=dict)
    networks: dict[tuple[int, int], dict[int, Rule]] = field(default_factory=lambda: defaultdict(dict))
    words: _Words = field(default_factory=lambda: _Words(()))

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Rules":
        ordered = sorted(rules, key=lambda rule: rule.holds, reverse=True)  # those that allow last: they stay
        ready = cls(words=_Words(rule for rule in ordered if rule.kind == "word"))
        for rule in ordered:
            ready._add(rule)
        return ready

    def judge(self, facts: Facts) -> Verdict | None:
        """What the rules say; None where none is about this draft."""
        found: Rule | None = None
        for rule in self._about(facts):
            if not rule.holds:
                return Verdict(holds=False, key=rule.key)
            found = found or rule
        return Verdict(holds=True, key=found.key) if found is not None else None

    def _add(self, rule: Rule) -> None:
        if rule.kind == "domain":
            self.domains[rule.value] = rule
        elif rule.kind == "address":
            self.addresses[rule.value] = rule
        elif rule.kind == "network":
            network = ipaddress.ip_network(rule.value)
            self.networks[network.version, network.prefixlen][int(network.network_address)] = rule

    def _about(self, facts: Facts) -> Iterable[Rule]:
        if self.addresses and (rule := self.addresses.get(canonical_address(facts.email))):
            yield rule
        if self.domains:
            labels = domain_of(facts.email).split(".")
            for start in range(len(labels)):
                if rule := self.domains.get(".".join(labels[start:])):
                    yield rule
        if self.networks and (address := _address(facts.address)) is not None:
            for (version, length), networks in self.networks.items():
                if version == address.version:
                    rest = address.max_prefixlen - length
                    if rule := networks.get(int(address) >> rest << rest):
                        yield rule
        if self.words:
            for text in facts.texts:
                yield from self.words.find(words_of(text))


def _address(text: str | None) -> Address | None:
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
