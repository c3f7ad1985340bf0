"""confirm: the buttons of drafts that wait. Floor: signing, which it should not be slower than."""

from benchmarks.checks import check_stored, count_rows
from benchmarks.load import Load
from benchmarks.options import BenchmarkError, Options
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import prepare
from benchmarks.servers import petitions_server
from benchmarks.signing import Confirming, Signing
from benchmarks.stores import conditions, shelf

WANTED_RATIO = 1.0
_WARM_UP = 1


def run(options: Options) -> None:
    with shelf(options) as stores:
        store = stores.store("confirm")
        campaign = prepare(store)
        stated = conditions(store, options)
        signing, confirming = Signing(store, campaign, options), Confirming(store, campaign, options)
        signed: list[Load] = []
        confirmed: list[Load] = []
        with petitions_server(store) as server:
            confirming.check(server)
            speed = signing.load(server, _WARM_UP).per_second
            confirming.stock(options.rounds, 2 * speed)
            before = count_rows(store, campaign)
            for _ in range(options.rounds):
                signed.append(signing.load(server))
                confirmed.append(confirming.load(server))
        after = count_rows(store, campaign)
        check_stored("confirm", after.signatures - before.signatures, confirmed, options.connections)
        if after.drift:
            raise BenchmarkError(f"confirm: the count is wrong by {after.drift}")
        share = ratio(confirmed, signed)
        print_line(
            "confirm",
            {f"ratio >= {WANTED_RATIO}": share >= WANTED_RATIO},
            ratio=share,
            cpu_ratio=cpu_ratio(confirmed, signed),
            figure=summarise(confirmed),
            floor=summarise(signed),
            conditions=stated,
        )
