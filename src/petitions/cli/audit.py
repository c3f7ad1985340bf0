"""petitions audit …: what leads did, and whether the chain over it holds."""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from petitions.audit.chain import parse_head
from petitions.audit.verifying import verify
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.db import Database
from petitions.delivery.audit_csv import write_audit_csv

app = typer.Typer(help="What leads did, and whether it is as it was sealed.", no_args_is_help=True)


@app.command("verify")
def verify_chain(
    head: Annotated[
        str | None, typer.Option(help="A head that was noted down, like 12:9f86…: the chain must still hold it.")
    ] = None,
) -> None:
    """Go through the chain over the log: no entry was changed, deleted or inserted since it was sealed.

    Shows how many entries are as they were sealed, and the head of the chain.

    Example: petitions audit verify
    """
    try:
        noted = parse_head(head) if head is not None else None
    except ValueError as error:
        raise fail(f"--head: {error}.", Exit.USAGE) from None
    with opened_store(read_settings()) as database, database.reading() as session:
        found = verify(session, noted)
    typer.echo(f"{found.count} entries\t{found.head}")
    if found.unsealed:
        print(f"{found.unsealed} wait for the worker to seal them.", file=sys.stderr)  # noqa: T201
    if found.broken_at is not None:
        raise fail(f"The chain is broken at place {found.broken_at}.", Exit.BROKEN)


@app.command("export")
def export_log(
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; - for standard output.")],
) -> None:
    """Write the whole log as CSV, the oldest first, with the place and the digest of each entry.

    Example: petitions audit export --output log.csv
    """
    with opened_store(read_settings()) as database:
        try:
            if str(output) == "-":
                _write(database, sys.stdout.buffer)
            else:
                with output.open("wb") as out:
                    _write(database, out)
        except OSError as error:
            raise fail(f"{output} cannot be written: {error.strerror}.", Exit.INPUT) from None


def _write(database: Database, out: BinaryIO) -> None:
    for lines in write_audit_csv(database, None):
        out.write(lines)
    out.flush()
