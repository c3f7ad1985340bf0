"""Roll-ups are what a GROUP BY over the rows would say."""

import random
import threading
from collections import Counter

import pytest
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures import rollups
from petitions.signatures.models import Signature, Tally
from petitions.signatures.rollups import DIMENSIONS, add_to_parts, find_parts, roll_up, roll_up_step
from tests.factories import make_campaign, sign_and_confirm
from tests.signatures.truth import shares_of


def counted(database: Database, campaign: CampaignSnapshot, dimension: str) -> list[tuple[str, int]]:
    """The shares, counted from the rows."""
    query = select(Signature).where(Signature.campaign_id == campaign.id, Signature.removed_at.is_(None))
    with database.reading() as session:
        shares = Counter(shares_of(row)[dimension] for row in session.scalars(query))
    return sorted(shares.items(), key=lambda row: (-row[1], row[0]))


def parts(database: Database, campaign: CampaignSnapshot, dimension: str) -> list[tuple[str, int]]:
    with database.reading() as session:
        return find_parts(session, campaign.id, dimension)


@pytest.mark.parametrize("seed", range(3))
def test_roll_ups_are_what_the_rows_say(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Random signatures, some of them removed, in between the worker at random, in steps of a few rows."""
    chance = random.Random(seed)
    monkeypatch.setattr(rollups, "_STEP", chance.choice([1, 3, 7]))
    campaigns = [make_campaign(database, slug=slug) for slug in ("one", "two")]
    for _ in range(25):
        visibility = chance.choice(["public", "initials", "addressee", "anonymous"])
        draft = sign_and_confirm(
            database,
            settings,
            chance.choice(campaigns),
            country=chance.choice(["ES", "IE", "CH"]),
            visibility=visibility,
            name=None if visibility == "anonymous" else "Ana",
        )
        if chance.random() < 0.2:  # before the worker saw it
            with database.writing() as session:
                session.execute(update(Signature).where(Signature.id == draft.id).values(removed_at=utc_now()))
        elif chance.random() < 0.3:
            roll_up(database, utc_now())
    roll_up(database, utc_now())
    for campaign in campaigns:
        for dimension in DIMENSIONS:
            assert parts(database, campaign, dimension) == counted(database, campaign, dimension)


def test_rolling_up_again_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for _ in range(3):
        sign_and_confirm(database, settings, campaign)
    for _ in range(3):
        roll_up(database, utc_now())
    assert parts(database, campaign, "country") == [("ES", 3)]
    assert parts(database, campaign, "visibility") == [("public", 3)]
    with database.writing() as session:
        assert roll_up_step(session, campaign.id) is False


def test_a_step_takes_no_more_than_its_rows(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_STEP", 2)
    for _ in range(5):
        sign_and_confirm(database, settings, campaign)
    shares = []
    while True:
        with database.writing() as session:
            if not roll_up_step(session, campaign.id):
                break
        shares += parts(database, campaign, "country")
    assert shares == [("ES", 2), ("ES", 4), ("ES", 5)]
    with database.reading() as session:
        assert session.scalar(select(Tally.rolled_up_serial)) == 5


def test_two_workers_count_each_signature_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_STEP", 2)
    for _ in range(30):
        sign_and_confirm(database, settings, campaign)
    start = threading.Barrier(3)
    errors: list[BaseException] = []

    def work() -> None:
        start.wait(30)
        try:
            roll_up(database, utc_now())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert parts(database, campaign, "country") == [("ES", 30)]


def test_the_largest_share_comes_first(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    for country in ("IE", "CH", "ES", "ES"):
        sign_and_confirm(database, settings, campaign, country=country)
    roll_up(database, utc_now())
    assert parts(database, campaign, "country") == [("ES", 2), ("CH", 1), ("IE", 1)]


def test_shares_can_be_added_to_and_taken_from(database: Database, campaign: CampaignSnapshot) -> None:
    """What is at nothing is not shown; each campaign has its own."""
    other = make_campaign(database, slug="other")

    def add(where: CampaignSnapshot, **countries: int) -> None:
        with database.writing() as session:
            add_to_parts(session, where.id, {("country", name): number for name, number in countries.items()})

    add(campaign, ES=2, IE=1)
    add(other, ES=5)
    add(campaign, ES=-1, IE=-1, CH=1)
    add(campaign)
    assert parts(database, campaign, "country") == [("CH", 1), ("ES", 1)]
    assert parts(database, other, "country") == [("ES", 5)]
    assert parts(database, campaign, "visibility") == []
