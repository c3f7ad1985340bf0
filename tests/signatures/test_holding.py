"""Held drafts: seen, released with their mails, dropped."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings
from petitions.signatures.confirming import Outcome
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.holding import HeldDraft, Release, drop, list_held, release
from petitions.signatures.models import Draft
from tests.factories import confirm, make_campaign, make_draft, sign

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def hold(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> NewDraft:
    return sign(database, settings, campaign, trapped=True, arrived_at=NOON, **changes)


def listed(database: Database, slug: str = "free-boris") -> list[HeldDraft]:
    with database.reading() as session:
        return list_held(session, slug)


def mailed(database: Database) -> list[UUID]:
    with database.reading() as session:
        return list(session.scalars(select(Outbox.subject_id).order_by(Outbox.created_at, Outbox.id)))


def test_held_drafts_are_listed_in_the_order_of_arrival_without_their_addresses(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = hold(database, settings, campaign, email="ana@example.org")
    drafts = [
        make_draft(campaign, settings, network="192.0.2.1", arrived_at=NOON + timedelta(minutes=n))
        for n in range(2)
    ]
    with database.writing() as session:
        store_drafts(session, drafts, Rate(1, timedelta(hours=1)))
    hold(database, settings, make_campaign(database, slug="other"))
    honeypot, rate = listed(database)
    assert honeypot == HeldDraft(first.id, "honeypot", "Ana Sánchez", "ES", "example.org", NOON, None)
    assert (rate.id, rate.reason) == (drafts[1].id, "rate")
    with database.reading() as session:
        network = session.scalar(select(Draft.network).where(Draft.id == drafts[1].id))
    assert network is not None
    assert rate.network == network.hex()[:8]
    assert "ana" not in repr(honeypot)


def test_the_list_goes_on_after_a_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ids = sorted(hold(database, settings, campaign).id for _ in range(5))
    with database.reading() as session:
        first = list_held(session, campaign.slug, limit=2)
        second = list_held(session, campaign.slug, after=first[-1].id, limit=2)
        third = list_held(session, campaign.slug, after=second[-1].id, limit=2)
    assert [draft.id for draft in (*first, *second, *third)] == ids


def test_a_released_draft_gets_its_mail_and_can_be_confirmed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft, other = hold(database, settings, campaign, language="es"), hold(database, settings, campaign)
    assert mailed(database) == []
    later = NOON + timedelta(hours=5)
    with database.writing() as session:
        assert release(session, campaign.slug, [draft.id], later) == Release(1, 0)
    with database.reading() as session:
        mail = session.scalars(select(Outbox)).one()
        assert (mail.kind, mail.subject_id, mail.language, mail.created_at) == ("confirm", draft.id, "es", later)
        assert mail.email_key == draft.email_key
    assert [held.id for held in listed(database)] == [other.id]
    with database.writing() as session:
        assert release(session, campaign.slug, [draft.id], later) == Release(0, 0)
    assert mailed(database) == [draft.id]
    assert confirm(database, draft) is Outcome.COUNTED
    assert confirm(database, other) is Outcome.GONE


def test_release_keeps_back_what_an_address_gets_no_mail_for(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [hold(database, settings, campaign, email="ana@example.org", comment=str(n)) for n in range(7)]
    other = hold(database, settings, campaign)
    with database.writing() as session:
        ids = [draft.id for draft in (*drafts, other)]
        assert release(session, campaign.slug, ids, NOON) == Release(released=6, kept_back=2)
    kept_back = {draft.id for draft in listed(database)}
    assert len(kept_back) == 2
    assert set(mailed(database)) == {*ids} - kept_back
    with database.writing() as session:
        tomorrow = NOON + timedelta(days=1, minutes=1)
        assert release(session, campaign.slug, [*kept_back], tomorrow) == Release(2, 0)
    assert set(mailed(database)) == {*ids}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_list_reads_the_index_of_held_drafts_in_its_order(
    database: Database, campaign: CampaignSnapshot
) -> None:
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append("; ".join(row[-1] for row in rows))

    event.listen(database.engine, "before_cursor_execute", explain)
    with database.reading() as session:
        list_held(session, campaign.slug)
        list_held(session, campaign.slug, after=new_id())
    assert len(plans) == 2
    assert all("USING INDEX ix_drafts_held (campaign_id=?" in plan for plan in plans), plans
    assert "ix_drafts_held (campaign_id=? AND id>?)" in plans[1]
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN" in plan]


@pytest.mark.parametrize("act", ["release", "drop"])
def test_only_held_drafts_of_the_campaign_are_touched(
    database: Database, settings: Settings, campaign: CampaignSnapshot, act: str
) -> None:
    other = hold(database, settings, make_campaign(database, slug="other"))
    free = sign(database, settings, campaign)
    ids = [other.id, free.id, new_id()]
    with database.writing() as session:
        if act == "release":
            assert release(session, campaign.slug, ids, NOON) == Release(0, 0)
        else:
            assert drop(session, campaign.slug, ids) == 0
    with database.reading() as session:
        assert set(session.scalars(select(Draft.id))) == {other.id, free.id}
    assert [held.id for held in listed(database, "other")] == [other.id]
    assert mailed(database) == [free.id]


def test_a_dropped_draft_is_gone_and_its_address_may_sign(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    dropped = hold(database, settings, campaign, email="ana@example.org")
    kept = hold(database, settings, campaign)
    with database.writing() as session:
        assert drop(session, campaign.slug, [dropped.id]) == 1
    assert [held.id for held in listed(database)] == [kept.id]
    again = sign(database, settings, campaign, email="ana@example.org")
    assert mailed(database) == [again.id]


def test_nothing_happens_for_a_campaign_that_is_not_there(database: Database) -> None:
    with database.writing() as session:
        assert list_held(session, "nowhere") == []
        assert release(session, "nowhere", [new_id()], NOON) == Release(0, 0)
        assert drop(session, "nowhere", [new_id()]) == 0
