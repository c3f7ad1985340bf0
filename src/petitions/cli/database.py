"""petitions db …"""

from pathlib import Path
from typing import Annotated

import typer

from petitions import schema
from petitions.backups import backup as copy_store
from petitions.cli.context import Exit, fail, opened_store, read_settings

app = typer.Typer(help="The store.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the store to the schema of this version. Make a backup before.

    Example: petitions db upgrade
    """
    with opened_store(read_settings(), prepared=False) as database:
        schema.upgrade_known(database)
        typer.echo(f"The store is of revision {schema.needed_revision()}.")


@app.command()
def compact() -> None:
    """Write the store anew, so that no traces of erased rows are left in the gaps of its pages, and give the space
    back. Nobody can sign meanwhile, about a second for each 100 MB: do it at a quiet hour.

    Example: petitions db compact
    """
    with opened_store(read_settings()) as database:
        database.compact()
    typer.echo("The store is written anew.")


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Copy the SQLite store while it is in use. For PostgreSQL use pg_dump.

    The copy holds names and addresses: keep it as safe as the store, and delete it in time.

    Example: petitions db backup /var/backups/petitions-2026-11-22.db
    """
    with opened_store(read_settings(), prepared=False) as database:
        if database.file is None:
            raise fail("The store is PostgreSQL: use pg_dump.", Exit.USAGE)
        try:
            copy_store(database.file, target)
        except FileExistsError:
            raise fail(f"{target} is there already.", Exit.INPUT) from None
        except OSError as error:
            raise fail(f"{target} cannot be written ({type(error).__name__}).", Exit.INPUT) from None
    typer.echo(f"Copied to {target}.")
