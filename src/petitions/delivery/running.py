"""Making the list of one job, in a process of its own: the worker starts it, see workshop.py.

What goes wrong is kept as a code, for which the console has words:

    disk_full    the folder of exports is full
    scripts      a PDF needs fonts that are not there; "scripts" names them
    delivery     a delivery that was to be left out is there no more
    store        the store could not be used, several times
    died         the process ended without a word, or could not be started, several times
    folder       the folder of exports could not be used, several times
    unforeseen   anything else; the log of the server says where
"""

import errno
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from petitions import log
from petitions.campaigns.queries import find_slug, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import claims
from petitions.delivery.keeping import discard, exports_folder, place_to_work, seal, work_in
from petitions.delivery.making import make
from petitions.delivery.models import ExportJob
from petitions.errors import ExportCancelled, NotPossible, ScriptsWithoutFont, StoreUnavailable
from petitions.lists.cuts import Cut
from petitions.lists.plans import Plan
from petitions.settings import Settings

#: Seconds between two signs of life.
BEAT = 1.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def run_job(
    database: Database, settings: Settings, job_id: UUID, claim: UUID, stop: Callable[[], bool] = lambda: False
) -> None:
    """Make the list of a job, if nobody else is making one in this folder; else it waits again. So it does once
    `stop` says so, and nothing is left of this attempt."""
    with place_to_work(exports_folder(settings)) as is_free:
        if not is_free:
            with database.writing() as session:
                claims.give_back(session, job_id, claim, utc_now(), died=False)
            return
        with database.writing() as session:
            job = claims.take(session, job_id, claim, utc_now())
        if job is None:
            return
        log.info("export_began", job=job_id, campaign=job.campaign_id, attempt=job.attempts)
        problem = _try(database, settings, job, claim, stop)
        if problem is None:
            return
        with database.writing() as session:
            if problem == _AGAIN:
                claims.give_back(session, job_id, claim, utc_now(), died=not stop())
            else:
                log.warning("export_failed", job=job_id, problem=problem["code"])
                claims.fail(session, job_id, claim, utc_now(), problem)


#: The job is to be tried again.
_AGAIN: Mapping[str, Any] = {"code": "again"}


def _try(
    database: Database, settings: Settings, job: ExportJob, claim: UUID, stop: Callable[[], bool]
) -> Mapping[str, Any] | None:
    """Make the list, hand it in, and leave nothing else; what went wrong, or None."""
    pulse = Pulse(database, job.id, claim, stop)
    try:
        with pulse.beating():
            _make(database, settings, job, claim, pulse)
    except ExportCancelled:
        return _AGAIN if stop() else None
    except ScriptsWithoutFont as error:
        return {"code": "scripts", "scripts": list(error.scripts)}
    except NotPossible:
        return {"code": "delivery"}
    except StoreUnavailable as error:
        log.error("export_failed", error, job=job.id)
        return _AGAIN if job.attempts < claims.MOST_ATTEMPTS else {"code": "store"}
    except OSError as error:
        if error.errno in _FULL:
            return {"code": "disk_full"}
        log.error("export_failed", error, job=job.id)
    except Exception as error:
        log.error("export_failed", error, job=job.id)
    else:
        return None
    return {"code": "unforeseen"}


def _make(database: Database, settings: Settings, job: ExportJob, claim: UUID, pulse: "Pulse") -> None:
    with database.reading() as session:
        slug = find_slug(session, job.campaign_id)
        assert slug is not None
        campaign = get_snapshot(session, slug)
    if campaign.purge_began_at is not None:
        raise ExportCancelled
    cut = Cut(job.cut_off, job.through_serial, job.through_number)
    plan = Plan.from_json(job.plan)
    pulse.phases = len(plan.formats)
    with work_in(exports_folder(settings)) as folder:
        made = make(database, campaign, plan, cut, folder, settings, pulse)
        kept = seal(settings, job.id, _watched(made.read(), pulse))
        try:
            with database.writing() as session:
                claims.finish(session, job.id, claim, utc_now(), made, kept, socket.gethostname())
        except BaseException:
            with suppress(OSError):
                discard(settings, job.id)
            raise
    log.info("export_made", job=job.id, campaign=job.campaign_id, rows=made.rows, size=kept[1])


def _watched(chunks: Iterator[bytes], pulse: "Pulse") -> Iterator[bytes]:
    for chunk in chunks:
        pulse.advance(0)
        yield chunk


class Pulse:
    """Tells the store every second that this process lives and how far it is, and this process whether anybody
    still wants the list."""

    def __init__(self, database: Database, job_id: UUID, claim: UUID, stop: Callable[[], bool]) -> None:
        self._database, self._job_id, self._claim, self._stop = database, job_id, claim, stop
        self._ended, self._is_lost = threading.Event(), False
        self._claimed_until = utc_now() + claims.CLAIMED_FOR
        self.phases = 1  # that come after the reading
        self._phase: str | None = None
        self._done = self._expected = 0

    def begin(self, phase: str, rows: int) -> None:
        """See lists/documents.py; the reading is the first phase, and says how long the others may be."""
        if phase != "reading" and self._phase == "reading":
            self._expected = self._done + rows * self.phases
        elif phase == "reading":
            self._expected = rows * (1 + self.phases)
        self._expected = max(self._expected, self._done + rows)
        self._phase = phase
        self.advance(0)

    def advance(self, rows: int) -> None:
        """Raises ExportCancelled."""
        self._done += rows
        if self._is_lost or self._stop():
            raise ExportCancelled

    @contextmanager
    def beating(self) -> Iterator[None]:
        """As long as the block runs."""
        heart = threading.Thread(target=self._beat, name="petitions-pulse", daemon=True)
        heart.start()
        try:
            yield
        finally:
            self._ended.set()
            heart.join()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            now = utc_now()
            try:
                with self._database.writing() as session:
                    expected = max(self._expected, self._done)
                    is_mine = claims.beat(
                        session, self._job_id, self._claim, now, self._phase, self._done, expected
                    )
            except StoreUnavailable:
                is_mine = now < self._claimed_until  # later another process may have begun
            else:
                self._claimed_until = now + claims.CLAIMED_FOR
            if not is_mine:
                self._is_lost = True
                return
