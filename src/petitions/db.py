"""The store: engines, transactions, and what SQLite and PostgreSQL need said differently.

Every transaction runs as plain synchronous code in a thread of its own pool, whole: one hop for a
transaction instead of one for each statement, and features, commands and the worker share the same functions.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import DateTime, MetaData, String, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from petitions.engines import BUSY_TIMEOUT, postgresql_engine, sqlite_engine
from petitions.errors import StoreUnavailable
from petitions.write_lock import WriteLock

P = ParamSpec("P")
T = TypeVar("T")

#: Seconds that SQLite waits for readers of a log that is to be emptied, while nobody can write.
_SCRUB_TIMEOUT = 0.08
#: 8 MiB, which are written anew in less than a tenth of a second (measured: 100 to 150 MB/s).
_IS_SMALL = "SELECT page_count - freelist_count <= 2048 FROM pragma_page_count, pragma_freelist_count"
#: Seconds that somebody waits for an answer of the store.
_READ_TIMEOUT = 8.0
#: Readers and the loop take the interpreter from each other (measured: the p99 of a page that no cache answers
#: fell from 65 to 45 ms with one instead of four on SQLite, which works in our own process; on PostgreSQL from 48
#: to 39 with two).
_READERS_SQLITE, _READERS_POSTGRESQL = 1, 2
_WRITERS_POSTGRESQL = 4


class Base(DeclarativeBase):
    """The base of every table; constraint names are derived, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite keeps no zone, so it is dropped on the way in and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone was given to the store")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Fact(Base):
    """A fact about the store itself, such as the fingerprint of the key it was filled under."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class Database:
    """One store and the threads that talk to it."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        readers = _READERS_SQLITE if self.is_sqlite else _READERS_POSTGRESQL
        writers = 1 if self.is_sqlite else _WRITERS_POSTGRESQL
        if self.is_sqlite:
            file = Path(url.removeprefix("sqlite:///"))
            _make_private(file)
            self.file: Path | None = file
            self._lock: WriteLock | None = WriteLock(file.with_name(file.name + ".lock"))
            if _is_new(file):
                with self._lock.held():
                    _begin_log(file)
            self.engine = self._looking_engine = sqlite_engine(url, readers)
        else:
            self.file = self._lock = None
            self.engine = postgresql_engine(url, readers + writers)
            # Each statement its own transaction: what only looks sees the same under READ COMMITTED, and saves two
            # of three ways to the server and back.
            self._looking_engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._snapshot_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writing_engine = self.engine.execution_options(petitions_writes=True)
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="petitions-write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="petitions-read")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only looks. Raises StoreUnavailable."""
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A transaction that only looks, and sees the store as it was at its first statement, however long it
        takes. Raises StoreUnavailable."""
        engine = self.engine if self.is_sqlite else self._snapshot_engine
        with _translated(), Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is committed at the end, and rolled back by an exception.
        Raises StoreUnavailable."""
        with _translated():
            if self._lock is None:
                with Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
                    yield session
            else:
                with (
                    self._lock.held(),
                    Session(self._writing_engine, expire_on_commit=False) as session,
                    session.begin(),
                ):
                    yield session

    async def read(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(session, …)`, which only looks, off the event loop. Raises StoreUnavailable."""

        def run() -> T:
            with _translated(), Session(self._looking_engine, expire_on_commit=False) as session:
                return function(session, *args, **kwargs)

        try:
            async with asyncio.timeout(_READ_TIMEOUT):
                return await asyncio.get_running_loop().run_in_executor(self._readers, run)
        except TimeoutError:
            raise StoreUnavailable("the store did not answer in time") from None

    async def write(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(session, …)` in a writing transaction, off the event loop; returns after the commit."""

        def run() -> T:
            with self.writing() as session:
                return function(session, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._writers, run)

    def scrub(self, *, compact: bool = False) -> bool:
        """Empty SQLite's write-ahead log, which still holds what was erased; whether that was possible, for it
        waits a moment only for those who read. `compact` also writes a small file anew: `secure_delete` does not
        reach the copies of rows that SQLite leaves in the gaps of pages when it splits and joins them."""
        if self.file is None or self._lock is None:
            return True  # PostgreSQL's own vacuum does it in its time
        file = sqlite3.connect(self.file, timeout=_SCRUB_TIMEOUT)
        with suppress(sqlite3.OperationalError), closing(file), self._lock.held():
            if compact and file.execute(_IS_SMALL).fetchone()[0]:
                file.execute("PRAGMA temp_store=MEMORY")  # no copy of anybody in a temporary file
                file.execute("VACUUM")
            return not file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return False

    def checkpoint(self) -> None:
        """Bring what SQLite's log holds into the file, as far as nobody reads it, while others write. Else the
        next commit that finds the log long does it, and everybody waits behind that one."""
        if self.file is not None:
            with (
                suppress(sqlite3.OperationalError),
                closing(sqlite3.connect(self.file, timeout=_SCRUB_TIMEOUT)) as file,
            ):
                file.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def compact(self) -> None:
        """Write the store anew, however large it is: nobody can write meanwhile. Raises StoreUnavailable."""
        if self.file is None or self._lock is None:
            with _translated(), self.engine.connect() as connection:
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("SET statement_timeout = 0")
                connection.exec_driver_sql("SET lock_timeout = 0")
                # A plain VACUUM frees the rows and leaves their bytes in the pages.
                for table in sorted(Base.metadata.tables):
                    connection.exec_driver_sql(f'VACUUM FULL "{table}"')
            return
        try:
            with self._lock.held(), closing(sqlite3.connect(self.file, timeout=BUSY_TIMEOUT)) as file:
                file.execute("PRAGMA temp_store=MEMORY")  # no copy of anybody in a temporary file
                file.execute("VACUUM")
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise StoreUnavailable(type(error).__name__) from None

    def close(self) -> None:
        """Let what runs end, and close every connection."""
        self._writers.shutdown()
        self._readers.shutdown()
        self.engine.dispose()


def insert_for(session: Session, table: type[Base]) -> Any:
    """An INSERT that knows ON CONFLICT, in the dialect of the session's store."""
    return _dialect_insert(table, session.get_bind().dialect.name)


def adding(session: Session, table: type[Base], *columns: str) -> Any:
    """INSERT … that adds to these columns of the row that is there, found by the primary key."""
    return _adding(table, session.get_bind().dialect.name, columns)


def insert_ignoring(session: Session, table: type[Base]) -> Any:
    """INSERT … ON CONFLICT DO NOTHING."""
    return _insert_ignoring(table, session.get_bind().dialect.name)


@cache
def _dialect_insert(table: type[Base], dialect: str) -> Any:
    # Of the table and not of its class: the ORM would cut a batch of rows by which columns are None.
    plain = cast("Table", table.__table__)
    return sqlite_dialect.insert(plain) if dialect == "sqlite" else postgresql.insert(plain)


@cache
def _adding(table: type[Base], dialect: str, columns: tuple[str, ...]) -> Any:
    statement, own = _dialect_insert(table, dialect), cast("Table", table.__table__)
    sums = {name: own.c[name] + statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=[*own.primary_key.columns], set_=sums)


@cache
def _insert_ignoring(table: type[Base], dialect: str) -> Any:
    return _dialect_insert(table, dialect).on_conflict_do_nothing()


def _make_private(file: Path) -> None:
    """The store holds names and addresses: its owner alone may read it, and what SQLite puts beside it."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
    except OSError as error:
        raise StoreUnavailable(type(error).__name__) from None


def _is_new(file: Path) -> bool:
    return file.stat().st_size == 0


def _begin_log(file: Path) -> None:
    """Give a new store its write-ahead log. Two connections that change the journal at once refuse each other
    without waiting, so it is done once, under the lock."""
    if _is_new(file):
        with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA user_version=1")  # a page, so that the file is no longer empty


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError):
        raise  # a row that the store does not take; every other error says that it takes none
    except (DBAPIError, PoolTimeout) as error:
        # `from None`: the driver's message repeats the statement with its values, which are personal data.
        raise StoreUnavailable(_cause(error)) from None


def _cause(error: Exception) -> str:
    original = getattr(error, "orig", None)
    return type(original).__name__ if original is not None else type(error).__name__
