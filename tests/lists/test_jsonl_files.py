"""Lists as JSON Lines."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from petitions.lists.columns import Column, Kind
from petitions.lists.jsonl_files import write_jsonl
from tests.lists.made import COLUMNS, ROWS, MemoryFolder, Watcher, make_document, make_section


def test_each_row_is_an_object_with_codes_and_numbers() -> None:
    folder, watcher = MemoryFolder(), Watcher()
    write_jsonl(make_document(make_section(), make_section([], key="paper")), folder, watcher)
    assert folder.files["signatures.jsonl"].decode() == (
        '{"number": 1, "name": "Ana Sánchez", "country": "ES", "comment": "With you.\\nAlways.", '
        '"date": "2026-11-22", "confirmed": "2026-11-22T12:01:00Z"}\n'
        '{"number": 2, "name": "محمد علي", "country": "IE", "comment": null, '
        '"date": "2026-11-22", "confirmed": "2026-11-22T23:59:59Z"}\n'
        '{"number": 4, "name": "=1+1", "country": "XX", "comment": "x;\\"=2\\"", "date": null, '
        '"confirmed": null}\n'
    )
    assert folder.files["paper.jsonl"] == b""
    assert folder.rows == {"signatures.jsonl": 3, "paper.jsonl": 0}
    assert (watcher.phases, watcher.done) == ([("jsonl", 3)], [3])


_cells = st.tuples(st.integers(0) | st.none(), st.text() | st.none())


@given(
    st.lists(_cells), st.integers(1, 4), st.from_regex(r"\A[a-z][a-z0-9_]{0,30}\Z").filter(lambda k: k != "number")
)
def test_whatever_was_typed_is_read_back(rows: list[Any], page: int, key: str) -> None:
    columns = [Column("number", "x", Kind.NUMBER), Column(key, "y")]
    folder = MemoryFolder()
    write_jsonl(make_document(make_section(rows, columns, page=page)), folder, Watcher())
    lines = folder.files["signatures.jsonl"].decode().split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [{"number": number, key: text} for number, text in rows]


def test_keys_are_those_of_the_columns() -> None:
    folder = MemoryFolder()
    write_jsonl(make_document(), folder, Watcher())
    first = json.loads(folder.files["signatures.jsonl"].split(b"\n")[0])
    assert list(first) == [column.key for column in COLUMNS]
    assert list(first.values()) == list(ROWS[0])
