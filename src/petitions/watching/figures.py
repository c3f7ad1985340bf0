"""The figures of a campaign, from what the worker has added up: no page counts rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Table, func, or_, select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.campaigns.reading import read_terms
from petitions.mail.models import Outbox
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.models import Tally, TallyPart
from petitions.watching.flows import hour_of
from petitions.watching.forecast import MOST_DAYS, Forecast, forecast
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.watching.sources import DIRECT, NAMED_FROM, OTHER

#: How far back the figures reach.
HOURS, DAYS, RATE_DAYS, MAIL_HOURS = 48, 90, 30, 24
#: Countries, languages and sources with fewer are told together. Fewer forms or mails of the hour that runs are
#: not told at all, nor fewer mails that wait: whoever stands beside somebody would see them come.
LEAST = 5
#: Of mails that wait at most so many are looked at.
MOST_WAITING = 2_000
_outbox = cast("Table", Outbox.__table__).c
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

Shares = Sequence[tuple[str, int]]  # value and count, the largest first; REST at the end
REST = ""


@dataclass(frozen=True)
class Rate:
    """Of the forms of a day: how many were mailed, how many of them confirmed until now."""

    day: date
    mailed: int
    confirmed: int

    @property
    def share(self) -> int | None:
        """In percent; None where nothing was mailed."""
        return min(100, round(100 * self.confirmed / self.mailed)) if self.mailed else None


@dataclass(frozen=True)
class Mails:
    """Confirm mails of the last day."""

    sent: int
    failed: int
    average_ms: int
    longest_ms: int
    by_hour: Sequence[tuple[datetime, int]]  # the average delay in ms
    waiting: int | None  # None: fewer than LEAST
    waiting_more: bool  # there may be more of them


@dataclass(frozen=True)
class Figures:
    """Everything that the page shows."""

    count: int
    goal: int | None
    at: datetime
    by_hour: Sequence[tuple[datetime, int]]
    arrived: Mapping[datetime, int | None]  # forms, by hour; None: fewer than LEAST until now
    by_day: Sequence[tuple[date, int]]
    countries: Shares
    languages: Shares
    sources: Shares
    rates: Sequence[Rate]
    mails: Mails
    forecast: Forecast | None
    drafts_waiting: int | None  # as of the hour, rounded; see watching/waiting.py
    drafts_held: int | None

    @property
    def last_day(self) -> int:
        """Signatures of this hour and the 23 before it."""
        return sum(count for _, count in self.by_hour[-24:])


def find_figures(session: Session, campaign_id: int, now: datetime) -> Figures:
    """The figures as of now."""
    campaign = session.get_one(Campaign, campaign_id)
    tally = session.execute(
        select(Tally.counted, Tally.waiting, Tally.held).where(Tally.campaign_id == campaign_id)
    ).one_or_none()
    count, waiting, held = tally or (0, None, None)
    parts = _find_parts(session, campaign_id, now)
    flows = _find_flows(session, campaign_id, now)
    told = {
        hour: flow for hour, flow in flows.items() if hour != hour_of(now) or flow.mailed + flow.failed >= LEAST
    }
    terms = read_terms(campaign.terms, ()) if campaign.published_at is not None else None
    goal = terms.next_goal(count) if terms is not None else None
    by_day = [(day, parts["day"].get(day.isoformat(), 0)) for day in _days(now, DAYS)]
    opened = max((at for at in (campaign.opens_at, campaign.published_at) if at is not None), default=now)
    whole = [counted for day, counted in by_day[:-1][-MOST_DAYS:] if day > opened.date()]
    return Figures(
        count=count,
        goal=goal,
        at=now,
        by_hour=[(hour, parts["hour"].get(hour.isoformat()[:13], 0)) for hour in _hours(now, HOURS)],
        arrived=_arrived(flows, now),
        by_day=by_day,
        countries=_shares(parts["country"]),
        languages=_shares(parts["language"]),
        sources=_find_sources(session, campaign_id),
        rates=_rates(parts["drafted"], told, now),
        mails=_mails(told, *_count_waiting(session, campaign_id), now),
        forecast=forecast(whole, count, goal, campaign.closes_at, now) if terms is not None else None,
        drafts_waiting=waiting,
        drafts_held=held,
    )


def _hours(now: datetime, many: int) -> Sequence[datetime]:
    """The last hours, the one that runs at the end."""
    return [hour_of(now) - _HOUR * back for back in reversed(range(many))]


def _days(now: datetime, many: int) -> Sequence[date]:
    return [now.date() - _DAY * back for back in reversed(range(many))]


def _find_parts(session: Session, campaign_id: int, now: datetime) -> Mapping[str, Mapping[str, int]]:
    """The shares of the count that the page needs, by dimension and value."""
    part = TallyPart
    first_hour, first_day = _hours(now, HOURS)[0].isoformat()[:13], _days(now, DAYS)[0].isoformat()
    wanted = or_(
        part.dimension.in_(("country", "language")),
        (part.dimension == "hour") & (part.value >= first_hour),
        part.dimension.in_(("day", "drafted")) & (part.value >= first_day),
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    query = select(part.dimension, part.value, part.counted)
    for row in session.execute(query.where(part.campaign_id == campaign_id, wanted, part.counted > 0)):
        found[row.dimension][row.value] = row.counted
    return found


def _find_flows(session: Session, campaign_id: int, now: datetime) -> Mapping[datetime, HourlyFlow]:
    since = hour_of(now).replace(hour=0) - _DAY * (RATE_DAYS - 1)
    query = select(HourlyFlow).where(HourlyFlow.campaign_id == campaign_id, HourlyFlow.hour >= since)
    return {flow.hour: flow for flow in session.scalars(query)}


def _arrived(flows: Mapping[datetime, HourlyFlow], now: datetime) -> Mapping[datetime, int | None]:
    arrived: dict[datetime, int | None] = {hour: flow.arrived for hour, flow in flows.items()}
    running = hour_of(now)
    if (arrived.get(running) or 0) < LEAST:
        arrived[running] = None  # none at all looks like a few
    return arrived


def _shares(parts: Mapping[str, int]) -> Shares:
    """The largest first; those below LEAST together as REST."""
    ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    rest = sum(count for _, count in ordered if count < LEAST)
    return [*(part for part in ordered if part[1] >= LEAST), *([(REST, rest)] if rest else [])]


def _find_sources(session: Session, campaign_id: int) -> Shares:
    """Forms by source, as of the last full hour, the largest first; those without a source and the small ones at
    the end."""
    source = SourceCount
    of_campaign = (source.campaign_id == campaign_id, source.shown > 0)
    rows = session.execute(select(source.label, source.shown).where(*of_campaign)).all()
    named: dict[str, int] = defaultdict(int)
    for label, shown in rows:
        known = label is not None and label != OTHER and (shown >= NAMED_FROM or label == DIRECT)
        named[label if known and label is not None else OTHER] += shown
    last = [(end, many) for end in (OTHER, DIRECT) if (many := named.pop(end, 0)) >= NAMED_FROM]
    return [*sorted(named.items(), key=lambda part: (-part[1], part[0])), *last]


def _rates(drafted: Mapping[str, int], flows: Mapping[datetime, HourlyFlow], now: datetime) -> Sequence[Rate]:
    mailed: dict[date, int] = defaultdict(int)
    for hour, flow in flows.items():
        mailed[hour.date()] += flow.mailed
    return [Rate(day, mailed[day], drafted.get(day.isoformat(), 0)) for day in _days(now, RATE_DAYS)]


def _mails(flows: Mapping[datetime, HourlyFlow], waiting: int, waiting_more: bool, now: datetime) -> Mails:
    hours = _hours(now, MAIL_HOURS)
    day = [flow for hour in hours if (flow := flows.get(hour)) is not None]
    sent = sum(flow.mailed for flow in day)
    return Mails(
        sent=sent,
        failed=sum(flow.failed for flow in day),
        average_ms=sum(flow.delay_ms for flow in day) // sent if sent else 0,
        longest_ms=max((flow.longest_ms for flow in day), default=0),
        by_hour=[(hour, _average(flows.get(hour))) for hour in hours],
        waiting=waiting if waiting >= LEAST else 0 if waiting_more else None,
        waiting_more=waiting_more,
    )


def _average(flow: HourlyFlow | None) -> int:
    return flow.delay_ms // flow.mailed if flow is not None and flow.mailed else 0


def _count_waiting(session: Session, campaign_id: int) -> tuple[int, bool]:
    """Confirm mails of the campaign that are not out yet, and whether there may be more than were looked at."""
    pending = (_outbox.sent_at.is_(None), _outbox.failed_at.is_(None))
    next_ones = (
        select(_outbox.campaign_id, _outbox.kind)
        .where(*pending)
        .order_by(_outbox.priority, _outbox.due_at)
        .limit(MOST_WAITING)
        .subquery()
    )
    mine = (next_ones.c.campaign_id == campaign_id) & (next_ones.c.kind == CONFIRM)
    query = select(func.count().filter(mine), func.count()).select_from(next_ones)
    waiting, looked_at = session.execute(query).one()
    return waiting, looked_at == MOST_WAITING
