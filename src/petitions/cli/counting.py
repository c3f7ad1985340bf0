"""petitions recount"""

from typing import Annotated

import typer

from petitions.campaigns.queries import get_snapshot, list_snapshots
from petitions.cli.context import Exit, opened_store, read_settings
from petitions.clock import utc_now
from petitions.organisations import counting as organisations
from petitions.paper import counting as paper
from petitions.signatures.counting import find_people
from petitions.signatures.counting import recount as recount_campaign


def recount(
    slugs: Annotated[list[str] | None, typer.Argument(help="Campaigns; all without any.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Set a wrong count right.")] = False,
) -> None:
    """Count the signatures, online and on paper, and the organisations, and hold the result against the pages.

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
                co_signed = organisations.find_standing(session, campaign.id)
                of_organisations = organisations.recount(session, campaign.id, repair=repair)
                on_paper = find_people(session, campaign.id).paper
                of_paper = paper.recount(session, campaign.id, repair=repair)
            told = _state(result.drift, repair=repair)
            typer.echo(f"{result.slug}: says {result.tallied}, has {result.rows}: {told}")
            if co_signed.counted or of_organisations:
                told = _state(of_organisations, repair=repair)
                typer.echo(f"{result.slug}, organisations: says {co_signed.counted}: {told}")
            if on_paper or of_paper:
                typer.echo(f"{result.slug}, on paper: says {on_paper}: {_state(of_paper, repair=repair)}")
            drifted = drifted or ((result.drift, of_organisations, of_paper) != (0, 0, 0) and not repair)
    if drifted:
        raise typer.Exit(Exit.DRIFT)


def _state(drift: int, *, repair: bool) -> str:
    mended = ", repaired" if repair else ""
    return f"wrong by {drift:+d}{mended}" if drift else "right"
