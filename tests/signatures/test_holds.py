"""Why a draft is held: each reason, and which of them speaks first."""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from petitions.abuse.credit import NEWCOMERS
from petitions.abuse.models import DomainCount, NetworkCount
from petitions.abuse.rules import Verdict
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft
from tests.console.support import Queries
from tests.factories import confirm, make_campaign, make_draft

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOLD, ALLOW = Verdict(holds=True, key="word-1"), Verdict(holds=False, key="domain-2")


def store(
    database: Database,
    drafts: Sequence[NewDraft],
    rate: Rate | None = None,
    credit: int | None = 10,
) -> list[tuple[str | None, str | None]]:
    """Reason of each, and what it is held for."""
    with database.writing() as session:
        store_drafts(session, drafts, rate, credit)
        rows = session.execute(select(Draft.id, Draft.held_reason, Draft.held_for)).all()
    stored = {row.id: (row.held_reason, row.held_for) for row in rows}
    return [stored[draft.id] for draft in drafts]


class Sender:
    """Makes drafts, each a second later than the one before."""

    def __init__(self, campaign: CampaignSnapshot, settings: Settings) -> None:
        self.campaign, self.settings, self.count = campaign, settings, 0

    def __call__(self, domain: str = "campus.example", **changes: Any) -> NewDraft:
        self.count += 1
        at: datetime = changes.setdefault("arrived_at", NOON + timedelta(seconds=self.count))
        usual = {
            "id": UUID(int=(int(at.timestamp() * 1000) << 80) + (self.campaign.id << 40) + self.count),
            "email": f"p{self.count}@{domain}",
        }
        return make_draft(self.campaign, self.settings, **usual | changes)


@pytest.fixture
def send(campaign: CampaignSnapshot, settings: Settings) -> Sender:
    return Sender(campaign, settings)


def reasons(held: Sequence[tuple[str | None, str | None]]) -> list[str | None]:
    return [reason for reason, _ in held]


def test_a_domain_has_a_few_mails_and_then_its_drafts_wait(database: Database, send: Sender) -> None:
    held = store(database, [send() for _ in range(7)])
    held += store(database, [send() for _ in range(7)])
    assert held == [(None, None)] * 10 + [("domain", "campus.example")] * 4
    with database.reading() as session:
        assert len(session.scalars(select(Outbox.id)).all()) == 10
        row = session.scalars(select(DomainCount)).one()
        assert (row.day, row.mailed, row.confirmed) == (NOON.date(), 10, 0)
        assert re.fullmatch(r"[0-9a-f]{32}", row.domain)


def test_a_domain_is_counted_under_a_key_that_is_thrown_away(database: Database, send: Sender) -> None:
    store(database, [send(), send(arrived_at=NOON + timedelta(days=1))])
    with database.reading() as session:
        names = session.scalars(select(DomainCount.domain)).all()
        store_of = "".join(names)
    assert "campus" not in store_of
    assert len(set(names)) == len(names)


def test_large_providers_need_no_credit_and_leave_no_trace(database: Database, send: Sender) -> None:
    assert reasons(store(database, [send("gmail.com") for _ in range(30)])) == [None] * 30
    with database.reading() as session:
        assert session.scalars(select(DomainCount)).all() == []


def test_subdomains_and_campaigns_have_credit_of_their_own(
    database: Database, settings: Settings, send: Sender
) -> None:
    other = Sender(make_campaign(database, slug="other"), settings)
    drafts = [*(send() for _ in range(11)), send("maths.campus.example"), other()]
    assert reasons(store(database, drafts)) == [*[None] * 10, "domain", None, None]


def test_each_confirmation_pays_for_itself_and_three_more(database: Database, send: Sender) -> None:
    first = [send() for _ in range(10)]
    store(database, first)
    for draft in first[:2]:
        confirm(database, draft)
    later = [send(arrived_at=NOON + HOUR) for _ in range(12)]
    assert Counter(reasons(store(database, later))) == {None: 8, "domain": 4}


def test_yesterday_counts_and_the_day_before_does_not(database: Database, send: Sender) -> None:
    store(database, [send() for _ in range(10)])
    (tomorrow,) = store(database, [send(arrived_at=NOON + timedelta(days=1))])
    (after,) = store(database, [send(arrived_at=NOON + timedelta(days=2))])
    assert (tomorrow[0], after[0]) == ("domain", None)


def test_asking_again_with_the_same_form_costs_no_credit(database: Database, send: Sender) -> None:
    drafts = [send() for _ in range(9)]
    store(database, drafts)
    with database.writing() as session:
        store_drafts(session, drafts, None, 10)
    assert reasons(store(database, [send(), send()])) == [None, "domain"]


def test_a_network_of_domains_without_credit_is_suspicious_with_everything_it_sends(
    database: Database, send: Sender
) -> None:
    store(database, [send("spam.example") for _ in range(10)])
    bots = [send("spam.example", network="192.0.2.1") for _ in range(4)]
    assert reasons(store(database, bots)) == [None, *["domain"] * 3]
    held = store(database, [send("gmail.com", network="192.0.2.1"), send("gmail.com", network="192.0.2.2")])
    with database.reading() as session:
        network = session.scalar(select(Draft.network).where(Draft.id == bots[0].id))
    assert network is not None
    assert held == [("network", network.hex()), (None, None)]


def test_the_first_draft_of_a_network_signs_even_where_a_domain_has_no_credit_left(
    database: Database, send: Sender
) -> None:
    """Somebody forged forms of a university; its people sign from their homes all the same, up to a number."""
    store(database, [send(network="192.0.2.1") for _ in range(12)])
    homes = [send(network=f"198.51.100.{n}") for n in range(NEWCOMERS + 2)]
    assert Counter(reasons(store(database, homes))) == {None: NEWCOMERS, "domain": 2}
    assert reasons(store(database, [send(network="198.51.100.1")])) == ["domain"]  # its second


def test_a_network_is_free_again_when_people_there_confirm(database: Database, send: Sender) -> None:
    people = [send(network="192.0.2.1") for _ in range(10)]
    store(database, people)
    assert reasons(store(database, [send(network="192.0.2.1") for _ in range(6)])) == [
        *["domain"] * 3,
        *["network"] * 3,
    ]
    assert reasons(store(database, [send("gmail.com", network="192.0.2.1")])) == ["network"]
    confirm(database, people[0])
    assert reasons(store(database, [send("gmail.com", network="192.0.2.1")])) == ["network"]
    confirm(database, people[1])
    assert reasons(store(database, [send("gmail.com", network="192.0.2.1")])) == [None]


def test_confirming_touches_no_row_of_a_network_of_which_nothing_is_held(database: Database, send: Sender) -> None:
    draft = send("gmail.com", network="192.0.2.1")
    store(database, [draft])
    confirm(database, draft)
    with database.reading() as session:
        assert session.scalars(select(NetworkCount.confirmed)).all() == [0]
        assert session.scalars(select(DomainCount)).all() == []


_ONE = Rate(1, HOUR)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trapped": True, "ruled": ALLOW}, ("honeypot", None)),
        ({"ruled": ALLOW}, (None, None)),
        ({"ruled": HOLD}, ("rule", "word-1")),
        ({}, ("disposable", "mailinator.com")),
        ({"domain": "a.b.mailinator.com"}, ("disposable", "mailinator.com")),
        ({"domain": "spam.example", "proven": False}, ("work", "hash")),
        ({"domain": "spam.example"}, ("rate", "hash")),
        ({"domain": "spam.example", "network": "192.0.2.2"}, ("network", "hash")),
        ({"domain": "spam.example", "network": None}, ("domain", "spam.example")),
        ({"domain": "gmail.com", "network": None}, (None, None)),
    ],
)
def test_the_first_reason_speaks(
    database: Database, send: Sender, changes: dict[str, Any], reason: tuple[str | None, str | None]
) -> None:
    """A draft to which every later reason applies as well."""
    store(database, [send("spam.example") for _ in range(10)])
    for network in ("192.0.2.1", "192.0.2.2"):  # both suspicious, and the first has no place left without work
        store(database, [send("spam.example", network=network) for _ in range(5)])
    store(database, [send("gmail.com", network="192.0.2.1", proven=False) for _ in range(3)])
    draft = send(**{"domain": "mailinator.com", "network": "192.0.2.1"} | changes)
    ((found, by),) = store(database, [draft], Rate(6, HOUR))
    if by is not None and reason[1] == "hash":
        with database.reading() as session:
            network = session.scalar(select(Draft.network).where(Draft.id == draft.id))
        assert network is not None
        assert by == network.hex()
        by = "hash"
    assert (found, by) == reason


def test_an_allowed_draft_takes_no_credit_from_others(database: Database, send: Sender) -> None:
    store(database, [send(ruled=ALLOW) for _ in range(20)])
    assert reasons(store(database, [send() for _ in range(11)])) == [*[None] * 10, "domain"]


def test_without_rate_and_credit_nothing_is_kept_of_networks(database: Database, send: Sender) -> None:
    store(database, [send(network="192.0.2.1") for _ in range(20)], credit=None)
    with database.reading() as session:
        assert set(session.scalars(select(Draft.network))) == {None}
        assert session.scalars(select(NetworkCount)).all() == []
        assert session.scalars(select(DomainCount)).all() == []


def count_queries(database: Database, drafts: list[NewDraft], credit: int | None) -> int:
    with Queries(database) as queries, database.writing() as session:
        store_drafts(session, drafts, Rate(60, HOUR), credit)
    return queries.count


def test_large_providers_cost_no_query_more_and_others_two_for_a_batch(database: Database, send: Sender) -> None:
    def batch(domain: str, size: int) -> list[NewDraft]:
        return [send(domain, network="192.0.2.1") for _ in range(size)]

    for _ in range(2):  # the key of the day: made, and then kept
        count_queries(database, batch("campus.example", 1), 10)
    plain = count_queries(database, batch("gmail.com", 3), None)
    assert count_queries(database, batch("gmail.com", 3), 10) == plain
    assert count_queries(database, batch("campus.example", 1), 10) == plain + 2
    assert count_queries(database, batch("campus.example", 3), 10) == plain + 2


def test_processes_that_take_forms_while_others_confirm_lose_no_count(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    people = Sender(campaign, settings)
    first = [[people(f"d{n % 3}.example", network=f"192.0.2.{n % 4}") for n in range(6)] for _ in range(2)]
    with database.writing() as session:
        for batch in first:
            store_drafts(session, batch, Rate(1000, HOUR), 2)
    more = [
        [[people(f"d{n % 3}.example", network=f"192.0.2.{n % 4}") for n in range(9)] for _ in range(5)]
        for _ in range(2)
    ]
    start, errors = threading.Barrier(4), []

    def take(batches: list[list[NewDraft]]) -> None:
        start.wait(30)
        try:
            for batch in batches:
                with database.writing() as session:
                    store_drafts(session, batch, Rate(1000, HOUR), 2)
        except BaseException as error:
            errors.append(error)

    def press(drafts: list[NewDraft]) -> None:
        start.wait(30)
        try:
            for draft in drafts:
                confirm(database, draft)
        except BaseException as error:
            errors.append(error)

    threads = [
        *(threading.Thread(target=take, args=(batches,)) for batches in more),
        *(threading.Thread(target=press, args=(batch,)) for batch in first),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reading() as session:
        arrived = sum(session.scalars(select(NetworkCount.drafts)))
        mails = len(session.scalars(select(Outbox.id).where(Outbox.kind == "confirm")).all())
        accounts = session.scalars(select(DomainCount)).all()
    assert arrived == 12 + 90
    assert sum(account.mailed for account in accounts) == mails
    assert sum(account.confirmed for account in accounts) > 0
