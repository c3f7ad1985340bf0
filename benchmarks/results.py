"""From rounds to a line of JSON."""

import json
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.load import Load


def summarise(loads: Sequence[Load]) -> dict[str, Any]:
    """The medians of some rounds; `p99_worst_ms` is that of the worst round."""
    return {
        "per_second": round(median(load.per_second for load in loads), 1),
        "p50_ms": round(median(load.p50 for load in loads), 2),
        "p99_ms": round(median(load.p99 for load in loads), 2),
        "p99_worst_ms": round(max(load.p99 for load in loads), 2),
        "cpu_us": round(median(load.cpu_microseconds for load in loads)),
        "cpu": [round(median(shares), 2) for shares in zip(*(load.cpu for load in loads), strict=True)],
        "rounds": [round(load.per_second) for load in loads],
    }


def ratio(figures: Sequence[Load], floors: Sequence[Load]) -> float:
    """The median of the ratios of neighbours."""
    pairs = zip(figures, floors, strict=True)
    return round(median(figure.per_second / floor.per_second for figure, floor in pairs), 3)


def cpu_ratio(figures: Sequence[Load], floors: Sequence[Load]) -> float:
    """The same of processor time: how many of the floor's requests cost what one of the figure's costs, as a
    share. On a machine of our own it is close to `ratio`."""
    pairs = zip(figures, floors, strict=True)
    return round(median(floor.cpu_microseconds / figure.cpu_microseconds for figure, floor in pairs), 3)


def print_line(benchmark: str, wanted: dict[str, bool], **figures: Any) -> None:
    """One JSON line. `wanted` says of each wish whether it came true."""
    print(json.dumps({"benchmark": benchmark, "met": wanted, **figures}, ensure_ascii=False), flush=True)
