"""The campaigns of somebody: the first page of the console."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.models import Membership
from petitions.accounts.roles import Role
from petitions.accounts.sessions import Login
from petitions.campaigns.editing import campaign_titles
from petitions.campaigns.models import Campaign
from petitions.console.guard import Lead, for_lead
from petitions.console.pages import show
from petitions.console.states import State, state_of
from petitions.signatures.counting import People, find_all_people


@dataclass(frozen=True)
class Row:
    slug: str
    title: str
    state: State
    count: int
    on_paper: int
    role: Role | None  # None: an administrator
    closes_at: datetime | None


def find_rows(session: Session, login: Login, now: datetime) -> Sequence[Row]:
    """Campaigns in which somebody has a role, for an administrator all of them; the newest first."""
    mine = (Membership.campaign_id == Campaign.id) & (Membership.user_id == login.user_id)
    query = select(Campaign, Membership.role).join(Membership, mine, isouter=login.is_admin)
    found = session.execute(query.order_by(Campaign.created_at.desc(), Campaign.id.desc())).all()
    ids = [campaign.id for campaign, _ in found]
    people, titles = find_all_people(session), campaign_titles(session, ids)
    return [
        Row(
            slug=campaign.slug,
            title=titles.get(campaign.id) or campaign.slug,
            state=state_of(campaign, now),
            count=people.get(campaign.id, People()).online,
            on_paper=people.get(campaign.id, People()).paper,
            role=Role(role) if role is not None else None,
            closes_at=campaign.closes_at,
        )
        for campaign, role in found
    ]


@for_lead()
async def show_campaigns(_request: Request, lead: Lead) -> Response:
    """Every campaign of theirs, with its state and count."""
    rows = await lead.site.database.read(find_rows, lead.login, lead.now)
    return show(
        lead,
        "campaigns.html",
        campaigns=[row for row in rows if row.state != "archived"],
        archived=[row for row in rows if row.state == "archived"],
    )
