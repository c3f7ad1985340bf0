"""Asking: what a form leaves behind, and what the mails with the links do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from petitions.abuse.models import NetworkCount
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, NotPossible
from petitions.mail.limits import MAILS_PER_CAMPAIGN
from petitions.mail.models import Outbox
from petitions.mail.outbox import CONFIRMATION
from petitions.organisations.deciding import Decision
from petitions.organisations.models import UNCONFIRMED
from petitions.organisations.requesting import LinkWish, request, send_links
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests import factories
from tests.organisations.acting import ask, assert_true, find, judge, mails, press, race, row, waiting


def test_a_request_is_nobody_s_word_until_the_button_is_pressed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign, members=1200, comment="With you.")
    kept = row(database, asked)
    assert (kept.number, kept.state, kept.revision, kept.link_epoch) == (1, UNCONFIRMED, 1, 0)
    assert (kept.name, kept.members, kept.comment) == (asked.entry.name, 1200, "With you.")
    assert (kept.email, kept.contact_name, kept.phone) == (asked.contact.email, "Clara Contact", "+353 21 000")
    assert (kept.statement_id, kept.told_statement_id) == (asked.statement_id, asked.statement_id)
    assert kept.domain_proven
    assert assert_true(database, campaign).counted == 0
    with database.reading() as session:
        mail = session.scalars(select(Outbox)).one()
    assert (mail.kind, mail.subject_id, mail.priority) == ("organisation_confirm", asked.id, CONFIRMATION)
    assert (mail.email_key, mail.language) == (asked.contact.email_key, "en")


def test_an_address_gets_so_many_mails_and_no_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The requests are stored all the same: the answer is the same, and leads see them side by side."""
    asked = [
        ask(database, settings, campaign, email="office@union.example.org", members=members)
        for members in range(7)
    ]
    assert [row(database, one).number for one in asked] == [1, 2, 3, 4, 5, 6, 7]
    assert len(mails(database, but="")) == MAILS_PER_CAMPAIGN


def test_the_very_same_form_again_is_a_double_click(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Also at the same moment. Once it is confirmed, or later, it is one more request."""
    same: dict[str, Any] = {"email": "office@union.example.org"}
    made = [factories.organisation_request(campaign, settings, **same) for _ in range(2)]

    def sending(number: int) -> None:
        with database.writing() as session:
            request(session, made[number])

    assert race(lambda: sending(0), lambda: sending(1)) == [None, None]
    (kept,) = [one for one in made if find(database, one) is not None]
    assert mails(database, but="") == [("organisation_confirm", kept.id)]
    later = ask(database, settings, campaign, **same, arrived_at=kept.arrived_at + timedelta(minutes=11))
    press(database, later)
    ask(database, settings, campaign, **same, arrived_at=later.arrived_at)
    assert assert_true(database, campaign).counted == 0
    assert len(mails(database, but="organisation_link")) == 3


def test_two_requests_at_once_get_two_numbers(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Also the first two of a campaign, for which there is no tally yet."""
    made = [factories.organisation_request(campaign, settings) for _ in range(4)]

    def sending(number: int) -> None:
        with database.writing() as session:
            request(session, made[number])

    assert race(*(lambda number=number: sending(number) for number in range(4))) == [None] * 4
    assert sorted(row(database, one).number for one in made) == [1, 2, 3, 4]
    assert_true(database, campaign)


def test_numbers_are_never_given_twice(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    first = ask(database, settings, campaign)
    with database.writing() as session:
        session.delete(row(database, first))
    assert row(database, ask(database, settings, campaign)).number == 2


def test_nothing_is_asked_of_a_campaign_that_is_purged_or_of_words_that_are_gone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    gone = factories.organisation_request(campaign, settings, statement_id=4711)
    with database.writing() as session, pytest.raises(NotPossible):
        request(session, gone)
    late = factories.organisation_request(campaign, settings)
    purge(database, campaign.id, utc_now())
    with database.writing() as session, pytest.raises(CampaignPurged):
        request(session, late)
    assert mails(database, but="") == []


def test_a_lost_link_comes_by_mail_and_nobody_learns_whether_there_was_one(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The button for what waits for it, the own page for the rest; a wish for nothing writes as well."""
    other = factories.make_campaign(database, slug="other")
    unconfirmed = ask(database, settings, campaign, email="office@union.example.org")
    confirmed = waiting(database, settings, campaign, email="office@union.example.org", name="Union Two")
    waiting(database, settings, other, email="office@union.example.org")
    later = utc_now() + timedelta(days=2)
    with database.writing() as session:
        session.query(Outbox).delete()
        send_links(session, LinkWish(campaign.id, unconfirmed.contact.email_key, later))
    assert set(mails(database, but="")) == {
        ("organisation_link", confirmed.id),
        ("organisation_confirm", unconfirmed.id),
    }
    with database.writing() as session:
        before = session.scalar(select(func.count()).select_from(NetworkCount)) or 0
        send_links(session, LinkWish(campaign.id, bytes(16), later))
        assert session.scalar(select(func.count()).select_from(NetworkCount)) == before + 1
    assert len(mails(database, but="")) == 2


def test_whoever_was_declined_before_they_pressed_anything_gets_no_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A stranger may have typed their address."""
    asked = ask(database, settings, campaign)
    judge(database, asked, Decision.DECLINE)
    with database.writing() as session:
        send_links(session, LinkWish(campaign.id, asked.contact.email_key, utc_now()))
    assert mails(database) == []


def test_a_note_comes_with_the_request(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    asked = replace(factories.organisation_request(campaign, settings), note="A rule held it.")
    with database.writing() as session:
        request(session, asked)
    assert row(database, asked).note == "A rule held it."
