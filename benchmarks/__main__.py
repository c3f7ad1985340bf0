"""python -m benchmarks sign | confirm | page | all"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import confirm, export, growth, mail, page, processes, sign
from benchmarks.load import require_wrk
from benchmarks.options import BenchmarkError, Options, ToolMissing

_COMMANDS: dict[str, Callable[[Options], None]] = {
    "sign": sign.run,
    "confirm": confirm.run,
    "page": page.run,
}


def main() -> int:
    """The exit code: 0, 1 when something went wrong, 2 when a tool is missing. A wish that did not come true
    is a result, not a failure: see `met` in the line."""
    arguments = _parse()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="bench", dir="/tmp"))
    work.mkdir(parents=True, exist_ok=True)
    options = Options(
        store=arguments.store,
        connections=arguments.connections,
        seconds=arguments.seconds,
        rounds=arguments.rounds,
        signatures=arguments.signatures,
        work=work.absolute(),
        keep=arguments.work is not None,
        database_url=arguments.database_url,
    )
    try:
        require_wrk()
        for name in _COMMANDS if arguments.benchmark == "all" else [arguments.benchmark]:
            _COMMANDS[name](options)
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


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Each prints one JSON line.")
    parser.add_argument("benchmark", choices=[*_COMMANDS, "all"])
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--signatures", type=int, default=1_000_000, help="in the full campaign")
    parser.add_argument(
        "--work", type=Path, help="a directory for data, kept and used again (default: a fresh one)"
    )
    parser.add_argument("--database-url", help="a PostgreSQL server to use instead of one of our own")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
