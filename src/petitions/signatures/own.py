"""What signers do with their own signature, by the link of their mails: they change it, withdraw it, stop mails,
or make earlier links worthless. Whatever they do goes through one intake, in batches like signing itself.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import find_slug
from petitions.errors import LinkInvalid
from petitions.signatures.consents import find_wording
from petitions.signatures.models import Draft, Signature, Tally, Withdrawal
from petitions.tokens import Named

#: Tokens of the own page, and of the one click that stops mails.
OWN_PURPOSE = "signature"
UNSUBSCRIBE_PURPOSE = "unsubscribe"


@dataclass(frozen=True)
class OwnSignature:
    """Everything that is stored of one signature."""

    slug: str
    signature: Signature
    statement: Statement  # exactly the wording that was signed
    updates_wording: str | None


class Done(Enum):
    """What became of an action."""

    DONE = "done"
    GONE = "gone"  # the link was replaced, or its signature is gone: nobody is told which
    TOO_MANY_MAILS = "too_many_mails"  # nothing was changed; tomorrow it works


class Action(Protocol):
    """One thing that a signer does. `apply` runs while the campaign's tally is locked (`rolled_up` is the last
    serial in the roll-ups), and may run again with the same values."""

    @property
    def link(self) -> Named: ...

    def apply(self, session: Session, rolled_up: int) -> Done: ...


def find_own(session: Session, link: Named) -> OwnSignature:
    """What the link leads to. Raises LinkInvalid, the same for a link that was replaced and for a signature
    that is gone."""
    signature = session.get(Signature, (link.campaign_id, link.row_id))
    if signature is None or signature.link_epoch != link.epoch:
        raise LinkInvalid
    slug = find_slug(session, link.campaign_id)
    statement = session.get(Statement, signature.statement_id)
    wording = find_wording(session, link.campaign_id, signature.updates_key)
    if slug is None or statement is None:
        raise LinkInvalid
    session.expunge_all()
    return OwnSignature(slug, signature, statement, wording)


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
    for campaign_id in sorted(by_campaign):  # one order for every writer: locks are never taken in a ring
        tally = select(Tally.rolled_up_serial).where(Tally.campaign_id == campaign_id).with_for_update()
        rolled_up = session.scalar(tally)
        if rolled_up is None:
            continue
        for position in by_campaign[campaign_id]:
            done[position] = actions[position].apply(session, rolled_up)
    return done


def lock_signature(session: Session, link: Named) -> Signature | None:
    """The signature of a link that works, until the end of the transaction."""
    this = (Signature.campaign_id == link.campaign_id, Signature.id == link.row_id)
    signature = session.scalar(
        select(Signature).where(*this).with_for_update().execution_options(populate_existing=True)
    )
    return signature if signature is not None and signature.link_epoch == link.epoch else None
