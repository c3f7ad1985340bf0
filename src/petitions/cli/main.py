"""Puts the groups of commands together."""

import os
from importlib.metadata import version

import typer

from petitions.cli import (
    audit,
    campaign,
    counting,
    database,
    demo,
    export,
    export_job,
    held,
    paper,
    purging,
    rules,
    serving,
    signature,
    user,
    verify,
)

app = typer.Typer(
    name="petitions",
    help="Petitions and solidarity statements on your own server. Begin with: petitions demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(demo.demo)
app.command()(serving.serve)
app.command()(serving.worker)
app.command(hidden=True)(serving.server_process)
app.command(hidden=True)(export_job.export_job)
app.command("export")(export.export_signatures)
app.command("verify")(verify.verify_pack)
app.command()(counting.recount)
app.command()(purging.purge)
app.add_typer(audit.app, name="audit")
app.add_typer(campaign.app, name="campaign")
app.add_typer(held.app, name="held")
app.add_typer(paper.app, name="paper")
app.add_typer(rules.app, name="rules")
app.add_typer(signature.app, name="signature")
app.add_typer(user.app, name="user")
app.add_typer(database.app, name="db")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"petitions {version('petitions')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line. Whatever it writes holds names and addresses: its owner alone may read it."""
    os.umask(0o077)
    app()
