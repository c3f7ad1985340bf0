"""The geometry of charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.web.charts import COLUMN, HEIGHT, draw_bars, draw_columns, nice_ceiling

numbers = st.integers(min_value=0, max_value=10**9)


@pytest.mark.parametrize(
    ("value", "edge"),
    [(0, 2), (1, 2), (2, 2), (3, 10), (10, 10), (11, 20), (21, 50), (51, 100), (101, 200), (1_346, 2_000)],
)
def test_the_upper_edge_is_the_next_round_number(value: int, edge: int) -> None:
    assert nice_ceiling(value) == edge


@given(numbers)
def test_the_upper_edge_is_not_below_and_its_half_is_whole(value: int) -> None:
    edge = nice_ceiling(value)
    assert value <= edge <= max(2, 5 * value)
    assert edge % 2 == 0


@given(st.lists(numbers, max_size=60))
def test_columns_stand_side_by_side_on_the_ground_within_the_drawing(values: list[int]) -> None:
    chart = draw_columns([(str(place), value, str(value)) for place, value in enumerate(values)])
    assert (chart.height, chart.width) == (HEIGHT, max(1, len(values)) * COLUMN)
    end = 0.0
    for column, value in zip(chart.columns, values, strict=True):
        assert column.x > end
        end = column.x + column.width
        assert column.y >= 0
        assert column.y + column.height == pytest.approx(HEIGHT)
        assert (column.height > 0) == (value > 0)
    assert end <= chart.width


def test_heights_are_in_proportion_and_a_small_value_can_be_seen() -> None:
    chart = draw_columns([("a", 50, "50"), ("b", 100, "100"), ("c", 1, "1"), ("d", 0, "0")])
    assert chart.top == 100
    assert [column.height for column in chart.columns] == [50, 100, 1.5, 0]
    assert [column.words for column in chart.columns] == ["50", "100", "1", "0"]


def test_only_what_runs_is_the_last() -> None:
    points = [("a", 1, "1"), ("b", 1, "1")]
    assert [column.is_last for column in draw_columns(points).columns] == [False, True]
    assert [column.is_last for column in draw_columns(points, is_running=False).columns] == [False, False]


def test_an_edge_that_is_given_holds() -> None:
    chart = draw_columns([("a", 50, "50 %"), ("b", 120, "120 %")], top=100)
    assert chart.top == 100
    assert [column.height for column in chart.columns] == [50, 100]


@given(st.lists(numbers, max_size=20))
def test_the_longest_bar_is_whole(values: list[int]) -> None:
    bars = draw_bars([(str(value), value, str(value)) for value in values])
    assert all(0 <= bar.length <= 100 for bar in bars)
    assert not any(values) or max(bar.length for bar in bars) == 100
