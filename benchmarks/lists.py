"""lists: every kind of file by `petitions export`, with its seconds and its memory; PDF of 100,000 signatures.
Baseline of CSV: the store's own program writes the same columns of the same rows, `sqlite3 -csv` or COPY."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any
from zipfile import ZipFile

import psycopg
from sqlalchemy.engine import make_url

from benchmarks.filling import full_campaign
from benchmarks.options import ROOT, BenchmarkError, Options, ToolMissing
from benchmarks.results import print_line
from benchmarks.seeding import SLUG
from benchmarks.stores import Shelf, Store, conditions, shelf

MOST_TIMES = 4.0
#: Seconds and megabytes that a file of each kind may take.
MOST: dict[str, tuple[float | None, float]] = {
    "csv": (60.0, 150.0),
    "jsonl": (60.0, 150.0),
    "xlsx": (None, 200.0),
    "html": (None, 200.0),
    "pdf": (300.0, 400.0),
}
#: Signatures of the PDF at most.
_MOST_PDF = 100_000
_ROUNDS = 3  # at most: a million rows take their time
_TIMEOUT = 1_200.0
_QUERY = """
SELECT serial, name, city, country, comment, date(confirmed_at), language, {answer}
FROM signatures
WHERE campaign_id = {campaign} AND removed_at IS NULL AND visibility <> 'anonymous'
ORDER BY serial
"""
_ANSWER = {"sqlite": "json_extract(answers, '$.union_local')", "postgresql": "answers ->> 'union_local'"}


@dataclass(frozen=True)
class Run:
    """One file."""

    seconds: float
    cpu: float  # seconds; of COPY only our side
    megabytes: float | None  # of memory, at the most


def run(options: Options) -> None:
    if options.store == "sqlite" and shutil.which("sqlite3") is None:
        raise ToolMissing("sqlite3 is not installed: apt-get install sqlite3")
    with shelf(options) as stores:
        store, campaign, filled_in = full_campaign(stores, options)
        stated = conditions(store, options, server_processes=0)
        query = _QUERY.format(campaign=campaign.id, answer=_ANSWER[store.kind])
        ours, theirs = store.data_dir / "ours.csv", store.data_dir / "theirs.csv"
        figures: dict[str, list[Run]] = {kind: [] for kind in MOST}
        sizes: dict[str, float] = {}
        baselines: list[Run] = []
        for _ in range(min(options.rounds, _ROUNDS)):
            baselines.append(
                _copy(store, query, theirs) if store.kind == "postgresql" else _dump(store, query, theirs)
            )
            figures["csv"].append(_export(store, "csv", ours))
            for kind in ("jsonl", "xlsx", "html"):
                figures[kind].append(_export(store, kind, store.data_dir / f"ours.{kind}"))
        rows = _check(ours, theirs)
        _check_others(store, rows)
        smaller = _smaller(stores, options, store)
        figures["pdf"].append(_export(smaller, "pdf", store.data_dir / "ours.pdf"))
        for kind in MOST:
            file = store.data_dir / f"ours.{kind}"
            sizes[kind] = round(file.stat().st_size / 1e6, 1)
            file.unlink()
        theirs.unlink()
        pairs = list(zip(figures["csv"], baselines, strict=True))
        times = round(median(figure.seconds / baseline.seconds for figure, baseline in pairs), 3)
        print_line(
            "lists",
            {f"csv: times <= {MOST_TIMES}": times <= MOST_TIMES} | _wishes(figures),
            rows=rows,
            pdf_of=min(options.signatures, _MOST_PDF),
            times=times,
            cpu_times=round(median(f.cpu / b.cpu for f, b in pairs), 3) if store.kind == "sqlite" else None,
            file_megabytes=sizes,
            figures={kind: _summarise(runs) for kind, runs in figures.items()},
            baseline=_summarise(baselines),
            filled_in_seconds=filled_in,
            conditions=stated,
        )


def _wishes(figures: dict[str, list[Run]]) -> dict[str, bool]:
    met = {}
    for kind, (seconds, megabytes) in MOST.items():
        if seconds is not None:
            met[f"{kind}: seconds < {seconds:.0f}"] = median(run.seconds for run in figures[kind]) < seconds
        met[f"{kind}: MB < {megabytes:.0f}"] = max(run.megabytes or 0.0 for run in figures[kind]) < megabytes
    return met


def _smaller(stores: Shelf, options: Options, full: Store) -> Store:
    """The store of which the PDF is made."""
    if options.signatures <= _MOST_PDF:
        return full
    return full_campaign(stores, replace(options, signatures=_MOST_PDF))[0]


def _export(store: Store, kind: str, file: Path) -> Run:
    """The real command, which writes the file by itself."""
    command = [sys.executable, "-m", "petitions", "export", SLUG, "--format", kind, "--output", str(file)]
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
        raise BenchmarkError(f"lists: {command[0]} failed: {run.stderr.strip()}")
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
            raise BenchmarkError("lists: the baseline has other columns")
        rows = 0
        for mine, its in zip(left, right, strict=True):
            if mine[0] != its[0]:
                raise BenchmarkError(f"lists: number {mine[0]} stands where {its[0]} should")
            rows += 1
    return rows


def _check_others(store: Store, rows: int) -> None:
    """Raises BenchmarkError unless the other kinds have as many rows."""
    with (store.data_dir / "ours.jsonl").open("rb") as lines:
        found = {"jsonl": sum(1 for _ in lines)}
    with ZipFile(store.data_dir / "ours.xlsx") as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        # The last sheet is about the list; each of the others has a heading.
        found["xlsx"] = sum(_count(book, name, b"<row ") - 1 for name in sorted(sheets, key=_place)[:-1])
    html = store.data_dir / "ours.html"
    if html.read_bytes()[:2] == b"PK":
        with ZipFile(html) as volumes:
            found["html"] = sum(
                _count(volumes, name, b"<tr><td") for name in volumes.namelist() if name != "contents.html"
            )
    else:
        found["html"] = html.read_bytes().count(b"<tr><td")
    wrong = {kind: count for kind, count in found.items() if count != rows}
    if wrong:
        raise BenchmarkError(f"lists: {wrong} rows instead of {rows}")


def _place(name: str) -> int:
    return int("".join(filter(str.isdigit, name)))


def _count(archive: ZipFile, name: str, mark: bytes) -> int:
    found, rest = 0, b""
    with archive.open(name) as file:
        while block := file.read(1 << 20):
            found += (rest + block).count(mark)
            rest = block[1 - len(mark) :]
    return found


def _summarise(runs: Sequence[Run]) -> dict[str, Any]:
    megabytes = [run.megabytes for run in runs if run.megabytes is not None]
    return {
        "seconds": round(median(run.seconds for run in runs), 2),
        "cpu_seconds": round(median(run.cpu for run in runs), 2),
        "peak_megabytes": round(max(megabytes), 1) if megabytes else None,
        "rounds": [round(run.seconds, 2) for run in runs],
    }
