"""petitions campaign …"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import COMMAND_LINE, record
from petitions.campaigns.content import content_of, to_files
from petitions.campaigns.editing import load_copy, load_files
from petitions.campaigns.exporting import write_campaign
from petitions.campaigns.files import CampaignFiles, read_campaign
from petitions.campaigns.lifecycle import purge_due_at
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import list_snapshots
from petitions.campaigns.values import TermsError
from petitions.cli.context import opened_store, read_settings
from petitions.clock import utc_now
from petitions.errors import CampaignFileError, CampaignNotFound
from petitions.signatures.counting import People, find_all_people
from petitions.signatures.importing import import_files

app = typer.Typer(help="Campaigns as files.", no_args_is_help=True)


@app.command("import")
def import_campaigns(
    folders: Annotated[list[Path], typer.Argument(help="Folders, each with a campaign.toml and Markdown files.")],
) -> None:
    """Bring campaigns from files into the store; again to update them.

    Every folder is read and checked before anything is changed.

    Example: petitions campaign import my-campaign/
    """
    with opened_store(read_settings()) as database:
        now = utc_now()
        campaigns = [read_campaign(folder, now) for folder in folders]
        for files in campaigns:
            with database.writing() as session:
                imported = import_files(session, files, now)
                record(
                    session,
                    COMMAND_LINE,
                    "campaign.imported",
                    now,
                    imported.campaign_id,
                    new_versions=list(imported.new_versions),
                )
            typer.echo(f"{files.slug}: {'created' if imported.created else 'updated'}")
            due_at = purge_due_at(files.terms.retention, files.closes_at)
            when = f"on {due_at:%Y-%m-%d}" if due_at else "never: neither `closes` nor `retention.until` is set"
            typer.echo(f"{files.slug}: the data of its signers are erased {when}")
            for language in imported.new_versions:
                typer.echo(f"{files.slug}: {language}: new version; signatures keep the wording that they saw")


@app.command("export")
def export_campaign(
    slug: Annotated[str, typer.Argument(help="The campaign.")],
    folder: Annotated[Path, typer.Argument(help="Where to; it is made if it is not there.")],
    draft: Annotated[
        bool, typer.Option("--draft", help="What leads are writing, instead of what is published.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write into a folder that is not empty, over the campaign in it.")
    ] = False,
) -> None:
    """Write a campaign as files, which `petitions campaign import` reads.

    Example: petitions campaign export free-ana-sanchez my-campaign/
    """
    with opened_store(read_settings()) as database:
        with database.reading() as session:
            files = _read_files(session, slug, draft=draft)
        written = write_campaign(folder, files, overwrite=overwrite)
    for file in written:
        typer.echo(file)


def _read_files(session: Session, slug: str, *, draft: bool) -> CampaignFiles:
    """Raises CampaignNotFound, and CampaignFileError for a draft in which something is missing."""
    campaign = session.scalar(select(Campaign).where(Campaign.slug == slug))
    if campaign is None or not (draft or campaign.published_at):
        raise CampaignNotFound(slug)
    content = load_copy(session, campaign.id).content if draft else content_of(load_files(session, campaign))
    now = utc_now()
    try:
        return to_files(slug, content, now)
    except TermsError as error:
        if draft:
            raise CampaignFileError(slug, error.key, error.expected) from None
        return load_files(session, campaign)  # what was published once is written, whatever the day


@app.command("list")
def list_campaigns() -> None:
    """Show every campaign with its state, its signatures, those on paper, and its languages.

    Example: petitions campaign list
    """
    with opened_store(read_settings()) as database, database.reading() as session:
        people, campaigns = find_all_people(session), list_snapshots(session)
    now = utc_now()
    console = Console()
    if not console.is_terminal:
        for campaign in campaigns:
            signed = people.get(campaign.id, People())
            fields = (campaign.slug, campaign.status(now), signed.online, signed.paper, *campaign.languages)
            typer.echo("\t".join(map(str, fields)))
        return
    table = Table("Campaign", "State", "Signatures", "On paper", "Languages")
    for campaign in campaigns:
        signed = people.get(campaign.id, People())
        counts = (f"{signed.online:,}", f"{signed.paper:,}")
        table.add_row(campaign.slug, campaign.status(now), *counts, " ".join(campaign.languages))
    console.print(table)
