"""The figures: everything from what the worker has added up, each campaign's own."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Tally, TallyPart
from petitions.signatures.rollups import roll_up
from petitions.watching import figures as figures_module
from petitions.watching.figures import REST, Figures, Rate, find_figures
from petitions.watching.flows import hour_of
from petitions.watching.models import HourlyFlow, SourceCount
from petitions.watching.sources import DIRECT, OTHER
from tests.console.support import Queries
from tests.factories import make_campaign, sign, sign_and_confirm
from tests.watching.support import DAY, HOUR, MINUTE, NOON, add_mail


def look(database: Database, campaign: CampaignSnapshot, now: datetime = NOON) -> Figures:
    with database.reading() as session:
        return find_figures(session, campaign.id, now)


def add_parts(database: Database, campaign: CampaignSnapshot, dimension: str, **parts: int) -> None:
    with database.writing() as session:
        for value, counted in parts.items():
            session.add(
                TallyPart(campaign_id=campaign.id, dimension=dimension, value=value.strip("_"), counted=counted)
            )


def add_flow(database: Database, campaign: CampaignSnapshot, hour: datetime, **values: int) -> None:
    with database.writing() as session:
        session.add(HourlyFlow(campaign_id=campaign.id, hour=hour, **values))


def test_a_signature_is_in_its_hour_day_country_and_language(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    signed = [sign_and_confirm(database, settings, campaign, language="es") for _ in range(5)]
    roll_up(database, utc_now())
    at = signed[-1].arrived_at + MINUTE  # when it was confirmed
    found = look(database, campaign, at)
    assert (found.count, found.goal, found.last_day) == (5, 10, 5)
    assert sum(count for _, count in found.by_hour) == 5
    assert dict(found.by_hour)[hour_of(at)] >= 1
    assert sum(count for _, count in found.by_day) == 5
    assert dict(found.by_day)[at.date()] >= 1
    assert (found.countries, found.languages) == ([("ES", 5)], [("es", 5)])


def test_the_last_two_days_and_the_last_ninety_are_shown_without_gaps(
    database: Database, campaign: CampaignSnapshot
) -> None:
    for hour in (0, 47, 48):
        add_parts(database, campaign, "hour", **{(NOON - hour * HOUR).isoformat()[:13]: hour + 1})
    for day in (0, 89, 90):
        add_parts(database, campaign, "day", **{(NOON - day * DAY).date().isoformat(): day + 1})
    found = look(database, campaign, NOON + 30 * MINUTE)
    assert [hour for hour, _ in found.by_hour] == [NOON - back * HOUR for back in range(47, -1, -1)]
    assert [count for _, count in found.by_hour if count] == [48, 1]
    assert len(found.by_day) == 90
    assert [(day, count) for day, count in found.by_day if count] == [
        (date(2026, 8, 26), 90),
        (date(2026, 11, 23), 1),
    ]


def test_few_people_of_a_country_are_told_together(database: Database, campaign: CampaignSnapshot) -> None:
    add_parts(database, campaign, "country", ES=100, FR=5, DE=4, IT=2)
    assert look(database, campaign).countries == [("ES", 100), ("FR", 5), (REST, 6)]


def test_sources_are_told_as_they_were_shown_and_the_small_ones_together(
    database: Database, campaign: CampaignSnapshot
) -> None:
    rows = [("poster", 9, 7), ("newsletter", 60, 50), (DIRECT, 30, 20), (OTHER, 3, 3), (None, 4, 4), ("new", 5, 0)]
    with database.writing() as session:
        for number, (label, arrived, shown) in enumerate(rows):
            session.add(
                SourceCount(
                    campaign_id=campaign.id, key=bytes([number]) * 16, label=label, arrived=arrived, shown=shown
                )
            )
    assert look(database, campaign).sources == [("newsletter", 50), ("poster", 7), (OTHER, 7), (DIRECT, 20)]


def test_fewer_than_five_forms_are_not_told_at_all(database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        session.add(SourceCount(campaign_id=campaign.id, key=bytes(16), label=None, arrived=4, shown=4))
    assert look(database, campaign).sources == []


def test_how_many_confirm_is_told_by_the_day_of_their_form(database: Database, campaign: CampaignSnapshot) -> None:
    add_flow(database, campaign, NOON - DAY, mailed=30)
    add_flow(database, campaign, NOON - DAY + HOUR, mailed=10)
    add_parts(database, campaign, "drafted", **{"2026-11-22": 30, "2026-11-21": 5})
    rates = {rate.day.day: rate for rate in look(database, campaign).rates}
    assert len(rates) == 30
    assert (rates[22], rates[22].share) == (Rate(date(2026, 11, 22), 40, 30), 75)
    assert rates[21].share is None
    assert Rate(date(2026, 11, 22), 2, 3).share == 100


def test_the_mails_of_a_day_and_their_delay(database: Database, campaign: CampaignSnapshot) -> None:
    add_flow(database, campaign, NOON - 24 * HOUR, mailed=99, delay_ms=1, longest_ms=10**6)  # a day before
    add_flow(database, campaign, NOON - 2 * HOUR, mailed=2, delay_ms=6_000, longest_ms=4_000, failed=1)
    add_flow(database, campaign, NOON, arrived=5, mailed=5, delay_ms=5_000, longest_ms=1_500)
    found = look(database, campaign)
    assert (found.mails.sent, found.mails.failed) == (7, 1)
    assert (found.mails.average_ms, found.mails.longest_ms) == (1_571, 4_000)
    assert [(hour, delay) for hour, delay in found.mails.by_hour if delay] == [
        (NOON - 2 * HOUR, 3_000),
        (NOON, 1_000),
    ]
    assert found.arrived[NOON] == 5


def test_a_few_forms_and_mails_of_the_hour_that_runs_are_told_to_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever stands beside somebody would see the form come in, and the mail go out. None look like a few."""
    before = look(database, campaign)
    add_flow(database, campaign, NOON, arrived=4, mailed=3, failed=1, delay_ms=3_000, longest_ms=1_500)
    add_flow(database, campaign, NOON - HOUR, arrived=2)
    sign(database, settings, campaign)
    found = look(database, campaign)
    assert (found.mails, found.rates) == (before.mails, before.rates)
    assert found.mails.waiting is None
    assert found.arrived == {NOON: None, NOON - HOUR: 2}
    assert before.arrived == {NOON: None}
    found = look(database, campaign, NOON + HOUR)
    assert (found.mails.sent, found.mails.failed, found.arrived[NOON]) == (3, 1, 4)


def test_mails_that_wait_are_counted_up_to_a_number(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="free-ana")
    for _ in range(5):
        sign(database, settings, campaign)
        sign(database, settings, other)
    add_mail(database, campaign, NOON, sent_at=NOON)
    add_mail(database, campaign, NOON, failed_at=NOON)
    add_mail(database, campaign, NOON, kind="own_link")
    found = look(database, campaign).mails
    assert (found.waiting, found.waiting_more) == (5, False)


def test_past_that_number_it_is_said_that_there_are_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures_module, "MOST_WAITING", 2)
    for _ in range(3):
        sign(database, settings, campaign)
    found = look(database, campaign).mails
    assert (found.waiting, found.waiting_more) == (0, True)


def test_a_forecast_is_made_of_whole_days_on_which_one_could_sign(
    database: Database, campaign: CampaignSnapshot
) -> None:
    for day in range(10):
        add_parts(database, campaign, "day", **{(NOON - day * DAY).date().isoformat(): 20})
    published = NOON - timedelta(days=4)
    with database.writing() as session:
        session.execute(update(Campaign).values(published_at=published))
        session.execute(update(Tally).values(counted=60))
    found = look(database, campaign).forecast
    assert found is not None
    assert (found.days, found.pace) == (3, 20)
    assert found.goal is not None
    assert (found.goal.goal, found.goal.expected) == (100, date(2026, 11, 25))


def test_figures_cost_the_same_however_many_signed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    counts = []
    for many in (1, 3):
        for _ in range(many):
            sign_and_confirm(database, settings, campaign)
        roll_up(database, utc_now())
        with Queries(database) as queries:
            look(database, campaign, utc_now())
        counts.append(queries.count)
    assert counts == [6, 6]
