"""The lock of those who write one SQLite file."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from petitions.errors import StoreUnavailable


class WriteLock:
    """Serialises the writers of one SQLite file, within a process and between processes.

    SQLite's own busy handler polls, and whoever sleeps longest starves. A single file lock is not fair either:
    who releases it takes it again before the waiter is awake. So there are two, as at a turnstile: the next in
    line holds the gate while it waits for the lock, and whoever comes back has to queue at the gate. Both fall
    with the process that holds them.
    """

    def __init__(self, path: Path) -> None:
        self._gate_path, self._path = path.with_name(path.name + "-gate"), path

    @contextmanager
    def held(self) -> Iterator[None]:
        with _flocked(self._gate_path) as release_gate, _flocked(self._path):
            release_gate()
            yield


@contextmanager
def _flocked(path: Path) -> Iterator[Callable[[], None]]:
    """Hold the lock of a file. It is opened anew each time, so that threads exclude each other too. Yields a
    function that releases it early."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:  # no descriptor left, or not our file
        raise StoreUnavailable(type(error).__name__) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield lambda: fcntl.flock(file, fcntl.LOCK_UN)
    finally:
        os.close(file)
