"""Everybody takes locks in one order, so nobody waits in a ring: networks, domains, drafts by address.

Each test lets somebody hold what comes first, waits until the one under test waits for it, and sees that nothing
of what comes later is held by then.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from petitions.abuse.credit import Account, add_to_accounts
from petitions.abuse.models import DomainCount, NetworkCount
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, store_confirmations
from petitions.signatures.crediting import release_earned
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.holding import drop, release
from petitions.signatures.models import Draft
from tests.factories import make_campaign
from tests.signatures.test_holds import NOON, Sender

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # SQLite has one lock for all
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@contextmanager
def waiting_for(database: Database, session: Session, act: Callable[[], object]) -> Iterator[None]:
    """Act in a thread; inside it waits for what this session has locked, and goes on afterwards."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while thread.is_alive() and time.monotonic() < deadline:
            with database.reading() as looking:  # each time anew: a transaction sees one state of the server
                if looking.scalar(_WAITING):
                    break
        assert thread.is_alive(), errors
        yield
    finally:
        session.commit()
        thread.join()
    assert errors == []


def store(database: Database, drafts: list[NewDraft]) -> None:
    with database.writing() as session:
        store_drafts(session, drafts, None, 10)


@pytest.mark.parametrize("act", [drop, lambda session, campaign, ids: release(session, campaign, ids, NOON)])
def test_who_drops_and_who_releases_lock_drafts_in_the_order_of_addresses(
    database: Database, settings: Settings, campaign: CampaignSnapshot, act: Callable[..., object]
) -> None:
    send = Sender(campaign, settings)
    drafts = sorted((send("gmail.com", trapped=True) for _ in range(2)), key=lambda draft: draft.email_key)
    if drafts[0].id < drafts[1].id:  # the order of the ids is the other one
        send.count, address = 0, {draft.email for draft in drafts}
        drafts = [send(email=email, trapped=True) for email in sorted(address, reverse=True)]
        drafts.sort(key=lambda draft: draft.email_key)
    first, last = drafts
    assert first.id > last.id
    store(database, drafts)

    def run() -> None:
        with database.writing() as session:
            act(session, campaign.id, [draft.id for draft in drafts])

    with database.engine.begin() as connection, Session(connection) as session:
        session.execute(select(Draft.id).where(Draft.id == first.id).with_for_update())
        with waiting_for(database, session, run):
            session.execute(select(Draft.id).where(Draft.id == last.id).with_for_update(nowait=True)).one()
            connection.commit()


def test_confirming_for_two_campaigns_locks_networks_before_domains_and_drafts(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    first = Sender(campaign, settings)("one.example", network="192.0.2.1")
    second = Sender(other, settings)("two.example", network="192.0.2.2")
    store(database, [first, second])
    pressed = [Confirmation(d.campaign_id, d.id, d.arrived_at + timedelta(minutes=1)) for d in (first, second)]
    with database.writing() as session:
        session.execute(update(NetworkCount).values(held=1))
        network = session.scalars(select(Draft.network).where(Draft.id == second.id)).one()

    def run() -> None:
        with database.writing() as session:
            store_confirmations(session, pressed)

    with database.engine.begin() as connection, Session(connection) as session:
        session.execute(select(NetworkCount).where(NetworkCount.network == network).with_for_update())
        with waiting_for(database, session, run):
            domains = select(DomainCount.domain).with_for_update(nowait=True)
            assert len(session.execute(domains).all()) == 2
            assert len(session.execute(select(Draft.id).with_for_update(nowait=True)).all()) == 2
            connection.commit()


def test_letting_go_what_earned_it_locks_the_day_s_account_before_drafts(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    send = Sender(campaign, settings)
    drafts = [send() for _ in range(12)]
    store(database, drafts)
    place = {(campaign.id, "campus.example"): Account(confirmed=3)}
    tomorrow = NOON + timedelta(days=1)  # a day whose account is not there yet
    with database.writing() as session:
        add_to_accounts(session, place, NOON)
    with database.engine.begin() as connection, Session(connection) as session:
        add_to_accounts(session, place, tomorrow)
        with waiting_for(database, session, lambda: release_earned(database, tomorrow, domain_credit=10)):
            held: list[UUID] = [draft.id for draft in drafts[10:]]
            locked = select(Draft.id).where(Draft.id.in_(held)).with_for_update(nowait=True)
            assert len(session.execute(locked).all()) == 2
            connection.commit()
