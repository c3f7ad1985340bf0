"""What signers do with their own signature, by the link of their mails: they change it, withdraw it, stop mails,
or make earlier links worthless. Whatever they do goes through one intake, in batches like signing itself.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign, Statement
from petitions.errors import LinkInvalid
from petitions.signatures.consents import Wording, store_wordings
from petitions.signatures.locked import Locked
from petitions.signatures.models import ConsentWording, Draft, Signature, Tally, Withdrawal
from petitions.tokens import Named

#: Tokens of the own page, and of the one click that stops mails.
OWN_PURPOSE = "signature"
UNSUBSCRIBE_PURPOSE = "unsubscribe"
_MOST_WORDINGS = 500

# Built once, over the tables and not their classes: see drafting.py.
_signatures, _campaigns = cast("Table", Signature.__table__), cast("Table", Campaign.__table__)
_consents = cast("Table", ConsentWording.__table__)
_THIS = (_signatures.c.campaign_id == bindparam("campaign"), _signatures.c.id == bindparam("id"))
_OWN = (
    select(_signatures, _campaigns.c.slug, _consents.c.text.label("updates_wording"))
    .join(_campaigns, _campaigns.c.id == _signatures.c.campaign_id)
    .outerjoin(
        _consents,
        (_consents.c.campaign_id == _signatures.c.campaign_id) & (_consents.c.key == _signatures.c.updates_key),
    )
    .where(*_THIS)
)


@dataclass(frozen=True)
class OwnSignature:
    """Everything that is stored of one signature."""

    slug: str
    signature: Row[Any]  # every column of `signatures`
    statement: Statement  # exactly the wording that was signed
    updates_wording: str | None


class Done(Enum):
    """What became of an action."""

    DONE = "done"
    GONE = "gone"  # the link was replaced, or its signature is gone: nobody is told which
    TOO_MANY_MAILS = "too_many_mails"  # nothing was changed; tomorrow it works


class Action(Protocol):
    """One thing that a signer does. `apply` runs while the campaign's tally is locked, and may run again with the
    same values."""

    @property
    def link(self) -> Named: ...
    def apply(self, session: Session, locked: Locked) -> Done: ...


def find_own(session: Session, link: Named, wordings: dict[int, Statement] | None = None) -> OwnSignature:
    """What the link leads to. `wordings` keeps statements by their ids, for a row never changes. Raises
    LinkInvalid, the same for a link that was replaced and for a signature that is gone."""
    wordings = {} if wordings is None else wordings
    row = session.connection().execute(_OWN, {"campaign": link.campaign_id, "id": link.row_id}).one_or_none()
    if row is None or row.link_epoch != link.epoch:
        raise LinkInvalid
    statement = wordings.get(row.statement_id)
    if statement is None:
        statement = session.get_one(Statement, row.statement_id)
        session.expunge(statement)
        if len(wordings) >= _MOST_WORDINGS:
            wordings.clear()
        wordings[statement.id] = statement
    return OwnSignature(row.slug, row, statement, row.updates_wording)


def is_waiting(session: Session, link: Named) -> bool:
    """Whether it is a draft yet, which its own mail confirms."""
    this = (Draft.campaign_id == link.campaign_id, Draft.id == link.row_id, Draft.held_reason.is_(None))
    return session.scalar(select(Draft.id).where(*this)) is not None


def was_withdrawn(session: Session, link: Named) -> bool:
    """Whether this link withdrew its signature within the last day."""
    withdrawal = session.get(Withdrawal, (link.campaign_id, link.row_id))
    return withdrawal is not None and withdrawal.link_epoch == link.epoch


def store_actions(session: Session, actions: Sequence[Action]) -> list[Done]:
    """Do a batch, in the order of arrival within each campaign. Safe to run again with the same actions."""
    by_campaign: dict[int, list[int]] = defaultdict(list)
    for position, action in enumerate(actions):
        by_campaign[action.link.campaign_id].append(position)
    done = [Done.GONE] * len(actions)
    wordings: set[Wording] = set()
    for campaign_id in sorted(by_campaign):  # one order for every writer: locks are never taken in a ring
        tally = select(Tally.rolled_up_serial).where(Tally.campaign_id == campaign_id).with_for_update()
        rolled_up = session.scalar(tally)
        if rolled_up is None:
            continue
        for positions in _rounds(actions, by_campaign[campaign_id]):
            ids = [actions[position].link.row_id for position in positions]
            locked = Locked(session, campaign_id, rolled_up, ids)
            for position in positions:
                done[position] = actions[position].apply(session, locked)
            locked.write()
            wordings |= {(campaign_id, text) for text in locked.wordings}
    store_wordings(session, wordings)  # together and in one order, or two batches could wait for each other
    return done


def _rounds(actions: Sequence[Action], positions: list[int]) -> Iterator[list[int]]:
    """The positions in order, cut before an action on a signature that an earlier one of the round is about."""
    seen: set[UUID] = set()
    current: list[int] = []
    for position in positions:
        if actions[position].link.row_id in seen:
            yield current
            seen, current = set(), []
        seen.add(actions[position].link.row_id)
        current.append(position)
    yield current
