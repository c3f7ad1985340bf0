"""Files that only this program reads: encrypted as they are written, never in the clear on the disk.

A file is cut into chunks, each sealed with AES-256-GCM under the key of that file alone. The nonce of a chunk is
its number, and the last one is marked as such (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár,
2015): chunks that are swapped, left out or cut off at the end are noticed like a flipped bit.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from petitions.errors import SealBroken

KEY_SIZE = 32
#: Plain bytes of a chunk; each is 16 longer in the file.
CHUNK = 1 << 18
_TAG = 16
_MIDDLE, _LAST = b"m", b"l"


def new_key() -> bytes:
    """A key for one file; used for no other."""
    return AESGCM.generate_key(bit_length=8 * KEY_SIZE)


def wrap_key(key: bytes, secret: str, name: bytes) -> bytes:
    """The key of a file as it may be stored: sealed under `secret`, for the file of this name alone."""
    nonce = os.urandom(12)
    return nonce + AESGCM(_derive(secret)).encrypt(nonce, key, name)


def unwrap_key(wrapped: bytes, secrets: tuple[str, ...], name: bytes) -> bytes:
    """The key of a file, under whichever of the secrets it was wrapped. Raises SealBroken."""
    for secret in secrets:
        try:
            return AESGCM(_derive(secret)).decrypt(wrapped[:12], wrapped[12:], name)
        except (InvalidTag, ValueError):
            continue
    raise SealBroken


class SealedWriter:
    """Takes plain bytes and puts them sealed into a file of its owner alone. The file is whole after `close`; one
    that was not closed does not open. `size` and `digest` are of what was written, in the clear."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", 0)
        self._cipher = AESGCM(key)
        self._pending = bytearray()
        self._number = 0
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """SHA-256 of the plain bytes, in hexadecimal."""
        return self._sha256.hexdigest()

    def write(self, data: bytes, /) -> int:
        """Raises OSError, as when the disk is full."""
        self._sha256.update(data)
        self.size += len(data)
        self._pending += data
        while len(self._pending) > CHUNK:  # one chunk is kept back: the last must be known as the last
            self._seal(bytes(self._pending[:CHUNK]), _MIDDLE)
            del self._pending[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Seal the last chunk, and let the disk have it all. Raises OSError."""
        if not self._file.closed:
            try:
                self._seal(bytes(self._pending), _LAST)
                os.fsync(self._file.fileno())
            finally:
                self._pending.clear()
                self._file.close()

    def abandon(self) -> None:
        """Stop, without making a whole file of it."""
        self._pending.clear()
        self._file.close()

    def _seal(self, chunk: bytes, place: bytes) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number), chunk, place)
        self._number += 1
        view = memoryview(sealed)
        while view:
            view = view[self._file.write(view) :]


def read_sealed(path: Path, key: bytes) -> Iterator[bytes]:
    """The plain bytes, a chunk at a time. Raises SealBroken where anything is damaged or missing, and OSError."""
    cipher = AESGCM(key)
    with path.open("rb") as file:
        number, chunk = 0, file.read(CHUNK + _TAG)
        while True:
            after = file.read(CHUNK + _TAG)
            try:
                plain = cipher.decrypt(_nonce(number), chunk, _MIDDLE if after else _LAST)
            except (InvalidTag, ValueError):
                raise SealBroken from None
            yield plain
            if not after:
                return
            number, chunk = number + 1, after


def _nonce(number: int) -> bytes:
    return struct.pack(">4xQ", number)


def _derive(secret: str) -> bytes:
    return HKDF(SHA256(), KEY_SIZE, salt=None, info=b"petitions sealed files").derive(secret.encode())
