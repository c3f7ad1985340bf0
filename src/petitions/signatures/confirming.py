"""Confirming: the button in the mail makes a draft a signature, and the count rises in the same transaction."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from petitions.abuse.credit import Account, Place, add_confirmed_networks, add_to_accounts
from petitions.abuse.providers import is_large
from petitions.campaigns.lifecycle import may_confirm
from petitions.campaigns.models import Campaign
from petitions.mailboxes import domain_of, registrable
from petitions.signatures.models import Draft, Signature, Tally
from petitions.signatures.paper import give_way
from petitions.signatures.words import WordChanges, places_of


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody pressed the button of this draft."""

    campaign_id: int
    draft_id: UUID
    arrived_at: datetime


class Outcome(Enum):
    COUNTED = "counted"
    COUNTED_BEFORE = "counted_before"  # the button again, or another draft of the same address
    TOO_LATE = "too_late"
    GONE = "gone"


_COPIED = [
    "campaign_id",
    "id",
    "statement_id",
    "email",
    "email_key",
    "name",
    "country",
    "city",
    "affiliation",
    "comment",
    "answers",
    "visibility",
    "updates",
    "updates_key",
    "language",
    "consent_version",
]

# Built once, over the tables and not their classes: see drafting.py.
_signatures, _drafts = cast("Table", Signature.__table__), cast("Table", Draft.__table__)
_campaigns, _tallies = cast("Table", Campaign.__table__), cast("Table", Tally.__table__)
_LOCKED_TALLY = (
    select(
        *(_tallies.c.counted, _tallies.c.last_serial, _tallies.c.purging, _tallies.c.paper_keyed),
        _campaigns.c.closes_at,
    )
    .join(_campaigns, _campaigns.c.id == _tallies.c.campaign_id)
    .where(_tallies.c.campaign_id == bindparam("campaign"))
    .with_for_update(of=_tallies)
)
_FOUND_DRAFTS = select(*(_drafts.c[name] for name in _COPIED), _drafts.c.created_at, _drafts.c.network).where(
    _drafts.c.campaign_id == bindparam("campaign"),
    _drafts.c.id.in_(bindparam("ids", expanding=True)),
    _drafts.c.held_reason.is_(None),
)
_DELETE_DRAFTS = delete(_drafts).where(
    _drafts.c.campaign_id + 0 == bindparam("campaign"),  # "+ 0": the index to use is that of the address
    _drafts.c.email_key.in_(bindparam("keys", expanding=True)),
)
_SIGNED_IDS = select(_signatures.c.id).where(
    _signatures.c.campaign_id == bindparam("campaign"),
    _signatures.c.id.in_(bindparam("ids", expanding=True)),
    _signatures.c.link_epoch == 0,  # else its signer asked for a new link: the mails before it tell nothing
)
_SIGNED_KEYS = select(_signatures.c.email_key).where(
    _signatures.c.campaign_id + 0 == bindparam("campaign"),
    _signatures.c.email_key.in_(bindparam("keys", expanding=True)),
)
_INSERT_SIGNATURES = insert(_signatures)


def store_confirmations(
    session: Session, confirmations: Sequence[Confirmation], *, credits_domains: bool = True
) -> list[Outcome]:
    """Confirm a batch. Safe to run again with the same confirmations. `credits_domains`: whether anybody judges
    domains and networks by what was confirmed."""
    by_campaign: dict[int, list[Confirmation]] = defaultdict(list)
    for confirmation in confirmations:
        by_campaign[confirmation.campaign_id].append(confirmation)
    outcomes: dict[tuple[int, UUID], Outcome] = {}
    done = _Confirmed()
    # One order for every writer, so that locks are never taken in a ring: tallies, networks, domains, drafts.
    for campaign_id in sorted(by_campaign):
        for draft_id, outcome in _confirm(session, campaign_id, by_campaign[campaign_id], done).items():
            outcomes[(campaign_id, draft_id)] = outcome
    if done.domains and credits_domains:
        add_confirmed_networks(session, done.networks)
        places = [place for place in done.domains if not is_large(place[1])]
        accounts = {place: Account(confirmed=done.domains[place]) for place in places}
        add_to_accounts(session, accounts, max(c.arrived_at for c in confirmations))
    for campaign_id, keys in done.drafts.items():
        session.connection().execute(_DELETE_DRAFTS, {"campaign": campaign_id, "keys": keys})
    return [outcomes[(c.campaign_id, c.draft_id)] for c in confirmations]


@dataclass
class _Confirmed:
    """What is written after the last campaign of a batch."""

    networks: Counter[bytes] = field(default_factory=Counter)
    domains: Counter[Place] = field(default_factory=Counter)
    drafts: dict[int, list[bytes]] = field(default_factory=dict)  # of these addresses in each campaign: they go


def _confirm(
    session: Session, campaign_id: int, confirmations: Sequence[Confirmation], done: _Confirmed
) -> dict[UUID, Outcome]:
    wanted = {confirmation.draft_id: confirmation for confirmation in reversed(confirmations)}
    connection = session.connection()
    locked = connection.execute(_LOCKED_TALLY, {"campaign": campaign_id}).one_or_none()
    if locked is None:
        return dict.fromkeys(wanted, Outcome.GONE)
    counted, last_serial, purging, on_paper, closes_at = locked
    drafts = connection.execute(_FOUND_DRAFTS, {"campaign": campaign_id, "ids": list(wanted)}).all()
    signed_ids, signed_keys = _find_signed(connection, campaign_id, list(wanted), [d.email_key for d in drafts])

    outcomes = {i: Outcome.COUNTED_BEFORE if i in signed_ids else Outcome.GONE for i in wanted}
    rows: list[dict[str, Any]] = []
    for draft in sorted(drafts, key=lambda draft: wanted[draft.id].arrived_at):
        arrived_at = wanted[draft.id].arrived_at
        if draft.email_key in signed_keys:
            outcomes[draft.id] = Outcome.COUNTED_BEFORE
        elif purging or not may_confirm(closes_at, draft.created_at, arrived_at):
            outcomes[draft.id] = Outcome.TOO_LATE
        else:
            outcomes[draft.id] = Outcome.COUNTED
            signed_keys.add(draft.email_key)
            last_serial += 1
            row = dict(zip(_COPIED, draft, strict=False))
            row |= {"serial": last_serial, "drafted_at": draft.created_at, "confirmed_at": arrived_at}
            row["updates_at"] = draft.created_at if row["updates"] else None
            row["domain"] = registrable(domain_of(row["email"]))
            rows.append(row)
            done.domains[campaign_id, row["domain"]] += 1
            if draft.network is not None:
                done.networks[draft.network] += 1
    _count(session, campaign_id, counted, last_serial, rows)
    if on_paper and rows:
        give_way(session, campaign_id, {row["email_key"]: row["serial"] for row in rows})
    if drafts:
        done.drafts[campaign_id] = sorted(signed_keys)
    return outcomes


def _find_signed(
    connection: Connection, campaign_id: int, ids: Sequence[UUID], keys: Sequence[bytes]
) -> tuple[set[UUID], set[bytes]]:
    """Which of these drafts are signatures already, and which of these addresses have one."""
    by_id = connection.scalars(_SIGNED_IDS, {"campaign": campaign_id, "ids": ids})
    by_key = connection.scalars(_SIGNED_KEYS, {"campaign": campaign_id, "keys": keys}) if keys else ()
    return set(by_id), set(by_key)


def _count(
    session: Session, campaign_id: int, counted: int, last_serial: int, rows: Sequence[dict[str, Any]]
) -> None:
    if not rows:
        return
    session.connection().execute(_INSERT_SIGNATURES, rows)
    words = WordChanges(campaign_id)
    for row in rows:
        words.add(row["serial"], places_of(row["visibility"], row["name"]))
    words.write(session, anew=True)
    session.execute(
        update(Tally)
        .where(Tally.campaign_id == campaign_id)
        .values(
            counted=counted + len(rows),
            last_serial=last_serial,
            changed_at=max(r["confirmed_at"] for r in rows),
        )
    )
