"""Requests that nobody confirms do not stay."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.organisations import expiring, own
from petitions.organisations.deciding import Decision
from petitions.organisations.expiring import drop_expired_requests
from petitions.organisations.models import APPROVED, MERGED, OrganisationLogo
from petitions.organisations.pictures import Logo
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.tokens import CONFIRM_LIFETIME
from tests import factories
from tests.organisations.acting import (
    ask,
    assert_true,
    find,
    judge,
    link,
    press,
    race,
    row,
    set_columns,
    shown,
    waiting,
)


def test_they_go_when_their_button_has_run_out_with_their_logos(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "_STEP", 2)
    now = utc_now()
    old = now - CONFIRM_LIFETIME - timedelta(minutes=1)
    other = factories.make_campaign(database, slug="other")
    gone = [ask(database, settings, campaign, arrived_at=old, logo=Logo(b"old", 9, 9)) for _ in range(5)]
    gone.append(ask(database, settings, other, arrived_at=old))
    kept = [
        ask(database, settings, campaign, arrived_at=now - CONFIRM_LIFETIME + timedelta(minutes=1)),
        waiting(database, settings, campaign, arrived_at=old),
        shown(database, settings, campaign, arrived_at=old, members=4),
    ]
    assert [drop_expired_requests(database, now) for _ in range(2)] == [6, 0]
    assert {find(database, one) for one in gone} == {None}
    assert None not in {find(database, one) for one in kept}
    with database.reading() as session:
        assert session.scalars(select(OrganisationLogo)).all() == []
    assert assert_true(database, campaign).members == 4


def test_what_leads_made_of_a_request_that_nobody_confirmed_keeps_it_no_longer(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Declined or merged, its contact never said that it is theirs."""
    now = utc_now()
    old = now - CONFIRM_LIFETIME - timedelta(minutes=1)
    declined, merged = (ask(database, settings, campaign, arrived_at=old) for _ in range(2))
    judge(database, declined, Decision.DECLINE)
    set_columns(database, merged, state=MERGED, merged_into=1)
    kept = [waiting(database, settings, campaign, arrived_at=old) for _ in range(3)]
    judge(database, kept[0], Decision.DECLINE)
    set_columns(database, kept[1], confirmed_at=None, vouched_by="Lena Lead")
    judge(database, kept[2], Decision.APPROVE)
    set_columns(database, kept[2], confirmed_at=None)
    assert drop_expired_requests(database, now) == 2
    assert [find(database, one) for one in (declined, merged)] == [None, None]
    assert None not in {find(database, one) for one in kept}


def test_who_was_named_as_a_contact_and_said_nothing_is_forgotten(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    now = utc_now()
    late, lately = (waiting(database, settings, campaign) for _ in range(2))
    for one, at in ((late, now - CONFIRM_LIFETIME - timedelta(minutes=1)), (lately, now)):
        with database.writing() as session:
            own.hand_over(session, link(one), late.contact, at)
    button = link(late, (row(database, late).next_contact or {})["key"])
    with database.writing() as session, pytest.raises(LinkInvalid):
        own.take_over(session, button, now)
    before = row(database, late).revision
    assert drop_expired_requests(database, now) == 0
    assert (row(database, late).next_contact, row(database, late).revision) == (None, before + 1)
    assert row(database, lately).next_contact is not None


def test_one_that_is_confirmed_at_the_last_moment_stays_whole_or_is_gone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    old = utc_now() - CONFIRM_LIFETIME - timedelta(minutes=1)
    for turn in range(5):
        asked = ask(database, settings, campaign, arrived_at=old, name=f"Union {turn}", website=None)
        dropped, _pressed = race(
            lambda: drop_expired_requests(database, utc_now()),
            lambda asked=asked: press(database, asked),  # type: ignore[misc]
        )
        assert dropped == (find(database, asked) is None)
        assert assert_true(database, campaign).counted == 0
        assert getattr(find(database, asked), "state", None) != APPROVED


def test_those_of_a_purged_campaign_are_left_to_the_purge(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    old = utc_now() - CONFIRM_LIFETIME - timedelta(minutes=1)
    asked = ask(database, settings, campaign, arrived_at=old)
    assert purge(database, campaign.id, utc_now(), stop=lambda: True).done is False
    assert drop_expired_requests(database, utc_now()) == 0
    assert find(database, asked) is not None
    purge(database, campaign.id, utc_now())
    assert find(database, asked) is None
