"""A campaign with as many signatures as you like: kept in the work directory, and used again."""

import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from benchmarks.options import BenchmarkError, Options
from benchmarks.people import Person, make_address, make_person, rename
from benchmarks.seeding import batched, prepare, signed_columns
from benchmarks.stores import Shelf, Store, administer
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Base
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.mailboxes import domain_of, registrable
from petitions.signatures.counting import recount
from petitions.signatures.models import Draft, Signature, Tally, TallyPart
from petitions.signatures.rollups import DIMENSIONS, Part, find_parts, parts_of
from petitions.signatures.words import places_of

Row = dict[str, Any]
Words = dict[type[Base], list[tuple[str, int]]]  # with the serial, for each table

_FILLED = "filled"  # a file that says so
#: So many different people sign again and again, each time with another address.
_PEOPLE = 20_000
#: The campaign has been open for 12 days; see campaign/campaign.toml.
_DAYS = timedelta(days=11)


def full_campaign(stores: Shelf, options: Options) -> tuple[Store, CampaignSnapshot, float | None]:
    """The store whose campaign has `--signatures` signatures, and the seconds that filling it took; None when
    it was full already. Whatever an earlier benchmark left waiting in it is gone. Raises BenchmarkError."""
    name = f"full{options.signatures}"
    store = stores.find(name, _FILLED)
    if store is not None:
        _forget_drafts(store)
        return store, prepare(store), None
    store = stores.store(name, keep=True)
    campaign = prepare(store)
    started = time.monotonic()
    _fill(store, campaign, options.signatures)
    seconds = round(time.monotonic() - started, 1)
    check_counts(store, campaign)
    (store.data_dir / _FILLED).touch()
    return store, campaign, seconds


def check_counts(store: Store, campaign: CampaignSnapshot) -> None:
    """Raises BenchmarkError when the count or a roll-up is not what the rows say."""
    with store.opened() as database:
        with database.writing() as session:
            counted = recount(session, campaign.id, utc_now(), repair=False)
        with database.reading() as session:
            behind = session.scalar(
                select(Tally.last_serial - Tally.rolled_up_serial).where(Tally.campaign_id == campaign.id)
            )
            wrong = (
                [] if behind else [each for each in DIMENSIONS if not _is_rolled_up(session, campaign.id, each)]
            )
    if counted.drift or wrong:
        raise BenchmarkError(f"the count is wrong by {counted.drift}, roll-ups are wrong: {wrong}")


def _is_rolled_up(session: Session, campaign_id: int, dimension: str) -> bool:
    counted = select(Tally.counted).where(Tally.campaign_id == campaign_id)
    parts = dict(find_parts(session, campaign_id, dimension))
    if dimension not in Signature.__table__.c:
        return sum(parts.values()) == session.scalar(counted)  # a share of time
    value = getattr(Signature, dimension)
    rows = session.execute(
        select(value, func.count())
        .where(Signature.campaign_id == campaign_id, Signature.removed_at.is_(None))
        .group_by(value)
    )
    return {key: count for key, count in rows} == parts  # noqa: C416 - a Row is no tuple to mypy


def _forget_drafts(store: Store) -> None:
    with store.opened() as database, database.writing() as session:
        for table in (Draft, Outbox):
            session.execute(delete(table))


def _fill(store: Store, campaign: CampaignSnapshot, count: int) -> None:
    words: Words = defaultdict(list)
    parts: Counter[Part] = Counter()
    now = utc_now()
    with store.opened() as database, database.writing() as session:
        if store.kind == "sqlite":
            session.execute(text("PRAGMA cache_size=-400000"))  # of this connection alone
        for rows in batched(_signatures(store, campaign, count, now, words, parts)):
            _insert(session, Signature, rows)
        for table, places in words.items():
            places.sort()
            for rows in batched({"campaign_id": campaign.id, "word": w, "serial": serial} for w, serial in places):
                _insert(session, table, rows)
        _insert(session, TallyPart, _part_rows(campaign, parts))
        session.execute(
            update(Tally)
            .where(Tally.campaign_id == campaign.id)
            .values(counted=count, last_serial=count, rolled_up_serial=count, changed_at=now)
        )
    _settle(store)


def _settle(store: Store) -> None:
    """What time does to a real store: statistics are gathered, and the log is written back."""
    url = make_url(store.url)
    if store.kind == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as file:
            file.execute("ANALYZE")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        administer(store.url, "VACUUM (ANALYZE)", "CHECKPOINT")


def _signatures(
    store: Store,
    campaign: CampaignSnapshot,
    count: int,
    now: datetime,
    words: Words,
    parts: Counter[Part],
) -> Iterator[Row]:
    """The rows; their words and their shares of the count are noted on the way."""
    people = _make_people()
    places = [places_of(person.visibility, person.name) for person in people]
    step = _DAYS / count
    for serial in range(1, count + 1):
        place = (serial * 7919) % len(people)  # a prime, so that neighbours differ
        person = people[place]
        at = now - _DAYS + serial * step
        email = make_address("full", serial)
        for table, word in places[place]:
            words[table].append((word, serial))
        shares = {"country": person.country, "visibility": person.visibility, "language": "en"}
        parts.update(parts_of(SimpleNamespace(**shares, confirmed_at=at, drafted_at=at)))
        yield signed_columns(store, campaign, person, email) | {
            "domain": registrable(domain_of(email)),
            "id": new_id(),
            "serial": serial,
            "drafted_at": at,
            "confirmed_at": at,
            "updates_at": at if person.updates else None,
        }


def _make_people() -> Sequence[Person]:
    """A third of them has a family name that few others have."""
    random = Random(1886)
    people = [make_person(random) for _ in range(_PEOPLE)]
    return [rename(person, random) if n % 3 == 0 else person for n, person in enumerate(people)]


def _part_rows(campaign: CampaignSnapshot, parts: Counter[Part]) -> list[Row]:
    return [
        {"campaign_id": campaign.id, "dimension": dimension, "value": value, "counted": counted}
        for (dimension, value), counted in parts.items()
    ]


def _insert(session: Session, table: type[Base], rows: list[Row]) -> None:
    """Into SQLite as usual; into PostgreSQL by COPY, which takes a fifth of the time."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.execute(insert(cast("Table", table.__table__)), rows)
        return
    names = list(rows[0])
    statement = f"COPY {table.__tablename__} ({', '.join(names)}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([json.dumps(value) if isinstance(value, dict) else value for value in row.values()])
