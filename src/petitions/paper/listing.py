"""Signatures on paper as leads look through them: pages by number, and what a row repeats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, func, select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.folding import words_of
from petitions.paper.persons import person_key
from petitions.signatures.models import Signature
from petitions.signatures.paper import IS_OPEN, STATES, PaperBatch, PaperSignature

PAGE_SIZE = 50
#: Rows of a search that are looked at for one page: more need another press of the button.
_MOST_READ = 5_000
_MOST_BATCHES = 50

_signatures = cast("Table", Signature.__table__).c
_ONLINE: Sequence[ColumnElement[Any]] = (
    *(_signatures.serial, _signatures.id, _signatures.name, _signatures.city, _signatures.country),
    *(_signatures.affiliation, _signatures.confirmed_at, _signatures.visibility, _signatures.removed_at),
)


@dataclass(frozen=True)
class Listed:
    """A row, and whom it repeats or may repeat, as far as they are still there."""

    row: PaperSignature
    online: Row[Any] | None = None
    on_paper: PaperSignature | None = None


@dataclass(frozen=True)
class Page:
    rows: Sequence[Listed] = ()
    next_key: int | None = None  # the number after which the next page begins
    is_whole: bool = True  # False: a search stopped before it had found a page, and can go on


@dataclass(frozen=True)
class Batch:
    """A file that came in."""

    id: UUID
    rows: int
    entered_by: str | None
    entered_at: datetime
    undone_at: datetime | None
    first: int | None  # the numbers of its rows that are there
    last: int | None
    states: Mapping[str, int] = field(default_factory=dict)


def find_page(session: Session, campaign_id: int, state: str = "", text: str = "", after: int = 0) -> Page:
    """Rows above a number: of a state, or those in whose name and city every word that was typed begins one."""
    query = (
        select(PaperSignature)
        .where(PaperSignature.campaign_id == campaign_id, PaperSignature.number > after)
        .order_by(PaperSignature.number)
    )
    if state:
        query = query.where(PaperSignature.state == state)
    words = words_of(text[:200])
    if not words:
        return _first_of(session, campaign_id, query)
    # The longest word is looked for by the store; how words begin is looked at here.
    longest = max(words, key=len)
    query = query.where(PaperSignature.person_key.contains(longest, autoescape=True))
    found: list[PaperSignature] = []
    looked = session.scalars(query.limit(_MOST_READ)).all()
    for row in looked:
        if _begins(words, row):
            found.append(row)
            if len(found) > PAGE_SIZE:
                return Page(list_likes(session, campaign_id, found[:PAGE_SIZE]), found[PAGE_SIZE - 1].number)
    is_whole = len(looked) < _MOST_READ
    key = None if is_whole else looked[-1].number
    return Page(list_likes(session, campaign_id, found), key, is_whole)


def find_open(session: Session, campaign_id: int, after: int = 0) -> Page:
    """Rows above a number of which somebody has to say what they are."""
    query = (
        select(PaperSignature)
        .where(PaperSignature.campaign_id == campaign_id, PaperSignature.number > after, IS_OPEN)
        .order_by(PaperSignature.number)
    )
    return _first_of(session, campaign_id, query)


def find_one(session: Session, campaign_id: int, number: int) -> Listed | None:
    """One of them; None where it is gone."""
    row = session.get(PaperSignature, (campaign_id, number))
    return list_likes(session, campaign_id, [row])[0] if row is not None else None


def list_likes(session: Session, campaign_id: int, rows: Sequence[PaperSignature]) -> Sequence[Listed]:
    """Rows beside what they repeat: two questions to the store, however many they are."""
    serials = {row.like_serial for row in rows if row.like_serial is not None}
    numbers = {row.like_number for row in rows if row.like_number is not None}
    online: dict[int, Row[Any]] = {}
    if serials:
        query = select(*_ONLINE).where(_signatures.campaign_id == campaign_id, _signatures.serial.in_(serials))
        online = {row.serial: row for row in session.execute(query)}
    on_paper: dict[int, PaperSignature] = {}
    if numbers:
        these = (PaperSignature.campaign_id == campaign_id, PaperSignature.number.in_(numbers))
        on_paper = {row.number: row for row in session.scalars(select(PaperSignature).where(*these))}
    return [
        Listed(
            row,
            online.get(row.like_serial) if row.like_serial is not None else None,
            on_paper.get(row.like_number) if row.like_number is not None else None,
        )
        for row in rows
    ]


def list_batches(session: Session, campaign_id: int) -> Sequence[Batch]:
    """The files that came in, the newest first."""
    query = (
        select(PaperBatch)
        .where(PaperBatch.campaign_id == campaign_id)
        .order_by(PaperBatch.entered_at.desc(), PaperBatch.id.desc())
        .limit(_MOST_BATCHES)
    )
    batches = session.scalars(query).all()
    number = PaperSignature.number
    columns: Sequence[Any] = (
        *(PaperSignature.batch_id, PaperSignature.state, func.count().label("rows")),
        *(func.min(number).label("first"), func.max(number).label("last")),
    )
    rows = session.execute(
        select(*columns)
        .where(PaperSignature.campaign_id == campaign_id)
        .where(PaperSignature.batch_id.in_([batch.id for batch in batches]))
        .group_by(PaperSignature.batch_id, PaperSignature.state)
    ).all()
    return [_describe(batch, [row for row in rows if row.batch_id == batch.id]) for batch in batches]


def list_wordings(session: Session, campaign_id: int) -> Sequence[Row[Any]]:
    """Every wording that a sheet may have: id, language, version, retired_at; those in force first."""
    columns: Sequence[Any] = (Statement.id, Statement.language, Statement.version, Statement.retired_at)
    query = select(*columns).where(Statement.campaign_id == campaign_id)
    rows = session.execute(query.order_by(Statement.language, Statement.version.desc())).all()
    return sorted(rows, key=lambda row: row.retired_at is not None)


def _first_of(session: Session, campaign_id: int, query: Select[PaperSignature]) -> Page:
    rows = session.scalars(query.limit(PAGE_SIZE + 1)).all()
    key = rows[PAGE_SIZE - 1].number if len(rows) > PAGE_SIZE else None
    return Page(list_likes(session, campaign_id, rows[:PAGE_SIZE]), key)


def _begins(words: Sequence[str], row: PaperSignature) -> bool:
    there = person_key(row.name, row.city).replace("|", " ").split()
    return all(any(word.startswith(asked) for word in there) for asked in words)


def _describe(batch: PaperBatch, rows: Sequence[Row[Any]]) -> Batch:
    counts = {row.state: row.rows for row in rows}
    return Batch(
        id=batch.id,
        rows=batch.rows,
        entered_by=batch.entered_by,
        entered_at=batch.entered_at,
        undone_at=batch.undone_at,
        first=min((row.first for row in rows), default=None),
        last=max((row.last for row in rows), default=None),
        states={state: counts[state] for state in STATES if state in counts},
    )
