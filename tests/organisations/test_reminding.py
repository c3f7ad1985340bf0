"""Reminders that leads send."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged
from petitions.ids import new_id
from petitions.organisations.deciding import Decision
from petitions.organisations.reminding import Reminded, next_reminder, remind
from petitions.organisations.requesting import Request
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.organisations.acting import (
    LEAD,
    ask,
    judge,
    logged,
    mails,
    race,
    row,
    set_columns,
    shown,
    waiting,
)

NOW = utc_now()
WEEK = timedelta(days=7)


def reminding(database: Database, asked: Sequence[Request], after: timedelta) -> Reminded:
    ids = [one.id for one in asked]
    with database.writing() as session:
        return remind(session, asked[0].campaign_id, ids, LEAD, NOW + after)


def test_those_that_have_something_to_do_are_reminded_once_a_week(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    unconfirmed = ask(database, settings, campaign, arrived_at=NOW)
    asked = waiting(database, settings, campaign, arrived_at=NOW - 3 * WEEK)
    judge(database, asked, Decision.ASK, message="Who?", now=NOW)
    others = [waiting(database, settings, campaign), shown(database, settings, campaign)]
    silent = ask(database, settings, campaign, arrived_at=NOW)
    set_columns(database, silent, email=None, email_key=None)
    everybody = [unconfirmed, asked, *others, silent]
    day = timedelta(days=1)
    assert reminding(database, everybody, WEEK - day) == Reminded(too_early=[1, 2], not_waiting=[3, 4, 5])
    assert reminding(database, everybody, WEEK) == Reminded(done=[1, 2], not_waiting=[3, 4, 5])
    assert row(database, asked).reminded_at == NOW + WEEK
    assert next_reminder(row(database, asked)) == NOW + 2 * WEEK
    assert reminding(database, [unconfirmed, asked], 2 * WEEK - day) == Reminded(too_early=[1, 2])
    assert reminding(database, [asked], 2 * WEEK) == Reminded(done=[2])
    sent = [subject for kind, subject in mails(database) if kind == "organisation_reminder"]
    assert sorted(sent) == sorted([unconfirmed.id, asked.id, asked.id])
    assert [entry for entry in logged(database) if entry[1] == "organisation.reminded"] == [
        ("Lena Lead", "organisation.reminded", {"organisation": number}) for number in (1, 2, 2)
    ]


def test_a_question_asked_today_is_not_followed_by_a_reminder(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign, arrived_at=NOW - 3 * WEEK)
    judge(database, asked, Decision.ASK, message="Who?", now=NOW)
    assert reminding(database, [asked], timedelta(hours=1)) == Reminded(too_early=[1])


def test_the_limits_of_an_address_hold_for_reminders(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = [
        ask(database, settings, campaign, email="office@union.example.org", members=n, arrived_at=NOW)
        for n in range(7)
    ]
    reminded = reminding(database, asked, WEEK)
    assert (len(reminded.done), len(reminded.too_early)) == (5, 2)
    again = reminding(database, asked, WEEK + timedelta(days=2))
    assert sorted(again.done) == reminded.too_early


def test_two_leads_at_once_send_one_reminder(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = [ask(database, settings, campaign, arrived_at=NOW) for _ in range(3)]
    results = race(lambda: reminding(database, asked, WEEK), lambda: reminding(database, [*reversed(asked)], WEEK))
    assert sorted(map(len, (result.done for result in results))) == [0, 3]
    assert len([kind for kind, _ in mails(database) if kind == "organisation_reminder"]) == 3


def test_what_is_gone_is_told_and_a_purged_campaign_reminds_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign, arrived_at=NOW)
    with database.writing() as session:
        assert remind(session, campaign.id, [new_id(), asked.id], LEAD, NOW + WEEK) == Reminded(done=[1], gone=1)
    purge(database, campaign.id, utc_now())
    with pytest.raises(CampaignPurged):
        reminding(database, [asked], 3 * WEEK)
