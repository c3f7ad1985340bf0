"""Held drafts: seen, released with their mails, dropped."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings
from petitions.signatures import queue as queues
from petitions.signatures.confirming import Outcome
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.holding import Group, Release, Step, drop, moment_of, release, step
from petitions.signatures.models import Draft
from petitions.signatures.queue import PAGE_SIZE, HeldDraft, HeldGroup, Queue, find_queue, list_held
from tests.factories import confirm, make_campaign, make_draft, sign

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def hold(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> NewDraft:
    return sign(database, settings, campaign, trapped=True, arrived_at=NOON, **changes)


def listed(database: Database, slug: str = "free-boris") -> list[HeldDraft]:
    with database.reading() as session:
        return list_held(session, get_snapshot(session, slug).id)


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
    assert honeypot == HeldDraft(
        id=first.id,
        reason="honeypot",
        by=None,
        name="Ana Sánchez",
        country="ES",
        city="Madrid",
        affiliation=None,
        comment=None,
        email_domain="example.org",
        created_at=NOON,
        network=None,
    )
    assert (rate.id, rate.reason) == (drafts[1].id, "rate")
    with database.reading() as session:
        network = session.scalar(select(Draft.network).where(Draft.id == drafts[1].id))
    assert network is not None
    assert (rate.network, rate.by) == (network.hex()[:8], network.hex())
    assert "ana@" not in repr(honeypot)


def test_the_list_goes_on_after_a_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ids = sorted(hold(database, settings, campaign).id for _ in range(5))
    with database.reading() as session:
        first = list_held(session, campaign.id, limit=2)
        second = list_held(session, campaign.id, after=first[-1].id, limit=2)
        third = list_held(session, campaign.id, after=second[-1].id, limit=2)
    assert [draft.id for draft in (*first, *second, *third)] == ids


def test_a_released_draft_gets_its_mail_and_can_be_confirmed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft, other = hold(database, settings, campaign, language="es"), hold(database, settings, campaign)
    assert mailed(database) == []
    later = NOON + timedelta(hours=5)
    with database.writing() as session:
        assert release(session, campaign.id, [draft.id], later) == Release(1, 0)
    with database.reading() as session:
        mail = session.scalars(select(Outbox)).one()
        assert (mail.kind, mail.subject_id, mail.language, mail.created_at) == ("confirm", draft.id, "es", later)
        assert mail.email_key == draft.email_key
    assert [held.id for held in listed(database)] == [other.id]
    with database.writing() as session:
        assert release(session, campaign.id, [draft.id], later) == Release(0, 0)
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
        assert release(session, campaign.id, ids, NOON) == Release(released=6, kept_back=2)
    kept_back = {draft.id for draft in listed(database)}
    assert len(kept_back) == 2
    assert set(mailed(database)) == {*ids} - kept_back
    with database.writing() as session:
        tomorrow = NOON + timedelta(days=1, minutes=1)
        assert release(session, campaign.id, [*kept_back], tomorrow) == Release(2, 0)
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
        list_held(session, campaign.id)
        list_held(session, campaign.id, after=new_id())
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
            assert release(session, campaign.id, ids, NOON) == Release(0, 0)
        else:
            assert drop(session, campaign.id, ids) == 0
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
        assert drop(session, campaign.id, [dropped.id]) == 1
    assert [held.id for held in listed(database)] == [kept.id]
    again = sign(database, settings, campaign, email="ana@example.org")
    assert mailed(database) == [again.id]


def test_nothing_happens_for_a_campaign_that_is_not_there(database: Database) -> None:
    with database.writing() as session:
        assert list_held(session, 99) == []
        assert find_queue(session, 99) == Queue([], 0, 0)
        assert release(session, 99, [new_id()], NOON) == Release(0, 0)
        assert drop(session, 99, [new_id()]) == 0


@dataclass
class Doing:
    """A job as the worker has it."""

    kind: str
    conditions: dict[str, str | None] | None
    upto: int
    cursor_id: UUID | None = None


def run(database: Database, campaign: CampaignSnapshot, job: Doing, most: int) -> list[Step]:
    steps: list[Step] = []
    while True:
        with database.writing() as session:
            done = step(session, campaign.id, job, most, NOON)
        if done is None:
            return steps
        steps.append(done)
        job.cursor_id = done.cursor_id


@pytest.mark.parametrize("kind", ["release", "drop"])
def test_a_job_acts_on_its_group_step_by_step_and_on_nothing_that_came_later(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    wanted = [hold(database, settings, campaign) for _ in range(5)]
    late = hold(database, settings, campaign, id=UUID(int=(moment_of(wanted[-1].id) + 60_000) << 80))
    other = sign(database, settings, campaign, email="ana@mailinator.com")
    job = Doing(kind, {"reason": "honeypot", "for": None}, moment_of(wanted[-1].id))
    steps = run(database, campaign, job, 2)
    assert [(each.done, each.passed) for each in steps] == [(2, 0), (2, 0), (1, 0)]
    assert steps[-1].cursor_id == wanted[-1].id
    assert {draft.id for draft in listed(database)} == {late.id, other.id}
    assert set(mailed(database)) == ({draft.id for draft in wanted} if kind == "release" else set())


def test_a_job_passes_over_what_an_address_gets_no_mail_for(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [hold(database, settings, campaign, email="ana@example.org", comment=str(n)) for n in range(7)]
    job = Doing("release", {"reason": "honeypot", "for": None}, moment_of(drafts[-1].id))
    steps = run(database, campaign, job, 3)
    assert sum(each.done for each in steps) == 5
    assert sum(each.passed for each in steps) == 2
    assert len(listed(database)) == 2


def test_a_job_without_conditions_has_nothing_to_do(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = hold(database, settings, campaign)
    assert run(database, campaign, Doing("drop", None, moment_of(draft.id)), 10) == []
    assert len(listed(database)) == 1


def test_the_queue_groups_what_is_held_for_the_same(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    trapped = sorted(hold(database, settings, campaign, name=f"Name {n}").id for n in range(3))
    thrown = sign(database, settings, campaign, email="ana@mailinator.com")
    hold(database, settings, make_campaign(database, slug="other"))
    with database.reading() as session:
        queue = find_queue(session, campaign.id)
        in_group = list_held(session, campaign.id, Group("disposable", "mailinator.com"))
    largest, other = queue.groups
    assert (queue.count, queue.more) == (4, 0)
    assert largest == HeldGroup(
        Group("honeypot", None), 3, largest.first_at, largest.last_at, trapped[-1], largest.samples
    )
    assert [draft.id for draft in largest.samples] == [trapped[0], trapped[-1]]
    assert int(largest.first_at.timestamp() * 1000) == moment_of(trapped[0])
    assert (other.group, other.count, [d.id for d in other.samples]) == (
        Group("disposable", "mailinator.com"),
        1,
        [thrown.id],
    )
    assert [draft.id for draft in in_group] == [thrown.id]


def test_of_many_groups_the_largest_are_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    domains = ["trashmail.com", *["mailinator.com"] * 3, "yopmail.com", *["guerrillamail.com"] * 2]
    ids = [sign(database, settings, campaign, email=f"p{n}@{d}").id for n, d in enumerate(domains)]
    hold(database, settings, campaign)  # for nothing that others share
    monkeypatch.setattr(queues, "MOST_GROUPS", 4)
    with database.reading() as session:
        queue = find_queue(session, campaign.id)
    assert [(each.group.by, each.count) for each in queue.groups] == [
        ("mailinator.com", 3),
        ("guerrillamail.com", 2),
        ("trashmail.com", 1),
        ("yopmail.com", 1),
    ]
    assert (queue.count, queue.more) == (8, 1)
    assert [[draft.id for draft in each.samples] for each in queue.groups] == [
        [ids[1], ids[3]],
        [ids[5], ids[6]],
        [ids[0]],
        [ids[4]],
    ]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_queue_reads_an_index_that_holds_all_it_needs(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    hold(database, settings, campaign)
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "GROUP BY" in statement:
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append("; ".join(row[-1] for row in rows))

    event.listen(database.engine, "before_cursor_execute", explain)
    with database.reading() as session:
        find_queue(session, campaign.id)
    (plan,) = plans
    found, *ends = [step for step in plan.split("; ") if "drafts" in step]
    by_index = "SEARCH drafts USING COVERING INDEX ix_drafts_held_for (campaign_id=? AND held_reason"
    assert found == f"{by_index}>?)"
    assert set(ends) == {f"{by_index}=? AND held_for=?)"}
    assert "TEMP B-TREE FOR GROUP BY" not in plan
    assert PAGE_SIZE <= 50
