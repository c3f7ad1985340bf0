"""A worker that is killed in the middle of a bulk removal: another one ends it as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import undo
from petitions.moderation.removing import lock_tally
from petitions.moderation.running import run_jobs
from petitions.settings import Settings
from petitions.signatures.rollups import roll_up
from tests.moderation.many import FLOOD, MODERATOR, begin, bulk_log, job_of, mixed, removed, sign_people
from tests.privacy.support import check_count
from tests.signatures.truth import assert_true

SECONDS = 60
#: A job's first step takes 200 at most, so there are a few.
FORGED = 1_200


class Worker:
    """`petitions worker` as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")} | {
            "PETITIONS_DATA_DIR": str(settings.data_dir),
            "PETITIONS_DATABASE_URL": settings.database_url,
            "PETITIONS_SECRET_KEY": settings.secret_keys[0],
            "PETITIONS_EMAIL_KEY": settings.email_key,
            "PETITIONS_SIGNING_KEY": settings.signing_key,
        }
        command = [sys.executable, "-m", "petitions", "worker"]
        self._process = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def wait_for(self, progress: Callable[[], bool]) -> None:
        """Look into the store until there is progress; each look is a query, so nothing is gained by a rest."""
        deadline = time.monotonic() + SECONDS
        while not progress():
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < deadline

    def kill(self) -> None:
        self._process.kill()
        assert self._process.wait(SECONDS) == -signal.SIGKILL
        self._process.communicate()

    def is_alive(self) -> bool:
        return self._process.poll() is None


@contextmanager
def working(settings: Settings) -> Iterator[Worker]:
    worker = Worker(settings)
    try:
        yield worker
    finally:
        if worker.is_alive():
            worker.kill()


def kill_in_the_middle(worker: Worker, database: Database, campaign: CampaignSnapshot, job_id: int) -> int:
    """Kill a worker after some steps, while it waits for the tally to take the next; what is done then."""
    worker.wait_for(lambda: job_of(database, campaign, job_id).done > 0)
    with database.writing() as session:
        lock_tally(session, campaign.id)
        worker.kill()
    job = job_of(database, campaign, job_id)
    assert job.state == "running"
    assert 0 < job.done < FORGED
    assert_true(database, campaign)
    return job.done


def test_a_job_whose_worker_is_killed_ends_like_one_whose_was_not(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Another worker, which is this process, does the rest; and brings them all back."""
    sign_people(database, settings, campaign, *mixed(FORGED))
    roll_up(database, utc_now())
    removing = begin(database, campaign, Conditions(domain=FLOOD))
    with working(settings) as worker:
        done = kill_in_the_middle(worker, database, campaign, removing)
    assert len(removed(database, campaign)) == done
    run_jobs(database, utc_now())
    assert removed(database, campaign) == dict.fromkeys(range(1, 2 * FORGED, 2), ("robot", removing))
    assert job_of(database, campaign, removing).done == FORGED
    assert_true(database, campaign)
    with database.writing() as session:
        restoring = undo(session, campaign.id, removing, MODERATOR, utc_now())
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}
    assert job_of(database, campaign, restoring).done == FORGED
    assert_true(database, campaign)
    assert check_count(database, campaign).rows == 2 * FORGED
    assert [action for _, action, _ in bulk_log(database)] == [
        *("bulk.started", "bulk.ended"),
        *("bulk.undone", "bulk.ended"),
    ]
