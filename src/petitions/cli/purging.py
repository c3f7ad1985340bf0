"""petitions purge"""

import signal
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from petitions.campaigns.queries import get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.cli.progress import progress_bar
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy import purging
from petitions.privacy.purging import Report
from petitions.signatures.counting import find_count


def purge(
    slug: Annotated[
        str | None, typer.Argument(help="One campaign, now; without it every campaign whose time has come.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a campaign's time has come.")] = False,
) -> None:
    """Erase the personal data of signers whose campaign's retention has ended: names, addresses, answers and the
    keys of addresses. The count and the totals by country stay. It cannot be undone, and the campaign cannot be
    opened again. The worker does it by itself; a purge that was broken off is finished by running it again.

    Example: petitions purge
    """
    with opened_store(read_settings()) as database:
        reports = _purge_due(database) if slug is None else [_purge_one(database, slug, yes)]
    for report in reports:
        _tell(report)
    if not reports:
        typer.echo("Nothing is due.")
    if any(not report.done for report in reports):
        raise fail("Broken off. Run it again to finish.", Exit.FAILED)


def _stop_between_batches() -> Callable[[], bool]:
    """From now on signals end the command between two batches; tells whether one came."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    return stop.is_set


def _purge_due(database: Database) -> list[Report]:
    return purging.purge_due(database, utc_now(), _stop_between_batches())


def _purge_one(database: Database, slug: str, yes: bool) -> Report:
    now = utc_now()
    with database.reading() as session:
        campaign = get_snapshot(session, slug)
        count = find_count(session, campaign.id)
    due_at = campaign.purge_due_at
    if campaign.purge_began_at is None and (due_at is None or due_at > now) and not yes:
        when = f"is due on {due_at:%Y-%m-%d}" if due_at else "has no day yet"
        typer.echo(f"The purge of {slug} {when}. Now it closes the campaign for good and erases {count} signers.")
        if typer.prompt("Type the slug to go on", default="", show_default=False) != slug:
            raise fail("Nothing was erased.", Exit.INPUT)
    with progress_bar(count) as progress:
        return purging.purge(database, campaign.id, now, _stop_between_batches(), progress.advance)


def _tell(report: Report) -> None:
    typer.echo(f"{report.slug}: {report.erased} signatures erased, the count stays")
    if report.backups_deleted:
        typer.echo(f"  copies of the store deleted: {report.backups_deleted}")
    for place in report.files_left:
        typer.echo(f"  a list or a copy was written here, and is yours to delete: {place}")
