"""When the words change, each organisation is asked once whether it signs the new ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.organisations import own, renewing
from petitions.organisations.renewing import ask_for_renewals
from petitions.organisations.requesting import Request
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests import factories
from tests.organisations.acting import ask, link, mails, race, row, set_columns, shown, waiting

LANGUAGES = ("en", "es")


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """A campaign in two languages."""
    return reword(database)


def reword(database: Database, **titles: str | None) -> CampaignSnapshot:
    """Publish these titles; None: the language is there no more."""
    wordings = {
        language: replace(factories.WORDING, title=title)
        for language, title in {"en": "Free Boris", "es": "Libertad", **titles}.items()
        if title is not None
    }
    return factories.make_campaign(database, wordings=wordings)


def asked_now(database: Database) -> int:
    return ask_for_renewals(database, utc_now())


def renewals(database: Database) -> list[Any]:
    return [subject for kind, subject in mails(database) if kind == "organisation_renewal"]


def told(database: Database, *asked: Request) -> Sequence[int | None]:
    return [row(database, one).told_statement_id for one in asked]


def test_whoever_signed_other_words_is_asked_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first, second = (shown(database, settings, campaign) for _ in range(2))
    other = shown(database, settings, factories.make_campaign(database, slug="other"))
    assert asked_now(database) == 0
    new = reword(database, en="Free him")
    assert [asked_now(database) for _ in range(3)] == [2, 0, 0]
    assert sorted(renewals(database)) == sorted([first.id, second.id])
    assert told(database, first, second, other) == [new.statements["en"].id] * 2 + [other.statement_id]
    assert row(database, first).statement_id == first.statement_id


def test_a_second_change_while_the_first_mail_waits_is_one_mail(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """It says what is in force when it is sent; once somebody has begun to send it, another one follows."""
    asked = shown(database, settings, campaign)
    for title, queued in (("Free him", 1), ("Free them", 0)):
        reword(database, en=title)
        assert asked_now(database) == queued
    with database.writing() as session:
        session.execute(update(Outbox).values(attempts=1))
    new = reword(database, en="Free all")
    assert asked_now(database) == 1
    assert renewals(database) == [asked.id] * 2
    assert told(database, asked) == [new.statements["en"].id]


def test_another_language_is_no_other_wording(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever did not sign the new words of its own language is not asked again because another one changed."""
    spanish = campaign.statements["es"].id
    english, other = shown(database, settings, campaign), shown(database, settings, campaign, statement_id=spanish)
    reword(database, en="Free him")
    assert asked_now(database) == 1
    reword(database, en="Free him", fr="Liberté")
    assert asked_now(database) == 0
    reword(database, en="Free him", es="Libertad ya", fr="Liberté")
    assert asked_now(database) == 1
    assert renewals(database) == [english.id, other.id]


def test_where_its_language_is_gone_it_is_asked_for_the_campaign_s_own(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, statement_id=campaign.statements["es"].id)
    reword(database, es=None)
    assert [asked_now(database) for _ in range(2)] == [1, 0]
    assert told(database, asked) == [campaign.statements["en"].id]
    reword(database)
    assert asked_now(database) == 0  # its words are back


def test_whoever_signed_the_new_words_is_asked_again_only_for_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    new = reword(database, en="Free him")
    with database.writing() as session:
        own.renew(session, link(asked), new.statements["en"].id, utc_now())
    assert asked_now(database) == 0
    reword(database, en="Free all")
    assert asked_now(database) == 1


def test_those_that_are_not_shown_or_have_no_address_are_not_asked(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    later, silent = waiting(database, settings, campaign), shown(database, settings, campaign)
    set_columns(database, silent, email=None, email_key=None)
    reword(database, en="Free him")
    assert asked_now(database) == 0
    set_columns(database, later, state="approved")
    assert asked_now(database) == 1
    assert renewals(database) == [later.id]


def test_nobody_is_asked_of_a_purged_campaign(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when the purge begins while others are being asked."""
    shown(database, settings, campaign)
    reword(database, en="Free him")
    purge(database, campaign.id, utc_now())
    assert asked_now(database) == 0
    with database.writing() as session:
        assert renewing._ask_some(session, campaign.id, utc_now()) == (0, 0)


def test_many_are_asked_in_steps_and_by_two_workers_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "_STEP", 3)
    asked = [shown(database, settings, campaign) for _ in range(8)]
    reword(database, en="Free him")
    assert sum(race(lambda: asked_now(database), lambda: asked_now(database))) == 8
    assert sorted(renewals(database)) == sorted(one.id for one in asked)


def test_looking_for_them_is_one_query_and_no_lock(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Each minute, also when all were told."""
    shown(database, settings, campaign)
    reword(database, en="Free him")
    assert asked_now(database) == 1
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_args: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    assert ask_for_renewals(database, utc_now() + timedelta(days=1)) == 0
    event.remove(database.engine, "before_cursor_execute", note)
    assert len([one for one in statements if one.lstrip().startswith("SELECT")]) == 1
    assert not [one for one in statements if "FOR UPDATE" in one]


def test_words_that_an_organisation_signed_stay_as_a_version(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """As those that people signed, also while the organisation waits for its button."""
    ask(database, settings, campaign)
    new = reword(database, en="Free him", es="Libertad ya")
    assert (new.statements["en"].version, new.statements["es"].version) == (2, 1)
