"""docs/privacy.md claims nothing without a test that is there and is run."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
NAMED = sorted(set(_TEST.findall(TEXT)))


def sections() -> dict[str, str]:
    """The text of each section, by its heading."""
    _, *parts = _HEADING.split(TEXT)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(text: str) -> list[str]:
    """The rows of its tables, without their heads."""
    lines = [*text.splitlines(), ""]
    return [
        line
        for place, line in enumerate(lines)
        if line.startswith("|") and not line.startswith("| ---") and not lines[place + 1].startswith("| ---")
    ]


def test_the_five_are_there() -> None:
    assert {
        "A seized server",
        "A curious operator",
        "A mail provider",
        "A network observer",
        "A public visitor",
        "What is not protected today",
    } <= sections().keys()


@pytest.mark.parametrize("name", [name for name, text in sections().items() if "|" in text])
def test_every_claim_names_its_test(name: str) -> None:
    claims = rows(sections()[name])
    assert claims
    assert [claim for claim in claims if not _TEST.search(claim.rpartition(" | ")[2])] == []


def test_whatever_looks_like_a_test_is_named_whole() -> None:
    assert len(re.findall(r"::test_", TEXT)) == len(_TEST.findall(TEXT))
    assert len(NAMED) > 60


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_is_named_is_there(file: str) -> None:
    module = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    there = {function.name for function in functions}
    assert {name for named, name in NAMED if named == file} - there == set()


def test_every_test_that_is_named_is_run() -> None:
    """pytest finds it, and it is not skipped or expected to fail."""
    files = sorted({file for file, _ in NAMED})
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-2000:]
    collected = {tuple(line.partition("[")[0].split("::")) for line in result.stdout.splitlines() if "::" in line}
    assert set(NAMED) - collected == set()
    for file, name in NAMED:
        assert _marks(file, name) & {"skip", "skipif", "xfail"} == set(), f"{file}::{name}"


def _marks(file: str, name: str) -> set[str]:
    """Names of the decorators of a test, and of the marks of its module."""
    module = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    marked: list[ast.AST] = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            marked += node.decorator_list
        elif isinstance(node, ast.Assign) and "pytestmark" in [ast.unparse(target) for target in node.targets]:
            marked.append(node.value)
    return {part.attr for node in marked for part in ast.walk(node) if isinstance(part, ast.Attribute)}
