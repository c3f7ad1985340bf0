"""Forms and their sources, counted in the memory of a server and written together every few seconds: signing
itself writes nothing of it. A server that is killed loses the counts of these seconds.

A source is counted once for each network and hour (in each process), and never by a form that a program filled in:
else a few forms of one's own would push the figure of a link that was given to one person to where it is shown,
and tell when that person came.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.orm import Session

from petitions import log
from petitions.clock import utc_now
from petitions.db import Database, Fact, insert_for, insert_ignoring
from petitions.errors import StoreUnavailable
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.watching.sources import DIRECT, MOST, NAMED_FROM, OTHER, source_key

#: Seconds between two writes.
EVERY = 10.0
#: Networks with sources that a process remembers within an hour; past them sources are not counted.
_MOST_NOTED = 200_000
#: A source that has no name by then makes room for others.
_UNNAMED_FOR = timedelta(days=1)
#: The hour in which the shown figures of sources were last renewed.
_SHOWN = "sources_shown"


@dataclass
class Gathered:
    """What arrived: forms by campaign and hour, and by campaign and source."""

    forms: Counter[tuple[int, datetime]] = field(default_factory=Counter)
    sources: Counter[tuple[int, str]] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.forms)


class Flows:
    """What this process has counted and not written yet, and the task that writes it."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database, self._secret = database, secret
        self._gathered = Gathered()
        self._seen = _SeenInHour()
        self._task: asyncio.Task[None] | None = None

    def note(
        self,
        campaign_id: int,
        arrived_at: datetime,
        source: str | None,
        network: str | None = None,
        *,
        trapped: bool = False,
    ) -> None:
        """A form was found right and stored. `network`: where it came from, in the clear, which nothing keeps."""
        self._gathered.forms[campaign_id, hour_of(arrived_at)] += 1
        source = source or DIRECT
        if not trapped and (network is None or self._seen.is_new(campaign_id, source, network, arrived_at)):
            self._gathered.sources[campaign_id, source] += 1

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="flows")

    async def stop(self) -> None:
        """Write what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.write()

    async def write(self) -> None:
        """Write what was counted. While the store is away it is kept, and goes with the next."""
        gathered, self._gathered = self._gathered, Gathered()
        if not gathered:
            return
        try:
            # Shielded: whoever ends meanwhile must not give back what is being committed.
            await asyncio.shield(self._database.write(store_flows, gathered, self._secret))
        except StoreUnavailable as error:
            self._gathered.forms.update(gathered.forms)
            self._gathered.sources.update(gathered.sources)
            log.warning("flows_wait", forms=gathered.forms.total(), cause=str(error))
        except Exception as error:
            log.error("flows_lost", error, forms=gathered.forms.total())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self._seen.forget_before(utc_now())
            await self.write()


class _SeenInHour:
    """Which networks came by which source within this hour: hashes under a key that goes with them."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._key, self._hashes = b"", set[bytes]()

    def is_new(self, campaign_id: int, source: str, network: str, at: datetime) -> bool:
        """Whether it is the first of them."""
        if self._hour is None or self._hour < hour_of(at):
            self._hour, self._key, self._hashes = hour_of(at), secrets.token_bytes(32), set()
        words = f"{campaign_id}\0{source}\0{network}".encode()
        digest = hashlib.blake2b(words, key=self._key, digest_size=12).digest()
        if digest in self._hashes or len(self._hashes) >= _MOST_NOTED:
            return False
        self._hashes.add(digest)
        return True

    def forget_before(self, now: datetime) -> None:
        """Nothing of an hour outlives it."""
        if self._hour is not None and self._hour < hour_of(now):
            self._hour, self._key, self._hashes = None, b"", set()


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def store_flows(session: Session, gathered: Gathered, secret: str) -> None:
    """Add what was counted."""
    add_to_flows(session, {key: {"arrived": count} for key, count in gathered.forms.items()})
    by_campaign: dict[int, Counter[str]] = {}
    for (campaign_id, source), count in gathered.sources.items():
        by_campaign.setdefault(campaign_id, Counter())[source] += count
    day = max((hour for _campaign_id, hour in gathered.forms), default=utc_now()).date()
    for campaign_id in sorted(by_campaign):
        _add_sources(session, campaign_id, by_campaign[campaign_id], secret, day)


def add_to_flows(session: Session, flows: Mapping[tuple[int, datetime], Mapping[str, int]]) -> None:
    """Add to hours, by campaign and beginning of the hour; `longest_ms` becomes the larger one. The rows are taken
    in one order, so that two writers wait for each other and nothing worse."""
    insert, table = insert_for(session, HourlyFlow), HourlyFlow.__table__.c
    larger = func.max if session.get_bind().dialect.name == "sqlite" else func.greatest
    for (campaign_id, hour), values in sorted(flows.items()):
        row = insert.values(campaign_id=campaign_id, hour=hour, **values)
        merged: dict[str, ColumnElement[Any]] = {
            name: larger(table[name], row.excluded[name])
            if name == "longest_ms"
            else table[name] + row.excluded[name]
            for name in values
        }
        session.execute(row.on_conflict_do_update(index_elements=["campaign_id", "hour"], set_=merged))


def _add_sources(session: Session, campaign_id: int, counts: Counter[str], secret: str, day: date) -> None:
    """Add to sources. One that is new when there are MOST of them is OTHER; one gets its name with NAMED_FROM."""
    insert, table = insert_for(session, SourceCount), SourceCount.__table__.c
    rows = {
        source_key(campaign_id, source, secret): (source, count)
        for source, count in _within(session, campaign_id, counts, secret).items()
    }
    for key, (source, count) in sorted(rows.items()):
        label = source if count >= NAMED_FROM else None
        row = insert.values(campaign_id=campaign_id, key=key, label=label, arrived=count, day=day)
        arrived = table.arrived + row.excluded.arrived
        merged = {"arrived": arrived, "label": case((arrived >= NAMED_FROM, source), else_=table.label)}
        session.execute(row.on_conflict_do_update(index_elements=["campaign_id", "key"], set_=merged))


def _within(session: Session, campaign_id: int, counts: Counter[str], secret: str) -> Counter[str]:
    """The same counts, those for which there is no room as OTHER."""
    of_campaign = SourceCount.campaign_id == campaign_id
    keys = {source: source_key(campaign_id, source, secret) for source in counts}
    found = select(SourceCount.key).where(of_campaign, SourceCount.key.in_(sorted(keys.values())))
    known = set(session.scalars(found))
    room = MOST - (session.scalar(select(func.count()).select_from(SourceCount).where(of_campaign)) or 0)
    within: Counter[str] = Counter()
    for source, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        is_new = keys[source] not in known and source not in (DIRECT, OTHER)
        within[OTHER if is_new and room <= 0 else source] += count
        room -= is_new
    return within


def show_sources(database: Database, now: datetime) -> None:
    """Once in each hour, renew the figures of sources that are shown; of a campaign only where NAMED_FROM forms
    came since the last time. Else they would tell from where somebody came who just signed. And where there is no
    room for new ones, drop those that never got a name."""
    hour = hour_of(now).isoformat()
    with database.reading() as session:
        if session.scalar(select(Fact.value).where(Fact.name == _SHOWN)) == hour:
            return
    with database.writing() as session:
        session.execute(insert_ignoring(session, Fact), {"name": _SHOWN, "value": ""})
        session.execute(update(Fact).where(Fact.name == _SHOWN).values(value=hour))
        news = func.sum(SourceCount.arrived - SourceCount.shown) >= NAMED_FROM
        campaigns = session.scalars(select(SourceCount.campaign_id).group_by(SourceCount.campaign_id).having(news))
        for campaign_id in sorted(campaigns):
            these = (SourceCount.campaign_id == campaign_id, SourceCount.shown != SourceCount.arrived)
            session.execute(update(SourceCount).where(*these).values(shown=SourceCount.arrived))
    _make_room(database, now)


def _make_room(database: Database, now: datetime) -> None:
    with database.reading() as session:
        many = func.count() >= MOST
        full = session.scalars(
            select(SourceCount.campaign_id).group_by(SourceCount.campaign_id).having(many)
        ).all()
    before = (now - _UNNAMED_FOR).date()
    for campaign_id in sorted(full):
        of_campaign = SourceCount.campaign_id == campaign_id
        old = (SourceCount.label.is_(None), SourceCount.arrived < NAMED_FROM, SourceCount.day < before)
        with database.writing() as session:  # in the order in which servers add to them
            these = select(SourceCount.key).where(of_campaign, *old).order_by(SourceCount.key).with_for_update()
            session.execute(
                delete(SourceCount).where(of_campaign, SourceCount.key.in_(session.scalars(these).all()))
            )
