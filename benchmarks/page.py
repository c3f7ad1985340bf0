"""page: the statement page. Floor: bare Starlette that returns the same bytes."""

from benchmarks.load import Load, run_wrk
from benchmarks.options import BenchmarkError, Options
from benchmarks.requests import browser_headers, write_get
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import SLUG, prepare
from benchmarks.servers import Server, bytes_server, petitions_server
from benchmarks.stores import Store, conditions, shelf

PATH = f"/c/{SLUG}"
WANTED_RATIO = 0.7
_WARM_UP = 1


def run(options: Options) -> None:
    with shelf(options) as stores:
        store = stores.store("page")
        prepare(store)
        stated = conditions(store, options)
        with petitions_server(store) as server:
            plain, plain_floor, size = measure(server, store, options, PATH, gzip=False)
            small, small_floor, small_size = measure(server, store, options, PATH, gzip=True)
        share = ratio(plain, plain_floor)
        print_line(
            "page",
            {f"ratio >= {WANTED_RATIO}": share >= WANTED_RATIO},
            ratio=share,
            cpu_ratio=cpu_ratio(plain, plain_floor),
            bytes=size,
            figure=summarise(plain),
            floor=summarise(plain_floor),
            gzip={
                "ratio": ratio(small, small_floor),
                "cpu_ratio": cpu_ratio(small, small_floor),
                "bytes": small_size,
                "figure": summarise(small),
                "floor": summarise(small_floor),
            },
            conditions=stated,
        )


def measure(
    server: Server, store: Store, options: Options, path: str, *, gzip: bool
) -> tuple[list[Load], list[Load], int]:
    """Rounds of the page at this path, rounds of its floor, and the size of the body."""
    reply = server.ask("GET", path, headers=browser_headers(server, gzip=gzip))
    encoding = reply.headers.get("content-encoding")
    if reply.status != 200 or (encoding == "gzip") is not gzip:
        raise BenchmarkError(f"page: unexpected answer {reply.status}, encoding {encoding}")
    headers = {"Content-Encoding": "gzip"} if gzip else {}
    figures: list[Load] = []
    floors: list[Load] = []
    with bytes_server(store, reply.body, headers) as floor:
        if floor.ask("GET", "/page").body != reply.body:
            raise BenchmarkError("page: the floor returns other bytes")
        requests = {
            each.port: write_get(store.data_dir / f"get-{each.port}", each, asked, gzip=gzip)
            for each, asked in ((floor, "/page"), (server, path))
        }

        def load(each: Server, seconds: int) -> Load:
            return run_wrk(each, "get", [str(requests[each.port])], options.connections, seconds)

        load(floor, _WARM_UP)
        load(server, _WARM_UP)
        for _ in range(options.rounds):
            floors.append(load(floor, options.seconds))
            figures.append(load(server, options.seconds))
    for each in figures:
        if each.bytes < each.requests * len(reply.body):
            raise BenchmarkError("page: some answers were shorter than the page")
    return figures, floors, len(reply.body)
