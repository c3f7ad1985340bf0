"""What moderators see of held drafts: which groups there are, and who is in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    Table,
    UnaryExpression,
    bindparam,
    case,
    func,
    select,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from petitions.abuse.rule_lists import SITE, find_list
from petitions.abuse.rules import Rule, RulesWrong, parse_rules
from petitions.mailboxes import domain_of
from petitions.signatures.holding import Group, in_group, moment_of
from petitions.signatures.holds import HELD_RULE
from petitions.signatures.models import Draft

#: Groups that are shown, the largest first.
MOST_GROUPS = 100
PAGE_SIZE = 50

_c = cast("Table", Draft.__table__).c
_SHOWN = (
    *(_c.id, _c.held_reason, _c.held_for, _c.name, _c.country, _c.city, _c.affiliation, _c.comment, _c.email),
    *(_c.created_at, _c.network),
)
_CAMPAIGN = bindparam("campaign", type_=Integer)


def _groups() -> Select[*tuple[Any, ...]]:
    """The largest groups with the ends of each, which the index knows; and how many groups and drafts there are
    in all."""
    group = (_c.held_reason, _c.held_for)
    held = select(*group, func.count().label("n")).where(_c.campaign_id == _CAMPAIGN, _c.held_reason.is_not(None))
    each = held.group_by(*group).subquery("each").c
    in_all = (
        func.count().over().label("groups"),
        sql_cast(func.sum(each.n).over(), BigInteger).label("drafts"),
    )
    ranked = select(*each, *in_all).order_by(each.n.desc(), each.held_reason, func.coalesce(each.held_for, ""))
    largest = ranked.limit(bindparam("most", type_=Integer)).subquery("largest").c

    def end(order: UnaryExpression[UUID]) -> ColumnElement[UUID]:
        ids = select(_c.id).where(_c.campaign_id == _CAMPAIGN, _c.held_reason == largest.held_reason)
        ids = ids.order_by(order).limit(1)
        of_nothing = ids.where(_c.held_for.is_(None)).scalar_subquery()
        return case(
            (largest.held_for.is_(None), of_nothing),
            else_=ids.where(_c.held_for == largest.held_for).scalar_subquery(),
        )

    return select(*largest, end(_c.id.asc()).label("first"), end(_c.id.desc()).label("last"))


#: Built once, as building them costs more than the answer of a short queue.
_GROUPS = _groups()
_SAMPLES = select(*_SHOWN).where(_c.campaign_id == _CAMPAIGN, _c.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class HeldDraft:
    """A held draft; of its address the domain alone."""

    id: UUID
    reason: str
    by: str | None  # see holding.Group
    name: str | None
    country: str
    city: str | None
    affiliation: str | None
    comment: str | None
    email_domain: str
    created_at: datetime
    network: str | None  # the first digits of its hash: equal ones came from one network


@dataclass(frozen=True)
class HeldGroup:
    """Drafts that are held for the same, with the first and the last of them."""

    group: Group
    count: int
    first_at: datetime
    last_at: datetime
    last_id: UUID
    samples: Sequence[HeldDraft]


@dataclass(frozen=True)
class Queue:
    """Everything that is held in a campaign."""

    groups: Sequence[HeldGroup]  # the largest first
    more: int  # groups that are not shown
    count: int


def find_queue(session: Session, campaign_id: int) -> Queue:
    """The groups of a campaign, in two queries however many there are."""
    found = session.execute(_GROUPS, {"campaign": campaign_id, "most": MOST_GROUPS}).all()
    if not found:
        return Queue([], 0, 0)
    ends = {row.first for row in found} | {row.last for row in found}
    rows = session.execute(_SAMPLES, {"campaign": campaign_id, "ids": list(ends)}).all()
    samples = {row.id: _held(row) for row in rows}
    largest = sorted(found, key=lambda row: (-row.n, row.held_reason, row.held_for or ""))
    groups = [_group(Group(row.held_reason, row.held_for), row.n, row.first, row.last, samples) for row in largest]
    return Queue(groups, found[0].groups - len(groups), found[0].drafts)


def _group(group: Group, count: int, first: UUID, last: UUID, samples: dict[UUID, HeldDraft]) -> HeldGroup:
    shown = [samples[draft_id] for draft_id in dict.fromkeys((first, last)) if draft_id in samples]
    first_at, last_at = (datetime.fromtimestamp(moment_of(i) / 1000, UTC) for i in (first, last))
    return HeldGroup(group, count, first_at, last_at, last, shown)


def list_held(
    session: Session,
    campaign_id: int,
    group: Group | None = None,
    after: UUID | None = None,
    limit: int = PAGE_SIZE,
) -> list[HeldDraft]:
    """Held drafts of a campaign (of one group) in the order of their arrival."""
    these = (
        in_group(campaign_id, group)
        if group is not None
        else [Draft.campaign_id == campaign_id, Draft.held_reason.is_not(None)]
    )
    query = select(*_SHOWN).where(*these).order_by(Draft.id).limit(limit)
    if after is not None:
        query = query.where(Draft.id > after)
    return [_held(row) for row in session.execute(query)]


def count_group(session: Session, campaign_id: int, group: Group) -> tuple[int, UUID | None]:
    """How many drafts are in a group, and the last of them."""
    these = in_group(campaign_id, group)
    count, last = session.execute(select(func.count(), func.max(sql_cast(Draft.id, String))).where(*these)).one()
    return count, UUID(last) if last is not None else None


def find_rules(session: Session, campaign_id: int) -> dict[str, Rule]:
    """The rules that hold in a campaign, by their keys."""
    found: dict[str, Rule] = {}
    for scope in (SITE, campaign_id):
        try:
            rules = parse_rules(find_list(session, scope).text)
        except RulesWrong:
            continue
        found.update({rule.key: rule for rule in rules if rule.holds})
    return found


def count_by_rule(session: Session, campaign_id: int | None) -> dict[str, int]:
    """How many drafts each rule holds now, by its key: in a campaign, or in all."""
    query = select(Draft.held_for, func.count()).where(Draft.held_reason == HELD_RULE).group_by(Draft.held_for)
    if campaign_id is not None:
        query = query.where(Draft.campaign_id == campaign_id)
    return {key: count for key, count in session.execute(query) if key is not None}


def _held(row: Row[*tuple[Any, ...]]) -> HeldDraft:
    return HeldDraft(
        id=row.id,
        reason=row.held_reason or "",
        by=row.held_for,
        name=row.name,
        country=row.country,
        city=row.city,
        affiliation=row.affiliation,
        comment=row.comment,
        email_domain=domain_of(row.email),
        created_at=row.created_at,
        network=row.network.hex()[:8] if row.network else None,
    )
