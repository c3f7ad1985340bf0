"""Where finished lists lie until somebody downloads them: encrypted, each under a key of its own, which the store
keeps wrapped. Without the row of its job a file is noise."""

import fcntl
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from petitions.lists.folders import working_folder
from petitions.sealed_files import SealedWriter, new_key, read_sealed, unwrap_key, wrap_key
from petitions.settings import Settings

_SEALED = ".sealed"
_WORK = "work-"
_LOCK = ".lock"
#: Seconds after which a folder that nobody holds was left by somebody who was killed.
_FRESH = 60.0


def exports_folder(settings: Settings) -> Path:
    """The folder of this host; made, for its owner alone, where it is not there. Raises OSError."""
    folder = _folder(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def place_of(settings: Settings, job_id: UUID) -> Path:
    """Where the file of a job lies, or would lie."""
    return _folder(settings) / f"{job_id.hex}{_SEALED}"


def _folder(settings: Settings) -> Path:
    return settings.exports_dir or settings.data_dir / "exports"


@contextmanager
def work_in(folder: Path) -> Iterator[Path]:
    """An empty folder for what is being made, gone when the block ends; who is killed leaves it to `sweep`.
    Raises OSError."""
    with working_folder(folder) as path, _held(path):
        yield path


@contextmanager
def place_to_work(folder: Path) -> Iterator[bool]:
    """Whether nobody else who keeps lists in this folder makes one; until the block ends nobody else does. Raises
    OSError, also where the folder cannot be locked at all."""
    with _lock(folder / _LOCK) as is_ours:
        yield is_ours


def seal(settings: Settings, job_id: UUID, chunks: Iterator[bytes]) -> tuple[bytes, int, str]:
    """Keep a file: its wrapped key, its size and its SHA-256, in the clear. It lies there when this returns, and
    nothing does when it raises. Raises OSError, and what the chunks raise."""
    path, key = place_of(settings, job_id), new_key()
    path.unlink(missing_ok=True)  # of who was killed between the file and its row
    writer = SealedWriter(path, key)
    try:
        for chunk in chunks:
            writer.write(chunk)
        writer.close()
    except BaseException:
        writer.abandon()
        path.unlink(missing_ok=True)
        raise
    return wrap_key(key, settings.secret_keys[0], job_id.bytes), writer.size, writer.digest


def unseal(settings: Settings, job_id: UUID, wrapped: bytes) -> Iterator[bytes]:
    """The file in the clear, a chunk at a time. Raises SealBroken and OSError."""
    return read_sealed(place_of(settings, job_id), unwrap_key(wrapped, settings.secret_keys, job_id.bytes))


def discard(settings: Settings, job_id: UUID) -> None:
    """The file goes, if it is here. Raises OSError."""
    place_of(settings, job_id).unlink(missing_ok=True)


def list_kept(settings: Settings) -> Iterator[UUID]:
    """The jobs of the files that lie on this host."""
    for path in _folder(settings).glob(f"*{_SEALED}"):
        with suppress(ValueError):
            yield UUID(hex=path.name.removesuffix(_SEALED))


def sweep(settings: Settings, orphans: Collection[UUID]) -> None:
    """Delete what was left by those who were killed: these files, and folders in which nobody works."""
    for job_id in orphans:
        with suppress(OSError):
            discard(settings, job_id)
    for path in _folder(settings).glob(f"{_WORK}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _FRESH and not _is_held(path):
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Others see that somebody works here; the kernel forgets it with the process."""
    with _lock(path / _LOCK):
        yield


def _is_held(path: Path) -> bool:
    with _lock(path / _LOCK) as is_ours:
        return not is_ours


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Lock a file, which is made where it is not there; whether nobody else has it. A file and not its folder, and
    open for writing, for network file systems lock nothing else. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
