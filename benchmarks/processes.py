"""processes: signing with two server processes. Baseline: with one, on the same store.

On SQLite the worker sends mail beside the two: everything that writes to one file. `ratio_with_worker` compares
with one process that has the worker beside it as well. On PostgreSQL the worker is stopped.
"""

from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import Any

from sqlalchemy import func, select

from benchmarks.checks import check_stored, count_rows
from benchmarks.load import Load
from benchmarks.options import Options
from benchmarks.processors import process_seconds
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import add_mails, prepare
from benchmarks.servers import Server, petitions_server, petitions_worker, smtp_sink
from benchmarks.signing import Signing
from benchmarks.stores import Store, conditions, shelf
from petitions.campaigns.queries import CampaignSnapshot
from petitions.mail.models import Outbox

PROCESSES = 2
WANTED_RATIO = {"sqlite": 0.9, "postgresql": 1.5}
#: Of the processor time of all server processes, the share of the one that got least. Connections stay with
#: the process that took them, so halves are not to be expected.
LEAST_SHARE = 0.2
_WARM_UP = 1
#: Mails that wait when a round begins, so that the worker has work from its first moment.
_WAITING = 500
_TIMEOUT = 60.0


@dataclass
class Setting:
    """So many processes, with or without the worker, and the rounds that they had."""

    server: Server
    works: bool
    loads: list[Load] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)  # mails a second meanwhile
    worker_cpu: list[float] = field(default_factory=list)  # shares of a core
    store_cpu: list[float] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        cpu = {
            "idle": round(median(load.idle for load in self.loads), 2),
            "wrk": round(median(load.wrk_cpu for load in self.loads), 2),
        }
        for name, shares in (("worker", self.worker_cpu), ("postgresql", self.store_cpu)):
            if shares:
                cpu[name] = round(median(shares), 2)
        more = {"mails_per_second": round(median(self.sent), 1)} if self.works else {}
        return {**summarise(self.loads), "other_cpu": cpu, **more}

    def cores(self) -> float:
        """Cores that everything together used."""
        used = [sum(load.cpu) + load.wrk_cpu for load in self.loads]
        others = [median(shares) for shares in (self.worker_cpu, self.store_cpu) if shares]
        return round(median(used) + sum(others), 2)

    def least_share(self) -> float:
        return round(median(min(load.cpu) / sum(load.cpu) for load in self.loads), 3)


def run(options: Options) -> None:
    with shelf(options) as stores:
        store = stores.store("processes")
        campaign = prepare(store)
        stated = conditions(store, options, PROCESSES)
        signing = Signing(store, campaign, options)
        with petitions_server(store) as one, petitions_server(store, PROCESSES) as two:
            alone = Setting(one, works=False)
            accompanied = Setting(one, works=True)
            together = Setting(two, works=store.kind == "sqlite")
            settings = [alone, accompanied, together] if store.kind == "sqlite" else [alone, together]
            for server in (one, two):
                signing.check(server)
            before = count_rows(store, campaign)
            warm_up = [signing.load(server, _WARM_UP) for server in (one, two)]
            added = 0
            for _ in range(options.rounds):
                for setting in settings:
                    added += _measure(setting, store, campaign, signing)
        after = count_rows(store, campaign)
        loads = [*warm_up, *chain.from_iterable(setting.loads for setting in settings)]
        check_stored("processes", after.drafts - before.drafts - added, loads, options.connections)
        share, least = ratio(together.loads, alone.loads), together.least_share()
        met = {
            f"ratio >= {WANTED_RATIO[store.kind]}": share >= WANTED_RATIO[store.kind],
            f"least share >= {LEAST_SHARE}": least >= LEAST_SHARE,
        }
        lines: dict[str, Any] = {"figure": together.line(), "baseline": alone.line()}
        if store.kind == "sqlite":
            met["mails sent"] = min(together.sent) > 0
            lines["baseline_with_worker"] = accompanied.line()
            lines["ratio_with_worker"] = ratio(together.loads, accompanied.loads)
        print_line(
            "processes",
            met,
            ratio=share,
            cpu_ratio=cpu_ratio(together.loads, alone.loads),
            least_share=least,
            cores_used={"figure": together.cores(), "baseline": alone.cores()},
            **lines,
            conditions=stated,
        )


def _measure(setting: Setting, store: Store, campaign: CampaignSnapshot, signing: Signing) -> int:
    """One round; the number of drafts that were added beside it."""
    if not setting.works:
        before = store.cpu_seconds()
        load = signing.load(setting.server)
        after = store.cpu_seconds()
        if before is not None and after is not None:
            setting.store_cpu.append((after - before) / load.seconds)
        setting.loads.append(load)
        return 0
    add_mails(store, campaign, _WAITING)
    with smtp_sink() as sink, petitions_worker(store, SMTP_URL=sink.url) as worker:
        sink.report(_TIMEOUT)  # it has begun
        sent, cpu = _count_sent(store), process_seconds(worker.pid)
        load = signing.load(setting.server)
        setting.sent.append((_count_sent(store) - sent) / load.seconds)
        setting.worker_cpu.append((process_seconds(worker.pid) - cpu) / load.seconds)
        setting.loads.append(load)
    return _WAITING


def _count_sent(store: Store) -> int:
    with store.opened() as database, database.reading() as session:
        return session.scalar(select(func.count()).where(Outbox.sent_at.is_not(None))) or 0
