"""Archives: other programs read them, and no bit of one is free."""

import io
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.delivery.zips import MOST_32, Place, ZipEntry, read_zip, write_zip
from petitions.errors import SealBroken

FILES = {"README.txt": b"hello", "lists/\u00e4.csv": b"x" * 100, "empty": b"", "z" * 300: b"1"}


def zipped(files: dict[str, bytes], most: int = MOST_32) -> bytes:
    return b"".join(write_zip([ZipEntry.of(name, content) for name, content in files.items()], most))


@pytest.mark.parametrize("most", [MOST_32, 50, 0])
def test_other_programs_read_it(most: int) -> None:
    """Also with the numbers of eight bytes that large files need."""
    with zipfile.ZipFile(io.BytesIO(zipped(FILES, most))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_archive_without_files() -> None:
    content = zipped({})
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == []
    archive = read_zip(io.BytesIO(content))
    assert (archive.places, archive.damaged, archive.table_damaged) == ([], (), False)


@pytest.mark.parametrize("most", [MOST_32, 50, 0])
def test_every_bit_around_the_files_has_its_place(most: int) -> None:
    content = zipped(FILES, most)
    whole = read_zip(io.BytesIO(content), most)
    assert (list(whole.damaged), whole.table_damaged) == ([], False)
    assert [b"".join(whole.read(place)) for place in whole.places] == [*FILES.values()]
    for bit in range(8 * len(content)):
        found = read_zip(io.BytesIO(flipped(content, bit)), most)
        owner = owner_of(whole.places, bit // 8)
        if owner is None:
            assert found.table_damaged, bit
        elif bit // 8 < owner.content:
            assert owner.name in found.damaged, bit
        else:
            assert (list(found.damaged), found.table_damaged) == ([], False), bit


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def owner_of(places: object, byte: int) -> Place | None:
    assert isinstance(places, list)
    return next((place for place in places if place.offset <= byte < place.end), None)


@given(st.integers(0, 10_000))
def test_an_archive_that_is_cut_off_is_noticed(length: int) -> None:
    content = zipped(FILES)
    archive = read_zip(io.BytesIO(content[: length % len(content)]))
    assert archive.table_damaged
    for place in archive.places:  # what is there can still be read
        assert b"".join(archive.read(place)) == FILES[place.name]


def test_something_behind_an_archive_is_noticed() -> None:
    assert read_zip(io.BytesIO(zipped(FILES) + b"\0")).table_damaged
    assert read_zip(io.BytesIO(b"\0" + zipped(FILES))).table_damaged


@given(st.binary(max_size=300))
def test_any_bytes_are_an_archive_or_are_not(content: bytes) -> None:
    assert read_zip(io.BytesIO(content)).table_damaged


@given(st.binary(max_size=60), st.integers(0, 700), st.integers(0, 60))
def test_any_bytes_in_an_archive_are_noticed(other: bytes, start: int, length: int) -> None:
    content = zipped(FILES)
    changed = content[:start] + other + content[start + length :]
    archive = read_zip(io.BytesIO(changed))
    if changed != content and not archive.table_damaged and not archive.damaged:
        whole = [b"".join(archive.read(place)) for place in archive.places]
        assert whole != [*FILES.values()]  # then it is in a file, whose checksum is another one


@given(
    st.dictionaries(st.text(min_size=1, max_size=20).filter(str.isprintable), st.binary(max_size=40), max_size=4)
)
def test_any_files_come_back(files: dict[str, bytes]) -> None:
    archive = read_zip(io.BytesIO(zipped(files)))
    assert not archive.table_damaged
    assert {place.name: b"".join(archive.read(place)) for place in archive.places} == files


def test_a_file_that_is_not_what_was_said_of_it_makes_no_archive() -> None:
    def read() -> Iterator[bytes]:
        yield b"hellO"

    entry = ZipEntry.of("README.txt", b"hello")
    with pytest.raises(SealBroken):
        b"".join(write_zip([ZipEntry(entry.name, entry.size, entry.crc, read)]))
