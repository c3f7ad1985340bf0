"""When the words change that organisations signed, each is asked once whether it signs the new ones.

Until it does it stays in the list, which says that it signed an earlier wording.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from petitions.campaigns.models import Campaign, Statement
from petitions.db import Database
from petitions.errors import CampaignPurged
from petitions.mail.models import Outbox
from petitions.organisations import counting
from petitions.organisations.confirming import queue
from petitions.organisations.models import APPROVED, Organisation

RENEWAL_MAIL = "organisation_renewal"
#: Rows of one transaction.
_STEP = 100


def ask_for_renewals(database: Database, now: datetime) -> int:
    """Queue a mail to each organisation that was not told of the wording in force, in small steps. How many."""
    with database.reading() as session:
        due = sorted(session.scalars(_due(Organisation.campaign_id).distinct()))
    asked = 0
    for campaign_id in due:
        some = _STEP
        while some == _STEP:
            with database.writing() as session:
                some, queued = _ask_some(session, campaign_id, now)
            asked += queued
    return asked


def find_current(session: Session, campaign_id: int) -> Mapping[str, Statement]:
    """The wordings in force, by language."""
    query = select(Statement).where(Statement.campaign_id == campaign_id, Statement.retired_at.is_(None))
    return {statement.language: statement for statement in session.scalars(query)}


_signed, _same, _usual = aliased(Statement), aliased(Statement), aliased(Statement)
#: The wording in force that an organisation would sign: in the language that it signed, or in the campaign's own.
_current = func.coalesce(_same.id, _usual.id)


def _due(*columns: Any) -> Select[Any]:
    """Of organisations that signed words that are no longer in force, and were not told of those that are. It
    begins at the wordings that are retired: nearly always nobody signed one of them."""
    return (
        select(*columns)
        .select_from(_signed)
        .join(Organisation, Organisation.statement_id == _signed.id)
        .join(Campaign, Campaign.id == Organisation.campaign_id)
        .outerjoin(
            _same,
            and_(
                _same.campaign_id == _signed.campaign_id,
                _same.language == _signed.language,
                _same.retired_at.is_(None),
            ),
        )
        .outerjoin(
            _usual,
            and_(
                _usual.campaign_id == _signed.campaign_id,
                _usual.language == Campaign.default_language,
                _usual.retired_at.is_(None),
            ),
        )
        .where(
            _signed.retired_at.is_not(None),
            Organisation.state == APPROVED,
            Organisation.email_key.is_not(None),
            Organisation.told_statement_id.is_distinct_from(_current),
            _current.is_not(None),
            Campaign.purge_began_at.is_(None),
        )
    )


def _ask_some(session: Session, campaign_id: int, now: datetime) -> tuple[int, int]:
    """How many were looked at, and how many get a mail."""
    try:
        counting.lock(session, campaign_id)
    except CampaignPurged:
        return 0, 0
    query = _due(Organisation, _current).where(Organisation.campaign_id == campaign_id)
    rows = session.execute(query.order_by(Organisation.number).limit(_STEP)).all()
    waiting = _find_waiting(session, [row[0] for row in rows])
    queued = 0
    for organisation, current in rows:
        organisation.told_statement_id = current
        if organisation.id not in waiting:
            queue(session, RENEWAL_MAIL, organisation, now)
            queued += 1
    return len(rows), queued


def _find_waiting(session: Session, organisations: Sequence[Organisation]) -> set[UUID]:
    """Those to whom such a mail is under way that nobody has begun to send: it will say what is in force then."""
    query = select(Outbox.subject_id).where(
        Outbox.email_key.in_([organisation.email_key for organisation in organisations]),
        Outbox.kind == RENEWAL_MAIL,
        Outbox.attempts == 0,
        Outbox.sent_at.is_(None),
        Outbox.failed_at.is_(None),
    )
    return set(session.scalars(query)) if organisations else set()
