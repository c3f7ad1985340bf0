"""The campaign of a page of the console, with what waits in it: one question to the store."""

from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from petitions.accounts.models import Membership
from petitions.accounts.roles import Role
from petitions.accounts.sessions import Login
from petitions.campaigns.editing import campaign_titles
from petitions.campaigns.models import Campaign
from petitions.errors import CampaignNotFound
from petitions.organisations.models import Organisation
from petitions.organisations.queue import to_decide
from petitions.signatures.models import UNREAD, Signature


def _query() -> Select[*tuple[Any, ...]]:
    mine = (Membership.campaign_id == Campaign.id) & (Membership.user_id == bindparam("user"))
    unread = select(Signature.id).where(Signature.campaign_id == Campaign.id, UNREAD).exists()
    organisations = select(Organisation.id).where(Organisation.campaign_id == Campaign.id)
    query = select(
        Campaign,
        Membership.role,
        unread.label("comments_wait"),
        organisations.exists().label("has_organisations"),
        organisations.where(to_decide()).exists().label("organisations_wait"),
    ).outerjoin(Membership, mine)
    return query.where(Campaign.slug == bindparam("slug"))


#: Built once: every page asks it.
_QUERY = _query()


def find_campaign(session: Session, slug: str, login: Login) -> dict[str, Any]:
    """The campaign, their role in it, its title, and what waits there. Raises CampaignNotFound, the same for a
    campaign that is not there and for one of others."""
    row = session.execute(_QUERY, {"user": login.user_id, "slug": slug}).one_or_none()
    if row is None or (row.role is None and not login.is_admin):
        raise CampaignNotFound(slug)
    title = campaign_titles(session, [row.Campaign.id]).get(row.Campaign.id) or slug
    session.expunge(row.Campaign)
    return {
        "campaign": row.Campaign,
        "role": Role(row.role) if row.role is not None else None,
        "title": title,
        "comments_wait": row.comments_wait,
        "has_organisations": row.has_organisations,
        "organisations_wait": row.organisations_wait,
    }
