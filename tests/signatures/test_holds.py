"""Why a draft is held: each reason, and which of them speaks first."""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from petitions.abuse.credit import NEWCOMERS
from petitions.abuse.models import DomainCount, NetworkCount
from petitions.abuse.rules import Verdict
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft, Refusal, Signature
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


def test_campaigns_have_credit_of_their_own_and_subdomains_have_none(
    database: Database, settings: Settings, send: Sender
) -> None:
    other = Sender(make_campaign(database, slug="other"), settings)
    drafts = [*(send() for _ in range(10)), send("maths.campus.example"), other("maths.campus.example")]
    assert store(database, drafts)[10:] == [("domain", "campus.example"), (None, None)]


@pytest.mark.parametrize(("confirmed", "more"), [(1, 0), (2, 0), (3, 12), (5, 12), (6, 24)])
def test_three_confirmations_pay_for_themselves_and_three_times_as_many_more(
    database: Database, send: Sender, confirmed: int, more: int
) -> None:
    """One by one they would tell whoever sends forms when somebody there confirmed."""
    first = [send() for _ in range(10)]
    store(database, first)
    for draft in first[:confirmed]:
        confirm(database, draft)
    later = [send(arrived_at=NOON + HOUR) for _ in range(25)]
    assert Counter(reasons(store(database, later))) == Counter({None: more, "domain": 25 - more})


def test_yesterday_counts_and_the_day_before_does_not(database: Database, send: Sender) -> None:
    store(database, [send() for _ in range(10)])
    (tomorrow,) = store(database, [send(arrived_at=NOON + timedelta(days=1))])
    (after,) = store(database, [send(arrived_at=NOON + timedelta(days=2))])
    assert (tomorrow[0], after[0]) == ("domain", None)


def test_asking_again_with_the_same_form_costs_like_a_new_one(database: Database, send: Sender) -> None:
    """Cost it nothing, everybody could see by forms of their own which form the store knows, and so who signed."""
    drafts = [send() for _ in range(5)]
    store(database, drafts)
    with database.writing() as session:
        store_drafts(session, drafts[:4], None, 10)
    assert reasons(store(database, [send(), send()])) == [None, "domain"]


@pytest.mark.parametrize("domain_credit", [1, 10])
def test_what_a_form_leaves_behind_says_nothing_of_who_signed(
    database: Database, settings: Settings, campaign: CampaignSnapshot, domain_credit: int
) -> None:
    """Whoever forges forms of a domain, and sends one of their own from the same place, sees the same."""
    left = []
    for known in ("nothing", "drafted", "held", "signed", "refused"):
        send = Sender(campaign, settings)
        with database.writing() as session:
            for table in (Outbox, Draft, Signature, Refusal, DomainCount, NetworkCount):
                session.execute(delete(table))
        asked = make_known(database, send, known)
        probe = [
            *(send(network="192.0.2.7") for _ in range(3)),
            replace(asked, id=send().id, arrived_at=NOON, network="192.0.2.7"),
        ]
        with database.writing() as session:
            store_drafts(session, probe, Rate(60, HOUR), domain_credit)
        own = store(database, [send("gmail.com", network="192.0.2.7")], credit=domain_credit)
        with database.reading() as session:
            today = select(DomainCount.domain, DomainCount.mailed, DomainCount.newcomers)
            domains = session.execute(today.where(DomainCount.day == NOON.date())).all()
            networks = session.execute(
                select(NetworkCount.network, NetworkCount.drafts, NetworkCount.held).order_by(NetworkCount.network)
            ).all()
        left.append((reasons(own), domains, networks))
    assert left == [left[0]] * len(left)
    assert left[0][0] == (["network"] if domain_credit == 1 else [None])
    assert len(left[0][1]) == 1


def make_known(database: Database, send: Sender, known: str) -> NewDraft:
    """A form of which the store knows that; it came long ago, so nothing of it counts today."""
    draft = send(arrived_at=NOON - timedelta(days=5))
    if known == "nothing":
        return draft
    with database.writing() as session:
        store_drafts(session, [replace(draft, trapped=known == "held")], None, None)
    if known == "signed":
        confirm(database, draft)
    if known == "refused":
        with database.writing() as session:
            session.execute(delete(Draft))
            session.add(Refusal(campaign_id=draft.campaign_id, email_key=draft.email_key, refused_at=NOON))
    return draft


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
    people = [send("gmail.com", network="192.0.2.1") for _ in range(3)]
    store(database, [*(send() for _ in range(10)), *people])
    store(database, [send(network="192.0.2.1") for _ in range(6)])
    assert reasons(store(database, [send("gmail.com", network="192.0.2.1")])) == ["network"]
    confirm(database, people[0])
    assert reasons(store(database, [send("gmail.com", network="192.0.2.1")])) == ["network"]
    confirm(database, people[1])
    assert reasons(store(database, [send("gmail.com", network="192.0.2.1")])) == [None]


def test_a_few_forged_forms_close_no_network_that_many_share(database: Database, send: Sender) -> None:
    """A campus, or a provider's telephones: the others there are held only where forged forms are most of all."""
    store(database, [send() for _ in range(10)])
    shared = [send("gmail.com", network="192.0.2.1") for _ in range(6)]
    forged = [send(network="192.0.2.1") for _ in range(5)]
    honest = [send("gmail.com", network="192.0.2.1") for _ in range(10)]
    held = reasons(store(database, [*shared, *forged])) + reasons(store(database, honest))
    assert held == [*[None] * 6, *["domain"] * 5, *[None] * 10]


def test_a_network_is_open_again_when_the_forged_forms_are_no_longer_most_of_what_came(
    database: Database, send: Sender
) -> None:
    store(database, [send() for _ in range(10)])
    store(database, [send(network="192.0.2.1") for _ in range(6)])  # the first is let through
    later = [NOON + 5 * HOUR + n * MINUTE for n in range(6)]
    honest = [send("gmail.com", network="192.0.2.1", arrived_at=at) for at in later]
    assert reasons(store(database, honest)) == [*["network"] * 3, *[None] * 3]


def test_a_flood_past_its_rate_does_not_make_its_network_less_suspicious(database: Database, send: Sender) -> None:
    store(database, [send() for _ in range(10)])
    store(database, [send(network="192.0.2.1") for _ in range(30)], Rate(6, HOUR))
    later = send("gmail.com", network="192.0.2.1", arrived_at=NOON + 3 * HOUR)
    assert reasons(store(database, [later], Rate(6, HOUR))) == ["network"]


def test_newcomers_are_counted_apart_and_leave_no_debt(database: Database, send: Sender) -> None:
    first = [send() for _ in range(10)]
    store(database, [*first, *(send(network=f"198.51.100.{n}") for n in range(NEWCOMERS + 1))])
    with database.reading() as session:
        account = session.scalars(select(DomainCount)).one()
    assert (account.mailed, account.newcomers) == (10, NEWCOMERS)
    for draft in first[:3]:
        confirm(database, draft)
    assert reasons(store(database, [send() for _ in range(13)])) == [*[None] * 12, "domain"]


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
        store(database, [send("spam.example", network=network) for _ in range(7)])
    store(database, [send("gmail.com", network="192.0.2.1", proven=False) for _ in range(3)])
    draft = send(**{"domain": "mailinator.com", "network": "192.0.2.1"} | changes)
    ((found, by),) = store(database, [draft], Rate(9, HOUR))
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
    assert sum(account.mailed + account.newcomers for account in accounts) == mails
    assert sum(account.confirmed for account in accounts) > 0
