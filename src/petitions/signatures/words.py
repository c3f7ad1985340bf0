"""The words by which names are found: of those whom the site shows, for everybody; of the others, for moderators
alone. Two tables, so that the search of the site can give nothing away, not even by its time."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert
from sqlalchemy.orm import Session

from petitions.db import Base, insert_ignoring
from petitions.names import folded_words
from petitions.signatures.models import SignatureWord, UnlistedWord

#: A table, and a word in it.
Place = tuple[type[Base], str]

_TABLES: tuple[type[Base], ...] = (SignatureWord, UnlistedWord)
_INSERT = {table: insert(cast("Table", table.__table__)) for table in _TABLES}
_DROP = {
    table: delete(columns)
    .where(columns.c.campaign_id == bindparam("campaign_id"))
    .where(columns.c.word == bindparam("word"), columns.c.serial == bindparam("serial"))
    for table in _TABLES
    for columns in [cast("Table", table.__table__)]
}


def places_of(visibility: str, name: str | None, *, hidden: bool = False) -> set[Place]:
    """Where a name is to be found. `hidden`: a moderator hid it."""
    table = SignatureWord if visibility == "public" and not hidden else UnlistedWord
    return {(table, word) for word in folded_words(name)} if name else set()


class WordChanges:
    """Words that come and go in one transaction; written together."""

    def __init__(self, campaign_id: int) -> None:
        self._campaign_id = campaign_id
        self._new: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self._gone: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)

    def add(self, serial: int, places: Iterable[Place]) -> None:
        self._note(self._new, serial, places)

    def drop(self, serial: int, places: Iterable[Place]) -> None:
        self._note(self._gone, serial, places)

    def write(self, session: Session, *, anew: bool = False) -> None:
        """Store them. `anew`: none of the new ones can be there yet."""
        connection = session.connection()
        for table, rows in self._gone.items():
            connection.execute(_DROP[table], rows)
        for table, rows in self._new.items():
            statement = _INSERT[table] if anew else insert_ignoring(session, table)
            connection.execute(statement, sorted(rows, key=lambda row: str(row["word"])))

    def _note(self, noted: dict[type[Base], list[dict[str, Any]]], serial: int, places: Iterable[Place]) -> None:
        for table, word in places:
            noted[table].append({"campaign_id": self._campaign_id, "word": word, "serial": serial})


def drop_words(session: Session, campaign_id: int, serial: int, name: str | None) -> None:
    """Take a name out of every search."""
    words: Collection[str] = folded_words(name or "")
    for table in _TABLES:
        columns = cast("Table", table.__table__).c
        these = (columns.campaign_id == campaign_id, columns.word.in_(sorted(words)), columns.serial == serial)
        session.connection().execute(delete(cast("Table", table.__table__)).where(*these))
