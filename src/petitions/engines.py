"""Connections to SQLite and to PostgreSQL, each set up as we need it."""

from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

#: Seconds that SQLite waits for a lock which another program (a backup, a shell) holds.
BUSY_TIMEOUT = 5.0
#: Of a connection that writes, as SQLite counts: 128 MiB of cache and 256 of the file mapped, used as the store
#: grows. Readers have 16 MiB, so that an export stays small.
_WRITER_CACHE = -131_072
_WRITER_MAP = 268_435_456
#: Before its first ANALYZE PostgreSQL takes every table for small and reads it whole, and a wave on a young store
#: slowed down by half until autovacuum came by; every query of ours has its index, so such plans are ruled out.
_POSTGRESQL_OPTIONS = (
    "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=60s -c enable_seqscan=off -c jit=off"
)


def sqlite_engine(url: str, readers: int) -> Engine:
    """Connections to a file. A transaction that says `petitions_writes` takes the write lock as it begins."""
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False},
        pool_size=readers + 2,
        max_overflow=4,
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "cache_size=-16384",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("petitions_writes", False):
            if not connection.info.get("petitions_writer"):
                # Addresses are hashes, so every confirmation lands on another page of a large index.
                connection.exec_driver_sql(f"PRAGMA cache_size={_WRITER_CACHE}")
                connection.exec_driver_sql(f"PRAGMA mmap_size={_WRITER_MAP}")
                connection.info["petitions_writer"] = True
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def postgresql_engine(url: str, connections: int) -> Engine:
    """Connections to a server."""
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=False,
        pool_size=connections,
        max_overflow=4,
        pool_timeout=10,
        connect_args={
            "connect_timeout": 5,
            # A server that hangs without closing its connections must not hang us.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": _POSTGRESQL_OPTIONS,
        },
    )
