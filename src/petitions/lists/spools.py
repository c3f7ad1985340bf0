"""Rows on their way from the store to the files: read once, at one moment, and written in every format.

They lie in a file under a key that nobody else has and that goes with this process.
"""

import marshal
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from petitions.lists.columns import Page
from petitions.sealed_files import SealedWriter, new_key, read_sealed

_LENGTH = struct.Struct(">I")


class Spool:
    """Pages of one list, of so many columns."""

    def __init__(self, path: Path, columns: int) -> None:
        self._path, self._key = path, new_key()
        self._writer = SealedWriter(path, self._key)
        self.rows = 0
        self.filled = [False] * columns

    @property
    def size(self) -> int:
        """Bytes of all rows, each text as UTF-8."""
        return self._writer.size

    def add(self, page: Page) -> None:
        """Raises OSError, as when the disk is full."""
        self.rows += len(page[0])
        for place, cells in enumerate(page):
            self.filled[place] = self.filled[place] or any(cell is not None and cell != "" for cell in cells)
        # Of version 2, which has no references: each text stands there. JSON took four times as long.
        data = marshal.dumps(page, 2)
        self._writer.write(_LENGTH.pack(len(data)) + data)

    def close(self) -> None:
        """There are no more pages. Raises OSError."""
        self._writer.close()

    def abandon(self) -> None:
        """Nobody needs it."""
        self._writer.abandon()

    def pages(self, columns: Sequence[int]) -> Iterator[Page]:
        """The pages from the beginning, with these columns alone. Raises SealBroken."""
        pending = bytearray()
        for chunk in read_sealed(self._path, self._key):
            pending += chunk
            while len(pending) >= _LENGTH.size:
                (length,) = _LENGTH.unpack_from(pending)
                end = _LENGTH.size + length
                if len(pending) < end:
                    break
                with memoryview(pending) as view:
                    page = marshal.loads(view[_LENGTH.size : end])  # noqa: S302 - nobody else could seal it
                del pending[:end]
                yield [page[column] for column in columns]
