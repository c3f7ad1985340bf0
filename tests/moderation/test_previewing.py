"""What a preview counts and shows."""

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.moderation import previewing
from petitions.moderation.conditions import Conditions
from petitions.moderation.previewing import Count, find_last_serial, sample, to_remove
from petitions.moderation.removing import remove_signatures
from petitions.settings import Settings
from tests.console.support import Queries
from tests.factories import make_campaign
from tests.moderation.many import FLOOD, flood, mixed, preview, sign_people

OF_FLOOD = to_remove(Conditions(domain=FLOOD))


def serials_of(database: Database, campaign: CampaignSnapshot, conditions: Conditions) -> list[int]:
    with database.reading() as session:
        upto = find_last_serial(session, campaign.id)
        return [row.serial for row in sample(session, campaign.id, conditions, upto)]


def test_it_counts_in_reads_of_a_bounded_size(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "_READ", 4)
    sign_people(database, settings, campaign, *mixed(10))
    sign_people(database, settings, make_campaign(database, slug="other"), *flood(3))
    count = Count(campaign.id, to_remove(Conditions(country="IE")), 20)
    seen = []
    while not count.is_complete:
        with database.reading() as session, Queries(database) as queries:
            count.read(session)
        seen.append((count.counted, queries.count))
    assert seen == [(4, 1), (8, 1), (10, 1)]


@pytest.mark.parametrize("state", [None, "hidden"])
def test_only_those_that_count_are_counted_and_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state: str | None
) -> None:
    drafts = sign_people(database, settings, campaign, *flood(4))
    if state is not None:
        with database.writing() as session:
            session.connection().exec_driver_sql("UPDATE signatures SET comment_state = 2")
    with database.writing() as session:
        remove_signatures(session, campaign.id, [drafts[1].id], "fake", utc_now())
    asked = to_remove(Conditions(domain=FLOOD, state=state))
    assert preview(database, campaign, asked) == (4, 3)
    assert serials_of(database, campaign, asked) == [4, 3, 1]


def test_nobody_who_signs_afterwards_is_in_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(3))
    with database.reading() as session:
        upto = find_last_serial(session, campaign.id)
    count = Count(campaign.id, OF_FLOOD, upto)
    sign_people(database, settings, campaign, *flood(3, "later"))
    with database.reading() as session:
        count.read(session)
        shown = [row.serial for row in sample(session, campaign.id, OF_FLOOD, upto)]
    assert (count.counted, count.is_complete, shown) == (3, True, [3, 2, 1])


def test_a_sample_of_many_is_from_early_middle_and_late(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(200))
    shown = serials_of(database, campaign, OF_FLOOD)
    assert shown == [*range(200, 195, -1), *range(150, 145, -1), *range(100, 95, -1), *range(50, 45, -1)]


@pytest.mark.parametrize(("count", "spread"), [(1, [1]), (20, [1, 2, 20]), (21, [1, 11, 21]), (50, [1, 25, 49])])
def test_a_sample_of_few_is_all_of_them_or_evenly_spread(
    database: Database, settings: Settings, campaign: CampaignSnapshot, count: int, spread: list[int]
) -> None:
    sign_people(database, settings, campaign, *flood(count))
    shown = serials_of(database, campaign, OF_FLOOD)
    assert len(shown) == min(count, 20)
    assert shown == sorted(shown, reverse=True)
    assert set(spread) <= set(shown)


def test_a_campaign_that_was_never_published_has_nobody(database: Database) -> None:
    with database.reading() as session:
        assert find_last_serial(session, 99) == 0
        assert list(sample(session, 99, OF_FLOOD, 0)) == []
    count = Count(99, OF_FLOOD, 0)
    with database.reading() as session:
        count.read(session)
    assert (count.counted, count.is_complete) == (0, True)
