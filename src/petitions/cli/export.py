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

from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.cli.progress import progress_bar
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.csv_export import write_csv
from petitions.delivery.exports import record_export
from petitions.delivery.organisations_csv import make_list
from petitions.errors import StoreError
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
    organisations: Annotated[
        bool,
        typer.Option("--organisations", help="The organisations that co-sign instead, as everybody sees them."),
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
        if organisations:
            _export_organisations(database, campaign, output, bom=bom)
            return
        if campaign.purge_began_at is not None:
            raise fail(f"The data of the signers of {slug} are erased. Its count is {count}.", Exit.INPUT)
        before = output.lstat() if output.is_file() else None
        with progress_bar(count) as progress, _whole_file(output) as out:
            rows = write_csv(database, campaign, out, bom=bom, progress=progress.advance)
        file = output if str(output) != "-" and output.is_file() else None
        try:
            _record(database, slug, file, before, rows)
        except StoreError:
            if file is not None:
                file.unlink(missing_ok=True)  # a list that nobody remembers would outlive its signers' consent
            raise
    print(f"{rows} signatures", file=sys.stderr)  # noqa: T201 - a command speaks to its user


def _export_organisations(database: Database, campaign: CampaignSnapshot, output: Path, *, bom: bool) -> None:
    """What everybody sees, without anybody who speaks for them: nothing of it goes when the names of people go."""
    with database.reading() as session:
        made = make_list(session, campaign, bom=bom)
    with _whole_file(output) as out:
        out.write(made.content.decode())
    print(f"{made.rows} organisations", file=sys.stderr)  # noqa: T201 - a command speaks to its user


def _record(database: Database, slug: str, file: Path | None, before: os.stat_result | None, rows: int) -> None:
    """Let the file go with the data of the signers; if they went meanwhile, it goes now. None: it went to
    standard output or a device, and is not ours."""
    with database.writing() as session:
        campaign = get_snapshot(session, slug)
        if campaign.purge_began_at is None and file is not None:
            record_export(session, campaign.id, file, rows, utc_now(), before)
    if campaign.purge_began_at is not None:
        if file is not None:
            file.unlink()
        made = "No file was made" if file is not None else "The list is not whole"
        raise fail(f"The data of the signers of {slug} were erased meanwhile. {made}.", Exit.INPUT)
    if file is not None:
        typer.echo(_reminder(campaign), err=True)


def _reminder(campaign: CampaignSnapshot) -> str:
    due_at = campaign.purge_due_at
    when = f"on {due_at:%Y-%m-%d}" if due_at else "when the data of the signers are erased"
    return f"The file holds names. Where it lies unchanged, it is deleted {when}; copies are yours to delete."


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
