"""When the words change that organisations signed, each is asked once whether it signs the new ones.

Until it does it stays in the list, which says that it signed an earlier wording.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign, Statement
from petitions.db import Database
from petitions.organisations import counting
from petitions.organisations.confirming import queue
from petitions.organisations.models import APPROVED, Organisation

RENEWAL_MAIL = "organisation_renewal"
#: Rows of one transaction.
_STEP = 100


def ask_for_renewals(database: Database, now: datetime) -> int:
    """Queue a mail to each organisation that was not told of the wording in force, in small steps. How many."""
    with database.reading() as session:
        due = _find_due(session)
    asked = 0
    for campaign_id in due:
        while True:
            with database.writing() as session:
                some = _ask_some(session, campaign_id, now)
            asked += some
            if some < _STEP:
                break
    return asked


def find_current(session: Session, campaign_id: int) -> Mapping[str, Statement]:
    """The wordings in force, by language."""
    query = select(Statement).where(Statement.campaign_id == campaign_id, Statement.retired_at.is_(None))
    return {statement.language: statement for statement in session.scalars(query)}


def _find_due(session: Session) -> list[int]:
    """Campaigns of which an organisation signed words that are no longer in force, and was not told."""
    query = (
        select(Organisation.campaign_id)
        .join(Statement, Statement.id == Organisation.statement_id)
        .join(Campaign, Campaign.id == Organisation.campaign_id)
        .where(
            Organisation.state == APPROVED,
            Organisation.email_key.is_not(None),
            Statement.retired_at.is_not(None),
            Campaign.purge_began_at.is_(None),
        )
        .distinct()
    )
    return sorted(session.scalars(query))


def _ask_some(session: Session, campaign_id: int, now: datetime) -> int:
    tally = counting.lock(session, campaign_id)
    newest = session.scalar(
        select(func.max(Statement.id)).where(Statement.campaign_id == campaign_id, Statement.retired_at.is_(None))
    )
    if newest is None or tally.counted == 0:
        return 0
    query = (
        select(Organisation)
        .join(Statement, Statement.id == Organisation.statement_id)
        .where(
            Organisation.campaign_id == campaign_id,
            Organisation.state == APPROVED,
            Organisation.email_key.is_not(None),
            Statement.retired_at.is_not(None),
            or_(Organisation.told_statement_id.is_(None), Organisation.told_statement_id < newest),
        )
        .order_by(Organisation.number)
        .limit(_STEP)
    )
    rows = session.scalars(query).all()
    for organisation in rows:
        organisation.told_statement_id = newest
        queue(session, RENEWAL_MAIL, organisation, now)
    return len(rows)
