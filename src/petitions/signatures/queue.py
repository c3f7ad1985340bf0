"""What moderators see of held drafts: which groups there are, and who is in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import String, cast, func, select
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
    found = session.execute(
        # As texts, for PostgreSQL knows no smallest identifier.
        select(
            Draft.held_reason,
            Draft.held_for,
            func.count(),
            func.min(cast(Draft.id, String)),
            func.max(cast(Draft.id, String)),
        )
        .where(Draft.campaign_id == campaign_id, Draft.held_reason.is_not(None))
        .group_by(Draft.held_reason, Draft.held_for)
    ).all()
    largest = sorted(found, key=lambda row: (-row[2], row[0], row[1] or ""))[:MOST_GROUPS]
    ends = {UUID(text) for row in largest for text in (row[3], row[4])}
    query = select(Draft).where(Draft.campaign_id == campaign_id, Draft.id.in_(sorted(ends)))
    samples = {draft.id: _held(draft) for draft in session.scalars(query)} if ends else {}
    groups = [
        _group(Group(reason or "", by), count, UUID(first), UUID(last), samples)
        for reason, by, count, first, last in largest
    ]
    return Queue(groups, len(found) - len(groups), sum(row[2] for row in found))


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
    query = select(Draft).where(*these).order_by(Draft.id).limit(limit)
    if after is not None:
        query = query.where(Draft.id > after)
    return [_held(draft) for draft in session.scalars(query)]


def count_group(session: Session, campaign_id: int, group: Group) -> tuple[int, UUID | None]:
    """How many drafts are in a group, and the last of them."""
    these = in_group(campaign_id, group)
    count, last = session.execute(select(func.count(), func.max(cast(Draft.id, String))).where(*these)).one()
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


def _held(draft: Draft) -> HeldDraft:
    return HeldDraft(
        id=draft.id,
        reason=draft.held_reason or "",
        by=draft.held_for,
        name=draft.name,
        country=draft.country,
        city=draft.city,
        affiliation=draft.affiliation,
        comment=draft.comment,
        email_domain=domain_of(draft.email),
        created_at=draft.created_at,
        network=draft.network.hex()[:8] if draft.network else None,
    )
