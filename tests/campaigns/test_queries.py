"""Reading campaigns."""

import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot, list_snapshots
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignNotFound


def test_a_campaign_that_is_not_there_is_not_found(database: Database) -> None:
    with database.reading() as session:
        with pytest.raises(CampaignNotFound, match=r"^nowhere$"):
            get_snapshot(session, "nowhere")
        assert list_snapshots(session) == []


def test_a_campaign_that_is_not_published_is_not_found(database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(published_at=None))
    with database.reading() as session:
        with pytest.raises(CampaignNotFound):
            get_snapshot(session, campaign.slug)
        assert list_snapshots(session) == []


def test_a_snapshot_outlives_its_transaction(campaign: CampaignSnapshot) -> None:
    assert campaign.statements["en"].title == "Free Boris"
    assert campaign.status(utc_now()) == "open"
