"""The queries of searching.py. Building one costs more than many an answer, so each is built once, with parameters
for what is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Table,
    TextClause,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy import cast as sql_cast

from petitions.db import UtcDateTime
from petitions.moderation.conditions import STATE_FILTERS, Conditions
from petitions.signatures.models import Signature, SignatureWord, UnlistedWord

signatures = cast("Table", Signature.__table__)
_c = signatures.c
_WORDS = [cast("Table", table.__table__) for table in (SignatureWord, UnlistedWord)]
_ONE, _TWO = literal_column("1", Integer), literal_column("2", Integer)
_CAMPAIGN, _MOST = bindparam("campaign", type_=Integer), bindparam("most", type_=Integer)
_START, _END = bindparam("start", type_=BigInteger), bindparam("end", type_=BigInteger)

_Filters = Sequence[ColumnElement[bool] | TextClause]


@dataclass(frozen=True)
class Kind:
    """What is asked for, without the values, which may name somebody."""

    fields: tuple[str, ...]  # of Conditions, each a parameter of the same name
    state: str | None
    by_name: bool

    @classmethod
    def of(cls, conditions: Conditions) -> Self:
        return cls(tuple(values_of(conditions)), conditions.state, bool(conditions.name))

    @property
    def split(self) -> tuple[_Filters, _Filters]:
        """The conditions for which there is an index, the best first, and the others."""
        asked: dict[str, Any] = {name: bindparam(name) for name in self.fields} | {"state": self.state}
        for name in ("domain", "state", "country"):
            value = asked.get(name)
            if value is not None and (name != "state" or value in STATE_FILTERS):
                return Conditions(**{name: value}).filters(), Conditions(**asked | {name: None}).filters()
        return (), Conditions(**asked).filters()


def values_of(conditions: Conditions) -> dict[str, Any]:
    """By the names of the parameters."""
    names = ("email_key", "domain", "country", "language", "since", "until")
    return {name: value for name in names if (value := getattr(conditions, name)) is not None}


@cache
def all_fit(kind: Kind) -> bool:
    """Whether every row fits by which such conditions are looked for."""
    return not (kind.by_name or kind.split[1])


@cache
def looking(kind: Kind, *, newest_first: bool) -> Select[Any]:
    """Of the next `most` rows from `start` to `end` those that fit and, where there are so many, the last, whose
    serial is `through`. The id of a row that does not fit is NULL."""
    driving, others = kind.split
    order = _c.serial.desc() if newest_first else _c.serial
    within: _Filters = (_c.campaign_id == _CAMPAIGN, *driving, _c.serial.between(_START, _END))
    last = select(_c.serial).where(*within).order_by(order).limit(1).offset(bindparam("last", type_=Integer))
    judged = select(_c.serial, *_shown(kind, others), last.scalar_subquery().label("through"))
    looked_at = judged.where(*within).order_by(order).limit(_MOST).subquery()
    is_last = looked_at.c.serial == looked_at.c.through
    return select(looked_at).where(or_(looked_at.c.id.is_not(None), is_last))


@cache
def looking_by_word(kind: Kind, *, newest_first: bool) -> Select[Any]:
    """The same of the next `most` rows under whose serial a word stands that begins so."""
    driving, others = kind.split
    found = [select(t.c.serial).where(*_begins(t), t.c.serial.between(_START, _END)) for t in _WORDS]
    either = union(*found).subquery().c.serial
    order, end = (either.desc(), func.min) if newest_first else (either, func.max)
    next_ones = select(either).order_by(order).limit(_MOST).subquery().c.serial
    each = select(next_ones, end(next_ones).over().label("end"), func.count().over().label("n")).subquery()
    through = case((each.c.n == _MOST, each.c.end)).label("through")
    row = and_(_c.campaign_id == _CAMPAIGN, _c.serial == each.c.serial)
    shown = _shown(kind, (*driving, *others))
    looked_at = select(each.c.serial, *shown, through).select_from(each.outerjoin(signatures, row)).subquery()
    is_last = looked_at.c.serial == looked_at.c.through
    return select(looked_at).where(or_(looked_at.c.id.is_not(None), is_last))


@cache
def looking_for_one(kind: Kind) -> Select[Any]:
    """An address signs once in each campaign. By nothing else are its rows chosen: a planner without statistics
    would rather walk over a whole campaign."""
    others = replace(kind, fields=tuple(name for name in kind.fields if name != "email_key"))
    driving, more = others.split
    judged = select(_c.serial, *_shown(kind, (*driving, *more, _c.campaign_id == _CAMPAIGN)))
    return judged.where(_c.email_key == bindparam("email_key"))


def _shown(kind: Kind, filters: _Filters) -> Sequence[ColumnElement[Any]]:
    """NULL where the filters do not fit. Names only where they are asked for."""
    asked = [_c.id, _c.name] if kind.by_name else [_c.id]
    return [case((and_(*filters), column)).label(column.name) for column in asked] if filters else asked


def _counting() -> Select[int]:
    parts = [select(_ONE).where(*_begins(table)).limit(_MOST).subquery() for table in _WORDS]
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in parts]
    return select(counts[0] + counts[1])


def _begins(table: Table) -> _Filters:
    word = table.c.word
    return (table.c.campaign_id == _CAMPAIGN, word >= bindparam("word"), word < bindparam("behind"))


def range_of(word: str) -> dict[str, str]:
    """What begins so, as parameters."""
    return {"word": word, "behind": word + "\U0010ffff"}


def _halving() -> Select[int]:
    of_campaign = select(_c.serial).where(_c.campaign_id == _CAMPAIGN, _c.serial <= _END)
    last = of_campaign.order_by(_c.serial.desc()).limit(1).scalar_subquery()
    begin = select(
        sql_cast(_ONE, BigInteger).label("low"), func.coalesce(last, literal_column("0", Integer)).label("high")
    )
    halves = begin.cte("halves", recursive=True)
    low, high = halves.c.low, halves.c.high
    middle = (low + high) // _TWO
    at_middle = (
        select(_c.confirmed_at)
        .where(_c.campaign_id == _CAMPAIGN, _c.serial.between(middle, high))
        .order_by(_c.serial)
        .limit(1)
        .scalar_subquery()
    )
    is_before = at_middle < bindparam("moment", type_=UtcDateTime)  # not so where no row is left
    half = select(case((is_before, middle + _ONE), else_=low), case((is_before, high), else_=middle - _ONE))
    halves = halves.union_all(half.where(low <= high))
    return select(func.max(halves.c.low))


#: In how many places a word begins so; each table counts `most` at most.
COUNTING = _counting()
#: The serial up to `end` from which on they were confirmed at `moment` or later, behind the last where none was.
#: The serials are halved some twenty times, in one statement.
HALVING = _halving()
