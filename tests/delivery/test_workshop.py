"""What the worker does about lists, with real processes that are really killed."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import jobs, workshop
from petitions.delivery.keeping import exports_folder
from petitions.delivery.workshop import clear_up, make_lists
from petitions.lists.cuts import Cut
from petitions.lists.plans import Format, Plan
from petitions.settings import Settings
from tests.delivery.support import begin, find_job, made
from tests.factories import sign_and_confirm

pytestmark = pytest.mark.anyio
SECONDS = 40

#: The program, but it stops in the middle of a file, and says so.
HALTING = """
import os, time
from pathlib import Path
from petitions.delivery import making

def write_files(document, plan, folder, watcher, **options):
    with folder.new_file("half.csv", 1) as out:
        out.write(b"x" * 1_000_000)
        Path("{mark}.new").write_text(str(os.getpid()))
        Path("{mark}.new").rename("{mark}")
        while True:
            watcher.advance(0)
            time.sleep(0.02)

making.write_files = write_files
from petitions.cli.main import main
main()
"""
#: The worker, whose lists that program makes.
WORKER = """
import sys
from petitions.delivery import workshop
workshop._COMMAND = (sys.executable, "{halting}")
sys.argv = ["petitions", "worker"]
from petitions.cli.main import main
main()
"""


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of the store that the test looks into, for every process that is started."""
    values = {
        "PETITIONS_BASE_URL": settings.base_url,
        "PETITIONS_DATA_DIR": str(settings.data_dir),
        "PETITIONS_DATABASE_URL": settings.database_url,
        "PETITIONS_EMAIL_KEY": settings.email_key,
        "PETITIONS_SECRET_KEY": settings.secret_keys[0],
        "PETITIONS_SIGNING_KEY": settings.signing_key,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(workshop, "_EVERY", 0.1)
    monkeypatch.setattr(workshop, "_AFTER_DEATH", 0.1)
    return values


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign with a signature."""
    sign_and_confirm(database, settings, campaign)
    return campaign


@pytest.fixture
def halting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says by whom the list is made which does not come to its end."""
    mark, script = tmp_path / "mark", tmp_path / "halting.py"
    script.write_text(HALTING.format(mark=mark))
    monkeypatch.setattr(workshop, "_COMMAND", (sys.executable, str(script)))
    return mark


@asynccontextmanager
async def at_work(settings: Settings, database: Database) -> AsyncIterator[asyncio.Event]:
    """The part of the worker that makes lists, until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(make_lists(settings, database, stop))
    try:
        yield stop
    finally:
        stop.set()
        await task


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def is_in(database: Database, campaign: CampaignSnapshot, job_id: UUID, *states: str) -> Callable[[], bool]:
    return lambda: find_job(database, campaign, job_id).state in states


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def left(settings: Settings) -> list[str]:
    return sorted(path.name for path in exports_folder(settings).iterdir() if path.name != ".lock")


@pytest.mark.usefixtures("environment")
async def test_lists_are_made_one_after_the_other(
    database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    ids = [begin(database, signed, plan) for plan in (Plan(), Plan(pack=True, formats=(Format.CSV, Format.JSONL)))]
    async with at_work(settings, database):
        for job_id in ids:
            await until(is_in(database, signed, job_id, jobs.DONE, jobs.FAILED))
    for job_id in ids:
        job = find_job(database, signed, job_id)
        assert (job.state, job.attempts) == (jobs.DONE, 1)
        assert len(b"".join(jobs.open_file(settings, job))) == job.size
    assert left(settings) == sorted(f"{job_id.hex}.sealed" for job_id in ids)


@pytest.mark.usefixtures("environment")
async def test_a_process_that_is_killed_in_the_middle_is_followed_by_another(
    database: Database,
    settings: Settings,
    signed: CampaignSnapshot,
    halting: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = Plan(pack=True, formats=(Format.CSV, Format.JSONL))
    job_id = begin(database, signed, plan)
    async with at_work(settings, database):
        await until(halting.exists)
        (half,) = left(settings)
        assert half.startswith("work-")
        sign_and_confirm(database, settings, signed, name="Late")
        monkeypatch.setattr(workshop, "_COMMAND", (sys.executable, "-m", "petitions"))
        os.kill(int(halting.read_text()), signal.SIGKILL)
        await until(is_in(database, signed, job_id, jobs.DONE, jobs.FAILED))
    job = find_job(database, signed, job_id)
    assert (job.state, job.attempts) == (jobs.DONE, 2)
    cut = Cut(job.cut_off, job.through_serial, job.through_number)
    _, content = made(database, signed, settings, tmp_path / "again", plan, cut)
    assert b"".join(jobs.open_file(settings, job)) == content  # as if nothing had happened
    assert b"Late" not in content
    hour_ago = time.time() - 3600
    os.utime(exports_folder(settings) / half, (hour_ago, hour_ago))
    clear_up(database, utc_now(), settings)
    assert left(settings) == [f"{job_id.hex}.sealed"]


@pytest.mark.usefixtures("environment")
async def test_a_worker_that_is_told_to_stop_leaves_the_job_to_the_next(
    database: Database, settings: Settings, signed: CampaignSnapshot, halting: Path
) -> None:
    job_id = begin(database, signed)
    async with at_work(settings, database):
        await until(halting.exists)
    assert is_gone(int(halting.read_text()))
    job = find_job(database, signed, job_id)
    assert (job.state, job.attempts, job.claim) == (jobs.WAITING, 0, None)
    assert left(settings) == []


async def test_a_worker_that_is_killed_takes_its_list_along(
    database: Database,
    settings: Settings,
    signed: CampaignSnapshot,
    halting: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """Nobody is left to end it: it notices by itself."""
    job_id = begin(database, signed)
    script = tmp_path / "worker.py"
    script.write_text(WORKER.format(halting=tmp_path / "halting.py"))
    worker = subprocess.Popen([sys.executable, script], env=os.environ | environment)
    try:
        await until(halting.exists)
        worker.kill()
        await until(lambda: is_gone(int(halting.read_text())))
    finally:
        worker.kill()
        worker.wait()
    job = find_job(database, signed, job_id)
    assert (job.state, job.attempts) == (jobs.WAITING, 0)
    assert left(settings) == []


@pytest.mark.usefixtures("environment")
async def test_a_process_that_dies_again_and_again_ends_the_job(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path, monkeypatch: Any
) -> None:
    script = tmp_path / "dying.py"
    script.write_text(
        "import os, signal\n"
        "from petitions.delivery import making\n"
        "making.gather = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from petitions.cli.main import main\n"
        "main()\n"
    )
    monkeypatch.setattr(workshop, "_COMMAND", (sys.executable, str(script)))
    job_id = begin(database, signed)
    async with at_work(settings, database):
        await until(is_in(database, signed, job_id, jobs.FAILED))
    job = find_job(database, signed, job_id)
    assert (job.attempts, job.problem) == (3, {"code": "died"})
    clear_up(database, utc_now() + timedelta(hours=1), settings)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("command", ["/nonexistent", "false"])
async def test_a_program_that_never_begins_ends_the_job_and_keeps_nobody_from_the_next_turn(
    database: Database, settings: Settings, signed: CampaignSnapshot, monkeypatch: Any, command: str
) -> None:
    first = begin(database, signed)
    with monkeypatch.context() as broken:
        broken.setattr(workshop, "_COMMAND", (command,))
        async with at_work(settings, database):
            await until(is_in(database, signed, first, jobs.FAILED))
    job = find_job(database, signed, first)
    assert (job.attempts, job.problem) == (3, {"code": "died"})
    second = begin(database, signed, Plan(bom=True))
    async with at_work(settings, database):
        await until(is_in(database, signed, second, jobs.DONE))


@pytest.mark.usefixtures("environment")
async def test_a_folder_in_which_nothing_can_be_made_ends_the_job(
    database: Database, settings: Settings, signed: CampaignSnapshot, monkeypatch: Any
) -> None:
    def refuse(_settings: Settings) -> Path:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(workshop, "exports_folder", refuse)
    job_id = begin(database, signed)
    async with at_work(settings, database):
        await until(is_in(database, signed, job_id, jobs.FAILED))
    job = find_job(database, signed, job_id)
    assert (job.attempts, job.problem) == (3, {"code": "folder"})
