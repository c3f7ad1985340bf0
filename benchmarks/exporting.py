"""exporting: people sign while the worker makes lists of everybody in several formats. Baseline: the same signing,
with the same worker beside it and no list to make, before and after."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from uuid import UUID

from benchmarks.checks import check_stored, count_rows
from benchmarks.filling import full_campaign
from benchmarks.load import Load
from benchmarks.options import BenchmarkError, Options
from benchmarks.results import print_line, summarise
from benchmarks.seeding import prepare
from benchmarks.servers import petitions_server, petitions_worker
from benchmarks.signing import Signing
from benchmarks.stores import Store, conditions, shelf
from petitions.accounts.members import set_role
from petitions.accounts.roles import Role
from petitions.accounts.users import NewUser, create_user
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.delivery import jobs
from petitions.delivery.models import ExportJob
from petitions.lists.plans import Format, Plan

#: Of the speed without a list.
WANTED_SHARE = {"postgresql": 0.7, "sqlite": 0.6}
_PLAN = Plan(formats=(Format.CSV, Format.JSONL, Format.XLSX), pack=True)
_WARM_UP = 1
#: Seconds until the worker has begun with a list, or ended it.
_PATIENCE = 600.0


def run(options: Options) -> None:
    with shelf(options) as stores:
        full, _, filled_in = full_campaign(stores, options)
        store = stores.copy(full, "exporting")
        campaign = prepare(store)
        lists = _Lists(store, campaign, _furnish(store, campaign))
        stated = conditions(store, options)
        with petitions_server(store) as server, petitions_worker(store):
            signing = Signing(store, campaign, options)
            signing.check(server)
            rows = count_rows(store, campaign)
            warm_up = signing.load(server, _WARM_UP)
            before = [signing.load(server) for _ in range(options.rounds)]
            during: list[Load] = []
            while len(during) < options.rounds:
                lists.begin()
                while lists.goes_on() and len(during) < options.rounds:
                    load = signing.load(server)
                    if lists.goes_on():  # else it stopped in the middle
                        during.append(load)
                        lists.beside += 1
                    else:
                        lists.partial.append(load)
            lists.end()
            after = [signing.load(server) for _ in range(options.rounds)]
            more = count_rows(store, campaign).drafts - rows.drafts
            loads = [warm_up, *before, *during, *lists.partial, *after]
            check_stored("exporting", more, loads, options.connections)
        wanted = WANTED_SHARE[store.kind]
        baseline = median(load.per_second for load in [*before, *after])
        share = round(median(load.per_second for load in during) / baseline, 3)
        print_line(
            "exporting",
            {f"signing while lists are made >= {wanted}": share >= wanted},
            ratio=share,
            figure=summarise(during),
            baseline=summarise([*before, *after]),
            signatures=options.signatures,
            formats=[str(one) for one in _PLAN.formats],
            seconds_of_lists=list(lists.seconds.values()),
            filled_in_seconds=filled_in,
            conditions=stated,
        )


def _furnish(store: Store, campaign: CampaignSnapshot) -> Actor:
    with store.opened() as database, database.writing() as session:
        new = NewUser("delivery@example.org", "Dora", "en")
        user = create_user(session, new, utc_now(), "$argon2id$nobody")
        assert user is not None
        set_role(session, campaign.id, user.id, Role.OWNER, utc_now())
        return Actor(user.id, user.name)


@dataclass
class _Lists:
    """Lists that the worker makes, one after the other."""

    store: Store
    campaign: CampaignSnapshot
    actor: Actor
    beside: int = 0  # rounds of signing all of which were beside the list that is made now
    partial: list[Load] = field(default_factory=list)  # rounds in which it ended
    seconds: dict[UUID, float] = field(default_factory=dict)  # that each of them took
    _job_id: UUID | None = None

    def begin(self) -> None:
        """Ask for one, and wait until it is under way."""
        if self._job_id is not None and not self.beside:
            raise BenchmarkError("exporting: a list took less than a round: more signatures, or shorter rounds")
        with self.store.opened() as database, database.writing() as session:
            self._job_id = jobs.begin(session, self.campaign, _PLAN, self.actor, utc_now())
        self.beside = 0
        self._await(lambda job: job.state != jobs.WAITING)

    def goes_on(self) -> bool:
        """Whether it is still being made. Raises BenchmarkError when it failed."""
        job = self._find()
        if job.state == jobs.RUNNING:
            return True
        if job.state != jobs.DONE or job.ended_at is None:
            raise BenchmarkError(f"exporting: the list is {job.state}: {job.problem}")
        self.seconds[job.id] = round((job.ended_at - job.created_at).total_seconds(), 1)
        return False

    def end(self) -> None:
        """Wait for the last one."""
        self._await(lambda job: job.state != jobs.RUNNING)
        self.goes_on()

    def _find(self) -> ExportJob:
        assert self._job_id is not None
        with self.store.opened() as database, database.reading() as session:
            return jobs.get_job(session, self.campaign.id, self._job_id)

    def _await(self, is_so: Callable[[ExportJob], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if is_so(self._find()):
                return
            time.sleep(0.05)
        raise BenchmarkError("exporting: the worker does not make the list")
