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
_WARM_UP = 1


class Side:
    """One store with its server, and everything that was loaded on it."""

    def __init__(self, store: Store, campaign: CampaignSnapshot, server: Server, options: Options) -> None:
        self.store, self.campaign, self.server, self.options = store, campaign, server, options
        self.signing = Signing(store, campaign, options)
        self.confirming = Confirming(store, campaign, options)

    def rows(self) -> Rows:
        return count_rows(self.store, self.campaign)

    def get(self, path: str, seconds: int | None) -> Load:
        file = write_get(self.store.data_dir / "get", self.server, path, gzip=True)
        return run_wrk(self.server, "get", [str(file)], self.options.connections, seconds or self.options.seconds)


@dataclass
class Compared:
    """The loads of both sides; with those of the warm-up, which are stored as well."""

    figures: list[Load]
    baselines: list[Load]
    warm_up: tuple[Load, Load]  # full, empty

    def line(self) -> dict[str, Any]:
        return {
            "ratio": ratio(self.figures, self.baselines),
            "cpu_ratio": cpu_ratio(self.figures, self.baselines),
            "figure": summarise(self.figures),
            "baseline": summarise(self.baselines),
        }


def run(options: Options) -> None:
    # Four pairs are measured, so each with shorter rounds.
    short = replace(options, seconds=max(1, options.seconds // 2))
    with shelf(options) as stores:
        full_store, campaign, filled_in = full_campaign(stores, options)
        empty_store = stores.store("empty")
        empty_campaign = prepare(empty_store)
        stated = conditions(full_store, short)
        with petitions_server(full_store) as full_server, petitions_server(empty_store) as empty_server:
            full = Side(full_store, campaign, full_server, short)
            empty = Side(empty_store, empty_campaign, empty_server, short)
            signatures = full.rows().signatures
            compared = {name: _compare_page(full, empty, path) for name, path in PAGES.items()}
            uncached = time_questions(full_server, full_store, campaign, signatures)
            signed = _compare_signing(full, empty)
            compared["sign"] = signed.line()
            speed = max(load.per_second for load in (*signed.figures, *signed.baselines))
            compared["confirm"] = _compare_confirming(full, empty, speed).line()
        for store, its_campaign in ((full_store, campaign), (empty_store, empty_campaign)):
            check_counts(store, its_campaign)
        print_line(
            "growth",
            {f"{name} ratio >= {least}": compared[name]["ratio"] >= least for name, least in WANTED_RATIO.items()},
            signatures=signatures,
            **compared,
            uncached=uncached,
            filled_in_seconds=filled_in,
            conditions=stated,
        )


def _in_turns(full: Side, empty: Side, load: Callable[[Side, int | None], Load]) -> Compared:
    """Rounds on the full and on the empty store; now the one goes first, now the other."""
    compared = Compared([], [], (load(full, _WARM_UP), load(empty, _WARM_UP)))
    for number in range(full.options.rounds):
        turns = [(full, compared.figures), (empty, compared.baselines)]
        for side, loads in turns if number % 2 else reversed(turns):
            loads.append(load(side, None))
    return compared


def _compare_page(full: Side, empty: Side, path: str) -> dict[str, Any]:
    sizes = {}
    for name, side in (("full", full), ("empty", empty)):
        reply = side.server.ask("GET", path, headers=browser_headers(side.server))
        if reply.status != 200:
            raise BenchmarkError(f"growth: unexpected answer {reply.status} to {path}")
        sizes[name] = len(reply.body)
    return {**_in_turns(full, empty, lambda side, seconds: side.get(path, seconds)).line(), "bytes": sizes}


def _compare_signing(full: Side, empty: Side) -> Compared:
    for side in (full, empty):
        side.signing.check(side.server)
    before = [side.rows().drafts for side in (full, empty)]
    compared = _in_turns(full, empty, lambda side, seconds: side.signing.load(side.server, seconds))
    after = [side.rows().drafts for side in (full, empty)]
    _check(full, empty, compared, before, after)
    return compared


def _compare_confirming(full: Side, empty: Side, speed: float) -> Compared:
    for side in (full, empty):
        side.confirming.check(side.server)
        side.confirming.stock(side.options.rounds + 1, 2 * speed)
    before = [side.rows().signatures for side in (full, empty)]
    compared = _in_turns(full, empty, lambda side, seconds: side.confirming.load(side.server, seconds))
    after = [side.rows().signatures for side in (full, empty)]
    _check(full, empty, compared, before, after)
    return compared


def _check(full: Side, empty: Side, compared: Compared, before: list[int], after: list[int]) -> None:
    loads = ([compared.warm_up[0], *compared.figures], [compared.warm_up[1], *compared.baselines])
    for side, its_loads, earlier, later in zip((full, empty), loads, before, after, strict=True):
        check_stored("growth", later - earlier, its_loads, side.options.connections)
