"""Looking for signatures: pages of what conditions find, and the steps of jobs over them.

Whatever is asked, a look reads a bounded number of rows by the index that serves the conditions best, and filters
these. So a page can be short, or empty, and still name a next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    TextClause,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    union,
)
from sqlalchemy.orm import Session

from petitions.moderation.conditions import STATE_FILTERS, Conditions
from petitions.signatures.models import Signature, SignatureWord, UnlistedWord

PAGE_SIZE = 50
#: Above every serial.
LAST = 2**62
#: Rows that a page looks at in its first read, at most in a later one, each twice as many, and in all.
_FIRST_READ, _READ, _MOST_READ = 128, 1_000, 3_000
#: A beginning of words that stands in so many names is common: whoever reads the signatures one after the other
#: comes upon it often enough.
_COMMON = 10_000
#: Words of a name that are counted to find the rarest.
_MOST_COUNTED = 3
#: Serials are given as signatures are stored, which is hardly later than they are confirmed; a clock may be wrong.
_MARGIN = timedelta(minutes=10)

_signatures = cast("Table", Signature.__table__)
_c = _signatures.c
_WORDS = [cast("Table", table.__table__) for table in (SignatureWord, UnlistedWord)]
#: What a moderator sees of a signature: of the mail address its domain alone.
_SEEN: Sequence[ColumnElement[Any]] = (
    *(_c.id, _c.serial, _c.name, _c.country, _c.city, _c.affiliation, _c.comment, _c.visibility, _c.language),
    *(_c.domain, _c.confirmed_at, _c.removed_at, _c.removed_reason, _c.removed_job, _c.name_hidden),
    *(_c.comment_state, _c.moderated),
)

#: The first signature from one serial to another: asked some twenty times for each moment, so it is built once.
_NEXT = (
    select(_c.serial, _c.confirmed_at)
    .where(_c.campaign_id == bindparam("campaign"), _c.serial.between(bindparam("low"), bindparam("high")))
    .order_by(_c.serial)
    .limit(1)
)

_Filters = Sequence[ColumnElement[bool] | TextClause]


@dataclass(frozen=True)
class Way:
    """Where and by what to look. It is found once for many looks, for that costs more than each of them."""

    start: int  # the first serial
    end: int  # the last
    word: str | None = None  # look by the words of names that begin so


@dataclass(frozen=True)
class Look:
    """What one bounded look found."""

    found: Sequence[tuple[int, UUID]]  # serial and id, in the order that was asked for
    looked_at: int
    through: int | None  # the last serial that was looked at; None: nothing is left behind it


@dataclass(frozen=True)
class Page:
    """Signatures as a moderator sees them, the newest first."""

    rows: Sequence[Row[Any]]  # the columns above
    next_key: int | None  # None: this is the last page


def find_page(session: Session, campaign_id: int, conditions: Conditions, before: int | None = None) -> Page:
    """The next signatures below the serial `before`; without one the newest."""
    way = find_way(session, campaign_id, conditions, LAST if before is None else before - 1)
    found: list[int] = []
    most, read, next_key = _FIRST_READ, 0, None
    while True:
        seen = look(session, campaign_id, conditions, way, most, newest_first=True)
        found += [serial for serial, _id in seen.found]
        read += seen.looked_at
        if len(found) > PAGE_SIZE or seen.through is None or read >= _MOST_READ:
            break
        way, most = replace(way, end=seen.through - 1), min(2 * most, _READ)
    if len(found) > PAGE_SIZE:
        found, next_key = found[:PAGE_SIZE], found[PAGE_SIZE - 1]
    else:
        next_key = seen.through
    return Page(_fetch(session, campaign_id, found), next_key)


def list_unread(session: Session, campaign_id: int, after: int, limit: int) -> Page:
    """Comments that nobody has read yet, the oldest first; those above the serial `after`."""
    query = (
        select(*_SEEN)
        .where(_c.campaign_id == campaign_id, STATE_FILTERS["unread"], _c.serial > after)
        .order_by(_c.serial)
        .limit(limit + 1)
    )
    rows = session.execute(query).all()
    return Page(rows[:limit], rows[limit - 1].serial if len(rows) > limit else None)


def find_signature(session: Session, campaign_id: int, signature_id: UUID) -> Row[Any] | None:
    """One of them as a moderator sees it; None where it is not there, or was withdrawn."""
    this = (_c.campaign_id == campaign_id, _c.id == signature_id)
    return session.execute(select(*_SEEN).where(*this)).one_or_none()


def find_way(session: Session, campaign_id: int, conditions: Conditions, end: int = LAST) -> Way:
    """The serials that the times of the conditions leave, of those up to `end`; with a margin, so `look` still
    compares the times. And the word of the name by which to look."""
    start = 1
    if conditions.since is not None:
        start = _first_since(session, campaign_id, conditions.since - _MARGIN, end)
    if conditions.until is not None:
        end = min(end, _first_since(session, campaign_id, conditions.until + _MARGIN, end) - 1)
    if start > end or conditions.finds_nobody or conditions.email_key is not None:
        return Way(start, end)
    return Way(start, end, _rare_word(session, campaign_id, conditions))


def look(
    session: Session,
    campaign_id: int,
    conditions: Conditions,
    way: Way,
    most: int,
    *,
    newest_first: bool = False,
) -> Look:
    """Look at the next `most` rows from the first serial of the way to the last, or from the last down."""
    start, end, beginning = way.start, way.end, way.word
    if conditions.finds_nobody or start > end:
        return Look((), 0, None)
    if conditions.email_key is not None:
        return _look_for_one(session, campaign_id, conditions, start, end)
    serials: Sequence[int] = ()
    if beginning is not None:
        serials = _serials_of(session, campaign_id, beginning, start, end, most, newest_first=newest_first)
        within: _Filters = (_c.campaign_id == campaign_id, _c.serial.in_(serials))
        judged = _judged(conditions, conditions.filters())
    else:
        driving, others = _split(conditions)
        within = (_c.campaign_id == campaign_id, *driving, _c.serial.between(start, end))
        judged = _judged(conditions, others)
    order = _c.serial.desc() if newest_first else _c.serial
    rows = session.execute(judged.where(*within).order_by(order).limit(most)).all()
    looked_at = serials if beginning is not None else [row.serial for row in rows]
    found = [(row.serial, row.id) for row in rows if row.fits and conditions.matches_name(row.name)]
    return Look(found, len(looked_at), looked_at[-1] if len(looked_at) == most else None)


def _look_for_one(session: Session, campaign_id: int, conditions: Conditions, start: int, end: int) -> Look:
    """An address signs once in each campaign. By nothing else are its rows chosen: a planner without statistics
    would rather walk over a whole campaign."""
    others = (*replace(conditions, email_key=None).filters(), _c.campaign_id == campaign_id)
    rows = session.execute(_judged(conditions, others).where(_c.email_key == conditions.email_key)).all()
    found = [
        (row.serial, row.id)
        for row in rows
        if row.fits and start <= row.serial <= end and conditions.matches_name(row.name)
    ]
    return Look(found, len(rows), None)


def _judged(conditions: Conditions, filters: _Filters) -> Select[Any]:
    """Rows, and whether each of them `fits`; their names only where they are asked for."""
    fits: ColumnElement[Any] = case((and_(*filters), 1), else_=0) if filters else literal(1)
    name: ColumnElement[Any] = _c.name if conditions.name else literal(None)
    return select(_c.serial, _c.id, name.label("name"), fits.label("fits"))


def _split(conditions: Conditions) -> tuple[_Filters, _Filters]:
    """The conditions for which there is an index, the best first, and the others."""
    for name in ("domain", "state", "country"):
        value = getattr(conditions, name)
        if value is not None and (name != "state" or value in STATE_FILTERS):
            driving: Conditions = replace(Conditions(), **{name: value})
            others: Conditions = replace(conditions, **{name: None})  # type: ignore[arg-type]
            return driving.filters(), others.filters()
    return (), conditions.filters()


def _rare_word(session: Session, campaign_id: int, conditions: Conditions) -> str | None:
    """The word of the name that the fewest have, if that is a way to find them; None: another way is better."""
    if not conditions.words:
        return None
    longest = sorted(conditions.words, key=len, reverse=True)[:_MOST_COUNTED]
    fewest, rarest = min((_count(session, campaign_id, word), word) for word in longest)
    return rarest if fewest < _COMMON else None


def _count(session: Session, campaign_id: int, beginning: str) -> int:
    """In how many places a word begins so; _COMMON stands for more."""
    parts = [
        select(literal(1)).where(*_begins(table, campaign_id, beginning)).limit(_COMMON).subquery()
        for table in _WORDS
    ]
    counts = [select(func.count()).select_from(part).scalar_subquery() for part in parts]
    counted: int = session.execute(select(counts[0] + counts[1])).scalar_one()
    return counted


def _serials_of(
    session: Session,
    campaign_id: int,
    beginning: str,
    start: int,
    end: int,
    most: int,
    *,
    newest_first: bool,
) -> list[int]:
    """The next serials under which a word stands that begins so."""
    either = union(
        *(
            select(table.c.serial).where(
                *_begins(table, campaign_id, beginning), table.c.serial.between(start, end)
            )
            for table in _WORDS
        )
    ).subquery()
    order = either.c.serial.desc() if newest_first else either.c.serial
    return list(session.scalars(select(either.c.serial).order_by(order).limit(most)))


def _begins(table: Table, campaign_id: int, beginning: str) -> Sequence[ColumnElement[bool]]:
    word = table.c.word
    return (table.c.campaign_id == campaign_id, word >= beginning, word < beginning + "\U0010ffff")


def _first_since(session: Session, campaign_id: int, moment: datetime, end: int) -> int:
    """The first serial up to `end` that was confirmed at `moment` or later; behind the last where none was."""
    connection = session.connection()
    last = session.scalar(
        select(_c.serial)
        .where(_c.campaign_id == campaign_id, _c.serial <= end)
        .order_by(_c.serial.desc())
        .limit(1)
    )
    low, high = 1, last or 0
    first = high + 1
    while low <= high:
        middle = (low + high) // 2
        row = connection.execute(_NEXT, {"campaign": campaign_id, "low": middle, "high": high}).one_or_none()
        if row is None:
            high = middle - 1
        elif row.confirmed_at >= moment:
            first, high = row.serial, middle - 1
        else:
            low = row.serial + 1
    return first


def _fetch(session: Session, campaign_id: int, serials: Sequence[int]) -> Sequence[Row[Any]]:
    if not serials:
        return ()
    these = (_c.campaign_id == campaign_id, _c.serial.in_(serials))
    return session.execute(select(*_SEEN).where(*these).order_by(_c.serial.desc())).all()


def list_numbers(session: Session, campaign_id: int, ids: Sequence[UUID]) -> Sequence[tuple[int, UUID]]:
    """The serials and ids of these signatures, the lowest first."""
    if not ids:
        return ()
    these = (_c.campaign_id == campaign_id, _c.id.in_(ids))
    return [
        (row.serial, row.id) for row in session.execute(select(_c.serial, _c.id).where(*these).order_by(_c.serial))
    ]
