"""Networks as keyed hashes, whose keys are thrown away."""

import asyncio
import ipaddress
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from petitions import app
from petitions.abuse import networks
from petitions.abuse.forgetting import forget_networks
from petitions.abuse.models import NetworkKey
from petitions.abuse.networks import forget_kept_keys, get_day_key, hash_network, network_of
from petitions.db import Database
from petitions.settings import Settings
from tests.conftest import serving
from tests.console.support import Queries

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", None),
        ("unknown", None),
        ("192.0.2.1:80", None),
        ("192.0.2", None),
        ("testclient", None),
    ],
)
def test_a_network_is_an_ipv4_address_or_half_of_an_ipv6_one(address: str, network: str | None) -> None:
    assert network_of(address) == network


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_is_not(text: str) -> None:
    network_of(text)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_the_second_half_of_an_ipv6_address_does_not_matter(address: ipaddress.IPv6Address, rest: int) -> None:
    other = ipaddress.IPv6Address(int(address) >> 64 << 64 | rest)
    if address.ipv4_mapped is None and other.ipv4_mapped is None:
        assert network_of(str(address)) == network_of(str(other))


def test_a_hash_says_nothing_without_its_key() -> None:
    key = b"k" * 32
    assert hash_network("192.0.2.1", key) == hash_network("192.0.2.1", key)
    assert len(hash_network("192.0.2.1", key)) == 16
    different = {
        hash_network("192.0.2.1", key),
        hash_network("192.0.2.2", key),
        hash_network("192.0.2.1", b"l" * 32),
    }
    assert len(different) == 3


def test_a_day_has_one_key_and_the_next_day_another(database: Database) -> None:
    with database.writing() as session:
        first = get_day_key(session, NOON)
    with database.writing() as session:
        assert get_day_key(session, NOON + timedelta(hours=11)) == first
        second = get_day_key(session, NOON + timedelta(hours=12))
    assert len(first) == len(second) == 32
    assert first != second
    assert hash_network("192.0.2.1", first) != hash_network("192.0.2.1", second)


def test_a_key_whose_transaction_was_rolled_back_is_nobody_s_key(database: Database) -> None:
    lost = b""
    with suppress(ZeroDivisionError), database.writing() as session:
        lost = get_day_key(session, NOON)
        assert get_day_key(session, NOON) == lost
        raise ZeroDivisionError
    other = Database(database.engine.url.render_as_string(hide_password=False))  # another process
    with other.writing() as session:
        made = get_day_key(session, NOON)
    other.close()
    with database.writing() as session:
        assert get_day_key(session, NOON) == made != lost


def test_processes_that_race_for_the_day_s_first_key_get_the_same(database: Database) -> None:
    start = threading.Barrier(4)
    keys: list[bytes] = []

    def ask() -> None:
        start.wait(30)
        with database.writing() as session:
            keys.append(get_day_key(session, NOON))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 4
    assert len(set(keys)) == 1


def test_keys_are_thrown_away_after_two_days(database: Database) -> None:
    with database.writing() as session:
        for days in range(5):
            get_day_key(session, NOON - days * DAY)
    forget_networks(database, NOON)
    with database.reading() as session:
        kept = session.scalars(select(NetworkKey.day).order_by(NetworkKey.day)).all()
    # The first hash under the key of the day before yesterday is older than 48 hours.
    assert kept == [(NOON - days * DAY).date() for days in (1, 0)]


def questions(database: Database, at: datetime) -> int:
    """How often the store is asked for the key of a day."""
    with database.writing() as session:
        session.connection()
        with Queries(database) as queries:
            get_day_key(session, at)
    return queries.count


def test_a_process_forgets_keys_by_the_clock_and_asks_the_store_once_a_day(database: Database) -> None:
    questions(database, NOON)
    assert [questions(database, NOON) for _ in range(2)] == [1, 0]
    forget_kept_keys(NOON + DAY)
    assert questions(database, NOON) == 0
    forget_kept_keys(datetime(2026, 11, 24, tzinfo=UTC))  # when the store deletes it
    assert questions(database, NOON) == 1


def test_keys_that_another_thread_forgets_at_the_same_time_do_no_harm() -> None:
    class Raced(dict[date, bytes | None]):
        def __iter__(self) -> Iterator[date]:
            days = list(self.keys())
            self.clear()
            return iter(days)

    kept = Raced({NOON.date() - n * DAY: b"" for n in range(5)})
    networks._drop(kept, NOON.date())
    assert not kept


@pytest.mark.anyio
async def test_a_server_forgets_keys_though_no_form_comes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: asyncio.Queue[datetime] = asyncio.Queue()
    monkeypatch.setattr(app, "_FORGET_EVERY", 0)
    monkeypatch.setattr(app, "forget_kept_keys", looked.put_nowait)
    async with serving(settings):
        assert await asyncio.wait_for(looked.get(), 30) <= await asyncio.wait_for(looked.get(), 30)
