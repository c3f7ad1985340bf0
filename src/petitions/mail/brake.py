"""The brake: how many mails to strangers a campaign may send in a while, so that a flood of forged drafts, or of
forged requests and contacts of organisations, does not become a flood of mails."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from petitions import log
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.mail.outbox import BRAKED_KINDS, ClaimedMail
from petitions.settings import Rate

_columns = cast("Table", Outbox.__table__).c
_REFRESHED_EVERY = timedelta(seconds=5)


def count_confirmations(session: Session, since: datetime) -> Mapping[int, int]:
    """Confirmations sent since then, by campaign. Steps from campaign to campaign in the index of sent
    mails, for the table holds two days of them."""
    least = select(func.min(_columns.campaign_id).label("id")).where(_columns.sent_at.is_not(None))
    campaigns = least.cte("campaigns", recursive=True)
    following = least.where(_columns.campaign_id > campaigns.c.id)
    campaigns = campaigns.union_all(select(following.scalar_subquery()).where(campaigns.c.id.is_not(None)))
    sent = (
        select(func.count())
        .where(_columns.campaign_id == campaigns.c.id, _columns.sent_at > since, _columns.kind.in_(BRAKED_KINDS))
        .scalar_subquery()
    )
    rows = session.execute(select(campaigns.c.id, sent).where(campaigns.c.id.is_not(None)))
    return {campaign_id: count for campaign_id, count in rows}  # noqa: C416 - a Row is no tuple to mypy


def braked_campaigns(session: Session, rate: Rate | None, now: datetime) -> frozenset[int]:
    """Campaigns that have sent all the confirmations which the rate allows."""
    if rate is None:
        return frozenset()
    counts = count_confirmations(session, now - rate.period)
    return frozenset(campaign_id for campaign_id, count in counts.items() if count >= rate.count)


class Brake:
    """Knows what each campaign may still send. Looks into the store every few seconds and counts what this
    process takes in between. What is being sent while it looks, and what other workers send in between,
    goes over the rate by that much."""

    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate
        self._counts: dict[int, int] = {}
        self._looked_at: datetime | None = None
        self._told: frozenset[int] = frozenset()

    async def look(self, database: Database, now: datetime) -> frozenset[int]:
        """The campaigns that may send nothing now."""
        if self._rate is None:
            return frozenset()
        if self._looked_at is None or now - self._looked_at >= _REFRESHED_EVERY:
            self._counts = dict(await database.read(count_confirmations, now - self._rate.period))
            self._looked_at = now
        braked = frozenset(key for key, count in self._counts.items() if count >= self._rate.count)
        for campaign_id in sorted(braked - self._told):
            log.warning("campaign_braked", campaign=campaign_id)
        self._told = braked
        return braked

    def admits(self, mail: ClaimedMail) -> bool:
        """Whether this mail may be sent; counts it if so."""
        if self._rate is None or mail.kind not in BRAKED_KINDS or mail.campaign_id is None:
            return True
        count = self._counts.get(mail.campaign_id, 0)
        if count >= self._rate.count:
            return False
        self._counts[mail.campaign_id] = count + 1
        return True
