"""The number of organisations is what the rows say, and a recount finds where it is not."""

import pytest
from sqlalchemy import update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.organisations.counting import Standing, find_standing, find_standings, recount
from petitions.organisations.models import OrganisationTally
from petitions.settings import Settings
from tests import factories
from tests.organisations.acting import ask, assert_true, shown, waiting


def spoil(database: Database, **values: int) -> None:
    with database.writing() as session:
        session.execute(update(OrganisationTally).values(**values))


def test_a_campaign_without_organisations_has_none(database: Database, campaign: CampaignSnapshot) -> None:
    with database.reading() as session:
        assert find_standing(session, campaign.id) == Standing()
        assert find_standings(session) == {}
        assert recount(session, campaign.id, repair=False) == 0


def test_only_what_is_shown_counts(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    other = factories.make_campaign(database, slug="other")
    for members in (None, 0, 100_000_000):
        shown(database, settings, campaign, members=members)
    shown(database, settings, other, members=3)
    waiting(database, settings, campaign, members=5)
    ask(database, settings, campaign, members=7)
    with database.reading() as session:
        standings = find_standings(session)
        assert standings == {one.id: find_standing(session, one.id) for one in (campaign, other)}
    assert (standings[campaign.id].counted, standings[campaign.id].members) == (3, 100_000_000)
    assert (standings[other.id].counted, standings[other.id].members) == (1, 3)


@pytest.mark.parametrize(
    ("wrong", "drift"),
    [({"counted": 5}, 3), ({"counted": 1}, -1), ({"members": 90}, 60), ({"counted": 3, "members": 1}, 1)],
)
def test_a_recount_finds_what_is_wrong_and_sets_it_right(
    database: Database, settings: Settings, campaign: CampaignSnapshot, wrong: dict[str, int], drift: int
) -> None:
    for members in (10, 20):
        shown(database, settings, campaign, members=members)
    waiting(database, settings, campaign, members=99)
    spoil(database, **wrong)
    with database.reading() as session:
        assert recount(session, campaign.id, repair=False) == drift
    with database.writing() as session:
        revision = find_standing(session, campaign.id).revision
        assert recount(session, campaign.id, repair=True) == drift
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.revision) == (2, 30, revision + 1)
    with database.writing() as session:
        assert recount(session, campaign.id, repair=True) == 0
    assert assert_true(database, campaign).revision == revision + 1  # nobody makes a right list anew
