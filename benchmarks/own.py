"""own: signers' own pages among many signatures, looked at and changed. Floors: of looking, the page to which the
link of a confirm mail leads, read and rendered by the same server; of changing, signing, which is stored in
batches as well.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from benchmarks.checks import check_stored, count_rows
from benchmarks.filling import check_counts, full_campaign
from benchmarks.load import Load
from benchmarks.options import BenchmarkError, Options
from benchmarks.owning import Changing, Looking, find_rows, own_paths
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import add_drafts, prepare
from benchmarks.servers import Server, petitions_server
from benchmarks.signing import Signing
from benchmarks.stores import conditions, shelf
from petitions.clock import utc_now
from petitions.signatures.rollups import roll_up

CONNECTIONS = 16
WANTED_P99_MS = 50.0
_WARM_UP = 1
#: Different pages that take turns.
_PAGES, _FLOOR_PAGES = 20_000, 2_000
#: Forms of own pages are made for at least so many.
_LEAST_PER_SECOND = 1_000


def run(options: Options) -> None:
    options = replace(options, connections=CONNECTIONS)
    with shelf(options) as stores:
        full, _, filled_in = full_campaign(stores, options)
        store = stores.copy(full, "own")
        campaign = prepare(store)
        with store.opened() as database:
            roll_up(database, utc_now())  # as the worker does, so that changes move shares
        before = count_rows(store, campaign)
        stated = conditions(store, options)
        rows = list(find_rows(store, campaign, _sample(before.signatures, _PAGES)))
        own = Looking("own", store, options, own_paths(store, campaign, rows))
        drafts = add_drafts(store, campaign, _FLOOR_PAGES)
        confirm = Looking("confirm", store, options, [f"/confirm/{token}" for token in drafts])
        signing, changing = Signing(store, campaign, options), Changing(store, campaign, options)
        with petitions_server(store) as server:
            looked = _look(own, confirm, server)
            signing.check(server)
            added = count_rows(store, campaign).drafts
            changed = _change(changing, signing, server, before.signatures)
        # Only now, for a request that was under way when a round ended is stored as well.
        after = count_rows(store, campaign)
        connections = options.connections
        check_stored("own: sign", after.drafts - added, [changed.warm_up[1], *changed.floors], connections)
        number = changing.count_changed()
        check_stored("own", number, [changed.warm_up[0], *changed.figures], connections)
        check_counts(store, campaign)
        if after.signatures != before.signatures:
            raise BenchmarkError(f"own: {before.signatures} signatures before, {after.signatures} after")
        get = looked.line() | {"bytes": {"figure": own.bytes, "floor": confirm.bytes}, "pages": len(rows)}
        post = changed.line() | {"changed": number}
        print_line(
            "own",
            {
                f"{name} p99 < {WANTED_P99_MS:.0f} ms": line["figure"]["p99_ms"] < WANTED_P99_MS
                for name, line in (("get", get), ("post", post))
            },
            signatures=before.signatures,
            get=get,
            post=post,
            filled_in_seconds=filled_in,
            conditions=stated,
        )


@dataclass
class Compared:
    """Rounds and those of the floor; with those of the warm-up, which are stored as well."""

    warm_up: tuple[Load, Load]  # figure, floor
    figures: list[Load] = field(default_factory=list)
    floors: list[Load] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        return {
            "ratio": ratio(self.figures, self.floors),
            "cpu_ratio": cpu_ratio(self.figures, self.floors),
            "figure": summarise(self.figures),
            "floor": summarise(self.floors),
        }


def _look(own: Looking, confirm: Looking, server: Server) -> Compared:
    for each in (own, confirm):
        each.check(server)
    compared = Compared((own.load(server, _WARM_UP), confirm.load(server, _WARM_UP)))
    for _ in range(own.options.rounds):
        compared.floors.append(confirm.load(server))
        compared.figures.append(own.load(server))
    return compared


def _change(changing: Changing, signing: Signing, server: Server, signatures: int) -> Compared:
    options, first = signing.options, signing.load(server, _WARM_UP)
    # Not faster than signing is, though one second of it may be a slow one.
    wanted = int(max(first.per_second, _LEAST_PER_SECOND) * options.seconds * (options.rounds + 1))
    changing.stock(_sample(signatures, wanted), options.rounds + 1)
    changing.check(server)
    compared = Compared((changing.load(server, _WARM_UP), first))
    for _ in range(options.rounds):
        compared.floors.append(signing.load(server))
        compared.figures.append(changing.load(server))
    return compared


def _sample(signatures: int, wanted: int) -> list[int]:
    """Numbers of signatures from all over the campaign."""
    return Random(1891).sample(range(1, signatures + 1), min(wanted, signatures))
