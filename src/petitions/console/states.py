"""In which state a campaign is, for its leads."""

from datetime import datetime
from typing import Literal

from petitions.campaigns.lifecycle import status_at
from petitions.campaigns.models import Campaign

State = Literal["draft", "upcoming", "open", "closed", "archived", "erased"]


def state_of(campaign: Campaign, now: datetime) -> State:
    if campaign.archived_at is not None:
        return "archived"
    if campaign.purge_began_at is not None:
        return "erased"
    if campaign.published_at is None:
        return "draft"
    return status_at(campaign.opens_at, campaign.closes_at, now)
