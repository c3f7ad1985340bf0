"""What the tests of the audit log share."""

from typing import Any

from sqlalchemy import text

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor, record
from petitions.audit.sealing import seal
from petitions.audit.verifying import Verified, verify
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id

OLGA = Actor(new_id(), "Olga Owner")


def write_entries(database: Database, count: int = 1, campaign_id: int | None = None, **details: Any) -> None:
    """So many actions of Olga's, in a transaction each."""
    for number in range(count):
        with database.writing() as session:
            record(session, OLGA, "campaign.saved", utc_now(), campaign_id, number=number, **details)


def sealed_chain(database: Database, count: int) -> Verified:
    """So many entries, sealed."""
    write_entries(database, count)
    assert seal(database, utc_now()) == count
    return check(database)


def check(database: Database) -> Verified:
    with database.reading() as session:
        return verify(session)


def stored(database: Database) -> list[AuditEntry]:
    """Every entry, by place."""
    with database.reading() as session:
        return sorted(session.query(AuditEntry), key=lambda entry: (entry.place is None, entry.place))


def tamper(database: Database, statement: str, **values: Any) -> None:
    """What somebody does who can write into the store and passes the program by."""
    with database.writing() as session:
        session.execute(text(statement), values)
