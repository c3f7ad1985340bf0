"""The button in the mail: from then on a lead looks, or nobody has to."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, LinkInvalid
from petitions.organisations.confirming import Confirmation, confirm
from petitions.organisations.deciding import Decision
from petitions.organisations.models import APPROVED, DECLINED, WAITING
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.tokens import Named
from tests.organisations.acting import (
    ask,
    assert_true,
    judge,
    link,
    logged,
    mails,
    press,
    race,
    row,
    shown,
    waiting,
)


def test_pressing_lets_it_wait_and_pressing_again_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign)
    for _ in range(2):
        assert press(database, asked).state == WAITING
    kept = row(database, asked)
    assert (kept.revision, kept.decided_at, kept.decided_by) == (2, None, None)
    assert kept.confirmed_at is not None
    assert mails(database) == [("organisation_link", asked.id)]
    assert logged(database) == [("organisation", "organisation.confirmed", {"organisation": 1})]
    assert assert_true(database, campaign).counted == 0


def test_what_is_proven_is_shown_at_once_where_the_campaign_says_so(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign, members=300)
    for _ in range(2):
        assert press(database, asked, approves_proven=True).state == APPROVED
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members) == (1, 300)
    kept = row(database, asked)
    assert (kept.decided_by, kept.revision) == (None, 2)
    assert kept.decided_at == kept.confirmed_at
    assert logged(database)[1:] == [("petitions", "organisation.approved", {"organisation": 1})]


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "union@mail.example.net"},
        {"website": None},
        {"note": "A rule held it."},
    ],
)
def test_what_is_not_proven_or_was_noted_waits_for_a_lead(
    database: Database, settings: Settings, campaign: CampaignSnapshot, changes: dict[str, Any]
) -> None:
    assert press(database, ask(database, settings, campaign, **changes), approves_proven=True).state == WAITING


def test_what_is_of_the_domain_of_another_one_waits_for_a_lead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Also where the other one is not confirmed."""
    ask(database, settings, campaign)
    assert press(database, ask(database, settings, campaign), approves_proven=True).state == WAITING


def test_what_is_confirmed_long_after_the_closing_waits_for_a_lead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Within the day that signers have too, nobody has to look."""
    asked = [
        ask(database, settings, campaign, name=f"Union {one}", website=site, email=f"office@{site}")
        for one, site in (("A", "union-a.example"), ("B", "union-b.example"))
    ]
    now = utc_now()
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=now + timedelta(hours=1)))
    assert press(database, asked[0], approves_proven=True, now=now + timedelta(hours=24)).state == APPROVED
    assert press(database, asked[1], approves_proven=True, now=now + timedelta(hours=26)).state == WAITING


def test_a_button_of_a_link_that_was_replaced_is_dead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign)
    for wrong in (link(asked, 1), Named(campaign.id, waiting(database, settings, campaign).id, 7)):
        with database.writing() as session, pytest.raises(LinkInvalid):
            confirm(session, Confirmation(wrong, False, utc_now()))


def test_what_a_lead_declined_before_stays_declined(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign)
    judge(database, asked, Decision.DECLINE)
    assert press(database, asked, approves_proven=True).state == DECLINED


def test_confirming_twice_at_once_counts_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign, members=10)
    both = race(*[lambda: press(database, asked, approves_proven=True).state] * 2)
    assert both == [APPROVED, APPROVED]
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.revision) == (1, 10, 1)
    assert mails(database) == [("organisation_link", asked.id)]
    assert len(logged(database)) == 2


def test_two_that_look_alike_are_not_both_shown_at_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever comes second sees the first."""
    asked = [ask(database, settings, campaign) for _ in range(2)]
    states = race(*(lambda one=one: press(database, one, approves_proven=True).state for one in asked))
    assert states == [WAITING, WAITING]
    assert assert_true(database, campaign).counted == 0


def test_nothing_is_confirmed_in_a_campaign_that_is_purged(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign)
    shown(database, settings, campaign, name="Another one", website=None)
    purge(database, campaign.id, utc_now())
    with pytest.raises(CampaignPurged):
        press(database, asked)
    assert_true(database, campaign)
