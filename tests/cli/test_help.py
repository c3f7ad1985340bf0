"""Every command explains itself."""

from importlib.metadata import version
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from petitions.cli.context import Exit
from petitions.cli.main import build_app

APP = build_app()
ROOT = typer.main.get_command(APP)


def commands(command: Any = ROOT, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command that is not hidden, by its words."""
    if not hasattr(command, "commands"):
        return {path: command}
    found: dict[tuple[str, ...], Any] = {}
    for name, inner in command.commands.items():
        if not inner.hidden:
            found |= commands(inner, (*path, name))
    return found


def test_these_are_the_commands() -> None:
    assert sorted(" ".join(path) for path in commands()) == [
        "audit export",
        "audit verify",
        "campaign export",
        "campaign import",
        "campaign list",
        "db backup",
        "db compact",
        "db upgrade",
        "demo",
        "export",
        "held drop",
        "held list",
        "held release",
        "paper import",
        "purge",
        "recount",
        "rules check",
        "rules set",
        "rules show",
        "serve",
        "signature withdraw",
        "user create",
        "user link",
        "verify",
        "worker",
    ]


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_a_command_s_help_has_an_example_that_is_right(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(APP, [*path, "--help"], terminal_width=200)
    assert result.exit_code == 0
    text = "\n".join(line.strip() for line in result.output.splitlines())
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    (example,) = [paragraph for paragraph in paragraphs if paragraph.startswith("Example: ")]
    words = example.removeprefix("Example: ").split()
    assert words[: 1 + len(path)] == ["petitions", *path]
    # The example is one that the command understands.
    command = commands()[path]
    command.make_context(" ".join(path), words[1 + len(path) :])


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    for parameter in commands()[path].params:
        hidden = getattr(parameter, "hidden", False)
        assert hidden or parameter.help, parameter.name


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(APP, ["--version"])
    assert (result.exit_code, result.output) == (0, f"petitions {version('petitions')}\n")


def test_a_wrong_command_line_ends_with_two() -> None:
    for arguments in (
        ["nothing"],
        ["export"],
        ["export", "x", "--format", "doc", "-o", "y"],
        ["serve", "--port", "x"],
    ):
        assert CliRunner().invoke(APP, arguments).exit_code == Exit.USAGE


def test_exit_codes_stay_what_they_are() -> None:
    assert {code.name: code.value for code in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "SETTINGS": 3,
        "STORE": 4,
        "INPUT": 5,
        "DRIFT": 6,
        "BROKEN": 7,
        "UNCHECKED": 8,
    }
