"""python -m benchmarks sign | confirm | page | organisations | growth | own | purge | console | moderation |
processes | lists | exporting | mail | wave | all
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    confirm,
    console,
    exporting,
    growth,
    lists,
    mail,
    moderation,
    organisations,
    own,
    page,
    processes,
    purge,
    sign,
    wave,
)
from benchmarks.load import require_wrk
from benchmarks.options import BenchmarkError, Options, ToolMissing

_COMMANDS: dict[str, Callable[[Options], None]] = {
    "sign": sign.run,
    "confirm": confirm.run,
    "page": page.run,
    "organisations": organisations.run,
    "growth": growth.run,
    "own": own.run,
    "purge": purge.run,
    "console": console.run,
    "moderation": moderation.run,
    "processes": processes.run,
    "lists": lists.run,
    "exporting": exporting.run,
    "mail": mail.run,
    "wave": wave.run,
}
#: What `all` runs on each store: pages hardly touch it.
_ALL = {
    "sqlite": list(_COMMANDS),
    "postgresql": [
        "sign",
        "confirm",
        "own",
        "purge",
        "console",
        "moderation",
        "processes",
        "lists",
        "exporting",
        "mail",
        "wave",
    ],
}
_EXAMPLES = """
examples:
  python -m benchmarks all | tee figures.jsonl
  python -m benchmarks sign --store postgresql --rounds 9
  python -m benchmarks growth --work /var/tmp/bench     # the second time, the campaign is full already
  python -m benchmarks growth --signatures 20000 --seconds 2 --rounds 1     # does it work?
  python -m benchmarks purge --store postgresql --work /var/tmp/bench
"""


def main() -> int:
    """The exit code: 0, 1 when something went wrong, 2 when a tool is missing. A wish that did not come true
    is a result, not a failure: see `met` in the line."""
    arguments = _parse()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="bench", dir="/tmp"))
    work.mkdir(parents=True, exist_ok=True)
    options = Options(
        store=arguments.store or "sqlite",
        connections=arguments.connections,
        seconds=arguments.seconds,
        rounds=arguments.rounds or (3 if arguments.benchmark == "all" else 5),
        signatures=arguments.signatures,
        work=work.absolute(),
        keep=arguments.work is not None,
        database_url=arguments.database_url,
        forms=arguments.forms,
    )
    try:
        require_wrk()
        if arguments.benchmark == "all":
            _run_all(options, [arguments.store] if arguments.store else list(_ALL))
        else:
            _COMMANDS[arguments.benchmark](options)
    except ToolMissing as error:
        print(error, file=sys.stderr)
        return 2
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if arguments.work is None:
            shutil.rmtree(work, ignore_errors=True)
    return 0


def _run_all(options: Options, stores: list[str]) -> None:
    """Everything, also after something went wrong. Raises BenchmarkError at the end if so."""
    failures = 0
    for store in stores:
        for name in _ALL[store]:
            try:
                _COMMANDS[name](replace(options, store=store))
            except ToolMissing:
                raise
            except BenchmarkError as error:
                print(f"{name} on {store}: {error}", file=sys.stderr)
                failures += 1
    if failures:
        raise BenchmarkError(f"{failures} of the benchmarks went wrong")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Each benchmark prints one JSON line: a figure, what it is compared with, and the ratio.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("benchmark", choices=[*_COMMANDS, "all"])
    parser.add_argument(
        "--store", choices=list(_ALL), help="where the signatures are (default: sqlite; both for `all`)"
    )
    parser.add_argument(
        "--connections",
        type=int,
        default=32,
        help="of wrk (default: 32); always 16 in own and purge, 8 in console and the searches",
    )
    parser.add_argument("--seconds", type=int, default=4, help="of each round (default: 4); half in growth")
    parser.add_argument(
        "--rounds",
        type=int,
        help="(default: 5, for `all` 3); never more than 3 of lists and mail; of purge before it and after",
    )
    parser.add_argument(
        "--signatures", type=int, default=1_000_000, help="of the full campaign (default: 1000000)"
    )
    parser.add_argument("--forms", type=int, default=50_000, help="of programs, in wave (default: 50000)")
    parser.add_argument(
        "--work", type=Path, help="a directory for data; the full campaign is kept there (default: a fresh one)"
    )
    parser.add_argument("--database-url", help="a PostgreSQL server to use instead of one of our own")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
