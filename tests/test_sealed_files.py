"""Files that only this program reads: nothing of them in the clear, and whatever was done to them is noticed."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions import sealed_files
from petitions.errors import SealBroken
from petitions.sealed_files import SealedWriter, new_key, read_sealed, unwrap_key, wrap_key

KEY = bytes(range(32))
SECRETS = ("s" * 48, "older" * 10)
_TAG = 16


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Files of many chunks, which nobody waits for."""
    monkeypatch.setattr(sealed_files, "CHUNK", 8)
    return 8


def seal(path: Path, *pieces: bytes, key: bytes = KEY) -> SealedWriter:
    writer = SealedWriter(path, key)
    for piece in pieces:
        assert writer.write(piece) == len(piece)
    writer.close()
    return writer


def opened(path: Path, key: bytes = KEY) -> bytes:
    return b"".join(read_sealed(path, key))


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_what_was_written_is_read(tmp_path: Path, small_chunks: int, pieces: list[bytes]) -> None:
    path = tmp_path / os.urandom(8).hex()
    writer = seal(path, *pieces)
    whole = b"".join(pieces)
    assert opened(path) == whole
    assert (writer.size, writer.digest) == (len(whole), hashlib.sha256(whole).hexdigest())


def test_chunks_of_the_real_size(tmp_path: Path) -> None:
    whole = os.urandom(3 * sealed_files.CHUNK + 5)
    seal(tmp_path / "file", whole[:10], whole[10:])
    assert opened(tmp_path / "file") == whole
    assert whole[:64] not in (tmp_path / "file").read_bytes()


def test_its_owner_alone_may_read_it_and_it_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    seal(path, b"text")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        SealedWriter(path, KEY)
    assert opened(path) == b"text"


@pytest.mark.parametrize("size", [0, 1, 8, 9, 16, 20])
def test_a_flipped_bit_anywhere_is_noticed(tmp_path: Path, small_chunks: int, size: int) -> None:
    path = tmp_path / "file"
    seal(path, b"x" * size)
    sealed = path.read_bytes()
    for place in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(SealBroken):
            opened(path)


@pytest.mark.parametrize("size", [0, 1, 8, 9, 16, 24])
def test_a_file_that_was_cut_off_anywhere_is_noticed(tmp_path: Path, small_chunks: int, size: int) -> None:
    path = tmp_path / "file"
    seal(path, b"x" * size)
    sealed = path.read_bytes()
    for length in range(len(sealed)):
        path.write_bytes(sealed[:length])
        with pytest.raises(SealBroken):
            opened(path)


def test_chunks_in_another_order_are_noticed(tmp_path: Path, small_chunks: int) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    seal(path, b"a" * 8 + b"b" * 8 + b"c" * 8)
    seal(other, b"d" * 24, key=new_key())
    step = small_chunks + _TAG
    first, second, third = (path.read_bytes()[n * step : (n + 1) * step] for n in range(3))
    foreign = other.read_bytes()[:step]
    for wrong in (
        second + first + third,
        first + third,
        first + second,
        second + third,
        first + second + second + third,
        first + second + third + third,
        foreign + second + third,
        first + second + third + b"\0",
        b"",
    ):
        path.write_bytes(wrong)
        with pytest.raises(SealBroken):
            opened(path)


def test_a_file_of_another_key_does_not_open(tmp_path: Path) -> None:
    seal(tmp_path / "file", b"text", key=new_key())
    with pytest.raises(SealBroken):
        opened(tmp_path / "file", new_key())


def test_a_file_that_was_not_closed_does_not_open(tmp_path: Path, small_chunks: int) -> None:
    writer = SealedWriter(tmp_path / "file", KEY)
    writer.write(b"x" * 30)
    with pytest.raises(SealBroken):
        opened(tmp_path / "file")
    writer.abandon()
    with pytest.raises(SealBroken):
        opened(tmp_path / "file")


def test_a_disk_that_is_full_is_an_error_and_the_file_does_not_open(
    tmp_path: Path, small_chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").symlink_to("/dev/full")  # a device that takes nothing
    monkeypatch.setattr(os, "O_EXCL", 0)
    writer = SealedWriter(tmp_path / "full", KEY)
    with pytest.raises(OSError, match="No space left"):
        writer.write(b"x" * 30)
    writer.abandon()


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=16))
def test_a_wrapped_key_is_opened_with_any_of_the_secrets(key: bytes, name: bytes) -> None:
    for secret in SECRETS:
        assert unwrap_key(wrap_key(key, secret, name), SECRETS, name) == key


def test_a_wrapped_key_belongs_to_one_file_and_one_site() -> None:
    wrapped = wrap_key(KEY, SECRETS[0], b"one")
    for wrong, secrets, name in (
        (wrapped, SECRETS, b"other"),
        (wrapped, ("x" * 48,), b"one"),
        (wrapped[:-1], SECRETS, b"one"),
        (b"", SECRETS, b"one"),
        (bytes([wrapped[0] ^ 1]) + wrapped[1:], SECRETS, b"one"),
    ):
        with pytest.raises(SealBroken):
            unwrap_key(wrong, secrets, name)
    assert wrap_key(KEY, SECRETS[0], b"one") != wrapped
