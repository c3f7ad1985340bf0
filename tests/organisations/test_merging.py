"""One organisation that came twice, and two that look like one."""

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations import own
from petitions.organisations.deciding import Decision, Seen
from petitions.organisations.merging import merge, tell_apart
from petitions.organisations.models import APPROVED, MERGED, WAITING
from petitions.organisations.queue import find_row
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from tests.factories import organisation_entry
from tests.organisations.acting import (
    LEAD,
    ask,
    assert_true,
    judge,
    link,
    logged,
    mails,
    race,
    row,
    shown,
    waiting,
)


def seen(database: Database, asked: Request) -> Seen:
    return Seen(asked.id, row(database, asked).revision)


def merging(database: Database, kept: Request, other: Request) -> bool:
    pair = seen(database, kept), seen(database, other)
    with database.writing() as session:
        return merge(session, kept.campaign_id, *pair, LEAD, utc_now())


def similar(database: Database, asked: Request) -> list[int]:
    with database.reading() as session:
        found = find_row(session, asked.campaign_id, asked.id)
    assert found is not None
    return [other.number for other in found.similar]


def test_two_become_one_and_the_other_contact_is_told(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    kept, other = shown(database, settings, campaign, members=5), shown(database, settings, campaign, members=7)
    with database.writing() as session:
        assert own.change(
            session, link(other), own.Change(organisation_entry(name="Union of Others", members=7)), utc_now()
        )
    assert merging(database, kept, other)
    stays, goes = row(database, kept), row(database, other)
    assert (stays.state, stays.revision, stays.merged_into) == (APPROVED, 4, None)
    assert (goes.state, goes.revision, goes.merged_into, goes.proposed) == (MERGED, 5, 1, None)
    assert goes.decided_by == "Lena Lead"
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.withdrawn) == (1, 5, 0)
    assert mails(database)[-1] == ("organisation_merged", other.id)
    assert logged(database)[-1] == ("Lena Lead", "organisation.merged", {"organisation": 2, "into": 1})
    assert similar(database, kept) == []


def test_a_merged_one_comes_back(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    kept, other = shown(database, settings, campaign), waiting(database, settings, campaign)
    assert merging(database, kept, other)
    assert judge(database, other, Decision.REOPEN).done == [2]
    assert (row(database, other).state, row(database, other).merged_into) == (WAITING, None)
    assert similar(database, other) == [1]


def test_what_is_shown_or_confirmed_never_vanishes_in_what_is_not(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A request that nobody confirmed runs out, and both would be gone."""
    public = shown(database, settings, campaign)
    request = waiting(database, settings, campaign)
    unconfirmed = ask(database, settings, campaign)
    declined = waiting(database, settings, campaign)
    judge(database, declined, Decision.DECLINE)
    for kept, other in (
        (request, public),
        (unconfirmed, request),
        (unconfirmed, public),
        (declined, request),
        (public, public),
    ):
        before = row(database, other).state
        assert not merging(database, kept, other)
        assert row(database, other).state == before
    sent = mails(database)
    assert merging(database, request, unconfirmed)  # whose address a stranger may have typed
    assert mails(database) == sent
    assert merging(database, public, declined)
    assert merging(database, public, request)
    assert not merging(database, public, request)
    assert assert_true(database, campaign).counted == 1


def test_whoever_saw_an_older_one_merges_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    kept, other = waiting(database, settings, campaign), waiting(database, settings, campaign)
    for pair in (Seen(kept.id, 1), seen(database, other)), (seen(database, kept), Seen(other.id, 3)):
        with database.writing() as session:
            assert not merge(session, campaign.id, *pair, LEAD, utc_now())
            assert not tell_apart(session, campaign.id, *pair, LEAD, utc_now())
    assert (row(database, kept).state, row(database, other).state) == (WAITING, WAITING)


def test_two_that_look_alike_and_are_two_are_not_offered_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one, other, third = (waiting(database, settings, campaign) for _ in range(3))
    assert (similar(database, one), similar(database, other)) == ([2, 3], [1, 3])
    pair = seen(database, one), seen(database, other)
    with database.writing() as session:
        assert tell_apart(session, campaign.id, *pair, LEAD, utc_now())
    assert (similar(database, one), similar(database, other), similar(database, third)) == ([3], [3], [1, 2])
    assert logged(database)[-1] == ("Lena Lead", "organisation.told_apart", {"organisation": 1, "other": 2})


@pytest.mark.parametrize("which", ["kept", "other"])
def test_a_merge_against_a_withdrawal(
    database: Database, settings: Settings, campaign: CampaignSnapshot, which: str
) -> None:
    """Either both happen, or the lead is told that one has gone; the count is right."""
    for _ in range(5):
        pair = {name: shown(database, settings, campaign, members=4) for name in ("kept", "other")}
        before = assert_true(database, campaign)

        def withdrawing(pair: dict[str, Request] = pair) -> None:
            with database.writing() as session:
                own.withdraw(session, link(pair[which]), utc_now())

        sees = [seen(database, one) for one in pair.values()]

        def merging_both(sees: list[Seen] = sees) -> bool:
            with database.writing() as session:
                return merge(session, campaign.id, sees[0], sees[1], LEAD, utc_now())

        merged, none = race(merging_both, withdrawing)
        assert none is None
        after = assert_true(database, campaign)
        assert before.counted - after.counted == (2 if which == "kept" and merged else 1)
        # One that was merged away counted no more when it withdrew.
        assert after.withdrawn - before.withdrawn == (0 if which == "other" and merged else 1)
