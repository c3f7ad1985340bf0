"""export: the list of signatures as CSV by `petitions export`. Baseline: the store's own program writes the same
columns of the same rows: `sqlite3 -csv`, or COPY."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from benchmarks.filling import full_campaign
from benchmarks.options import ROOT, BenchmarkError, Options, ToolMissing
from benchmarks.results import print_line
from benchmarks.seeding import SLUG
from benchmarks.stores import Store, conditions, shelf

MOST_TIMES = 4.0
MOST_MEGABYTES = 150.0
_ROUNDS = 3  # at most: a million rows take their time
_TIMEOUT = 600.0
_QUERY = """
SELECT serial, name, city, country, comment, date(confirmed_at), language, {answer}
FROM signatures
WHERE campaign_id = {campaign} AND removed_at IS NULL AND visibility <> 'anonymous'
ORDER BY serial
"""
_ANSWER = {"sqlite": "json_extract(answers, '$.union_local')", "postgresql": "answers ->> 'union_local'"}


@dataclass(frozen=True)
class Run:
    """One export."""

    seconds: float
    cpu: float  # seconds; of COPY only our side
    megabytes: float | None


def run(options: Options) -> None:
    if options.store == "sqlite" and shutil.which("sqlite3") is None:
        raise ToolMissing("sqlite3 is not installed: apt-get install sqlite3")
    with shelf(options) as stores:
        store, campaign, filled_in = full_campaign(stores, options)
        stated = conditions(store, options, server_processes=0)
        query = _QUERY.format(campaign=campaign.id, answer=_ANSWER[store.kind])
        ours, theirs = store.data_dir / "ours.csv", store.data_dir / "theirs.csv"
        figures: list[Run] = []
        baselines: list[Run] = []
        for _ in range(min(options.rounds, _ROUNDS)):
            baselines.append(
                _copy(store, query, theirs) if store.kind == "postgresql" else _dump(store, query, theirs)
            )
            figures.append(_export(store, ours))
        rows = _check(ours, theirs)
        pairs = list(zip(figures, baselines, strict=True))
        times = round(median(figure.seconds / baseline.seconds for figure, baseline in pairs), 3)
        megabytes = max(figure.megabytes or 0.0 for figure in figures)
        print_line(
            "export",
            {f"times <= {MOST_TIMES}": times <= MOST_TIMES, f"MB < {MOST_MEGABYTES}": megabytes < MOST_MEGABYTES},
            times=times,
            cpu_times=round(median(f.cpu / b.cpu for f, b in pairs), 3) if store.kind == "sqlite" else None,
            rows=rows,
            file_megabytes=round(ours.stat().st_size / 1e6, 1),
            figure=_summarise(figures, rows),
            baseline=_summarise(baselines, rows),
            filled_in_seconds=filled_in,
            conditions=stated,
        )
        for file in (ours, theirs):
            file.unlink()


def _export(store: Store, file: Path) -> Run:
    """The real command, which writes the file by itself."""
    command = [sys.executable, "-m", "petitions", "export", SLUG, "--format", "csv", "--output", str(file)]
    return _measured(Path(os.devnull), command, store.environ())


def _dump(store: Store, query: str, file: Path) -> Run:
    command = ["sqlite3", "-batch", "-csv", "-header", str(make_url(store.url).database), query]
    return _measured(file, command, dict(os.environ))


def _measured(output: Path, command: Sequence[str], environ: dict[str, str]) -> Run:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.measured", str(output), *command],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if run.returncode != 0 or json.loads(run.stdout)["code"] != 0:
        raise BenchmarkError(f"export: {command[0]} failed: {run.stderr.strip()}")
    figures = json.loads(run.stdout)
    return Run(figures["seconds"], figures["cpu"], figures["megabytes"])


def _copy(store: Store, query: str, file: Path) -> Run:
    url = make_url(store.url).set(drivername="postgresql").render_as_string(hide_password=False)
    started, cpu = time.monotonic(), time.process_time()
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)".encode()
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
        file.open("wb") as out,
    ):
        for block in copy:
            out.write(block)
    return Run(time.monotonic() - started, time.process_time() - cpu, None)


def _check(ours: Path, theirs: Path) -> int:
    """The number of rows. Raises BenchmarkError when the two files do not list the same signatures."""
    with ours.open(encoding="utf-8", newline="") as one, theirs.open(encoding="utf-8", newline="") as other:
        left, right = csv.reader(one), csv.reader(other)
        if len(next(left)) != len(next(right)):
            raise BenchmarkError("export: the baseline has other columns")
        rows = 0
        for mine, its in zip(left, right, strict=True):
            if mine[0] != its[0]:
                raise BenchmarkError(f"export: number {mine[0]} stands where {its[0]} should")
            rows += 1
    return rows


def _summarise(runs: Sequence[Run], rows: int) -> dict[str, Any]:
    seconds = median(run.seconds for run in runs)
    megabytes = [run.megabytes for run in runs if run.megabytes is not None]
    return {
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "cpu_seconds": round(median(run.cpu for run in runs), 2),
        "peak_megabytes": round(max(megabytes), 1) if megabytes else None,
        "rounds": [round(run.seconds, 2) for run in runs],
    }
