"""Plans: what was kept is read again, and nothing else is a plan."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.errors import InvalidRequest
from petitions.lists.plans import Format, Paper, Plan, Profile

_plans = st.builds(
    Plan,
    profile=st.sampled_from(Profile),
    formats=st.sets(st.sampled_from(Format), min_size=1).map(lambda some: tuple(f for f in Format if f in some)),
    pack=st.booleans(),
    columns=st.lists(st.from_regex(r"\A[a-z][a-z0-9_]{0,60}\Z"), unique=True).map(tuple),
    countries=st.lists(st.sampled_from(["ES", "IE", "XK"]), unique=True).map(tuple),
    languages=st.lists(st.sampled_from(["es", "pt-BR", "zh-Hant"]), unique=True).map(tuple),
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
    without=st.lists(st.uuids(), unique=True).map(tuple),
    organisations=st.booleans(),
    on_paper=st.booleans(),
    language=st.sampled_from([None, "en", "pt-BR"]),
    bom=st.booleans(),
    paper=st.sampled_from(Paper),
    spell_out=st.booleans(),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_keys = st.sampled_from(sorted(Plan.__dataclass_fields__))


@given(_plans)
def test_what_was_kept_is_read_again(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == plan


def test_what_is_kept_is_plain_and_short() -> None:
    assert Plan().to_json() == {"profile": "delivery", "formats": ["csv"]}
    delivery = UUID("01890000-0000-7000-8000-000000000000")
    plan = Plan(
        since=date(2026, 11, 1), without=(delivery,), formats=(Format.XLSX, Format.PDF), paper=Paper.LETTER
    )
    assert plan.to_json() == {
        "profile": "delivery",
        "formats": ["xlsx", "pdf"],
        "since": "2026-11-01",
        "without": [str(delivery)],
        "paper": "letter",
    }


@given(st.dictionaries(_keys | st.text(max_size=5), _json, max_size=4) | _json)
def test_anything_else_is_refused_and_nothing_breaks(data: Any) -> None:
    try:
        plan = Plan.from_json(data)
    except InvalidRequest:
        return
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "plan",
        {"unknown": 1},
        {"formats": []},
        {"formats": "csv"},
        {"formats": ["exe"]},
        {"formats": {"csv": 1}},
        {"profile": "everything"},
        {"profile": ["full"]},
        {"pack": 1},
        {"columns": "name"},
        {"columns": ["Name; DROP"]},
        {"columns": [1]},
        {"countries": ["es"]},
        {"countries": ["E\x00"]},
        {"languages": ["english!"]},
        {"since": "yesterday"},
        {"since": 5},
        {"without": ["x"]},
        {"language": 5},
        {"language": "klingon-x"},
        {"paper": "a5"},
    ],
)
def test_no_plan(data: Any) -> None:
    with pytest.raises(InvalidRequest):
        Plan.from_json(data)


def test_formats_come_once_and_in_their_order() -> None:
    assert Plan.from_json({"formats": ["pdf", "csv", "pdf"]}).formats == (Format.CSV, Format.PDF)


def test_a_plan_says_whether_it_leaves_rows_out() -> None:
    assert not Plan(columns=("name",), organisations=True).is_filtered
    for changes in (
        {"countries": ("ES",)},
        {"languages": ("es",)},
        {"since": date(2026, 1, 1)},
        {"until": date(2026, 1, 1)},
        {"without": (UUID(int=1),)},
    ):
        assert Plan(**changes).is_filtered
