"""Drafts that nobody confirmed do not stay."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from petitions.abuse.rules import Verdict, parse_rules
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Rate, Settings
from petitions.signatures import expiring
from petitions.signatures.expiring import drop_expired_drafts, forget_draft_networks
from petitions.signatures.models import Draft, Signature
from petitions.tokens import CONFIRM_LIFETIME
from tests.factories import make_campaign, sign, sign_and_confirm


def id_of(moment: datetime, number: int = 0) -> UUID:
    """An id that was made then."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62 | number)


def kept(database: Database) -> set[UUID]:
    with database.reading() as session:
        return set(session.scalars(select(Draft.id)))


def test_drafts_go_when_their_links_run_out(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    now = utc_now()
    other = make_campaign(database, slug="other")
    second = timedelta(seconds=1)
    for where in (campaign, other):
        for age, trapped in (
            (CONFIRM_LIFETIME + second, False),
            (CONFIRM_LIFETIME + second, True),
            (CONFIRM_LIFETIME - second, False),
        ):
            made = now - age
            sign(database, settings, where, id=id_of(made, trapped), arrived_at=made, trapped=trapped)
    fresh = sign(database, settings, campaign)
    assert drop_expired_drafts(database, now) == 4
    assert kept(database) == {id_of(now - CONFIRM_LIFETIME + second), fresh.id}
    assert drop_expired_drafts(database, now) == 0


def test_signatures_do_not_go(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    made = utc_now() - 2 * CONFIRM_LIFETIME
    sign_and_confirm(database, settings, campaign, id=id_of(made), arrived_at=made)
    assert drop_expired_drafts(database, utc_now()) == 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Signature)) == 1


def test_many_go_in_small_steps(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "_STEP", 2)
    made = utc_now() - CONFIRM_LIFETIME - timedelta(days=1)
    for number in range(6):
        sign(database, settings, campaign, id=id_of(made, number), arrived_at=made)
    fresh = sign(database, settings, campaign)
    assert drop_expired_drafts(database, utc_now()) == 6
    assert kept(database) == {fresh.id}


def test_ids_made_now_are_not_old(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign(database, settings, campaign)
    assert draft.id.int >> 80 <= time.time_ns() // 1_000_000
    assert drop_expired_drafts(database, utc_now() + CONFIRM_LIFETIME - timedelta(minutes=1)) == 0
    assert drop_expired_drafts(database, utc_now() + CONFIRM_LIFETIME + timedelta(minutes=1)) == 1


def test_the_network_of_a_draft_is_forgotten_within_48_hours(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also that of a held one; the draft itself stays."""
    monkeypatch.setattr(expiring, "_STEP", 2)
    now = utc_now()
    rate = Rate(1, timedelta(hours=1))
    ages = [timedelta(hours=hours) for hours in (72, 60, 50, 47.5, 46, 0)]
    drafts = [
        sign(
            database,
            replace(settings, sign_rate=rate),
            campaign,
            id=id_of(now - age, number),
            arrived_at=now - age,
            network="192.0.2.1",
        )
        for number, age in enumerate(ages)
    ]
    assert forget_draft_networks(database, now) == 4
    assert forget_draft_networks(database, now) == 0
    with database.reading() as session:
        known = {row.id: row.network is not None for row in session.execute(select(Draft.id, Draft.network))}
    assert [known[draft.id] for draft in drafts] == [False, False, False, False, True, True]


def test_a_rule_about_a_network_names_it_no_longer_than_its_hash(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The key of such a rule is a digest without a secret; there are few enough networks to try them all."""
    now = utc_now()
    of_network, of_word = (rule.key for rule in parse_rules("hold network 192.0.2.7/32\nhold word network"))
    for number, (age, key) in enumerate([(50, of_network), (50, of_word), (46, of_network), (50, of_network)]):
        made = now - timedelta(hours=age)
        ruled = Verdict(holds=True, key=key)
        sign(
            database,
            settings,
            campaign,
            id=id_of(made, number),
            arrived_at=made,
            network="192.0.2.7",
            ruled=ruled,
        )
    assert forget_draft_networks(database, now) == 2
    assert forget_draft_networks(database, now) == 0
    with database.reading() as session:
        held = session.execute(select(Draft.held_reason, Draft.held_for).order_by(Draft.id)).all()
    assert [tuple(row) for row in held] == [
        ("rule", None),
        ("rule", of_word),
        ("rule", None),
        ("rule", of_network),
    ]
