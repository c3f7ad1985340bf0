"""Bringing in rows of paper sheets: whole, or not at all. Rows that repeat somebody come in too, and say so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from petitions.addresses import make_email_key
from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Statement
from petitions.errors import NotPossible
from petitions.paper.comparing import Found, Names, Person, compare, look_up_names, person_of
from petitions.paper.csv_rows import Row, digest_of
from petitions.paper.locking import lock
from petitions.signatures.models import Tally
from petitions.signatures.paper import COUNTED, PaperBatch, PaperSignature


@dataclass(frozen=True)
class Look:
    """A list as it stands beside what is stored."""

    rows: Sequence[Row] = field(repr=False)
    found: Mapping[int, Found] = field(repr=False)  # by lines of the file
    names: Names = field(repr=False)
    earlier: PaperBatch | None  # the same rows, brought in before

    @property
    def wrong(self) -> int:
        return sum(row.entry is None for row in self.rows)

    @property
    def states(self) -> Mapping[str, int]:
        """How many rows would come in, by their states."""
        return Counter(found.state for found in self.found.values())


@dataclass(frozen=True)
class Plan:
    """What is to be stored."""

    id: UUID  # of the form: sent twice, it is done once
    look: Look = field(repr=False)
    statement_id: int  # the wording on the sheets
    leaves_wrong: bool  # rows with mistakes are left out; without it there may be none
    again: bool  # though the same rows were brought in before
    email_secret: str = field(repr=False)


@dataclass(frozen=True)
class Imported:
    """What became of it."""

    states: Mapping[str, int] = field(default_factory=dict)
    wrong: int = 0  # left out
    is_done: bool = False  # the same form was here before
    is_known: bool = False  # the same rows were, and nobody said that they are others

    @property
    def rows(self) -> int:
        return sum(self.states.values())


def look_at(session: Session, campaign_id: int, rows: Sequence[Row], statement_id: int, email_secret: str) -> Look:
    """Compare a list with what is stored; nothing is locked."""
    persons = _persons(rows, email_secret)
    last_serial = session.scalar(select(Tally.last_serial).where(Tally.campaign_id == campaign_id)) or 0
    names = look_up_names(session, campaign_id, persons, last_serial)
    found = compare(session, campaign_id, persons, names)
    return Look(rows, found, names, _find_earlier(session, campaign_id, digest_of(rows, statement_id)))


def bring_in(session: Session, campaign_id: int, plan: Plan, actor: Actor, now: datetime) -> Imported:
    """Store the rows. Nothing is stored where rows are wrong and are not to be left out. Raises CampaignPurged,
    and NotPossible where the wording is gone or the campaign was never published."""
    tally = lock(session, campaign_id)
    rows = plan.look.rows
    wrong = plan.look.wrong
    if session.get(PaperBatch, (campaign_id, plan.id)) is not None:
        return Imported(wrong=wrong, is_done=True)
    digest = digest_of(rows, plan.statement_id)
    if not plan.again and _find_earlier(session, campaign_id, digest) is not None:
        return Imported(wrong=wrong, is_known=True)
    if (wrong and not plan.leaves_wrong) or wrong == len(rows):
        return Imported(wrong=wrong)
    _keep_wording(session, campaign_id, plan.statement_id)
    persons = _persons(rows, plan.email_secret)
    found = compare(session, campaign_id, persons, plan.look.names)
    values = _values(rows, persons, found, tally.last_paper_number, campaign_id, plan, now)
    session.connection().execute(insert(cast("Table", PaperSignature.__table__)), values)
    counted = [row for row in values if row["state"] == COUNTED]
    if not tally.last_paper_number:
        tally.compared_serial = tally.last_serial  # nothing that is stored was to be compared before
    tally.paper += len(counted)
    tally.paper_keyed += sum(row["email_key"] is not None for row in counted)
    tally.last_paper_number += len(values)
    session.add(
        PaperBatch(
            campaign_id=campaign_id,
            id=plan.id,
            rows=len(values),
            digest=digest,
            entered_by=actor.name,
            entered_at=now,
        )
    )
    states = Counter(row["state"] for row in values)
    record(session, actor, "paper.imported", now, campaign_id, rows=len(values), states=dict(states), wrong=wrong)
    session.flush()
    return Imported(states, wrong)


def _persons(rows: Sequence[Row], email_secret: str) -> Sequence[Person]:
    persons = []
    for row in rows:
        if (entry := row.entry) is not None:
            email_key = make_email_key(entry.mail, email_secret) if entry.mail else None
            persons.append(person_of(row.line, entry.name, entry.city, email_key, entry.sheet, entry.line))
    return persons


def _find_earlier(session: Session, campaign_id: int, digest: bytes) -> PaperBatch | None:
    query = (
        select(PaperBatch)
        .where(PaperBatch.campaign_id == campaign_id, PaperBatch.digest == digest, PaperBatch.undone_at.is_(None))
        .order_by(PaperBatch.entered_at.desc())
    )
    return session.scalars(query).first()


def _keep_wording(session: Session, campaign_id: int, statement_id: int) -> None:
    """Lock the wording that is signed: publishing deletes those that nobody has. Raises NotPossible."""
    query = select(Statement.id).where(Statement.campaign_id == campaign_id, Statement.id == statement_id)
    if session.scalar(query.with_for_update(read=True, key_share=True)) is None:
        raise NotPossible


def _values(
    rows: Sequence[Row],
    persons: Sequence[Person],
    found: Mapping[int, Found],
    last: int,
    campaign_id: int,
    plan: Plan,
    now: datetime,
) -> list[dict[str, Any]]:
    numbers = {person.place: number for number, person in enumerate(persons, last + 1)}
    entries = {row.line: row.entry for row in rows}
    values = []
    for person in persons:
        entry, one = entries[person.place], found[person.place]
        assert entry is not None
        values.append(
            {
                "campaign_id": campaign_id,
                "number": numbers[person.place],
                "batch_id": plan.id,
                "state": one.state,
                "like_serial": one.serial,
                "like_number": one.number if one.place is None else numbers[one.place],
                "sheet": entry.sheet,
                "line": entry.line,
                "name": entry.name,
                "city": entry.city,
                "country": entry.country,
                "affiliation": entry.affiliation,
                "signed_on": entry.date,
                "email_key": person.email_key,
                "person_key": person.key,
                "statement_id": plan.statement_id,
                "entered_at": now,
                "decided_by": None,
            }
        )
    return values
