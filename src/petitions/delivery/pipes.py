"""A pipe from a thread that makes a file to a connection that takes it, and holds little of it."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from time import monotonic

from petitions.errors import PetitionsError

#: Chunks that wait for the connection; the list of signatures makes them of about 200 kB.
_HELD = 4
#: Seconds after which a connection that takes nothing is given up: a thread waits for it.
PATIENCE = 60.0
#: Seconds after which it is given up in any case: whoever takes a little now and then would keep the thread.
LONGEST = 1_800.0


class ReaderGone(PetitionsError):
    """Nobody takes what is written any more."""


class Pipe:
    """Written to in a thread, read in the event loop that made it."""

    def __init__(self, patience: float = PATIENCE, longest: float = LONGEST) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._changed = threading.Condition()
        self._chunks: deque[tuple[bytes, int]] = deque()
        self._patience, self._ends_at = patience, monotonic() + longest
        self._error: Exception | None = None
        self._is_closed = False  # by whoever writes
        self._is_gone = False
        self.rows = 0  # of the chunks that the connection was given, if not all of the last

    def put(self, chunk: bytes, rows: int) -> None:
        """In the thread: hand over a chunk with so many rows; waits while the reader is behind.
        Raises ReaderGone."""
        with self._changed:
            self._wait_for(lambda: len(self._chunks) < _HELD)
            if self._is_gone:
                self._tell()
                raise ReaderGone
            self._chunks.append((chunk, rows))
            self._tell()

    def drain(self) -> bool:
        """In the thread, after the last chunk: whether the connection took everything."""
        with self._changed:
            self._wait_for(lambda: not self._chunks)
            return not self._is_gone

    def _wait_for(self, is_so: Callable[[], bool]) -> None:
        """Until the reader has done so, or is gone; one who takes too long is."""
        left = self._ends_at - monotonic()
        patience = min(self._patience, left)
        if left <= 0 or not self._changed.wait_for(lambda: self._is_gone or is_so(), patience):
            self._is_gone = True

    def close(self, error: Exception | None = None) -> None:
        """In the thread: there is no more. With an error the reader gets it, and so nobody takes a part for
        the whole."""
        with self._changed:
            self._is_closed, self._error = True, error
            self._tell()

    async def read(self) -> AsyncIterator[bytes]:
        """Everything that is written. Raises the error of `close`, or ReaderGone after too long a wait."""
        try:
            while True:
                chunk = self._take()
                if chunk is not None:
                    yield chunk
                    self._settle()
                    continue
                if self._is_gone:
                    raise ReaderGone
                if self._is_closed:
                    if self._error is not None:
                        raise self._error
                    return
                await self._news.wait()
                self._news.clear()
        finally:
            with self._changed:
                self._is_gone = True
                self._changed.notify_all()

    def _take(self) -> bytes | None:
        with self._changed:
            if self._chunks and monotonic() >= self._ends_at:
                self._is_gone = True
            if self._is_gone or not self._chunks:
                return None
            chunk, rows = self._chunks[0]
            self.rows += rows
            return chunk

    def _settle(self) -> None:
        """The first chunk is sent: the connection asks for the next one."""
        with self._changed:
            self._chunks.popleft()
            self._changed.notify_all()

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:  # the server has ended, and its loop
            self._is_gone = True
