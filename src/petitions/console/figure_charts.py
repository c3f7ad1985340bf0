"""The figures of a campaign as charts and words, in the language of whoever looks at them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from babel.dates import format_skeleton
from babel.numbers import format_percent

from petitions.i18n import Translator, language_name
from petitions.watching.figures import REST, Figures, Shares
from petitions.watching.sources import DIRECT, OTHER
from petitions.web.charts import Bar, Columns, draw_bars, draw_columns

#: Rows of a list of shares; the others are told as one.
_MOST_BARS = 12


@dataclass(frozen=True)
class Series:
    """A chart over time, and its table."""

    chart: Columns
    first: str  # when it begins
    last: str
    rows: Sequence[Sequence[str]]
    total: int


@dataclass(frozen=True)
class Charts:
    """Every chart of the page; None or empty where there is nothing to show."""

    hours: Series
    days: Series | None
    rates: Series | None
    delays: Series | None
    countries: Sequence[Bar]
    languages: Sequence[Bar]
    sources: Sequence[Bar]


def draw_charts(figures: Figures, words: Translator) -> Charts:
    """The charts of these figures."""
    rates = [rate for rate in figures.rates if rate.mailed]
    return Charts(
        hours=_hours(figures, words),
        days=_days(figures, words) if any(count for _, count in figures.by_day[:-1]) else None,
        rates=_rates(figures, words) if rates else None,
        delays=_delays(figures, words) if figures.mails.sent else None,
        countries=_bars(figures.countries, words, words.country),
        languages=_bars(figures.languages, words, language_name),
        sources=_bars(figures.sources, words, lambda source: _source(source, words)),
    )


def seconds(milliseconds: int) -> int:
    """Whole seconds; what is more than nothing is at least one."""
    return max(1, round(milliseconds / 1000)) if milliseconds else 0


def _hours(figures: Figures, words: Translator) -> Series:
    labels = [_hour(hour, words) for hour, _ in figures.by_hour]
    points = [
        (label, count, words.number(count)) for label, (_, count) in zip(labels, figures.by_hour, strict=True)
    ]
    rows = [
        (label, words.number(count), words.number(forms) if forms is not None else words.gettext("fewer than 5"))
        for label, (hour, count) in zip(labels, figures.by_hour, strict=True)
        for forms in (figures.arrived.get(hour, 0),)
    ]
    return Series(draw_columns(points), labels[0], labels[-1], rows, sum(count for _, count in figures.by_hour))


def _days(figures: Figures, words: Translator) -> Series:
    # From the first day on which anybody signed, but not of three columns.
    first = next((place for place, (_, count) in enumerate(figures.by_day) if count), 0)
    shown = figures.by_day[min(first, len(figures.by_day) - 14) :]
    points = [(_day(day, words), count, words.number(count)) for day, count in shown]
    rows = [(label, said) for label, _, said in points]
    return Series(draw_columns(points), points[0][0], points[-1][0], rows, sum(count for _, count in shown))


def _rates(figures: Figures, words: Translator) -> Series:
    first = next((place for place, rate in enumerate(figures.rates) if rate.mailed), 0)
    shown = figures.rates[min(first, len(figures.rates) - 7) :]
    points = [
        (_day(rate.day, words), rate.share or 0, _percent(rate.share, words) if rate.share is not None else "–")
        for rate in shown
    ]
    rows = [
        (label, words.number(rate.mailed), words.number(rate.confirmed), said)
        for (label, _, said), rate in zip(points, shown, strict=True)
    ]
    mailed, confirmed = sum(rate.mailed for rate in shown), sum(min(r.confirmed, r.mailed) for r in shown)
    total = round(100 * confirmed / mailed) if mailed else 0
    return Series(draw_columns(points, top=100), points[0][0], points[-1][0], rows, total)


def _delays(figures: Figures, words: Translator) -> Series:
    points = [
        (_hour(hour, words), seconds(delay), words.number(seconds(delay))) for hour, delay in figures.mails.by_hour
    ]
    rows = [(label, said) for label, _, said in points]
    return Series(draw_columns(points), points[0][0], points[-1][0], rows, seconds(figures.mails.average_ms))


def _bars(shares: Shares, words: Translator, name: Callable[[str], str]) -> Sequence[Bar]:
    ends = [(value, count) for value, count in shares if value in (REST, OTHER)]
    named = [(value, count) for value, count in shares if value not in (REST, OTHER)]
    rest = sum(count for _, count in ends) + sum(count for _, count in named[_MOST_BARS:])
    rows = [(name(value), count, words.number(count)) for value, count in named[:_MOST_BARS]]
    if rest:
        rows.append((words.gettext("All others"), rest, words.number(rest)))
    return draw_bars(rows)


def _source(source: str, words: Translator) -> str:
    return words.gettext("Without a source") if source == DIRECT else source


def _percent(share: int, words: Translator) -> str:
    return format_percent(share / 100, locale=words.locale, numbering_system="default")


def _hour(hour: datetime, words: Translator) -> str:
    """ "23 Nov, 14:00" """
    return f"{_day(hour.date(), words)}, {format_skeleton('Hm', hour, locale=words.locale)}"


def _day(day: date, words: Translator) -> str:
    """ "23 Nov" """
    return format_skeleton("MMMd", datetime(day.year, day.month, day.day, tzinfo=UTC), locale=words.locale)
