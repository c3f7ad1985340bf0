"""Runs one `petitions` command, and notes for how long each of its transactions held the store's write lock (on
PostgreSQL: lasted); servers.py starts it.

Arguments: the kind of the store, the file for the notes, then those of the command.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.engine import Engine

from petitions.cli import main as run_command
from petitions.db import Database
from petitions.write_lock import WriteLock

Way: TypeAlias = Callable[..., AbstractContextManager[Any]]

_WRITES = re.compile(r"(?:DELETE FROM|INSERT INTO|UPDATE)\s+(\w+)")


class Notes:
    """What held the store, when, and for how long."""

    def __init__(self) -> None:
        self.holds: list[dict[str, Any]] = []
        self._table: str | None = None  # the first that the transaction writes to

    def note_statement(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Listens to SQLAlchemy."""
        if self._table is None and (found := _WRITES.match(statement)):
            self._table = found[1]

    def timed(self, held: Way) -> Way:
        """The same way into the lock; who has come in is timed until it is out."""

        @contextmanager
        def timed(lock: Any) -> Iterator[Any]:
            began = None
            try:
                with held(lock) as value:
                    began, cpu, self._table = time.perf_counter(), time.process_time(), None
                    yield value
            finally:
                if began is not None:
                    used = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
                    self.holds.append({"table": self._table, **used})

        return timed


def main() -> None:
    kind, file, *sys.argv[1:] = sys.argv[1:]
    notes = Notes()
    event.listen(Engine, "before_cursor_execute", notes.note_statement)
    place, name = (WriteLock, "held") if kind == "sqlite" else (Database, "writing")
    try:
        with patch.object(place, name, notes.timed(getattr(place, name))):
            run_command()
    finally:
        Path(file).write_text(json.dumps(notes.holds))


if __name__ == "__main__":
    main()
