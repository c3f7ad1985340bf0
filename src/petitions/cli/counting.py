"""petitions recount"""

from typing import Annotated

import typer

from petitions.campaigns.queries import get_snapshot, list_snapshots
from petitions.cli.context import Exit, opened_store, read_settings
from petitions.clock import utc_now
from petitions.signatures.counting import recount as recount_campaign


def recount(
    slugs: Annotated[list[str] | None, typer.Argument(help="Campaigns; all without any.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Set a wrong count right.")] = False,
) -> None:
    """Count the signatures and hold the result against the number on the page.

    Exits with 6 when a count was wrong and was not repaired.

    Example: petitions recount --repair
    """
    drifted = False
    with opened_store(read_settings()) as database:
        with database.reading() as session:
            campaigns = [get_snapshot(session, s) for s in slugs] if slugs else list_snapshots(session)
        for campaign in campaigns:
            # Only a repair takes the lock: looking at a large campaign must not hold up its wave.
            with database.writing() if repair else database.reading() as session:
                result = recount_campaign(session, campaign.id, utc_now(), repair=repair)
            state = "right" if not result.drift else f"wrong by {result.drift:+d}"
            mended = ", repaired" if result.drift and repair else ""
            typer.echo(f"{result.slug}: says {result.tallied}, has {result.rows}: {state}{mended}")
            drifted = drifted or (result.drift != 0 and not repair)
    if drifted:
        raise typer.Exit(Exit.DRIFT)
