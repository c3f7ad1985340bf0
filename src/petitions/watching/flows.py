"""Forms and their sources, counted in the memory of a server and written together every few seconds: signing
itself writes nothing of it. A server that is killed loses the counts of these seconds."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from petitions import log
from petitions.db import Database, Fact, insert_for, insert_ignoring
from petitions.errors import StoreUnavailable
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.watching.sources import DIRECT, MOST, NAMED_FROM, OTHER, source_key

#: Seconds between two writes.
EVERY = 10.0
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
        self._task: asyncio.Task[None] | None = None

    def note(self, campaign_id: int, arrived_at: datetime, source: str | None) -> None:
        """A form was found right and stored."""
        self._gathered.forms[campaign_id, hour_of(arrived_at)] += 1
        self._gathered.sources[campaign_id, source or DIRECT] += 1

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
            await self.write()


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def store_flows(session: Session, gathered: Gathered, secret: str) -> None:
    """Add what was counted."""
    add_to_flows(session, {key: {"arrived": count} for key, count in gathered.forms.items()})
    by_campaign: dict[int, Counter[str]] = {}
    for (campaign_id, source), count in gathered.sources.items():
        by_campaign.setdefault(campaign_id, Counter())[source] += count
    for campaign_id in sorted(by_campaign):
        _add_sources(session, campaign_id, by_campaign[campaign_id], secret)


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


def _add_sources(session: Session, campaign_id: int, counts: Counter[str], secret: str) -> None:
    """Add to sources. One that is new when there are MOST of them is OTHER; one gets its name with NAMED_FROM."""
    insert, table = insert_for(session, SourceCount), SourceCount.__table__.c
    rows = {
        source_key(campaign_id, source, secret): (source, count)
        for source, count in _within(session, campaign_id, counts, secret).items()
    }
    for key, (source, count) in sorted(rows.items()):
        label = source if count >= NAMED_FROM else None
        row = insert.values(campaign_id=campaign_id, key=key, label=label, arrived=count)
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
    came since the last time. Else they would tell from where somebody came who just signed."""
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
