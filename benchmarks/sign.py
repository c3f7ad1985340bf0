"""sign: forms with a fresh address each, durably stored with their mails. Floor: the same form checked by the
same application, nothing stored."""

from benchmarks.checks import check_stored, count_rows
from benchmarks.load import Load
from benchmarks.options import BenchmarkError, Options
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import prepare
from benchmarks.servers import petitions_server, validating_server
from benchmarks.signing import Signing
from benchmarks.stores import conditions, shelf

WANTED_RATIO = {"sqlite": 0.6, "postgresql": 0.5}
WANTED_P99_MS = 150.0
_WARM_UP = 1


def run(options: Options) -> None:
    with shelf(options) as stores:
        store = stores.store("sign")
        campaign = prepare(store)
        stated = conditions(store, options)
        signing = Signing(store, campaign, options)
        floors: list[Load] = []
        figures: list[Load] = []
        with validating_server(store) as floor, petitions_server(store) as server:
            for each in (floor, server):
                signing.check(each)
            before = count_rows(store, campaign)
            signing.load(floor, _WARM_UP)
            warm_up = signing.load(server, _WARM_UP)
            for _ in range(options.rounds):
                floors.append(signing.load(floor))
                figures.append(signing.load(server))
        after = count_rows(store, campaign)
        check_stored("sign", after.drafts - before.drafts, [warm_up, *figures], options.connections)
        if after.mails != after.drafts:
            raise BenchmarkError(f"sign: {after.drafts} drafts, {after.mails} mails")
        share, summary = ratio(figures, floors), summarise(figures)
        met = {
            f"ratio >= {WANTED_RATIO[options.store]}": share >= WANTED_RATIO[options.store],
            f"p99 < {WANTED_P99_MS:.0f} ms": summary["p99_ms"] < WANTED_P99_MS,
        }
        print_line(
            "sign",
            met,
            ratio=share,
            cpu_ratio=cpu_ratio(figures, floors),
            figure=summary,
            floor=summarise(floors),
            conditions=stated,
        )
