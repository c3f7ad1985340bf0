"""Where a campaign is heading: its pace of the last days carried on, and nothing that the figures do not say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

#: Whole days that the pace is taken from, at most and at least.
MOST_DAYS, LEAST_DAYS = 7, 3
#: Signatures in these days without which nothing is said.
LEAST_SIGNED = 20
#: A goal that is further off is not foretold.
FARTHEST = timedelta(days=365)


@dataclass(frozen=True)
class GoalForecast:
    """When the next step of the goal is reached, at the pace of the fastest third of the days, of all, of the
    slowest third; None: not within a year."""

    goal: int
    earliest: date
    expected: date
    latest: date | None


@dataclass(frozen=True)
class ClosingForecast:
    """What the closing day will bring, at the pace of the slowest third of the days, of all, of the fastest."""

    on: date
    least: int
    expected: int
    most: int


@dataclass(frozen=True)
class Forecast:
    """What follows from the pace, if it stays; `days` is what it is taken from."""

    days: int
    pace: float  # signatures a day
    goal: GoalForecast | None
    closing: ClosingForecast | None


def forecast(
    counts: Sequence[int], count: int, goal: int | None, closes_at: datetime | None, now: datetime
) -> Forecast | None:
    """What to expect. `counts`: signatures of each of the last whole days on which the campaign was open, the
    newest last; `goal`: the next step. None where there is too little to go by, or nothing to expect."""
    days = counts[-MOST_DAYS:]
    if len(days) < LEAST_DAYS or sum(days) < LEAST_SIGNED or (closes_at is not None and closes_at <= now):
        return None
    slow, pace, fast = _paces(days)
    reached = _reach(count, goal, (slow, pace, fast), now) if goal is not None and goal > count else None
    if reached is not None and closes_at is not None and reached.expected > closes_at.date():
        reached = None
    closing = _close(count, (slow, pace, fast), closes_at, now) if closes_at is not None else None
    return Forecast(len(days), pace, reached, closing) if reached or closing else None


def _paces(days: Sequence[int]) -> tuple[float, float, float]:
    """Signatures a day: of the slowest third, of all, of the fastest third."""
    ordered, third = sorted(days), math.ceil(len(days) / 3)
    return sum(ordered[:third]) / third, sum(days) / len(days), sum(ordered[-third:]) / third


def _reach(count: int, goal: int, paces: tuple[float, float, float], now: datetime) -> GoalForecast | None:
    latest, expected, earliest = (_day_of(goal - count, pace, now) for pace in paces)
    if expected is None or earliest is None:
        return None
    return GoalForecast(goal, earliest, expected, latest)


def _day_of(missing: int, pace: float, now: datetime) -> date | None:
    days = missing / pace if pace > 0 else math.inf
    return (now + timedelta(days=days)).date() if days <= FARTHEST.days else None


def _close(
    count: int, paces: tuple[float, float, float], closes_at: datetime, now: datetime
) -> ClosingForecast | None:
    left = closes_at - now
    if left > FARTHEST:
        return None
    least, expected, most = (_rounded(count + pace * (left / timedelta(days=1)), count) for pace in paces)
    return ClosingForecast(closes_at.date(), least, expected, most)


def _rounded(number: float, least: int) -> int:
    """Two digits of it, for nobody knows more; never less than there are already."""
    whole = round(number)
    step = int(10 ** max(0, len(str(whole)) - 2))
    return max(least, round(whole / step) * step)
