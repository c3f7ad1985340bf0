"""Sets of serial numbers: exact, however they were made, and small."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petitions.lists.serials import Serials

_numbers = st.sets(st.integers(1, 400) | st.integers(1, 100_000))


@given(_numbers)
def test_a_set_holds_what_was_put_into_it_and_nothing_else(numbers: set[int]) -> None:
    serials = Serials(numbers)
    assert list(serials) == sorted(numbers)
    assert len(serials) == len(numbers)
    for number in [*numbers, 0, -1, 7, 8, 100_001]:
        assert (number in serials) == (number in numbers)


@given(_numbers)
def test_what_was_packed_is_unpacked(numbers: set[int]) -> None:
    assert list(Serials.unpack(Serials(numbers).pack())) == sorted(numbers)


def test_nothing_kept_is_the_empty_set() -> None:
    assert list(Serials.unpack(None)) == []
    assert len(Serials.unpack(Serials().pack())) == 0


@given(_numbers, _numbers)
def test_sets_are_joined(one: set[int], other: set[int]) -> None:
    serials = Serials(one)
    serials.update(Serials(other))
    assert list(serials) == sorted(one | other)


@given(st.lists(st.integers(1, 300)), st.integers(0, 400))
@example([], 7)
@example([1], 15)
@example(list(range(1, 17)), 7)
def test_the_first_missing_number_is_found(numbers: list[int], after: int) -> None:
    serials = Serials(numbers)
    missing = after + 1
    while missing in numbers:
        missing += 1
    assert serials.first_missing(after) == missing


@given(st.integers(0, 70), st.integers(0, 70), st.integers(0, 70))
def test_the_first_missing_number_after_a_run_is_found(begin: int, length: int, after: int) -> None:
    run = range(begin + 1, begin + length + 1)
    expected = after + 1 if after + 1 not in run else run[-1] + 1
    assert Serials(run).first_missing(after) == expected


@pytest.mark.parametrize("number", [0, -1])
def test_there_is_no_serial_below_one(number: int) -> None:
    with pytest.raises(ValueError):
        Serials([number])


def test_a_million_are_small() -> None:
    serials = Serials(n for n in range(1, 1_000_001) if n % 11)
    assert len(serials.bits) < 300_000
    assert len(serials.pack()) < 10_000
    assert len(Serials.unpack(serials.pack())) == len(serials) == 909_091
