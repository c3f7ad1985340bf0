"""Signing: what somebody typed becomes a draft, and a mail to the address goes into the outbox.

A draft is nobody's signature yet. Whatever the store knows of an address, the visitor sees the same page.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from petitions.abuse import rates
from petitions.abuse.rules import Verdict
from petitions.db import insert_ignoring
from petitions.mail.limited import LimitedMails
from petitions.settings import Rate
from petitions.signatures.consents import store_wordings, wording_key
from petitions.signatures.holds import Judged, judge
from petitions.signatures.models import Draft, Signature
from petitions.signatures.refusing import find_refusals

CONFIRM = "confirm"
ALREADY_SIGNED = "already_signed"

Key = tuple[int, bytes]  # campaign and address


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A form that was found right. `network` is the sender's, in the clear; it lives as long as the request."""

    id: UUID
    campaign_id: int
    statement_id: int
    email: str
    email_key: bytes
    name: str | None
    country: str
    city: str | None
    affiliation: str | None
    comment: str | None
    answers: dict[str, str] | None
    visibility: str
    updates: bool
    language: str
    consent_version: int
    arrived_at: datetime
    network: str | None
    trapped: bool  # filled in the field that people do not see
    updates_wording: str | None = None  # the words of the consent to updates, where it was given
    proven: bool | None = None  # whether it carries a proof of work; None where none was asked for
    proof: bytes | None = None  # stands for that proof, which is good for one form
    ruled: Verdict | None = None  # what the rules say of it

    @property
    def key(self) -> Key:
        return (self.campaign_id, self.email_key)


_NOT_CONTENT = frozenset(
    {"id", "campaign_id", "email_key", "arrived_at", "network", "trapped", "proven", "proof", "ruled"}
)
_CONTENT = tuple(field.name for field in fields(NewDraft) if field.name not in _NOT_CONTENT)


def content_key(draft: NewDraft) -> bytes:
    """16 bytes that are equal for drafts that say the same."""
    content = json.dumps([getattr(draft, name) for name in _CONTENT], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode("ascii")).digest()[:16]


def store_drafts(
    session: Session, drafts: Sequence[NewDraft], sign_rate: Rate | None, domain_credit: int | None = None
) -> list[None]:
    """Store a batch and queue its mails. Safe to run again with the same drafts."""
    now = max(draft.arrived_at for draft in drafts)
    unique = {(draft.key, content_key(draft)): draft for draft in reversed(drafts)}
    email_keys = sorted({draft.email_key for draft in drafts})
    signed = _find_signed(session, email_keys)
    known = _find_drafts(session, email_keys)
    refused = find_refusals(session, email_keys)
    judged = judge(session, list(unique.values()), sign_rate, domain_credit, now)

    rows, mails = [], LimitedMails(session, email_keys, now)
    for entry in sorted(unique):
        draft = unique[entry]
        signature, stored = signed.get(entry[0]), known.get(entry)
        if signature is not None:
            if not signature.removed and not mails.was_just_asked(ALREADY_SIGNED, signature.id):
                _ask(mails, ALREADY_SIGNED, draft, signature.id)
        elif draft.key in refused:
            continue  # "it wasn't me", said that address: nothing of it is stored, and nothing mailed
        elif stored is not None:
            if not stored.held and not mails.was_just_asked(CONFIRM, stored.id):
                _ask(mails, CONFIRM, draft, stored.id)
        else:
            rows.append(_row(draft, entry[1], judged[draft.id]))
            if judged[draft.id].held is None:
                _ask(mails, CONFIRM, draft, draft.id)
    if rows:
        store_wordings(
            session, [(d.campaign_id, d.updates_wording) for d in unique.values() if d.updates_wording is not None]
        )
        # A race between processes ends in the unique key: one draft stays, and the mail that points at the
        # other finds nothing to send.
        session.connection().execute(insert_ignoring(session, Draft), rows)
    if not mails.queue() and not rows:
        # Every answer waits for a commit that writes, or its time would tell who has signed.
        rates.write_nothing(session, now)
    return [None] * len(drafts)


def _ask(mails: LimitedMails, kind: str, draft: NewDraft, subject_id: UUID) -> None:
    mails.add(kind, draft.campaign_id, subject_id, draft.email_key, draft.language)


@dataclass(frozen=True, slots=True)
class _Signed:
    id: UUID
    removed: bool


@dataclass(frozen=True, slots=True)
class _Known:
    id: UUID
    held: bool


# Built once, over the tables and not their classes: building them anew for each batch, and the ORM around their
# rows, cost a third of the batch's time.
_signatures = cast("Table", Signature.__table__).c
_drafts = cast("Table", Draft.__table__).c
_SIGNED = select(_signatures.campaign_id, _signatures.email_key, _signatures.id, _signatures.removed_at).where(
    _signatures.email_key.in_(bindparam("email_keys", expanding=True))
)
_DRAFTED = select(
    _drafts.campaign_id, _drafts.email_key, _drafts.content_key, _drafts.id, _drafts.held_reason
).where(_drafts.email_key.in_(bindparam("email_keys", expanding=True)))


def _find_signed(session: Session, email_keys: Sequence[bytes]) -> dict[Key, _Signed]:
    rows = session.connection().execute(_SIGNED, {"email_keys": email_keys})
    return {
        (campaign_id, email_key): _Signed(signature_id, removed_at is not None)
        for campaign_id, email_key, signature_id, removed_at in rows
    }


def _find_drafts(session: Session, email_keys: Sequence[bytes]) -> dict[tuple[Key, bytes], _Known]:
    rows = session.connection().execute(_DRAFTED, {"email_keys": email_keys})
    return {
        ((campaign_id, email_key), content): _Known(draft_id, held_reason is not None)
        for campaign_id, email_key, content, draft_id, held_reason in rows
    }


def _row(draft: NewDraft, content: bytes, judged: Judged) -> dict[str, Any]:
    return {
        "campaign_id": draft.campaign_id,
        "id": draft.id,
        "statement_id": draft.statement_id,
        "email": draft.email,
        "email_key": draft.email_key,
        "content_key": content,
        "name": draft.name,
        "country": draft.country,
        "city": draft.city,
        "affiliation": draft.affiliation,
        "comment": draft.comment,
        "answers": draft.answers,
        "visibility": draft.visibility,
        "updates": draft.updates,
        "updates_key": wording_key(draft.updates_wording) if draft.updates_wording is not None else None,
        "language": draft.language,
        "consent_version": draft.consent_version,
        "created_at": draft.arrived_at,
        "held_reason": judged.held.reason if judged.held is not None else None,
        "held_for": judged.held.by if judged.held is not None else None,
        "network": judged.network,
    }
