"""What confirming lets go of what is held, and what stays."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from petitions.abuse.credit import Account, add_to_accounts
from petitions.abuse.forgetting import forget_networks
from petitions.abuse.models import DomainCount
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures import crediting
from petitions.signatures.crediting import release_earned
from petitions.signatures.drafting import NewDraft
from petitions.signatures.expiring import forget_draft_networks
from petitions.signatures.models import Draft, Signature
from tests.factories import confirm
from tests.signatures.test_holds import NOON, Sender, store

HOUR = timedelta(hours=1)


@pytest.fixture
def send(campaign: CampaignSnapshot, settings: Settings) -> Sender:
    return Sender(campaign, settings)


def mailed(database: Database) -> set[UUID]:
    with database.reading() as session:
        return set(session.scalars(select(Outbox.subject_id)))


def ids(drafts: Iterable[NewDraft]) -> set[UUID]:
    return {draft.id for draft in drafts}


def release(database: Database, now: datetime = NOON + HOUR) -> int:
    return release_earned(database, now, domain_credit=10)


@pytest.mark.parametrize("step", [3, 200])
def test_the_oldest_of_a_network_go_first_up_to_the_credit(
    database: Database, send: Sender, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(crediting, "_STEP", step)
    drafts = [send() for _ in range(30)]
    store(database, drafts)
    assert release(database) == 0
    for draft in drafts[:3]:
        confirm(database, draft)
    assert release(database) == 12
    assert mailed(database) == ids(drafts[:22])
    assert release(database) == 0
    for draft in drafts[9:12]:
        assert release(database) == 0  # one alone brings nothing: it would be seen
        confirm(database, draft)
    assert release(database) == 8
    assert mailed(database) == ids(drafts)
    with database.reading() as session:
        account = session.scalars(select(DomainCount)).one()
        assert (account.mailed, account.confirmed) == (30, 6)
        held = session.execute(select(Draft.held_reason, Draft.held_for).where(Draft.id == drafts[29].id)).one()
    assert tuple(held) == (None, None)


def test_those_go_first_of_whose_network_the_fewest_wait(database: Database, send: Sender) -> None:
    """Who floods first does not have what honest people earn."""
    people = [send() for _ in range(10)]
    store(database, people)
    flood = [send(network=f"198.51.100.{n % 5}") for n in range(15)]  # one of each goes, as a newcomer
    alone = [send(network="192.0.2.1"), send(network="192.0.2.1")]
    pairs = [send(network=f"192.0.2.{n // 2}") for n in range(4, 12)]
    store(database, [*flood, *alone, *pairs])
    for draft in people[:3]:
        confirm(database, draft)
    went = mailed(database)
    assert release(database) == 12
    # Of each network that sent two forms the first went as a newcomer, and one waits.
    honest = {alone[1].id, *(draft.id for draft in pairs[1::2])}
    assert mailed(database) - went == honest | ids(flood[5:12])


def test_an_address_that_had_its_mails_is_passed_over_and_costs_nothing(database: Database, send: Sender) -> None:
    email = "busy@campus.example"
    store(database, [*(send(email=email, comment=f"{n}") for n in range(5)), *(send() for _ in range(5))])
    waiting = [send(email=email, comment=f"more {n}") for n in range(8)]
    others = [send() for _ in range(12)]
    store(database, [*waiting, *others])
    with database.writing() as session:
        add_to_accounts(session, {(send.campaign.id, "campus.example"): Account(confirmed=3)}, NOON)
    assert release(database) == 12
    assert ids(others) <= mailed(database)
    with database.writing() as session:
        add_to_accounts(session, {(send.campaign.id, "campus.example"): Account(confirmed=3)}, NOON)
    for _ in range(3):
        assert release(database) == 0
    with database.reading() as session:
        assert session.scalars(select(DomainCount.mailed)).all() == [22]
    tomorrow = NOON + timedelta(days=1, hours=1)
    assert release(database, tomorrow) == 5  # as many mails as an address may have in a day
    with database.reading() as session:
        booked = session.execute(select(DomainCount.day, DomainCount.mailed).order_by(DomainCount.day)).all()
    assert [tuple(row) for row in booked] == [(NOON.date(), 22), (tomorrow.date(), 5)]


def test_who_got_too_many_mails_meanwhile_is_not_charged_either(
    database: Database, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and locking other mails may go to the address."""
    monkeypatch.setattr(crediting, "may_mail", lambda *_: True)
    email = "busy@campus.example"
    store(database, [send(email=email, comment=f"{n}") for n in range(14)])  # ten were let through, five mailed
    with database.writing() as session:
        add_to_accounts(session, {(send.campaign.id, "campus.example"): Account(confirmed=3)}, NOON)
    assert release(database) == 0
    with database.reading() as session:
        assert session.scalars(select(DomainCount.mailed)).all() == [10]


def test_workers_that_release_at_once_mail_everybody_once_and_book_it_once(
    database: Database, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crediting, "_STEP", 4)
    drafts = [send() for _ in range(60)]
    store(database, drafts)
    for draft in drafts[:9]:
        confirm(database, draft)
    start, counts = threading.Barrier(3), []

    def work() -> None:
        start.wait(30)
        counts.append(release(database))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 36
    assert len(counts) == 3
    with database.reading() as session:
        mails = session.scalars(select(Outbox.subject_id)).all()
        assert session.scalars(select(DomainCount.mailed)).all() == [46]
    assert len(mails) == len(set(mails)) == 46
    assert set(mails) == ids(drafts[:46])


def test_a_released_draft_can_be_confirmed(database: Database, send: Sender) -> None:
    drafts = [send() for _ in range(11)]
    store(database, drafts)
    for draft in drafts[:3]:
        confirm(database, draft)
    release(database)
    assert confirm(database, drafts[10]).value == "counted"


def test_a_network_that_confirms_is_let_go_with_its_large_providers(database: Database, send: Sender) -> None:
    people = [send(network="192.0.2.1") for _ in range(30)]
    store(database, people)
    late = [send("gmail.com", network="192.0.2.1") for _ in range(3)]
    assert store(database, late)[0][0] == "network"
    assert release(database) == 0
    for draft in people[:7]:
        confirm(database, draft)
    assert release(database) == 20 + 3
    assert mailed(database) == ids([*people, *late])


def test_without_a_confirmation_nothing_goes_even_when_the_days_are_over(database: Database, send: Sender) -> None:
    store(database, [send(network="192.0.2.1") for _ in range(20)])
    assert release(database, NOON + timedelta(days=3)) == 0
    assert len(mailed(database)) == 10


def test_a_draft_of_a_suspicious_network_waits_for_its_network(database: Database, send: Sender) -> None:
    people = [send() for _ in range(10)]
    store(database, people)
    bots = [send("gmail.com", network="192.0.2.1"), *(send(network="192.0.2.1") for _ in range(9))]
    store(database, bots)
    confirm(database, bots[0])
    for draft in people:
        confirm(database, draft)
    assert release(database) == 0
    with database.reading() as session:
        assert set(session.scalars(select(Draft.held_reason))) == {"network"}
        (by,) = set(session.scalars(select(Draft.held_for)))
        assert by is not None
        assert {network.hex() for network in session.scalars(select(Draft.network)) if network} == {by}


def test_what_is_held_for_other_reasons_stays(database: Database, send: Sender) -> None:
    drafts = [send() for _ in range(11)]
    other = [send("mailinator.com"), send(trapped=True)]
    store(database, [*drafts, *other])
    for draft in drafts[:3]:
        confirm(database, draft)
    assert release(database) == 1
    assert not mailed(database) & ids(other)


def test_switched_off_it_lets_nothing_go(database: Database, send: Sender) -> None:
    drafts = [send() for _ in range(12)]
    store(database, drafts)
    for draft in drafts[:3]:
        confirm(database, draft)
    assert release_earned(database, NOON, domain_credit=None) == 0


def test_networks_are_forgotten_with_what_they_held_and_domains_are_not(database: Database, send: Sender) -> None:
    store(database, [send("spam.example", network="192.0.2.1") for _ in range(24)])
    later = NOON + timedelta(hours=48)
    forget_draft_networks(database, later)
    forget_networks(database, later)
    with database.reading() as session:
        held = session.execute(select(Draft.held_reason, Draft.held_for, Draft.network).distinct()).all()
    assert {tuple(row) for row in held} == {
        (None, None, None),
        ("domain", "spam.example", None),
        ("network", None, None),
    }
    assert release(database, later) == 0


def test_counts_of_domains_are_kept_two_days(database: Database, send: Sender) -> None:
    for days in range(4):
        store(database, [send(arrived_at=datetime(2026, 11, 19 + days, 12, tzinfo=UTC))])
    forget_networks(database, NOON)
    with database.reading() as session:
        days_kept = session.scalars(select(DomainCount.day).order_by(DomainCount.day)).all()
    assert [day.day for day in days_kept] == [21, 22]


def test_all_below_a_domain_have_its_credit_together(database: Database, send: Sender) -> None:
    """Whoever has a domain makes as many below it as they like."""
    first = [send(f"h{n}.campus.example") for n in range(10)]
    waiting = [send(f"h{n}.campus.example") for n in range(10, 25)]
    store(database, [*first, *waiting])
    assert len(mailed(database)) == 10
    for draft in first[:3]:
        confirm(database, draft)
    assert release(database) == 12
    with database.reading() as session:
        assert len(session.scalars(select(DomainCount)).all()) == 1
        assert set(session.scalars(select(Signature.domain))) == {"campus.example"}
