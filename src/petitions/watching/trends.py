"""What is unusual among the forms of the last hour: one network, one mail domain or one comment that has a far
larger share than before. It says nothing about guilt: a school that signs together trends as well."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from petitions.abuse.providers import is_large
from petitions.abuse.rule_lists import make_rules
from petitions.abuse.rules import Facts
from petitions.campaigns.queries import list_snapshots
from petitions.db import Database
from petitions.folding import fold
from petitions.mailboxes import domain_of, registrable
from petitions.signatures.models import Draft, Signature
from petitions.watching.alerts import DOMAIN, NETWORK, WORDING, Trend, largest_of_each, store_alerts, tell

WINDOW = timedelta(hours=1)
#: Forms that are looked at: of the last hour, and before it.
MOST, MOST_BEFORE = 20_000, 2_000
#: Forms of one kind, addresses of one wording, and how many times its share before.
LEAST_FORMS, LEAST_ADDRESSES, TIMES = 30, 10, 4
#: Folded characters that a comment must have, and characters of it that are compared.
LEAST_COMMENT, MOST_COMMENT = 20, 200
#: Forms that are taken to be there before the first, so that at the beginning not everything is unusual.
_SUPPOSED = 10


@dataclass(frozen=True, slots=True)
class Form:
    """What is compared of a form."""

    id: UUID  # begins with the time
    address: bytes
    network: bytes | None = None  # of drafts alone: a signature has none
    domain: str | None = None  # registered: of those below it somebody has as many as they like
    wording: bytes | None = None
    day: date | None = None  # under whose key the network is hashed


def watch_trends(database: Database, now: datetime, email_key: str) -> None:
    """Look at every open campaign, write down what trends, and tell those who moderate it."""
    with database.reading() as session:
        open_ids = [found.id for found in list_snapshots(session) if found.status(now) == "open"]
    for campaign_id in sorted(open_ids):
        with database.reading() as session:
            trends = find_trends(*find_forms(session, campaign_id, now))
            trends = largest_of_each(_without_ruled(session, campaign_id, trends))
        if trends:
            with database.writing() as session:
                store_alerts(session, campaign_id, trends, now)
    tell(database, now, email_key)


def _without_ruled(session: Session, campaign_id: int, trends: Sequence[Trend]) -> Sequence[Trend]:
    """The same without domains that a rule is about, for of these somebody has decided already."""
    if all(trend.label is None for trend in trends):
        return trends
    rules = make_rules(session, campaign_id)

    def is_ruled(domain: str) -> bool:
        return rules.judge(Facts(email=f"somebody@{domain}", address=None, texts=())) is not None

    return [trend for trend in trends if trend.label is None or not is_ruled(trend.label)]


def find_forms(session: Session, campaign_id: int, now: datetime) -> tuple[Sequence[Form], Sequence[Form]]:
    """The newest forms of the last hour, and the newest before it; confirmed or not, each once."""
    edge = UUID(int=int((now - WINDOW).timestamp() * 1000) << 80)
    return (
        _read(session, campaign_id, lambda key: key >= edge, MOST),
        _read(session, campaign_id, lambda key: key < edge, MOST_BEFORE),
    )


def _read(session: Session, campaign_id: int, within: Callable[[Any], Any], most: int) -> Sequence[Form]:
    said = func.substr(Draft.comment, 1, MOST_COMMENT).label("said")
    drafts = (
        select(Draft.id, Draft.email_key, said, Draft.network, Draft.email, Draft.created_at)
        .where(Draft.campaign_id == campaign_id, within(Draft.id))
        .order_by(Draft.id.desc())
        .limit(most)
    )
    said = func.substr(Signature.comment, 1, MOST_COMMENT).label("said")
    signatures = (
        select(Signature.id, Signature.email_key, said, Signature.domain)
        .where(Signature.campaign_id == campaign_id, within(Signature.id))
        .order_by(Signature.id.desc())
        .limit(most)
    )
    rows: list[Row[Any]] = [*session.execute(drafts), *session.execute(signatures)]
    newest = sorted(rows, key=lambda row: row.id, reverse=True)[:most]  # and only of these is anything made ready
    return [_form(row, wording_of(row.said)) for row in newest]


def _form(row: Row[Any], wording: bytes | None) -> Form:
    if "domain" in row._fields:
        return Form(row.id, row.email_key, None, row.domain, wording)
    domain = registrable(domain_of(row.email))
    return Form(row.id, row.email_key, row.network, domain, wording, row.created_at.date())


def wording_of(comment: str | None) -> bytes | None:
    """A digest by which comments are the same that begin with the same words, however these are spaced and
    accented; None for few."""
    words = " ".join(fold(comment[:MOST_COMMENT]).split()) if comment else ""
    return hashlib.sha256(words.encode()).digest()[:16] if len(words) >= LEAST_COMMENT else None


def find_trends(recent: Sequence[Form], before: Sequence[Form]) -> Sequence[Trend]:
    """What has LEAST_FORMS and TIMES the share that it had before; of a wording LEAST_ADDRESSES are enough."""
    networks = Counter(form.network for form in recent if form.network)
    domains = Counter(form.domain for form in recent if form.domain and not is_large(form.domain))
    addresses: dict[bytes, set[bytes]] = defaultdict(set)
    for form in recent:
        if form.wording:
            addresses[form.wording].add(form.address)
    wordings = Counter({wording: len(those) for wording, those in addresses.items()})
    all_recent, said_before = len(recent), Counter(form.wording for form in before)
    trends = [
        *(Trend(NETWORK, key, None, n) for key, n in _unusual(networks, all_recent, *_networks(recent, before))),
        *(
            Trend(DOMAIN, digest_of(name), name, n)
            for name, n in _unusual(domains, all_recent, Counter(form.domain for form in before), len(before))
        ),
        *(
            Trend(WORDING, key, None, n)
            for key, n in _unusual(wordings, all_recent, said_before, len(before), LEAST_ADDRESSES)
        ),
    ]
    return sorted(trends, key=lambda trend: (-trend.drafts, trend.kind, trend.key))


def digest_of(name: str) -> bytes:
    """16 bytes that stand for a name."""
    return hashlib.sha256(name.encode()).digest()[:16]


def _unusual(
    counts: Counter[Any], recent: int, before: Counter[Any], all_before: int, least: int = LEAST_FORMS
) -> Sequence[tuple[Any, int]]:
    """Those of at least `least` whose share is TIMES what it was."""
    usual = all_before + _SUPPOSED
    return [
        (key, n) for key, n in counts.items() if n >= least and n * usual >= TIMES * (before[key] + 1) * recent
    ]


def _networks(recent: Sequence[Form], before: Sequence[Form]) -> tuple[Counter[bytes], int]:
    """The networks of before, as far as they can be compared: at midnight every network gets another hash, and
    then the largest of the day before stands for each that is new."""
    days = {form.network: form.day for form in recent if form.network}
    known = Counter(form.network for form in before if form.network)
    of_day = Counter(form.day for form in before if form.network)
    largest = max(known.values(), default=0)
    for network, day in days.items():
        if network not in known and not of_day[day]:
            known[network] = largest
    return known, len(before)
