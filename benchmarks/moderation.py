"""moderation: each kind of search among many signatures, with eight connections; then a tenth of them is removed
by a job while people sign, and brought back while people confirm. Baselines: the same signing and confirming, with
the same worker beside it and no job, before and after.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from sqlalchemy import func, select

from benchmarks.checks import check_stored, count_rows
from benchmarks.filling import check_counts, full_campaign
from benchmarks.load import Load
from benchmarks.options import BenchmarkError, Options
from benchmarks.results import print_line, summarise
from benchmarks.searching import LARGE_DOMAIN, Moderator, preview, search
from benchmarks.seeding import prepare
from benchmarks.servers import petitions_server, petitions_worker
from benchmarks.signing import Confirming, Signing
from benchmarks.stores import Store, conditions, shelf
from petitions.accounts.members import set_role
from petitions.accounts.roles import Role
from petitions.accounts.sessions import open_session
from petitions.accounts.users import NewUser, create_user
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.moderation import jobs
from petitions.moderation.conditions import Conditions
from petitions.moderation.models import Job
from petitions.moderation.previewing import Count, find_last_serial, to_remove
from petitions.signatures.models import Signature
from petitions.signatures.rollups import roll_up

CONNECTIONS = 8
WANTED_P99_MS = 200.0
#: Of the speed without a job.
WANTED_SHARE = 0.5
_WARM_UP = 1
#: Rounds of confirming beside the job for which there are drafts.
_MORE_ROUNDS = 6
#: Drafts that are pressed a second at most, to find out how many it is.
_PER_SECOND = 5_000
#: Seconds that a job may take.
_PATIENCE = 600.0


def run(options: Options) -> None:
    with shelf(options) as stores:
        full, _, filled_in = full_campaign(stores, options)
        store = stores.copy(full, "moderation")
        campaign = prepare(store)
        moderator = _furnish(store, campaign)
        stated = conditions(store, options)
        with petitions_server(store) as server, petitions_worker(store):
            searches = search(server, store, campaign, moderator, replace(options, connections=CONNECTIONS))
            previews = preview(server, moderator)
            signing = Signing(store, campaign, options)
            confirming = Confirming(store, campaign, options)
            confirming.stock(1, _PER_SECOND)
            speed = confirming.load(server).per_second
            confirming.stock(1 + 2 * options.rounds + _MORE_ROUNDS, 1.5 * speed)
            signing.check(server)
            rows = count_rows(store, campaign)
            remove, expected = _removal(store, campaign, moderator)
            removed = _disturbed(store, campaign, options, remove, lambda s=None: signing.load(server, s))
            more = count_rows(store, campaign).drafts - rows.drafts
            check_stored("moderation: sign", more, removed.all_loads, options.connections)
            _check_removed(store, campaign, expected)
            restore = _undoing(store, campaign, moderator, removed.job_id)
            restored = _disturbed(
                store, campaign, options, restore, lambda s=None: confirming.load(server, s), most=_MORE_ROUNDS
            )
        _check_removed(store, campaign, 0)
        with store.opened() as database:
            roll_up(database, utc_now())
        check_counts(store, campaign)  # drift is an error
        slowest = max(load.p99 for loads in searches.values() for load in loads)
        print_line(
            "moderation",
            {
                f"p99 of every search < {WANTED_P99_MS:.0f} ms": slowest < WANTED_P99_MS,
                f"signing while a job removes >= {WANTED_SHARE}": removed.share >= WANTED_SHARE,
                f"confirming while a job brings back >= {WANTED_SHARE}": restored.share >= WANTED_SHARE,
                "drift 0": True,
            },
            signatures=options.signatures,
            worst_p99_ms=round(slowest, 1),
            searches={name: summarise(loads) for name, loads in searches.items()},
            preview_seconds=previews,
            sign=removed.line(expected),
            confirm=restored.line(expected),
            filled_in_seconds=filled_in,
            conditions=stated,
        )


@dataclass(frozen=True)
class Disturbed:
    """A load without a job, and with one beside it."""

    job_id: int
    warm_up: Load
    before: Sequence[Load]
    during: Sequence[Load]
    after: Sequence[Load]
    seconds: float  # that the job took

    @property
    def all_loads(self) -> Sequence[Load]:
        return [self.warm_up, *self.before, *self.during, *self.after]

    @property
    def share(self) -> float:
        """Of the speed without the job."""
        baseline = median(load.per_second for load in [*self.before, *self.after])
        return round(median(load.per_second for load in self._whole) / baseline, 3)

    @property
    def _whole(self) -> Sequence[Load]:
        return self.during[:-1] or self.during  # in the last round it ended

    def line(self, rows: int) -> dict[str, Any]:
        return {
            "ratio": self.share,
            "figure": summarise(self._whole),
            "baseline": summarise([*self.before, *self.after]),
            "rows": rows,
            "seconds": round(self.seconds, 1),
            "rows_per_second": round(rows / self.seconds),
        }


def _furnish(store: Store, campaign: CampaignSnapshot) -> Moderator:
    with store.opened() as database:
        roll_up(database, utc_now())
        with database.writing() as session:
            new = NewUser("moderator@example.org", "Moderator", "en")
            user = create_user(session, new, utc_now(), "$argon2id$nobody")
            assert user is not None
            set_role(session, campaign.id, user.id, Role.OWNER, utc_now())
            identifier = open_session(session, user.id, "Firefox, Linux", utc_now())
            return Moderator(Actor(user.id, user.name), identifier)


def _removal(store: Store, campaign: CampaignSnapshot, moderator: Moderator) -> tuple[Callable[[], int], int]:
    """Begins to remove a tenth of the signatures; and how many these are."""
    asked = to_remove(Conditions(domain=LARGE_DOMAIN))
    with store.opened() as database:
        with database.reading() as session:
            upto = find_last_serial(session, campaign.id)
        count = Count(campaign.id, asked, upto)
        while not count.is_complete:
            with database.reading() as session:
                count.read(session)
    new = jobs.NewJob(jobs.REMOVE, asked.to_json(), upto, count.counted, "robot")

    def begin() -> int:
        with store.opened() as database, database.writing() as session:
            return jobs.start(session, campaign.id, new, moderator.actor, utc_now())

    return begin, count.counted


def _undoing(store: Store, campaign: CampaignSnapshot, moderator: Moderator, job_id: int) -> Callable[[], int]:
    def begin() -> int:
        with store.opened() as database, database.writing() as session:
            return jobs.undo(session, campaign.id, job_id, moderator.actor, utc_now())

    return begin


def _disturbed(
    store: Store,
    campaign: CampaignSnapshot,
    options: Options,
    begin: Callable[[], int],
    load: Callable[..., Load],
    most: int | None = None,
) -> Disturbed:
    """Rounds of a load, a job from its first step to its end, with rounds beside it (`most` of them at most), and
    rounds again."""
    warm_up = load(_WARM_UP)
    before = [load() for _ in range(options.rounds)]
    job_id = begin()
    job = _await(store, campaign, job_id, lambda job: job.state != jobs.WAITING)
    began, during = time.monotonic(), list[Load]()
    while job.state in jobs.OPEN and (most is None or len(during) < most):
        during.append(load())
        job = _find(store, campaign, job_id)
    job = _await(store, campaign, job_id, lambda job: job.state not in jobs.OPEN)
    if job.state != jobs.DONE or not during or job.ended_at is None:
        raise BenchmarkError("moderation: the job did not run beside a load: more signatures, or shorter rounds")
    seconds = min(time.monotonic() - began, (job.ended_at - job.created_at).total_seconds())
    return Disturbed(job_id, warm_up, before, during, [load() for _ in range(options.rounds)], seconds)


def _find(store: Store, campaign: CampaignSnapshot, job_id: int) -> Job:
    with store.opened() as database, database.reading() as session:
        return jobs.get_job(session, campaign.id, job_id)


def _await(store: Store, campaign: CampaignSnapshot, job_id: int, is_so: Callable[[Job], bool]) -> Job:
    """Raises BenchmarkError."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        job = _find(store, campaign, job_id)
        if is_so(job):
            return job
        time.sleep(0.02)
    raise BenchmarkError("moderation: the worker does not do the job")


def _check_removed(store: Store, campaign: CampaignSnapshot, expected: int) -> None:
    """Raises BenchmarkError unless so many are removed and the count is right."""
    removed = (Signature.campaign_id == campaign.id, Signature.removed_at.is_not(None))
    with store.opened() as database, database.reading() as session:
        found = session.scalar(select(func.count()).where(*removed))
    drift = count_rows(store, campaign).drift
    if found != expected or drift:
        raise BenchmarkError(f"moderation: {found} removed instead of {expected}, the count is wrong by {drift}")
