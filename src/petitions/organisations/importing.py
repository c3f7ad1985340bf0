"""Bringing in organisations that a lead knows: all at once, or to be asked; whole, or not at all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from petitions.addresses import make_email_key
from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Statement
from petitions.errors import NotPossible
from petitions.mail import outbox
from petitions.mail.limited import LimitedMails
from petitions.organisations import counting
from petitions.organisations.csv_rows import Row
from petitions.organisations.history import IMPORTED
from petitions.organisations.models import APPROVED, UNCONFIRMED, Organisation
from petitions.organisations.naming import is_other_branch, skeleton
from petitions.organisations.noting import signed_note
from petitions.organisations.requesting import CONFIRM, OWN_LINK, columns_of
from petitions.organisations.similar import COMPARED

#: Of one domain so many are compared: a union with a thousand branches has them all at one address.
_MOST_OF_A_DOMAIN = 50
#: What leads read of those for whom nobody noted anything; the same in every language.
_FROM_A_LIST = "CSV"
#: Values of one question to the store.
_STEP = 500


@dataclass(frozen=True)
class Alike:
    """What a row looks like: one that is here already, or an earlier line of the file."""

    name: str
    id: UUID | None = None  # of the one that is here
    number: int | None = None
    line: int | None = None  # of the file


@dataclass(frozen=True)
class Plan:
    """What a lead wants to be done with a list."""

    id: UUID  # of the form: sent twice, it is done once
    rows: Sequence[Row] = field(repr=False)
    vouches: bool  # they have signed already; or else each contact is asked by mail
    note: str  # why a lead may say so
    leaves_wrong: bool  # rows with mistakes are left out; without it there may be none
    leaves_alike: bool  # so are those that look like another one
    statements: Mapping[str, int]  # of the wordings in force, by language, the default first
    consent_version: int
    email_secret: str = field(repr=False)


@dataclass(frozen=True)
class Imported:
    """What became of it."""

    done: int = 0
    wrong: int = 0  # left out
    alike: int = 0  # left out
    unasked: int = 0  # without a mail, for the address had too many today
    again: bool = False  # the same form was here before


def find_alike(session: Session, campaign_id: int, rows: Sequence[Row]) -> Mapping[int, Alike]:
    """By the lines of rows: what each looks like. Rows with mistakes are not compared."""
    known = _Known()
    right = [row for row in rows if row.entry is not None]
    for here, key, domain in _find_here(session, campaign_id, right):
        known.add(here, key, domain)
    found = {}
    for row in right:
        key, domain = _keys(row)
        alike = known.find(row.name, key, domain)
        if alike is not None:
            found[row.line] = alike
        known.add(Alike(row.name, line=row.line), key, domain)
    return found


class _Known:
    """Organisations by what tells them."""

    def __init__(self) -> None:
        self._names: dict[str, Alike] = {}
        self._domains: defaultdict[str, list[Alike]] = defaultdict(list)

    def add(self, one: Alike, key: str, domain: str | None) -> None:
        self._names.setdefault(key, one)
        if domain is not None and len(self._domains[domain]) < _MOST_OF_A_DOMAIN:
            self._domains[domain].append(one)

    def find(self, name: str, key: str, domain: str | None) -> Alike | None:
        same = self._names.get(key)
        if same is not None or domain is None:
            return same
        return next((each for each in self._domains[domain] if not is_other_branch(name, each.name)), None)


def _keys(row: Row) -> tuple[str, str | None]:
    assert row.entry is not None
    return skeleton(row.entry.name), row.entry.website.domain if row.entry.website is not None else None


def _find_here(session: Session, campaign_id: int, rows: Sequence[Row]) -> Iterable[tuple[Alike, str, str | None]]:
    keys = [_keys(row) for row in rows]
    for start in range(0, len(keys), _STEP):
        some = keys[start : start + _STEP]
        names, domains = {key for key, _ in some}, {domain for _, domain in some if domain is not None}
        query = (
            select(
                Organisation.id,
                Organisation.number,
                Organisation.name,
                Organisation.name_skeleton,
                Organisation.domain,
            )
            .where(
                Organisation.campaign_id == campaign_id,
                Organisation.state.in_(COMPARED),
                or_(Organisation.name_skeleton.in_(sorted(names)), Organisation.domain.in_(sorted(domains))),
            )
            .order_by(Organisation.number)
        )
        for row in session.execute(query):
            yield Alike(row.name, id=row.id, number=row.number), row.name_skeleton, row.domain


def bring_in(session: Session, campaign_id: int, plan: Plan, actor: Actor, now: datetime) -> Imported:
    """Store those rows that are to come in, and queue their mails. Nothing is stored where rows are wrong and are
    not to be left out. Raises CampaignPurged, and NotPossible where a wording gave way to another."""
    tally = counting.lock(session, campaign_id)
    wrong = sum(row.entry is None for row in plan.rows)
    if wrong and not plan.leaves_wrong:
        return Imported(wrong=wrong)
    ids = {row.line: uuid5(plan.id, str(row.line)) for row in plan.rows}
    if _is_here(session, campaign_id, list(ids.values())):
        return Imported(again=True)
    alike = find_alike(session, campaign_id, plan.rows) if plan.leaves_alike else {}
    coming = [row for row in plan.rows if row.entry is not None and row.line not in alike]
    if not coming:
        return Imported(wrong=wrong, alike=len(alike))
    first = tally.last_number + 1
    values = [
        {"id": ids[row.line], "number": number, **_columns(row, campaign_id, plan, actor, now)}
        for number, row in enumerate(coming, first)
    ]
    _keep_wordings(session, {row["statement_id"] for row in values})
    session.execute(insert(Organisation), values)
    tally.last_number += len(values)
    if plan.vouches:
        tally.counted += len(values)
        tally.members += sum(row["members"] or 0 for row in values)
        tally.revision += 1
    details = {"first": first, "last": tally.last_number, "rows": len(values), "vouched": plan.vouches}
    record(session, actor, IMPORTED, now, campaign_id, **details)
    session.flush()
    unasked = _mail(session, campaign_id, values, now)
    return Imported(len(values), wrong, len(alike), unasked)


def _keep_wordings(session: Session, ids: Collection[int]) -> None:
    """Lock the wordings that are signed: publishing deletes those that nobody has. Raises NotPossible."""
    query = select(Statement.id).where(Statement.id.in_(ids)).order_by(Statement.id)
    if len(session.scalars(query.with_for_update(read=True, key_share=True)).all()) < len(ids):
        raise NotPossible


def _is_here(session: Session, campaign_id: int, ids: Sequence[UUID]) -> bool:
    query = select(Organisation.id).where(Organisation.campaign_id == campaign_id, Organisation.id.in_(ids))
    return session.scalar(query.limit(1)) is not None


def _columns(row: Row, campaign_id: int, plan: Plan, actor: Actor, now: datetime) -> dict[str, Any]:
    assert row.entry is not None
    statement_id = plan.statements.get(row.language) or next(iter(plan.statements.values()))
    return {
        "campaign_id": campaign_id,
        **columns_of(row.entry, row.email),
        "state": APPROVED if plan.vouches else UNCONFIRMED,
        "contact_name": row.contact_name,
        "contact_role": row.contact_role,
        "email": row.email,
        "email_key": make_email_key(row.email, plan.email_secret) if row.email else None,
        "phone": row.phone,
        "vouched_by": actor.name if plan.vouches else None,
        "decided_at": now if plan.vouches else None,
        "decided_by": actor.name if plan.vouches else None,
        # A note keeps the rule of a campaign from approving those that are asked: a lead decides, who found them.
        "note": plan.note or signed_note(_FROM_A_LIST, actor, now),
        "language": row.language,
        "statement_id": statement_id,
        "told_statement_id": statement_id,
        "consent_version": plan.consent_version,
        "created_at": now,
    }


def _mail(session: Session, campaign_id: int, values: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Queue a mail to each contact that has an address: the button, or the link to their own page. How many got
    none, for their address has had enough of them."""
    written = [row for row in values if row["email_key"] is not None]
    mails = LimitedMails(session, {row["email_key"] for row in written}, now)
    queued = [
        mails.add(
            CONFIRM if row["state"] == UNCONFIRMED else OWN_LINK,
            campaign_id,
            row["id"],
            row["email_key"],
            row["language"],
            outbox.LATER,
        )
        for row in written
    ]
    mails.queue()
    return queued.count(False)
