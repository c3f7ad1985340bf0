"""Where a command writes a file: whole under its name, or not at all."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

from petitions.cli.context import Exit, fail


class Counting:
    """Passes bytes on, and knows their digest. `unfinished`: the file, as long as it has another name; None: what
    is written cannot be taken back."""

    def __init__(self, out: BinaryIO, unfinished: Path | None = None) -> None:
        self._out, self._sha256, self.unfinished = out, hashlib.sha256(), unfinished

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal."""
        return self._sha256.hexdigest()

    def write(self, data: bytes, /) -> int:
        """Raises OSError."""
        self._sha256.update(data)
        return self._out.write(data)

    def flush(self) -> None:
        """Raises OSError."""
        self._out.flush()


def digest_of(chunks: Iterable[bytes]) -> str:
    """SHA-256 of what would be written, in hexadecimal."""
    sha256 = hashlib.sha256()
    for chunk in chunks:
        sha256.update(chunk)
    return sha256.hexdigest()


@contextmanager
def whole_file(target: Path) -> Iterator[Counting]:
    """A file that appears under its name only when it is whole, readable by its owner alone. A minus is standard
    output. Ends the command where it cannot be written."""
    if str(target) == "-":
        with _standard_output() as out:
            yield out
        return
    if target.exists() and not target.is_file():  # /dev/stdout, a pipe: nothing to put in its place
        try:
            with target.open("wb") as device:
                yield Counting(device)
        except OSError as error:
            raise fail(f"{target} cannot be written: {error.strerror}.", Exit.INPUT) from None
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield Counting(file, unfinished)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except OSError as error:
        raise fail(f"{target} cannot be written: {error.strerror}. No file was made.", Exit.INPUT) from None
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _standard_output() -> Iterator[Counting]:
    try:
        yield Counting(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What could not be written must not be tried again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise typer.Exit(Exit.FAILED) from None
        raise fail(f"Standard output cannot be written: {error.strerror}.", Exit.INPUT) from None
