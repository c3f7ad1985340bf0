"""Making the list of a job: whole or not at all, whatever happens meanwhile."""

import errno
import fcntl
import os
import resource
import stat
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import claims, jobs, keeping, running
from petitions.delivery.keeping import exports_folder, place_to_work, work_in
from petitions.delivery.making import Made, make
from petitions.delivery.models import Delivery, ExportJob
from petitions.delivery.running import run_job
from petitions.delivery.workshop import clear_up
from petitions.errors import ScriptsWithoutFont, StoreUnavailable
from petitions.ids import new_id
from petitions.lists.plans import Plan
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.delivery.support import LEA, begin, find_job, list_logged
from tests.factories import sign_and_confirm


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign with a signature."""
    sign_and_confirm(database, settings, campaign)
    return campaign


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Made]], None]:
    """Puts something in the place of `make`."""
    return lambda act: monkeypatch.setattr(running, "make", act)


def left(settings: Settings) -> list[str]:
    """What lies in the folder of exports."""
    return sorted(path.name for path in exports_folder(settings).iterdir() if path.name != ".lock")


def test_the_progress_is_told(
    database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BEAT", 0.02)
    job_id, seen = begin(database, signed), list[tuple[Any, ...]]()

    def make_slowly(*args: Any) -> Made:
        watcher = args[-1]
        for phase, rows in (("reading", 10), ("csv", 8)):
            watcher.begin(phase, rows)
            watcher.advance(4)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                job = find_job(database, signed, job_id)
                if job.phase == phase and (not seen or seen[-1][0] != phase):
                    assert job.claimed_until is not None
                    assert job.claimed_until > utc_now()
                    seen.append((job.phase, job.state, job.done, job.expected))
                    break
                time.sleep(0.01)
        return make(*args)

    instead(make_slowly)
    run_job(database, settings, job_id, new_id())
    assert seen == [("reading", "running", 4, 20), ("csv", "running", 8, 12)]
    job = find_job(database, signed, job_id)
    assert (job.state, job.phase, job.claim, job.claimed_until) == (jobs.DONE, None, None, None)
    assert job.done == job.expected


def test_who_cancels_is_heard_within_a_second(
    database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any
) -> None:
    job_id, took = begin(database, signed), list[float]()

    def make_for_ever(*args: Any) -> Made:
        with database.writing() as session:
            jobs.cancel(session, signed.id, job_id, LEA, utc_now())
        began = time.monotonic()
        try:
            while time.monotonic() < began + 10:
                args[-1].advance(1)
                time.sleep(0.01)
        finally:
            took.append(time.monotonic() - began)
        return make(*args)

    instead(make_for_ever)
    run_job(database, settings, job_id, new_id())
    assert took[0] < 2
    assert find_job(database, signed, job_id).state == jobs.CANCELLED
    assert left(settings) == []


def test_a_list_cancelled_at_the_very_end_is_not_kept(
    database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any
) -> None:
    job_id = begin(database, signed)

    def make_and_cancel(*args: Any) -> Made:
        made = make(*args)
        with database.writing() as session:
            jobs.cancel(session, signed.id, job_id, LEA, utc_now())
        return made

    instead(make_and_cancel)
    run_job(database, settings, job_id, new_id())
    job = find_job(database, signed, job_id)
    assert (job.state, job.key, job.sha256) == (jobs.CANCELLED, None, None)
    assert left(settings) == []
    assert "export.made" not in [entry.action for entry in list_logged(database)]


def test_names_that_are_erased_meanwhile_are_in_no_list(
    database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any
) -> None:
    job_id = begin(database, signed)

    def make_and_purge(*args: Any) -> Made:
        made = make(*args)
        purge(database, signed.id, utc_now())
        return made

    instead(make_and_purge)
    run_job(database, settings, job_id, new_id())
    with database.reading() as session:
        assert session.query(ExportJob).all() == []
    assert left(settings) == []
    assert [entry.action for entry in list_logged(database)] == ["export.asked", "export.cancelled"]


def test_a_process_that_is_told_to_stop_leaves_the_job_to_the_next(
    database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any
) -> None:
    job_id, stop = begin(database, signed), threading.Event()

    def make_and_stop(*args: Any) -> Made:
        stop.set()
        return make(*args)

    instead(make_and_stop)
    run_job(database, settings, job_id, new_id(), stop.is_set)
    job = find_job(database, signed, job_id)
    assert (job.state, job.attempts, job.claim, job.done) == (jobs.WAITING, 0, None, 0)
    assert left(settings) == []
    instead(make)
    run_job(database, settings, job_id, new_id())
    assert find_job(database, signed, job_id).state == jobs.DONE


def test_a_full_disk(database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any) -> None:
    """The kernel refuses to let a file grow: the same way by which it says that the disk is full."""
    for _ in range(20):
        sign_and_confirm(database, settings, signed, comment="With you. " * 20)
    job_id = begin(database, signed)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make_in_a_small_place(*args: Any) -> Made:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
        try:
            return make(*args)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    instead(make_in_a_small_place)
    run_job(database, settings, job_id, new_id())
    job = find_job(database, signed, job_id)
    assert (job.state, job.problem, job.key) == (jobs.FAILED, {"code": "disk_full"}, None)
    assert left(settings) == []
    entry = list_logged(database)[-1]
    assert (entry.action, entry.details["problem"]) == ("export.failed", "disk_full")


def test_a_disk_that_is_full_for_the_finished_file(
    database: Database, settings: Settings, signed: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = begin(database, signed)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    seal = keeping.seal

    def seal_in_a_small_place(*args: Any) -> Any:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            return seal(*args)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    monkeypatch.setattr(running, "seal", seal_in_a_small_place)
    run_job(database, settings, job_id, new_id())
    assert find_job(database, signed, job_id).problem == {"code": "disk_full"}
    assert left(settings) == []


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (ScriptsWithoutFont(["Devanagari", "Thai"]), {"code": "scripts", "scripts": ["Devanagari", "Thai"]}),
        (RuntimeError("Ana Sánchez"), {"code": "unforeseen"}),
        (PermissionError(13, "Ana"), {"code": "unforeseen"}),
    ],
)
def test_what_goes_wrong_is_a_code(
    database: Database,
    settings: Settings,
    signed: CampaignSnapshot,
    instead: Any,
    error: Exception,
    problem: dict[str, Any],
) -> None:
    job_id = begin(database, signed)

    def fail(*_args: Any) -> Made:
        raise error

    instead(fail)
    run_job(database, settings, job_id, new_id())
    job = find_job(database, signed, job_id)
    assert (job.state, job.problem) == (jobs.FAILED, problem)
    assert left(settings) == []


def test_a_delivery_that_was_taken_back_meanwhile(
    database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    """Without it, the list would hold again whom it held."""
    delivery = Delivery(id=new_id(), campaign_id=signed.id, number=1, created_at=utc_now(), created_by="Lea")
    delivery.delivered_on, delivery.recipient, delivery.way = utc_now().date(), "The embassy", "mailed"
    delivery.serials = b""
    with database.writing() as session:
        session.add(delivery)
    job_id = begin(database, signed, Plan(without=(delivery.id,)))
    with database.writing() as session:
        session.delete(session.get_one(Delivery, delivery.id))
    run_job(database, settings, job_id, new_id())
    assert find_job(database, signed, job_id).problem == {"code": "delivery"}


def test_a_store_that_is_away_is_tried_again_and_then_told(
    database: Database, settings: Settings, signed: CampaignSnapshot, instead: Any
) -> None:
    job_id = begin(database, signed)

    def fail(*_args: Any) -> Made:
        raise StoreUnavailable("OperationalError")

    instead(fail)
    states = []
    for _ in range(3):
        run_job(database, settings, job_id, new_id())
        job = find_job(database, signed, job_id)
        states.append((job.state, job.attempts, job.problem))
    assert states == [("waiting", 1, None), ("waiting", 2, None), ("failed", 3, {"code": "store"})]


def test_one_list_at_a_time_on_a_host(database: Database, settings: Settings, signed: CampaignSnapshot) -> None:
    job_id = begin(database, signed)
    with place_to_work(exports_folder(settings)) as is_free:
        assert is_free
        run_job(database, settings, job_id, new_id())
        assert find_job(database, signed, job_id).state == jobs.WAITING
    run_job(database, settings, job_id, new_id())
    assert find_job(database, signed, job_id).state == jobs.DONE


def test_a_process_that_finds_no_room_dies_over_nothing(
    database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id, claim = begin(database, signed), new_id()
    assert take(database, job_id, claim)
    with place_to_work(exports_folder(settings)):
        run_job(database, settings, job_id, claim)
    job = find_job(database, signed, job_id)
    assert (job.state, job.attempts, job.claim) == (jobs.WAITING, 0, None)


def test_a_job_is_begun_by_whom_it_was_taken_for(
    database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id, claim = begin(database, signed), new_id()
    assert take(database, job_id, claim)
    run_job(database, settings, job_id, new_id())
    assert find_job(database, signed, job_id).state == jobs.RUNNING
    run_job(database, settings, job_id, claim)
    job = find_job(database, signed, job_id)
    assert (job.state, job.attempts) == (jobs.DONE, 1)


def test_what_is_locked_is_a_file_that_network_file_systems_lock(tmp_path: Any, monkeypatch: Any) -> None:
    """They lock nothing but files that are open for writing."""
    locked, flock = list[tuple[bool, int]](), fcntl.flock

    def look(descriptor: int, how: int) -> None:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        locked.append((is_file, fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", look)
    with place_to_work(tmp_path), work_in(tmp_path):
        pass
    assert locked == [(True, os.O_RDWR)] * 2


def test_a_folder_that_cannot_be_locked_is_not_taken_for_one_that_is_in_use(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="Bad file"), place_to_work(tmp_path):
        pass


# Claims


def take(database: Database, job_id: Any, claim: Any, after: timedelta = timedelta()) -> bool:
    with database.writing() as session:
        return claims.take(session, job_id, claim, utc_now() + after) is not None


def test_a_job_has_one_maker_at_a_time(database: Database, signed: CampaignSnapshot) -> None:
    job_id, first, second = begin(database, signed), new_id(), new_id()
    assert take(database, job_id, first)
    assert not take(database, job_id, second)
    over = claims.CLAIMED_FOR + timedelta(seconds=1)
    with database.reading() as session:
        assert claims.find_next(session, utc_now()) is None
        assert claims.find_next(session, utc_now() + over) == job_id
    assert take(database, job_id, second, over)
    with database.writing() as session:  # the first wakes up
        assert not claims.beat(session, job_id, first, utc_now(), "csv", 1, 2)
        claims.give_back(session, job_id, first, utc_now(), died=True)
        claims.fail(session, job_id, first, utc_now(), {"code": "unforeseen"})
    job = find_job(database, signed, job_id)
    assert (job.state, job.claim, job.attempts) == (jobs.RUNNING, second, 2)


def test_two_that_take_a_job_together(database: Database, signed: CampaignSnapshot) -> None:
    for _ in range(5):
        job_id, start, took = begin(database, signed), threading.Barrier(2), list[bool]()

        def race(job_id: Any = job_id, start: Any = start, took: list[bool] = took) -> None:
            start.wait(10)
            took.append(take(database, job_id, new_id()))

        threads = [threading.Thread(target=race) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(took) == [False, True]
        with database.writing() as session:
            jobs.cancel(session, signed.id, job_id, LEA, utc_now())


def test_a_job_over_which_three_died_is_given_up(
    database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id = begin(database, signed)
    for attempt in range(1, 4):
        assert find_job(database, signed, job_id).state == jobs.WAITING
        claim = new_id()
        assert take(database, job_id, claim)
        with database.writing() as session:
            claims.give_back(session, job_id, claim, utc_now(), died=True)
        assert find_job(database, signed, job_id).attempts == attempt
    job = find_job(database, signed, job_id)
    assert (job.state, job.problem) == (jobs.FAILED, {"code": "died"})
    run_job(database, settings, job_id, new_id())
    assert find_job(database, signed, job_id).state == jobs.FAILED


def test_a_job_whose_hosts_all_died_is_given_up(database: Database, signed: CampaignSnapshot) -> None:
    """Nobody was left to say so."""
    job_id, after = begin(database, signed), timedelta()
    for _ in range(3):
        assert take(database, job_id, new_id(), after)
        after += claims.CLAIMED_FOR + timedelta(seconds=1)
    assert not take(database, job_id, new_id(), after)
    assert find_job(database, signed, job_id).problem == {"code": "died"}


def test_the_longest_waiting_is_next(database: Database, signed: CampaignSnapshot) -> None:
    first, second = begin(database, signed), begin(database, signed, Plan(bom=True))
    with database.writing() as session:
        earlier = update(ExportJob).where(ExportJob.id == second)
        session.execute(earlier.values(created_at=utc_now() - timedelta(hours=1)))
        assert claims.find_next(session, utc_now()) == second
        session.execute(earlier.values(state=jobs.DONE))
        assert claims.find_next(session, utc_now()) == first


# What is left by others


def test_what_the_killed_left_is_cleared_up_and_what_is_under_way_stays(
    database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    folder = exports_folder(settings)
    orphan, running_id = new_id(), begin(database, signed)
    assert take(database, running_id, new_id())
    for job_id in (orphan, running_id):
        (folder / f"{job_id.hex}.sealed").write_bytes(b"noise")
    (folder / "work-old").mkdir()
    (folder / "work-old" / "0.sealed").write_bytes(b"noise")
    (folder / "somebody's").write_text("not ours")
    hour_ago = time.time() - 3600
    os.utime(folder / "work-old", (hour_ago, hour_ago))
    with work_in(folder) as path:
        os.utime(path, (hour_ago, hour_ago))
        clear_up(database, utc_now(), settings)
        assert left(settings) == sorted([f"{running_id.hex}.sealed", path.name, "somebody's"])


def test_a_host_without_lists_gets_no_folder(database: Database, settings: Settings) -> None:
    clear_up(database, utc_now(), settings)
    assert not (settings.data_dir / "exports").exists()
