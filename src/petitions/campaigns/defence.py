"""Switches against a flood: let browsers work before a form is taken, or take no form for a while."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from petitions.campaigns.lifecycle import status_at
from petitions.campaigns.models import Campaign
from petitions.errors import NotPossible

Defence = Literal["work", "paused"]
#: The form needs a proof of work; see abuse/proof.py.
WORK: Defence = "work"
#: No form is taken. Who has one in their mail can confirm, and own pages work as ever.
PAUSED: Defence = "paused"
DEFENCES: tuple[Defence, ...] = (WORK, PAUSED)


def set_defence(
    session: Session, campaign_id: int, before: Defence | None, after: Defence | None, now: datetime
) -> bool:
    """Switch from what somebody saw to something else; whether anything changed. Raises NotPossible where somebody
    else has switched meanwhile, or where there is no form that could be protected."""
    campaign = session.get_one(Campaign, campaign_id, with_for_update={"key_share": True})
    if campaign.defence == after:
        return False
    if campaign.defence != before or (after is not None and not can_be_defended(campaign, now)):
        raise NotPossible
    campaign.defence = after
    campaign.defence_since = now if after is not None else None
    return True


def can_be_defended(campaign: Campaign, now: datetime) -> bool:
    """Whether its page has a form, or will have one."""
    if campaign.published_at is None or campaign.purge_began_at is not None:
        return False
    return status_at(campaign.opens_at, campaign.closes_at, now) != "closed"


def defence_of(campaign: Campaign) -> Defence | None:
    """What is switched on."""
    return next((one for one in DEFENCES if one == campaign.defence), None)
