"""Confirming: the button in the mail makes a draft a signature, and the count rises in the same transaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.lifecycle import may_confirm
from petitions.campaigns.models import Campaign
from petitions.signatures.models import Draft, Signature, SignatureWord, Tally
from petitions.signatures.names import folded_words


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
    "language",
    "consent_version",
]


def store_confirmations(session: Session, confirmations: Sequence[Confirmation]) -> list[Outcome]:
    """Confirm a batch. Safe to run again with the same confirmations."""
    by_campaign: dict[int, list[Confirmation]] = defaultdict(list)
    for confirmation in confirmations:
        by_campaign[confirmation.campaign_id].append(confirmation)
    outcomes: dict[tuple[int, UUID], Outcome] = {}
    for campaign_id in sorted(by_campaign):  # one order for every writer: locks are never taken in a ring
        for draft_id, outcome in _confirm(session, campaign_id, by_campaign[campaign_id]).items():
            outcomes[(campaign_id, draft_id)] = outcome
    return [outcomes[(c.campaign_id, c.draft_id)] for c in confirmations]


def _confirm(session: Session, campaign_id: int, confirmations: Sequence[Confirmation]) -> dict[UUID, Outcome]:
    wanted = {confirmation.draft_id: confirmation for confirmation in reversed(confirmations)}
    locked = session.execute(
        select(Tally.counted, Tally.last_serial, Campaign.closes_at)
        .join(Campaign, Campaign.id == Tally.campaign_id)
        .where(Tally.campaign_id == campaign_id)
        .with_for_update(of=Tally)
    ).one_or_none()
    if locked is None:
        return dict.fromkeys(wanted, Outcome.GONE)
    counted, last_serial, closes_at = locked
    drafts = session.execute(
        select(*(getattr(Draft, name) for name in _COPIED), Draft.created_at).where(
            Draft.campaign_id == campaign_id, Draft.id.in_(wanted), Draft.held_reason.is_(None)
        )
    ).all()
    signed_ids, signed_keys = _find_signed(session, campaign_id, wanted, [d.email_key for d in drafts])

    outcomes = {i: Outcome.COUNTED_BEFORE if i in signed_ids else Outcome.GONE for i in wanted}
    rows: list[dict[str, Any]] = []
    for draft in sorted(drafts, key=lambda draft: wanted[draft.id].arrived_at):
        arrived_at = wanted[draft.id].arrived_at
        if draft.email_key in signed_keys:
            outcomes[draft.id] = Outcome.COUNTED_BEFORE
        elif not may_confirm(closes_at, draft.created_at, arrived_at):
            outcomes[draft.id] = Outcome.TOO_LATE
        else:
            outcomes[draft.id] = Outcome.COUNTED
            signed_keys.add(draft.email_key)
            last_serial += 1
            row = {name: getattr(draft, name) for name in _COPIED}
            rows.append(row | {"serial": last_serial, "drafted_at": draft.created_at, "confirmed_at": arrived_at})
    _count(session, campaign_id, counted, last_serial, rows)
    if drafts:
        session.execute(
            delete(Draft).where(Draft.campaign_id == campaign_id, Draft.email_key.in_(sorted(signed_keys)))
        )
    return outcomes


def _find_signed(
    session: Session, campaign_id: int, ids: dict[UUID, Confirmation], keys: Sequence[bytes]
) -> tuple[set[UUID], set[bytes]]:
    """Which of these drafts are signatures already, and which of these addresses have one."""
    by_id = select(Signature.id).where(Signature.campaign_id == campaign_id, Signature.id.in_(ids))
    by_key = select(Signature.email_key).where(Signature.campaign_id == campaign_id, Signature.email_key.in_(keys))
    return set(session.scalars(by_id)), set(session.scalars(by_key)) if keys else set()


def _count(
    session: Session, campaign_id: int, counted: int, last_serial: int, rows: Sequence[dict[str, Any]]
) -> None:
    if not rows:
        return
    session.execute(insert(Signature), rows)
    words = [
        {"campaign_id": campaign_id, "word": word, "serial": row["serial"]}
        for row in rows
        if row["visibility"] == "public" and row["name"]
        for word in folded_words(row["name"])
    ]
    if words:
        session.execute(insert(SignatureWord), sorted(words, key=lambda word: str(word["word"])))
    session.execute(
        update(Tally)
        .where(Tally.campaign_id == campaign_id)
        .values(
            counted=counted + len(rows),
            last_serial=last_serial,
            changed_at=max(r["confirmed_at"] for r in rows),
        )
    )
