"""Looking for signatures: pages of what conditions find, and the steps of jobs over them.

Whatever is asked, a look reads a bounded number of rows by the index that serves the conditions best, and filters
these. So a page can be short, or empty, and still name a next one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, select
from sqlalchemy.orm import Session

from petitions.moderation.conditions import STATE_FILTERS, Conditions
from petitions.moderation.questions import (
    COUNTING,
    HALVING,
    Kind,
    all_fit,
    looking,
    looking_by_word,
    looking_for_one,
    range_of,
    signatures,
    values_of,
)

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

_c = signatures.c
#: What a moderator sees of a signature: of the mail address its domain alone.
_SEEN: Sequence[ColumnElement[Any]] = (
    *(_c.id, _c.serial, _c.name, _c.country, _c.city, _c.affiliation, _c.comment, _c.visibility, _c.language),
    *(_c.domain, _c.confirmed_at, _c.removed_at, _c.removed_reason, _c.removed_job, _c.name_hidden),
    *(_c.comment_state, _c.moderated),
)
_FETCHING = (
    select(*_SEEN)
    .where(_c.campaign_id == bindparam("campaign"), _c.serial.in_(bindparam("serials", expanding=True)))
    .order_by(_c.serial.desc())
)


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
    next_key, read = None, 0
    most = min(_FIRST_READ, PAGE_SIZE + 1) if all_fit(Kind.of(conditions)) else _FIRST_READ
    while True:
        enough = PAGE_SIZE + 1 - len(found)
        seen = look(session, campaign_id, conditions, way, most, enough, newest_first=True)
        found += [serial for serial, _id in seen.found]
        read += most
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
    enough: int | None = None,
    *,
    newest_first: bool = False,
) -> Look:
    """Look at the next `most` rows from the first serial of the way to the last, or from the last down; at fewer
    where `enough` are found."""
    if conditions.finds_nobody or way.start > way.end:
        return Look((), None)
    kind, asked = Kind.of(conditions), {"campaign": campaign_id, **values_of(conditions)}
    if conditions.email_key is not None:
        rows = session.execute(looking_for_one(kind), asked).all()
        rows = [row for row in rows if way.start <= row.serial <= way.end]
        through = None
    else:
        asked |= {"start": way.start, "end": way.end, "most": most}
        if way.word is not None:
            question = looking_by_word(kind, newest_first=newest_first)
            asked |= range_of(way.word)
        else:
            question = looking(kind, newest_first=newest_first)
            asked["last"] = most - 1
        rows = session.execute(question, asked).all()
        through = rows[0].through if rows else None
    rows = sorted(rows, key=lambda row: row.serial, reverse=newest_first)
    found = list(islice(_called(rows, conditions), enough))
    return Look(found, found[-1][0] if len(found) == enough else through)


def _called(rows: Sequence[Row[Any]], conditions: Conditions) -> Iterator[tuple[int, UUID]]:
    """Those of rows that fit whose name does too."""
    for row in rows:
        if row.id is not None and (not conditions.name or conditions.matches_name(row.name)):
            yield row.serial, row.id


def _rare_word(session: Session, campaign_id: int, conditions: Conditions) -> str | None:
    """The word of the name that the fewest have, if that is a way to find them; None: another way is better."""
    if not conditions.words:
        return None
    longest = sorted(conditions.words, key=len, reverse=True)[:_MOST_COUNTED]
    fewest, rarest = min((_count(session, campaign_id, word), word) for word in longest)
    return rarest if fewest < _COMMON else None


def _count(session: Session, campaign_id: int, beginning: str) -> int:
    """In how many places a word begins so; _COMMON stands for more."""
    asked = {"campaign": campaign_id, "most": _COMMON, **range_of(beginning)}
    counted: int = session.execute(COUNTING, asked).scalar_one()
    return counted


def _first_since(session: Session, campaign_id: int, moment: datetime, end: int) -> int:
    """Up to `end`, the serial from which on they were confirmed at `moment` or later; behind the last where none
    was."""
    first: int = session.execute(HALVING, {"campaign": campaign_id, "moment": moment, "end": end}).scalar_one()
    return first


def _fetch(session: Session, campaign_id: int, serials: Sequence[int]) -> Sequence[Row[Any]]:
    return session.execute(_FETCHING, {"campaign": campaign_id, "serials": serials}).all() if serials else ()


def list_numbers(session: Session, campaign_id: int, ids: Sequence[UUID]) -> Sequence[tuple[int, UUID]]:
    """The serials and ids of these signatures, the lowest first."""
    if not ids:
        return ()
    these = (_c.campaign_id == campaign_id, _c.id.in_(ids))
    return [
        (row.serial, row.id) for row in session.execute(select(_c.serial, _c.id).where(*these).order_by(_c.serial))
    ]
