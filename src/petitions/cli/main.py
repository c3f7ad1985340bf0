"""Puts the groups of commands together."""

import os
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import version

import typer

#: Every command in the order of the help: the module here that has it, and its name there; "app" is a group.
#: They are imported when they are called, for all of them together take a second.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "demo"),
    "serve": ("serving", "serve"),
    "worker": ("serving", "worker"),
    "server-process": ("serving", "server_process"),
    "export-job": ("export_job", "export_job"),
    "export": ("export", "export_signatures"),
    "verify": ("verify", "verify_pack"),
    "recount": ("counting", "recount"),
    "purge": ("purging", "purge"),
    "audit": ("audit", "app"),
    "campaign": ("campaign", "app"),
    "held": ("held", "app"),
    "paper": ("paper", "app"),
    "rules": ("rules", "app"),
    "signature": ("signature", "app"),
    "user": ("user", "app"),
    "db": ("database", "app"),
}
#: The program calls these itself.
_HIDDEN = ("server-process", "export-job")


def build_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        name="petitions",
        help="Petitions and solidarity statements on your own server. Begin with: petitions demo",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_options)
    for name in names:
        module, attribute = COMMANDS[name]
        found = getattr(import_module(f"petitions.cli.{module}"), attribute)
        if attribute == "app":
            app.add_typer(found, name=name)
        else:
            app.command(name, hidden=name in _HIDDEN)(found)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"petitions {version('petitions')}")
        raise typer.Exit


def _options(
    _version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line. Whatever it writes holds names and addresses: its owner alone may read it."""
    os.umask(0o077)
    named = [name for name in sys.argv[1:2] if name in COMMANDS]
    build_app(named or COMMANDS)()
