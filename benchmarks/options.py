"""What the commands are told."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class BenchmarkError(Exception):
    """A benchmark could not run, or what it measured was not what it should have been."""


class ToolMissing(BenchmarkError):
    """A program that the benchmarks need is not installed."""


@dataclass(frozen=True)
class Options:
    """The options of the command line."""

    store: str  # "sqlite" or "postgresql"
    connections: int
    seconds: int  # of each round
    rounds: int
    signatures: int  # in the full campaign
    work: Path
    keep: bool  # the work directory, and what was filled in it
    database_url: str | None  # a PostgreSQL server to use; None: one of our own
    forms: int = 50_000  # of programs, in the wave
