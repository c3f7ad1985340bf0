"""Why a draft is held: the judgement of everything that arrived together.

The first of these that speaks decides: the field that people do not see, a rule that allows, a rule that holds,
an address to be thrown away, a missing proof of work, the rate of the network, its standing, the credit of the
domain. Held, not refused, for whole rallies share one address, and a domain that is new to us may be a
university's.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.abuse import credit, networks, rates
from petitions.abuse.credit import Account, Place
from petitions.abuse.disposable import find_disposable
from petitions.abuse.providers import is_large
from petitions.abuse.rates import Seen
from petitions.mailboxes import domain_of, registrable
from petitions.settings import Rate
from petitions.signatures.proving import HELD_WORK, past_allowance

if TYPE_CHECKING:
    from petitions.signatures.drafting import NewDraft

HELD_HONEYPOT = "honeypot"
HELD_RULE = "rule"
HELD_DISPOSABLE = "disposable"
HELD_RATE = "rate"
HELD_NETWORK = "network"
HELD_DOMAIN = "domain"
#: In the order in which they are asked.
REASONS = (HELD_HONEYPOT, HELD_RULE, HELD_DISPOSABLE, HELD_WORK, HELD_RATE, HELD_NETWORK, HELD_DOMAIN)
#: What drafts that are held for these share is the hash of their network.
OF_NETWORKS = (HELD_WORK, HELD_RATE, HELD_NETWORK)
#: The windows in which networks are counted where no rate says another.
_PERIOD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Held:
    """Why a draft is held, and what it shares with others that are held for the same."""

    reason: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a draft."""

    network: bytes | None  # the hash
    held: Held | None


def judge(
    session: Session,
    drafts: Sequence["NewDraft"],
    sign_rate: Rate | None,
    domain_credit: int | None,
    now: datetime,
) -> Mapping[UUID, Judged]:
    """Judge a batch, and count what came. All drafts alike, whatever the store knows of their addresses: if a form
    of somebody who signed cost nothing, others could see by their own forms who has."""
    ordered = sorted(drafts, key=lambda draft: draft.arrived_at)
    judging = _Judging(sign_rate, domain_credit)
    known = domain_credit is not None or sign_rate is not None or any(d.proven is not None for d in drafts)
    hashes = _hash_networks(session, ordered if known else (), now)
    first = {draft.id: _before_counting(draft) for draft in ordered}
    open_still = [draft for draft in ordered if first[draft.id] is _UNDECIDED]
    without_work = past_allowance(session, open_still, hashes, now)
    period = sign_rate.period if sign_rate is not None else _PERIOD
    counted = sign_rate is not None or domain_credit is not None
    arrivals = (
        Counter(network for network in hashes.values() if network is not None) if counted else Counter[bytes]()
    )
    if arrivals:
        judging.seen.update(rates.find_counts(session, arrivals, period, now))
    if domain_credit is not None:
        places = {place for draft in open_still if (place := place_of(draft)) is not None}
        judging.accounts.update(credit.find_accounts(session, places, now) if places else {})
    judged: dict[UUID, Judged] = {}
    for draft in ordered:
        network, held = hashes.get(draft.id), first[draft.id]
        if network is not None:
            judging.arrived(network)
        if held is _UNDECIDED:
            held = Held(HELD_WORK, _hex(network)) if draft.id in without_work else None
            held = held or judging.judge(draft, network)
        judged[draft.id] = Judged(network, held)
    # In this order everywhere: networks, domains, drafts, mails.
    rates.add_counts(session, arrivals, judging.held, period, now)
    credit.add_to_accounts(session, judging.booked, now)
    return judged


#: Of drafts that nothing has decided about yet.
_UNDECIDED = Held("")


def place_of(draft: "NewDraft") -> Place | None:
    """Where the mail of a draft is booked; None for large providers, by which nobody can be judged."""
    domain = registrable(domain_of(draft.email))
    return None if is_large(domain) else (draft.campaign_id, domain)


def _before_counting(draft: "NewDraft") -> Held | None:
    """What can be said without asking the store."""
    if draft.trapped:
        return Held(HELD_HONEYPOT)
    if draft.ruled is not None:
        return Held(HELD_RULE, draft.ruled.key) if draft.ruled.holds else None
    disposable = find_disposable(domain_of(draft.email))
    return Held(HELD_DISPOSABLE, disposable) if disposable is not None else _UNDECIDED


class _Judging:
    """What the store knew before this batch, kept up while it is judged."""

    def __init__(self, sign_rate: Rate | None, domain_credit: int | None) -> None:
        self._rate, self._credit = sign_rate, domain_credit
        self.seen: dict[bytes, Seen] = defaultdict(Seen)
        self.accounts: dict[Place, Account] = defaultdict(Account)
        self.held: Counter[bytes] = Counter()  # of each network, for their domains
        self.booked: dict[Place, Account] = defaultdict(Account)

    def arrived(self, network: bytes) -> None:
        seen = self.seen[network]
        self.seen[network] = replace(seen, drafts=seen.drafts + 1, total=seen.total + 1)

    def judge(self, draft: "NewDraft", network: bytes | None) -> Held | None:
        seen = self.seen[network] if network is not None else Seen()
        place = place_of(draft) if self._credit is not None else None
        is_first = network is not None and int(seen.drafts) <= 1
        costs = self._cost(place, is_first=is_first) if place is not None else None
        if place is not None and costs is None and network is not None:
            # Also of what is past the rate, or a flood would bury what it is known by.
            self.held[network] += 1
            self.seen[network] = replace(seen, held=seen.held + 1)
        # The part of a draft that the window before still weighs is no draft.
        if self._rate is not None and int(seen.drafts) > self._rate.count:
            return Held(HELD_RATE, _hex(network))
        if self._credit is None:
            return None
        if credit.is_suspicious(seen):
            return Held(HELD_NETWORK, _hex(network))
        if place is not None:
            if costs is None:
                return Held(HELD_DOMAIN, place[1])
            self.accounts[place] = self.accounts[place].plus(costs)
            self.booked[place] = self.booked[place].plus(costs)
        return None

    def _cost(self, place: Place, *, is_first: bool) -> Account | None:
        """How a mail there is booked; None when there is no credit for it."""
        account = self.accounts[place]
        if account.room(self._credit or 0) > 0:
            return Account(mailed=1)
        return Account(newcomers=1) if is_first and account.newcomers < credit.NEWCOMERS else None


def _hash_networks(session: Session, drafts: Sequence["NewDraft"], now: datetime) -> dict[UUID, bytes | None]:
    """The hash of each draft's network, by the key of the day."""
    if not any(draft.network for draft in drafts):
        return {}
    key = networks.get_day_key(session, now)
    return {draft.id: networks.hash_network(draft.network, key) if draft.network else None for draft in drafts}


def _hex(network: bytes | None) -> str | None:
    return network.hex() if network is not None else None
