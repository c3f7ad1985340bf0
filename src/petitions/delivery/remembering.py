"""Lists that were made at the command line, so that their delivery can be recorded."""

from datetime import datetime

from sqlalchemy.orm import Session

from petitions.audit.recording import COMMAND_LINE
from petitions.delivery.candidates import DELIVERABLE
from petitions.delivery.jobs import EXPIRED
from petitions.delivery.making import Made
from petitions.delivery.models import ExportJob
from petitions.ids import new_id
from petitions.lists.cuts import Cut
from petitions.lists.plans import Plan


def remember(
    session: Session, campaign_id: int, plan: Plan, cut: Cut, made: Made, sha256: str, now: datetime
) -> None:
    """Keep who was in a list that somebody may hand over, as of a job whose file is not here; of others nothing
    is kept. The caller locks the tally, see jobs.lock."""
    if plan.profile not in DELIVERABLE:
        return
    session.add(
        ExportJob(
            id=new_id(),
            campaign_id=campaign_id,
            plan=dict(plan.to_json()),
            cut_off=cut.moment,
            through_serial=cut.through_serial,
            through_number=cut.through_number,
            state=EXPIRED,
            done=0,
            expected=0,
            attempts=0,
            name=made.name,
            sha256=sha256,
            rows=made.rows,
            result=dict(made.to_json()),
            serials=made.serials.pack(),
            paper_numbers=made.paper_numbers.pack(),
            by_id=COMMAND_LINE.user_id,
            by_name=COMMAND_LINE.name,
            created_at=now,
            ended_at=now,
        )
    )
