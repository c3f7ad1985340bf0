"""growth: what a campaign with many signatures costs more than an empty one. Baseline: the same on a store with an
empty campaign."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.checks import Rows, check_stored, count_rows
from benchmarks.filling import check_counts, full_campaign
from benchmarks.load import Load, run_wrk
from benchmarks.options import BenchmarkError, Options
from benchmarks.requests import browser_headers, write_get
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import SLUG, prepare
from benchmarks.servers import Server, petitions_server
from benchmarks.signing import Confirming, Signing
from benchmarks.stores import Store, conditions, shelf
from benchmarks.uncached import time_questions
from petitions.campaigns.queries import CampaignSnapshot

PAGES = {"page": f"/c/{SLUG}", "list": f"/c/{SLUG}/signatures"}
WANTED_RATIO = {"page": 0.9, "list": 0.9, "sign": 0.8, "confirm": 0.8}
_WARM_UP = 1.0


@dataclass(frozen=True)
class Side:
    """One store with its server."""

    store: Store
    campaign: CampaignSnapshot
    server: Server
    options: Options

    def rows(self) -> Rows:
        return count_rows(self.store, self.campaign)


def run(options: Options) -> None:
    # There are four pairs to measure: rounds of half the length.
    short = replace(options, seconds=options.seconds / 2)
    with shelf(options) as stores:
        full_store, full_campaign_, filled_in = full_campaign(stores, options)
        empty_store = stores.store("empty")
        empty_campaign = prepare(empty_store)
        stated = conditions(full_store, short)
        with petitions_server(full_store) as full_server, petitions_server(empty_store) as empty_server:
            full = Side(full_store, full_campaign_, full_server, short)
            empty = Side(empty_store, empty_campaign, empty_server, short)
            signatures = full.rows().signatures
            compared = {name: _compare_page(full, empty, path) for name, path in PAGES.items()}
            uncached = time_questions(full_server, full_store, full_campaign_, signatures)
            compared["sign"], speed = _compare_signing(full, empty)
            compared["confirm"] = _compare_confirming(full, empty, speed)
        check_counts(full_store, full_campaign_)
        print_line(
            "growth",
            {
                f"{name} ratio >= {wanted}": compared[name]["ratio"] >= wanted
                for name, wanted in WANTED_RATIO.items()
            },
            signatures=signatures,
            **compared,
            uncached=uncached,
            filled_in_seconds=filled_in,
            conditions=stated,
        )


def _in_turns(
    full: Side, empty: Side, load: Callable[[Side, float | None], Load]
) -> tuple[list[Load], list[Load]]:
    """Rounds on the full and on the empty store; first the one, then the other goes first."""
    figures: list[Load] = []
    baselines: list[Load] = []
    for side in (full, empty):
        load(side, _WARM_UP)
    for number in range(full.options.rounds):
        turns = [(full, figures), (empty, baselines)]
        for side, loads in turns if number % 2 else reversed(turns):
            loads.append(load(side, None))
    return figures, baselines


def _compared(figures: list[Load], baselines: list[Load]) -> dict[str, Any]:
    return {
        "ratio": ratio(figures, baselines),
        "cpu_ratio": cpu_ratio(figures, baselines),
        "figure": summarise(figures),
        "baseline": summarise(baselines),
    }


def _compare_page(full: Side, empty: Side, path: str) -> dict[str, Any]:
    sizes = {}
    for name, side in (("full", full), ("empty", empty)):
        reply = side.server.ask("GET", path, headers=browser_headers(side.server))
        if reply.status != 200:
            raise BenchmarkError(f"growth: unexpected answer {reply.status} to {path}")
        sizes[name] = len(reply.body)

    def load(side: Side, seconds: float | None) -> Load:
        file = write_get(side.store.data_dir / "get", side.server, path, gzip=True)
        return run_wrk(side.server, "get", [str(file)], side.options.connections, seconds or side.options.seconds)

    return {**_compared(*_in_turns(full, empty, load)), "bytes": sizes}


def _compare_signing(full: Side, empty: Side) -> tuple[dict[str, Any], float]:
    """And the speed of signing on the empty store."""
    signing = {each.server.port: Signing(each.store, each.campaign, each.options) for each in (full, empty)}
    before = {port: 0 for port in signing}
    loads: dict[int, list[Load]] = {port: [] for port in signing}
    for side in (full, empty):
        signing[side.server.port].check(side.server)
        before[side.server.port] = side.rows().drafts

    def load(side: Side, seconds: float | None) -> Load:
        made = signing[side.server.port].load(side.server, seconds)
        loads[side.server.port].append(made)
        return made

    figures, baselines = _in_turns(full, empty, load)
    for side in (full, empty):
        port = side.server.port
        check_stored("growth", side.rows().drafts - before[port], loads[port], side.options.connections)
    return _compared(figures, baselines), max(load.per_second for load in baselines)


def _compare_confirming(full: Side, empty: Side, speed: float) -> dict[str, Any]:
    raise NotImplementedError
