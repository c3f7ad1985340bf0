"""What jobs do, step by step, whatever happens meanwhile."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from petitions import batches
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.mail.models import Outbox
from petitions.moderation import running, searching
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import NewJob, cancel, get_job, start, undo
from petitions.moderation.models import Job
from petitions.moderation.removing import remove_signatures, restore_signatures
from petitions.moderation.running import run_jobs
from petitions.moderation.searching import Way
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.holding import Group, group_conditions
from petitions.signatures.models import Draft, Signature
from petitions.signatures.rollups import roll_up
from tests.factories import act, change, make_campaign, sign, sign_and_confirm
from tests.moderation.many import (
    FLOOD,
    MODERATOR,
    begin,
    bulk_log,
    flood,
    job_of,
    mixed,
    removed,
    sign_people,
)
from tests.privacy.support import check_count, left
from tests.signatures.truth import assert_true

OF_FLOOD = Conditions(domain=FLOOD)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows a step, however fast they go, and no rest."""
    for name in ("_SMALLEST", "_FIRST", "_LARGEST"):
        monkeypatch.setattr(batches, name, 3)
    monkeypatch.setattr(running, "_REST", 0.0)


@pytest.fixture
def between_steps(
    monkeypatch: pytest.MonkeyPatch, small_steps: None
) -> Callable[[int, Callable[[], None]], list[bool]]:
    """Does something once so many steps were committed."""

    def plan(after: int, what: Callable[[], None]) -> list[bool]:
        done: list[bool] = []
        steps: list[int] = []
        checkpoint = Database.checkpoint

        def count(database: Database) -> None:
            checkpoint(database)
            steps.append(1)
            if len(steps) == after:
                what()
                done.append(True)

        monkeypatch.setattr(Database, "checkpoint", count)
        return done

    return plan


def undo_job(database: Database, campaign: CampaignSnapshot, job_id: int) -> int:
    with database.writing() as session:
        return undo(session, campaign.id, job_id, MODERATOR, utc_now())


# What goes and what stays


def test_everybody_goes_whom_the_conditions_mean_and_nobody_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_steps: None
) -> None:
    other = make_campaign(database, slug="other")
    for each in (campaign, other):
        sign_people(database, settings, each, *mixed(10))
    roll_up(database, utc_now())
    job_id = begin(database, campaign, OF_FLOOD, reason="robot")
    run_jobs(database, utc_now())
    assert removed(database, campaign) == dict.fromkeys(range(1, 21, 2), ("robot", job_id))
    assert removed(database, other) == {}
    job = job_of(database, campaign, job_id)
    assert (job.state, job.done, job.passed, job.cursor) == ("done", 10, 0, 20)
    assert job.ended_at is not None
    assert job.ended_at >= job.created_at
    assert_true(database, campaign, other)
    check_count(database, campaign)


@pytest.mark.parametrize(
    ("asked", "serials"),
    [
        ({"name": "bot n1"}, [1, 3]),
        ({"name": "Bot N12"}, [3]),
        ({"country": "IE"}, [4]),
        ({"language": "es"}, [2, 5]),
        ({"language": "es", "domain": FLOOD}, []),
        ({"country": "ES", "name": "bot"}, [1, 3]),
        ({"since": datetime(2026, 11, 1, tzinfo=UTC)}, [1, 2, 3, 4, 5]),
        ({"until": datetime(2026, 11, 1, tzinfo=UTC)}, []),
        ({"state": "unread"}, [5]),
        ({"state": "hidden"}, [6]),
    ],
    ids=str,
)
def test_each_condition_finds_its_own(
    database: Database, settings: Settings, asked: dict[str, Any], serials: list[int]
) -> None:
    campaign, other = make_campaign(database), make_campaign(database, slug="other")
    people: list[dict[str, Any]] = [
        {"name": "Bot n1", "email": f"a@{FLOOD}"},
        {"language": "es", "visibility": "anonymous", "name": None},
        {"name": "Bot n12", "visibility": "initials"},
        {"country": "IE"},
        {"language": "es", "comment": "With you."},
        {"comment": "Buy this"},
    ]
    for each in (campaign, other):
        sign_people(database, settings, each, *people)
        if "since" not in asked:
            hide_comment(database, each, 6)
    if "since" in asked:
        serials = [*serials, 6]
    job_id = begin(database, campaign, Conditions(**asked))
    assert job_of(database, campaign, job_id).expected == len(serials)
    run_jobs(database, utc_now())
    assert list(removed(database, campaign)) == serials
    assert removed(database, other) == {}
    assert_true(database, campaign, other)


def hide_comment(database: Database, campaign: CampaignSnapshot, serial: int) -> None:
    with database.writing() as session:
        this = (Signature.campaign_id == campaign.id, Signature.serial == serial)
        session.execute(update(Signature).where(*this).values(comment_state=2))


def test_whoever_signs_after_the_preview_stays(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(2))
    begin(database, campaign, OF_FLOOD)
    sign_people(database, settings, campaign, *flood(2, "later"))
    run_jobs(database, utc_now())
    assert list(removed(database, campaign)) == [1, 2]


def test_what_is_hidden_after_the_preview_or_elsewhere_stays(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    for each in (campaign, other):
        sign_people(database, settings, each, *flood(2))
    hide_comment(database, campaign, 1)
    job_id = begin(database, campaign, Conditions(state="hidden"))
    sign_people(database, settings, campaign, *flood(2, "later"))
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.serial != 2).values(name_hidden=True))
    run_jobs(database, utc_now())
    assert list(removed(database, campaign)) == [1]
    assert removed(database, other) == {}
    job = job_of(database, campaign, job_id)
    assert (job.expected, job.done, job.cursor) == (1, 1, 2)


def test_what_somebody_removed_before_keeps_its_reason(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first, *_ = sign_people(database, settings, campaign, *flood(3))
    job_id = begin(database, campaign, OF_FLOOD, reason="robot")
    with database.writing() as session:
        remove_signatures(session, campaign.id, [first.id], "abuse", utc_now())
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {1: ("abuse", None), 2: ("robot", job_id), 3: ("robot", job_id)}
    assert job_of(database, campaign, job_id).done == 2
    assert_true(database, campaign)


def test_the_shares_are_right_of_those_not_rolled_up_too(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_steps: None
) -> None:
    sign_people(database, settings, campaign, *mixed(5))
    roll_up(database, utc_now())
    sign_people(database, settings, campaign, *flood(5, "later"))
    job_id = begin(database, campaign, OF_FLOOD)
    run_jobs(database, utc_now())
    assert_true(database, campaign)
    roll_up(database, utc_now())
    assert_true(database, campaign)
    undo_job(database, campaign, job_id)
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}
    assert_true(database, campaign)


# Undoing


def test_undoing_brings_back_what_the_job_removed_and_nothing_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_steps: None
) -> None:
    """Somebody else removed one before; and one of the job's was brought back and removed again by hand since."""
    drafts = sign_people(database, settings, campaign, *flood(8))
    with database.writing() as session:
        remove_signatures(session, campaign.id, [drafts[0].id], "abuse", utc_now())
    job_id = begin(database, campaign, OF_FLOOD)
    run_jobs(database, utc_now())
    with database.writing() as session:
        restore_signatures(session, campaign.id, [d.id for d in drafts[1:4]], utc_now())
        remove_signatures(session, campaign.id, [drafts[2].id, drafts[3].id], "fake", utc_now())
    undoing = undo_job(database, campaign, job_id)
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {1: ("abuse", None), 3: ("fake", None), 4: ("fake", None)}
    job = job_of(database, campaign, undoing)
    assert (job.state, job.expected, job.done) == ("done", 7, 4)
    assert_true(database, campaign)


def test_what_is_hidden_stays_hidden_when_a_removal_is_undone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    (draft,) = sign_people(database, settings, campaign, {"email": f"a@{FLOOD}", "comment": "Buy this"})
    job_id = begin(database, campaign, OF_FLOOD)
    run_jobs(database, utc_now())
    hide_comment(database, campaign, 1)
    undo_job(database, campaign, job_id)
    run_jobs(database, utc_now())
    with database.reading() as session:
        signature = session.get_one(Signature, (campaign.id, draft.id))
        assert (signature.removed_at, signature.comment_state, signature.moderated) == (None, 2, 2)


# Held drafts


def held(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int, reason: str) -> None:
    """So many drafts that are held for the same."""
    for _ in range(count):
        sign(database, settings, campaign)
    with database.writing() as session:
        session.execute(delete(Outbox))
        session.execute(update(Draft).values(held_reason=reason, held_for="1f6e"))


@pytest.mark.parametrize(("kind", "mails", "drafts"), [("release", 7, 7), ("drop", 0, 0)])
def test_held_drafts_are_released_or_dropped_together(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    small_steps: None,
    kind: str,
    mails: int,
    drafts: int,
) -> None:
    held(database, settings, campaign, 7, "network")
    new = NewJob(kind, group_conditions(Group("network", "1f6e")), 2**45, 7)
    with database.writing() as session:
        job_id = start(session, campaign.id, new, MODERATOR, utc_now())
    run_jobs(database, utc_now())
    job = job_of(database, campaign, job_id)
    assert (job.state, job.done, job.passed) == ("done", 7, 0)
    assert job.conditions == {"reason": "network", "for": None}  # no longer than beside drafts
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == mails
        found = session.scalars(select(Draft.held_reason)).all()
    assert found == [None] * drafts


# Stopping, meeting others, failing


def test_a_job_that_is_cancelled_stops_before_its_next_step(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    between_steps: Callable[[int, Callable[[], None]], list[bool]],
) -> None:
    sign_people(database, settings, campaign, *flood(10))
    job_id = begin(database, campaign, OF_FLOOD)

    def stop() -> None:
        with database.writing() as session:
            cancel(session, campaign.id, job_id, MODERATOR, utc_now())

    assert between_steps(2, stop) == []
    run_jobs(database, utc_now())
    assert list(removed(database, campaign)) == [1, 2, 3, 4, 5, 6]
    job = job_of(database, campaign, job_id)
    assert (job.state, job.done, job.cursor) == ("cancelled", 6, 6)
    assert [action for _, action, _ in bulk_log(database)] == ["bulk.started", "bulk.cancelled"]
    assert_true(database, campaign)
    undo_job(database, campaign, job_id)
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}
    assert_true(database, campaign)


def test_a_worker_that_stops_leaves_the_job_to_the_next(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    between_steps: Callable[[int, Callable[[], None]], list[bool]],
) -> None:
    sign_people(database, settings, campaign, *flood(10))
    job_id = begin(database, campaign, OF_FLOOD)
    stopped = threading.Event()
    done = between_steps(2, stopped.set)
    run_jobs(database, utc_now(), stopped.is_set)
    assert done == [True]
    assert job_of(database, campaign, job_id).state == "running"
    assert len(removed(database, campaign)) == 6
    assert_true(database, campaign)
    run_jobs(database, utc_now())
    assert len(removed(database, campaign)) == 10
    assert [action for _, action, _ in bulk_log(database)] == ["bulk.started", "bulk.ended"]


def test_a_step_that_fails_is_taken_again(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    small_steps: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the rows were changed, and before the commit."""
    sign_people(database, settings, campaign, *flood(7))
    job_id = begin(database, campaign, OF_FLOOD)
    remove_step, calls = running.KINDS["remove"], []

    def fail(session: Session, job: Job, most: int, now: datetime, way: Way) -> running.Step:
        step = remove_step(session, job, most, now, way)
        session.flush()
        calls.append(step.done)
        if len(calls) == 2:
            raise StoreUnavailable("broken")
        return step

    monkeypatch.setattr(running, "KINDS", {"remove": fail})
    with pytest.raises(StoreUnavailable):
        run_jobs(database, utc_now())
    assert job_of(database, campaign, job_id).done == 3
    assert_true(database, campaign)
    run_jobs(database, utc_now())
    assert job_of(database, campaign, job_id).done == 7
    assert_true(database, campaign)


def test_a_job_that_fails_does_not_keep_the_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(3))
    broken, fine = begin(database, campaign, OF_FLOOD), begin(database, campaign, OF_FLOOD, reason="fake")
    with database.writing() as session:
        get_job(session, campaign.id, broken).conditions = {"surname": "Ana"}
    with pytest.raises(ValueError, match="no conditions"):
        run_jobs(database, utc_now())
    assert job_of(database, campaign, broken).state == "waiting"
    assert job_of(database, campaign, fine).done == 3


def test_a_job_that_fails_at_every_turn_is_ended(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign_people(database, settings, campaign, *flood(3))
    broken = begin(database, campaign, OF_FLOOD)
    with database.writing() as session:
        get_job(session, campaign.id, broken).conditions = {"surname": "Ana"}
    for turn in range(running._TRIES):
        assert job_of(database, campaign, broken).state == "waiting", turn
        with pytest.raises(ValueError, match="no conditions"):
            run_jobs(database, utc_now())
    assert job_of(database, campaign, broken).state == "cancelled"
    ended = {"job": broken, "kind": "remove", "rows": 0, "complete": False}
    assert bulk_log(database)[-1] == ("Mona Moderator", "bulk.ended", ended)
    given_up = [record.__dict__["fields"]["job"] for record in caplog.records if record.message == "job_given_up"]
    assert given_up == [broken]
    run_jobs(database, utc_now())  # nothing is left to fail

    def away(*_: Any) -> None:
        raise StoreUnavailable("away")

    waits = begin(database, campaign, OF_FLOOD)
    with monkeypatch.context() as patch:
        patch.setattr(running, "_find_way", away)
        for _ in range(running._TRIES + 1):
            with pytest.raises(StoreUnavailable):
                run_jobs(database, utc_now())
    run_jobs(database, utc_now())
    assert job_of(database, campaign, waits).done == 3


@pytest.mark.parametrize("conditions", [None, {}])
def test_a_removal_without_conditions_removes_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot, conditions: dict[str, Any] | None
) -> None:
    sign_people(database, settings, campaign, *flood(3))
    job_id = begin(database, campaign, OF_FLOOD)
    with database.writing() as session:
        get_job(session, campaign.id, job_id).conditions = conditions
    with pytest.raises(AssertionError):
        run_jobs(database, utc_now())
    assert removed(database, campaign) == {}


def test_jobs_take_turns(
    database: Database, settings: Settings, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one keeps no other campaign waiting."""
    monkeypatch.setattr(running, "_TURN", -1.0)  # over with its first step
    campaigns = [make_campaign(database, slug=slug) for slug in ("one", "two")]
    for campaign in campaigns:
        sign_people(database, settings, campaign, *flood(7))
        begin(database, campaign, OF_FLOOD)
    order: list[int] = []
    remove_step = running.KINDS["remove"]

    def note(session: Session, job: Job, most: int, now: datetime, way: Way) -> running.Step:
        order.append(job.campaign_id)
        return remove_step(session, job, most, now, way)

    monkeypatch.setattr(running, "KINDS", {"remove": note})
    run_jobs(database, utc_now())
    one, two = (campaign.id for campaign in campaigns)
    assert order == [one, two, one, two, one, two]


def test_what_takes_long_is_found_once_in_a_turn_and_before_signers_wait(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    small_steps: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_people(database, settings, campaign, *flood(7))
    begin(database, campaign, Conditions(name="bot", since=datetime(2026, 1, 1, tzinfo=UTC)))
    done: list[str] = []

    def note(name: str, act: Callable[..., Any], *args: Any) -> Any:
        done.append(name)
        return act(*args)

    for module, name in ((running, "lock_tally"), (searching, "_count"), (searching, "_first_since")):
        monkeypatch.setattr(module, name, partial(note, name, getattr(module, name)))
    run_jobs(database, utc_now())
    assert len(removed(database, campaign)) == 7
    assert done[:2] == ["_first_since", "_count"]
    assert set(done[2:]) == {"lock_tally"}


def test_several_workers_do_a_job_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, small_steps: None
) -> None:
    sign_people(database, settings, campaign, *mixed(60))
    roll_up(database, utc_now())
    job_id = begin(database, campaign, OF_FLOOD)
    others = [Database(settings.database_url) for _ in range(3)]
    start = threading.Barrier(len(others))

    def work(store: Database) -> None:
        start.wait()
        run_jobs(store, utc_now())

    threads = [threading.Thread(target=work, args=(store,)) for store in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in others:
        store.close()
    run_jobs(database, utc_now())  # where each left it to another
    job = job_of(database, campaign, job_id)
    assert (job.state, job.done) == ("done", 60)
    assert len(removed(database, campaign)) == 60
    assert [action for _, action, _ in bulk_log(database)] == ["bulk.started", "bulk.ended"]
    assert_true(database, campaign)


def test_a_worker_leaves_a_job_to_another_that_takes_steps(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    between_steps: Callable[[int, Callable[[], None]], list[bool]],
) -> None:
    sign_people(database, settings, campaign, *flood(20))
    job_id = begin(database, campaign, OF_FLOOD)

    def step() -> None:
        with database.writing() as session:
            assert running._Runner(campaign.id, job_id, Way(1, 20)).step(session, 3) == 3

    between_steps(2, step)
    assert running._work(database, job_id, lambda: False)
    assert job_of(database, campaign, job_id).done == 9


def test_signers_act_while_a_job_runs(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    between_steps: Callable[[int, Callable[[], None]], list[bool]],
) -> None:
    """One moved to another country, one signs only now."""
    drafts = sign_people(database, settings, campaign, *({"country": "IE"} for _ in range(9)))
    roll_up(database, utc_now())
    job_id = begin(database, campaign, Conditions(country="IE"))

    def meanwhile() -> None:
        act(database, change(drafts[8], country="ES"))
        sign_and_confirm(database, settings, campaign, country="IE")

    between_steps(1, meanwhile)
    run_jobs(database, utc_now())
    assert list(removed(database, campaign)) == [1, 2, 3, 4, 5, 6, 7, 8]
    job = job_of(database, campaign, job_id)
    assert (job.expected, job.done) == (9, 8)
    assert_true(database, campaign)


def test_a_purge_stops_a_job(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    between_steps: Callable[[int, Callable[[], None]], list[bool]],
) -> None:
    """From the first moment of the purge on nothing is removed any more, and the count stays what it was then."""
    sign_people(database, settings, campaign, *flood(10))
    job_id = begin(database, campaign, OF_FLOOD)

    def erase() -> None:
        purge(database, campaign.id, utc_now())

    between_steps(2, erase)
    run_jobs(database, utc_now())
    assert left(database, campaign) == {}
    ended = {"job": job_id, "kind": "remove", "rows": 6, "complete": False}
    assert bulk_log(database)[1:] == [("Mona Moderator", "bulk.ended", ended)]
    assert check_count(database, campaign).rows == 4


def test_the_moment_of_a_step_is_its_own(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The worker began its turn long ago."""
    sign_people(database, settings, campaign, *flood(1))
    job_id = begin(database, campaign, OF_FLOOD)
    run_jobs(database, utc_now() - timedelta(hours=1))
    job = job_of(database, campaign, job_id)
    assert job.ended_at is not None
    assert job.ended_at > job.created_at
