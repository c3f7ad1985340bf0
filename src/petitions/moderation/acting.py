"""What moderators do to single signatures. Each act says what its moderator had seen: where somebody else acted
meanwhile, nothing is changed, and it is told."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, Table, select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.moderation.hiding import set_comment_state, set_name_hidden
from petitions.moderation.models import Moderation
from petitions.moderation.removing import REASONS, lock_tally, remove_signatures, restore_signatures
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, Signature

#: So many signatures at once; more are for a job.
MOST = 50
_signatures = cast("Table", Signature.__table__)


class Act(StrEnum):
    """As it is stored with the signature; in the audit log it is "signature." and this."""

    HIDE_NAME = "name_hidden"
    SHOW_NAME = "name_shown"
    APPROVE_COMMENT = "comment_approved"
    HIDE_COMMENT = "comment_hidden"
    REMOVE = "removed"
    RESTORE = "restored"


#: What makes something visible holds only for the words that were read: their signer may change them meanwhile.
_SHOWING = (Act.SHOW_NAME, Act.APPROVE_COMMENT, Act.RESTORE)


@dataclass(frozen=True)
class Target:
    """A signature as somebody saw it."""

    id: UUID
    seen: int  # its `moderated`
    read: str = field(default="", repr=False)  # digest_of what it said


@dataclass(frozen=True)
class Acted:
    """What became of each."""

    done: Sequence[UUID] = ()
    already: Sequence[UUID] = ()  # it is so already: somebody pressed twice, or two did the same
    meanwhile: Sequence[UUID] = ()  # another moderator acted on it first; nothing was changed
    reworded: Sequence[UUID] = ()  # the signer changed it, so nothing was shown
    gone: Sequence[UUID] = ()  # withdrawn


def digest_of(signature: Any) -> str:
    """Stands for everything that a signature shows of its signer, so that a form can say what was read."""
    said = (signature.name, signature.city, signature.affiliation, signature.comment)
    return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:32]


def act(
    session: Session,
    campaign_id: int,
    action: Act,
    targets: Sequence[Target],
    actor: Actor,
    now: datetime,
    reason: str | None = None,
) -> Acted:
    """Do this to those that are as they were seen, and write it down. A removal has a `reason`, one of REASONS:
    raises KeyError for another."""
    if action is Act.REMOVE:
        REASONS[reason or ""]
    else:
        reason = None
    lock_tally(session, campaign_id)
    wanted = {target.id: target for target in targets[:MOST]}
    found = {
        row.id: row
        for row in session.execute(
            select(_signatures)
            .where(_signatures.c.campaign_id == campaign_id, _signatures.c.id.in_(sorted(wanted)))
            .order_by(_signatures.c.id)
            .with_for_update()
        )
    }
    judged: dict[str, list[UUID]] = {"done": [], "already": [], "meanwhile": [], "reworded": [], "gone": []}
    for target in wanted.values():
        judged[_judge(action, target, found.get(target.id), reason)].append(target.id)
    if judged["done"]:
        rows = _apply(session, campaign_id, action, judged["done"], now, reason)
        _write_down(session, campaign_id, action, rows, actor, now, reason)
    return Acted(**{what: tuple(ids) for what, ids in judged.items()})


def list_acts(session: Session, campaign_id: int, signature_id: UUID) -> Sequence[Moderation]:
    """What moderators did to one signature, the newest first; what jobs did is not among it."""
    query = select(Moderation).where(
        Moderation.campaign_id == campaign_id, Moderation.signature_id == signature_id
    )
    return session.scalars(query.order_by(Moderation.number.desc())).all()


def _judge(action: Act, target: Target, row: Row[Any] | None, reason: str | None) -> str:
    """What is to become of it: a field of Acted."""
    if row is None:
        return "gone"
    if _IS_SO[action](row) and row.removed_reason == (reason or row.removed_reason):
        return "already"
    if row.moderated != target.seen:
        return "meanwhile"
    if action in _SHOWING and digest_of(row) != target.read:
        return "reworded"
    return "already" if _IS_SO[action](row) else "done"


#: Whether nothing is left to do.
_IS_SO: Mapping[Act, Callable[[Row[Any]], bool]] = {
    Act.HIDE_NAME: lambda row: row.name_hidden,
    Act.SHOW_NAME: lambda row: not row.name_hidden,
    Act.APPROVE_COMMENT: lambda row: row.comment is None or row.comment_state == COMMENT_APPROVED,
    Act.HIDE_COMMENT: lambda row: row.comment_state == COMMENT_HIDDEN,
    Act.REMOVE: lambda row: row.removed_at is not None,
    Act.RESTORE: lambda row: row.removed_at is None,
}


def _apply(
    session: Session, campaign_id: int, action: Act, ids: Sequence[UUID], now: datetime, reason: str | None
) -> Sequence[Row[Any]]:
    if action is Act.REMOVE:
        return remove_signatures(session, campaign_id, ids, reason or "", now)
    if action is Act.RESTORE:
        return restore_signatures(session, campaign_id, ids, now)
    if action in (Act.HIDE_NAME, Act.SHOW_NAME):
        return set_name_hidden(session, campaign_id, ids, hidden=action is Act.HIDE_NAME)
    state = COMMENT_HIDDEN if action is Act.HIDE_COMMENT else COMMENT_APPROVED
    return set_comment_state(session, campaign_id, ids, state)


def _write_down(
    session: Session,
    campaign_id: int,
    action: Act,
    rows: Sequence[Row[Any]],
    actor: Actor,
    now: datetime,
    reason: str | None,
) -> None:
    session.add_all(
        Moderation(
            campaign_id=campaign_id,
            signature_id=row.id,
            number=row.moderated,
            action=action,
            reason=reason,
            at=now,
            by_name=actor.name,
        )
        for row in rows
    )
    # Serials: an id begins with the moment of its form, to the millisecond, and the log is kept for good.
    details: dict[str, Any] = {"signatures": sorted(row.serial for row in rows)}
    if reason is not None:
        details["reason"] = reason
    record(session, actor, f"signature.{action}", now, campaign_id, **details)
