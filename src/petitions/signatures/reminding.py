"""One reminder, a day later, to whoever signed and has not pressed the button in the mail.

Each campaign notes up to which draft it is through, in the transaction that queues the mails: whatever is killed
when, nobody gets two. A draft whose turn passed without a mail (held, refused, too many mails) gets none.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.lifecycle import status_at
from petitions.campaigns.models import Campaign
from petitions.campaigns.reading import read_terms
from petitions.db import Database
from petitions.mail import outbox
from petitions.mail.limited import LimitedMails
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.models import Draft, Signature
from petitions.signatures.refusing import find_refusals

REMIND = "remind"
#: So long after a draft arrived; and so long after it at the latest, whatever stood still meanwhile: somebody who
#: forgot it may be glad of a reminder, and later it is an annoyance.
AFTER, AT_LATEST = timedelta(days=1), timedelta(days=3)
#: Drafts of one transaction.
_STEP = 200
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class _Row:
    """What of a draft decides about its reminder."""

    id: UUID
    email_key: bytes
    language: str
    held: bool


def remind(database: Database, now: datetime) -> int:
    """Queue the reminders that are due, of every campaign, in short transactions; how many. Several workers may
    do it at the same time."""
    with database.reading() as session:
        campaigns = session.scalars(select(Campaign).order_by(Campaign.id)).all()
        waiting = [campaign.id for campaign in campaigns if _find_next(session, campaign, now) is not None]
    return sum(_remind_campaign(database, campaign_id, now) for campaign_id in waiting)


def _remind_campaign(database: Database, campaign_id: int, now: datetime) -> int:
    queued = 0
    while True:
        with database.writing() as session:
            step = remind_step(session, campaign_id, now)
        if step is None:
            return queued
        queued += step


def remind_step(session: Session, campaign_id: int, now: datetime) -> int | None:
    """Queue the reminders about the next drafts of a campaign; how many. None: there are no drafts left."""
    # Not the lock that keeps drafts from coming in: they point at this row.
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    campaign = session.scalars(query.execution_options(populate_existing=True)).one()
    first = _find_next(session, campaign, now)
    if first is None:
        return None
    rows = _list_due(session, campaign, first, now)
    email_keys = sorted({row.email_key for row in rows})
    mails = LimitedMails(session, email_keys, now)
    siblings = _find_siblings(session, campaign_id, email_keys)
    settled = _find_settled(session, campaign_id, email_keys)
    for row in rows:
        if row.held or row.email_key in settled or not _is_their_turn(row, siblings[row.email_key]):
            continue
        if mails.was_just_asked(CONFIRM, row.id, AFTER):
            continue  # they sent the form again: that mail is less than a day old
        mails.add(REMIND, campaign_id, row.id, row.email_key, row.language, outbox.LATER)
    through = _moment_of(rows[-1].id)
    session.execute(update(Campaign).where(Campaign.id == campaign_id).values(reminded_through=through))
    return mails.queue()


def _find_next(session: Session, campaign: Campaign, now: datetime) -> UUID | None:
    """The first draft whose turn it is; None without any, and where nobody is to be reminded."""
    if campaign.published_at is None or campaign.purge_began_at is not None:
        return None
    if status_at(campaign.opens_at, campaign.closes_at, now) != "open":
        return None
    if not read_terms(campaign.terms, ()).reminder:
        return None
    query = select(Draft.id).where(*_due(campaign, now)).order_by(Draft.id).limit(1)
    return session.scalar(query)


def _due(campaign: Campaign, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Drafts that are a day old and were not passed yet. Ids begin with the time of the draft."""
    after = now - AT_LATEST
    if campaign.reminded_through is not None:
        after = max(after, campaign.reminded_through + _MILLISECOND)
    return (
        Draft.campaign_id == campaign.id,
        Draft.id >= _first_id(after),
        Draft.id < _first_id(now - AFTER),
    )


def _list_due(session: Session, campaign: Campaign, first: UUID, now: datetime) -> Sequence[_Row]:
    """The next drafts; all of those that arrived in the same millisecond as the last, for the campaign notes the
    millisecond up to which it is through."""
    columns = (Draft.id, Draft.email_key, Draft.language, Draft.held_reason)
    due = (*_due(campaign, now), Draft.id >= first)
    rows = list(session.execute(select(*columns).where(*due).order_by(Draft.id).limit(_STEP)))
    if len(rows) == _STEP:
        rest = (Draft.id > rows[-1].id, Draft.id < _first_id(_moment_of(rows[-1].id) + _MILLISECOND))
        rows += session.execute(select(*columns).where(*due, *rest).order_by(Draft.id))
    return [_Row(row.id, row.email_key, row.language, row.held_reason is not None) for row in rows]


def _find_siblings(session: Session, campaign_id: int, email_keys: Sequence[bytes]) -> Mapping[bytes, list[UUID]]:
    """The drafts of each address that got a mail, in the order in which they arrived."""
    query = select(Draft.email_key, Draft.id).where(
        Draft.email_key.in_(email_keys), Draft.campaign_id == campaign_id, Draft.held_reason.is_(None)
    )
    siblings = defaultdict(list)
    for email_key, draft_id in session.execute(query.order_by(Draft.id)):
        siblings[email_key].append(draft_id)
    return siblings


def _find_settled(session: Session, campaign_id: int, email_keys: Sequence[bytes]) -> set[bytes]:
    """Addresses that have signed, or said that it wasn't them."""
    signed = select(Signature.email_key).where(
        Signature.email_key.in_(email_keys), Signature.campaign_id == campaign_id
    )
    refused = {
        email_key for refused_in, email_key in find_refusals(session, email_keys) if refused_in == campaign_id
    }
    return refused | set(session.scalars(signed))


def _is_their_turn(row: _Row, siblings: Sequence[UUID]) -> bool:
    """Whether this is the newest draft of its address, and none before it had its turn: one that was the newest
    for a day was reminded then."""
    if not siblings or row.id != siblings[-1]:
        return False
    moments = [_moment_of(draft_id) for draft_id in siblings]
    return all(later - earlier < AFTER for earlier, later in pairwise(moments))


def _first_id(moment: datetime) -> UUID:
    """No id that is made at this moment or later is smaller."""
    return UUID(int=_milliseconds(moment) << 80)


def _moment_of(draft_id: UUID) -> datetime:
    """When this id was made, to the millisecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + (draft_id.int >> 80) * _MILLISECOND


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND
