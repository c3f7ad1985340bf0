"""What the project promises about itself: its layers, its documentation, its templates."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from petitions import paths
from petitions.cli.context import Exit
from petitions.i18n import translator
from petitions.settings import SECRETS, VARIABLES
from petitions.templating import environment
from tests.cli.test_help import commands

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src" / "petitions").rglob("*.py"))
TEMPLATES = sorted(file for file in paths.TEMPLATES.rglob("*") if file.is_file())
FEATURES = (
    "accounts",
    "campaigns",
    "signatures",
    "organisations",
    "mail",
    "abuse",
    "audit",
    "delivery",
    "privacy",
)


def operating() -> str:
    return (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def module(file: Path) -> str:
    return str(file.relative_to(ROOT / "src" / "petitions"))


def test_imports_go_downwards_only() -> None:
    program = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stdout
    assert "1 kept, 0 broken" in result.stdout


@pytest.mark.parametrize("name", VARIABLES)
def test_every_setting_is_documented(name: str) -> None:
    assert f"PETITIONS_{name}`" in operating()
    if name in SECRETS:
        assert "_FILE" in operating()


def test_no_setting_is_documented_that_is_not_there() -> None:
    words = {word.strip("`.,;:()=") for word in operating().replace("=", " ").replace("|", " ").split()}
    named = {word for word in words if word.startswith("PETITIONS_") and word.replace("_", "").isalnum()}
    known = {f"PETITIONS_{name}" for name in VARIABLES} | {f"PETITIONS_{name}_FILE" for name in SECRETS}
    assert named - known - {"PETITIONS_"} == set()


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_is_documented(path: tuple[str, ...]) -> None:
    assert f"petitions {' '.join(path)}" in operating()


@pytest.mark.parametrize("code", [code for code in Exit if code], ids=str)
def test_every_exit_code_is_documented(code: Exit) -> None:
    listed = operating().partition("\nExit codes: ")[2].partition("\n\n")[0]
    assert f"; {code.value} " in " ".join(listed.split())


def test_no_module_grows_past_300_lines() -> None:
    long = {module(file): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        module(file) for file in SOURCES if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_modules_are_named_by_what_they_do() -> None:
    named = {file.stem for file in SOURCES}
    assert named & {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base"} == set()


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("feature", FEATURES)
def test_features_know_no_http(feature: str) -> None:
    for file in SOURCES:
        if module(file).startswith(f"{feature}/"):
            known = {name.partition(".")[0] for name in imports(file)}
            assert not known & {"starlette", "uvicorn", "wtforms", "httpx"}, module(file)


def test_the_time_is_asked_in_one_place() -> None:
    """`now` is an argument everywhere else."""
    asking = {
        module(file)
        for file in SOURCES
        if any(
            ask in file.read_text(encoding="utf-8") for ask in ("datetime.now(", "datetime.utcnow(", "date.today(")
        )
    }
    assert asking == {"clock.py"}


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(paths.TEMPLATES)))
def test_a_template_compiles_and_holds_nothing_inline(file: Path) -> None:
    environment(translator("ar")).get_template(str(file.relative_to(paths.TEMPLATES)))
    text = file.read_text(encoding="utf-8")
    if "mail" in file.relative_to(paths.TEMPLATES).parts:
        return  # mail programs know inline styles only, and run no scripts
    for inline in ("<style", " style=", " onclick=", " onload=", " onsubmit=", "javascript:", "|safe"):
        assert inline not in text


def test_no_page_asks_another_host_for_anything() -> None:
    for file in TEMPLATES:
        text = file.read_text(encoding="utf-8")
        for asking in ('src="http', "src='http", 'src="//', "url(http", "@import"):
            assert asking not in text, file
