"""Long work on the store in transactions of a bounded time, so that others hardly notice it."""

import time
from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from petitions.db import Database

#: Seconds for which a batch may hold the write lock; batches grow and shrink towards it.
_AIM = 0.03
_SMALLEST, _FIRST, _LARGEST = 20, 200, 2_000
#: The rest after a batch, as a multiple of its time: others write meanwhile.
_REST = 1.0


class Batches:
    """Transactions of a bounded time, until there is nothing left to do."""

    def __init__(self, database: Database, stop: Callable[[], bool], *, rest: float = _REST) -> None:
        self.database, self._stop, self._rest = database, stop, rest
        self.longest_hold = 0.0
        self.stopped = False

    def run(self, act: Callable[[Session, int], int | None]) -> Iterator[int]:
        """Call `act(session, most)` again and again, each time in a transaction of its own, until it returns
        None; yields what it returns."""
        size = _FIRST
        while not self.stopped:
            if self._stop():
                self.stopped = True
                return
            with self.database.writing() as session:
                began = time.perf_counter()
                rows = act(session, size)
            held = time.perf_counter() - began
            if rows is None:
                return
            self.longest_hold = max(self.longest_hold, held)
            size = max(_SMALLEST, min(_LARGEST, int(size * min(2.0, _AIM / max(held, 0.001)))))
            yield rows
            self.database.checkpoint()
            time.sleep(held * self._rest)
