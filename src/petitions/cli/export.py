"""petitions export"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from petitions.campaigns.queries import get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.delivery.csv_export import write_csv
from petitions.signatures.counting import find_count


class Format(StrEnum):
    CSV = "csv"


def export_signatures(
    slug: Annotated[str, typer.Argument(help="The campaign.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; - for standard output.")],
    format_: Annotated[Format, typer.Option("--format", help="The kind of file.")] = Format.CSV,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin with a byte order mark; Excel reads UTF-8 only so.")
    ] = False,
) -> None:
    """Write the confirmed signatures as a list for the delivery: names as each signer allowed, no addresses.

    The file appears under its name only when it is whole.

    Example: petitions export free-ana-sanchez --format csv --output signatures.csv
    """
    assert format_ is Format.CSV
    gc.disable()  # a million rows make no cycles, and looking for them costs a tenth of the time
    with opened_store(read_settings()) as database:
        with database.reading() as session:
            campaign = get_snapshot(session, slug)
            count = find_count(session, campaign.id)
        with _progress(count) as progress, _whole_file(output) as out:
            rows = write_csv(database, campaign, out, bom=bom, progress=progress.advance)
    print(f"{rows} signatures", file=sys.stderr)  # noqa: T201 - a command speaks to its user


class _Bar:
    """A progress bar on a terminal; silent in a pipe."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("Signatures"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self.progress.add_task("", total=total)

    def advance(self, rows: int) -> None:
        self.progress.advance(self._task, rows)


@contextmanager
def _progress(total: int) -> Iterator[_Bar]:
    bar = _Bar(total)
    with bar.progress:
        yield bar


@contextmanager
def _whole_file(target: Path) -> Iterator[TextIO]:
    """A text file that appears under its name only when it is whole, readable by its owner alone."""
    if str(target) == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        try:
            yield sys.stdout
            sys.stdout.flush()
        except OSError as error:
            # What could not be written must not be tried again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise typer.Exit(Exit.FAILED) from None
            raise fail(f"Standard output cannot be written: {error.strerror}.", Exit.INPUT) from None
        return
    if target.exists() and not target.is_file():  # /dev/stdout, a pipe: nothing to put in its place
        try:
            with target.open("w", encoding="utf-8", newline="") as out:
                yield out
        except OSError as error:
            raise fail(f"{target} cannot be written: {error.strerror}.", Exit.INPUT) from None
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(target)
    except OSError as error:
        raise fail(f"{target} cannot be written: {error.strerror}. No file was made.", Exit.INPUT) from None
    finally:
        unfinished.unlink(missing_ok=True)
