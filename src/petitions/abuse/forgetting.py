"""What abuse control no longer needs goes."""

from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Row, Table, delete, select, tuple_

from petitions.abuse.credit import old_accounts
from petitions.abuse.models import DomainCount, NetworkCount
from petitions.abuse.networks import forget_old_keys
from petitions.abuse.rates import old_counts
from petitions.db import Base, Database

#: Rows of one transaction: after a flood there are many, and signing goes on meanwhile.
_STEP = 1_000


def forget_networks(database: Database, now: datetime) -> None:
    """Delete keys and counts of networks that are older than 48 hours, and counts of domains before yesterday."""
    with database.writing() as session:
        forget_old_keys(session, now)
    _forget(database, NetworkCount, old_counts(now))
    _forget(database, DomainCount, old_accounts(now))


def _forget(database: Database, model: type[Base], old: ColumnElement[bool]) -> None:
    """Delete old rows. They are looked for in the order of the primary key and before the store is locked, for no
    index leads to them."""
    table = cast("Table", model.__table__)
    columns = tuple(table.primary_key.columns)
    key = tuple_(*columns)
    last: Row[tuple[object, ...]] | None = None
    while True:
        query = select(*columns).where(old).order_by(*columns).limit(_STEP)
        with database.reading() as session:
            rows = session.execute(query if last is None else query.where(key > tuple(last))).all()
        if rows:
            these = key.in_([tuple(row) for row in rows])
            with database.writing() as session:
                # Locked in the order in which everybody writes them.
                session.execute(select(*columns).where(these).order_by(*columns).with_for_update())
                session.execute(delete(table).where(these))
        if len(rows) < _STEP:
            return
        last = rows[-1]
