"""A folder of files that are being made: each lies sealed under a key of its own until somebody takes it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from petitions.ids import new_id
from petitions.sealed_files import SealedWriter, new_key, read_sealed


@dataclass(frozen=True)
class MadeFile:
    """A file that is whole."""

    name: str
    rows: int
    size: int  # bytes
    sha256: str  # hexadecimal
    crc: int  # CRC-32, as zip has it
    path: Path = field(repr=False)
    key: bytes = field(repr=False)

    def read(self) -> Iterator[bytes]:
        """Its bytes, a chunk at a time. Raises SealBroken and OSError."""
        return read_sealed(self.path, self.key)


class SealedFolder:
    """Takes the files of a list, in the order in which they are made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[MadeFile] = []

    @contextmanager
    def new_file(self, name: str, rows: int) -> Iterator["_Output"]:
        """A new file, whole when the block ends. Raises OSError."""
        path, key = self.path / f"{len(self.files)}.sealed", new_key()
        out = _Output(SealedWriter(path, key))
        try:
            yield out
            out.writer.close()
        except BaseException:
            out.writer.abandon()
            path.unlink(missing_ok=True)
            raise
        self.files.append(MadeFile(name, rows, out.writer.size, out.writer.digest, out.crc, path, key))


class _Output:
    def __init__(self, writer: SealedWriter) -> None:
        self.writer, self.crc = writer, 0

    def write(self, data: bytes, /) -> int:
        self.crc = crc32(data, self.crc)
        return self.writer.write(data)


@contextmanager
def working_folder(within: Path) -> Iterator[Path]:
    """An empty folder of its owner alone, gone with everything in it when the block ends. Raises OSError."""
    within.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = within / f"work-{new_id().hex}"
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
