"""The load: wrk, which costs the shared cores a tenth of what the server costs them."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.options import BenchmarkError, ToolMissing
from benchmarks.processors import ended_seconds, idle_seconds
from benchmarks.servers import Server

_SCRIPTS = Path(__file__).resolve().parent / "lua"
_TIMEOUT = 10
#: Seconds that wrk may take beyond those it was told.
_SLACK = 30.0


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw; times in milliseconds."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    longest: float
    cpu: tuple[float, ...]  # share of a core that each server process used
    wrk_cpu: float  # and wrk itself
    idle: float  # cores that nobody used

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of the server processes for one request: what noise from other programs moves least."""
        return sum(self.cpu) * self.seconds / self.requests * 1e6


def require_wrk() -> None:
    """Raises ToolMissing with the way to get it."""
    if shutil.which("wrk") is None:
        raise ToolMissing("wrk is not installed: apt-get install wrk")


def run_wrk(server: Server, script: str, arguments: list[str], connections: int, seconds: int) -> Load:
    """Load the server for so long. Raises BenchmarkError when a response was not what it should be."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_TIMEOUT}s"]
    command += ["-s", str(_SCRIPTS / f"{script}.lua"), server.origin, "--", *arguments]
    before, wrk_before, idle_before = server.cpu_seconds(), ended_seconds(), idle_seconds()
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + _SLACK, check=False)
    after, wrk_after, idle_after = server.cpu_seconds(), ended_seconds(), idle_seconds()
    reports = [line.removeprefix("REPORT ") for line in run.stdout.splitlines() if line.startswith("REPORT ")]
    if run.returncode != 0 or len(reports) != 1:
        raise BenchmarkError(f"wrk failed: {run.stderr.strip() or run.stdout.strip()}")
    report = json.loads(reports[0])
    errors = {kind: report[kind] for kind in ("connect", "read", "write", "status", "timeout") if report[kind]}
    if errors or not report["requests"]:
        raise BenchmarkError(f"{script}: {report['requests']} requests, errors: {errors}")
    elapsed = report["microseconds"] / 1e6
    return Load(
        requests=report["requests"],
        seconds=elapsed,
        bytes=report["bytes"],
        p50=report["p50"] / 1000,
        p99=report["p99"] / 1000,
        longest=report["max"] / 1000,
        cpu=tuple((b - a) / elapsed for a, b in zip(before, after, strict=True)),
        wrk_cpu=(wrk_after - wrk_before) / elapsed,
        idle=(idle_after - idle_before) / elapsed,
    )
