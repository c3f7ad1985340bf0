"""Batches: as many rows as can be written in a time that nobody notices."""

import pytest
from sqlalchemy.orm import Session

from petitions import batches
from petitions.batches import Batches
from petitions.db import Database


class Clock:
    """A clock that goes on only where it is told to, and notes who rests."""

    def __init__(self) -> None:
        self.now, self.rests = 0.0, list[float]()

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.rests.append(seconds)


@pytest.mark.parametrize(
    ("seconds_a_row", "sizes"),
    [
        (0.00001, [200, 400, 800, 1600, 2000, 2000]),  # a fast store: twice as many, up to the most
        (0.0001, [200, 300, 300, 300, 300, 300]),  # 30 ms are the aim
        (0.01, [200, 20, 20, 20, 20, 20]),  # a slow one: never fewer than the fewest
    ],
)
def test_batches_grow_and_shrink_towards_their_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, seconds_a_row: float, sizes: list[int]
) -> None:
    clock = Clock()
    monkeypatch.setattr(batches, "time", clock)
    asked: list[int] = []

    def erase(_session: Session, most: int) -> int | None:
        if len(asked) == len(sizes):
            return None
        asked.append(most)
        clock.now += most * seconds_a_row
        return most

    work = Batches(database, stop=lambda: False)
    assert list(work.run(erase)) == asked
    assert asked == pytest.approx(sizes, abs=2)
    held = [size * seconds_a_row for size in asked]
    assert work.longest_hold == pytest.approx(max(held))
    assert clock.rests == pytest.approx(held)  # others write for as long as it did


def test_a_longer_rest_is_a_multiple_of_what_others_waited(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(batches, "time", clock)

    def write(_session: Session, most: int) -> int | None:
        if clock.rests:
            return None
        clock.now += 0.02
        return most

    assert list(Batches(database, stop=lambda: False, rest=3.0).run(write)) == [200]
    assert clock.rests == pytest.approx([0.06])
