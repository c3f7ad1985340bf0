"""What goes of deliveries with the names of a campaign: finished lists, who was in them, and files for leads
alone. What everybody saw of a delivery stays."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, literal, or_, select, update
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.delivery import jobs
from petitions.delivery.models import Delivery, Evidence, ExportJob


def end_all(session: Session, campaign_id: int, now: datetime) -> None:
    """No list is made any more, and none that was made can be read. The tally of the campaign is locked."""
    jobs.cancel_all(session, campaign_id, now)
    jobs.forget_keys(session, campaign_id)


def erase(session: Session, campaign_id: int, most: int) -> int | None:
    """Erase some of it; None where nothing is left. With the row of a job goes the key of its file: what lies on
    any host is noise, and that host's worker clears it up."""
    for table, which in _personal(campaign_id):
        ids = session.scalars(select(table.id).where(*which).order_by(table.id).limit(most)).all()
        if not ids:
            continue
        these = table.id.in_(ids)
        if table is Delivery:
            session.execute(update(Delivery).where(these).values(serials=None, paper_numbers=None))
        else:
            session.execute(delete(table).where(these))
        return 0
    return None


def is_left(session: Session, campaign_id: int) -> bool:
    """Whether there is anything to erase."""
    return any(
        session.scalar(select(literal(1)).select_from(table).where(*which).limit(1))
        for table, which in _personal(campaign_id)
    )


def _personal(campaign_id: int) -> tuple[tuple[Any, tuple[ColumnElement[bool], ...]], ...]:
    """What is personal, by table. A file that leads add after the purge is theirs to judge, and stays."""
    began_at = select(Campaign.purge_began_at).where(Campaign.id == campaign_id).scalar_subquery()
    was_there = (Evidence.created_at <= began_at, Evidence.shown.is_(False))
    has_serials = or_(Delivery.serials.is_not(None), Delivery.paper_numbers.is_not(None))
    return (
        (ExportJob, (ExportJob.campaign_id == campaign_id,)),
        (Delivery, (Delivery.campaign_id == campaign_id, has_serials)),
        (Evidence, (Evidence.campaign_id == campaign_id, *was_there)),
    )
