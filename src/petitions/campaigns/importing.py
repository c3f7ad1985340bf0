"""Bringing a campaign from files into the store; doing it again updates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.files import CampaignFiles, Wording
from petitions.campaigns.lifecycle import status_at
from petitions.campaigns.models import Background, Campaign, Statement
from petitions.campaigns.terms import write_terms
from petitions.errors import CampaignPurged


@dataclass(frozen=True)
class Imported:
    """What an import did. `new_versions` are languages whose signed wording was replaced by a new version."""

    campaign_id: int
    created: bool
    new_versions: tuple[str, ...]


def import_campaign(session: Session, files: CampaignFiles, signed: set[int], now: datetime) -> Imported:
    """Create or update the campaign of this slug and publish it. `signed`: ids of statements that a draft
    or a signature points at; those are kept, and a changed wording becomes a new version.
    Raises CampaignPurged."""
    query = select(Campaign).where(Campaign.slug == files.slug)
    campaign = session.scalar(query.with_for_update(key_share=True).execution_options(populate_existing=True))
    created = campaign is None
    if campaign is not None and campaign.purge_began_at is not None:
        raise CampaignPurged(files.slug)
    if campaign is None:
        campaign = Campaign(slug=files.slug, created_at=now)
        session.add(campaign)
    campaign.published_at = campaign.published_at or now
    new_versions = put_in_force(session, campaign, files, signed, now)
    return Imported(campaign.id, created, new_versions)


def put_in_force(
    session: Session, campaign: Campaign, files: CampaignFiles, signed: set[int], now: datetime
) -> tuple[str, ...]:
    """Let the site show what these files say; languages whose signed wording was replaced by a new version."""
    campaign.default_language = files.default_language
    campaign.opens_at, campaign.closes_at = files.opens_at, files.closes_at
    campaign.terms = write_terms(files.terms)
    if status_at(files.opens_at, files.closes_at, now) != "closed":
        campaign.outcome = campaign.archived_at = None  # it goes on
    session.flush()
    new_versions = _import_wordings(session, campaign.id, files.wordings, signed, now)
    _import_backgrounds(session, campaign.id, files.wordings, now)
    return new_versions


def find_statement_ids(session: Session, slug: str) -> list[int]:
    """Ids of every wording of a campaign, old ones too; none when it is not there yet."""
    query = select(Statement.id).join(Campaign, Campaign.id == Statement.campaign_id).where(Campaign.slug == slug)
    return list(session.scalars(query))


def find_replaced(session: Session, campaign_id: int, wordings: Mapping[str, Wording]) -> dict[str, int]:
    """Languages whose wording these would replace by another or take away, with the ids of what is there."""
    statements = session.scalars(
        select(Statement).where(Statement.campaign_id == campaign_id).order_by(Statement.version)
    ).all()
    latest = {statement.language: statement for statement in statements}
    return {
        language: statement.id
        for language, statement in sorted(latest.items())
        if (not _says(statement, wordings[language]) if language in wordings else statement.retired_at is None)
    }


def _import_wordings(
    session: Session, campaign_id: int, wordings: Mapping[str, Wording], signed: set[int], now: datetime
) -> tuple[str, ...]:
    statements = session.scalars(
        select(Statement).where(Statement.campaign_id == campaign_id).order_by(Statement.version)
    ).all()
    latest = {statement.language: statement for statement in statements}
    for old in statements:
        if old.language not in wordings and old.retired_at is None:
            old.retired_at = now
    replaced = []
    for language, wording in sorted(wordings.items()):
        statement = latest.get(language)
        if statement is None:
            session.add(_statement(campaign_id, language, 1, wording, now))
        elif _says(statement, wording):
            statement.retired_at = None
        elif statement.id in signed:
            statement.retired_at = now
            session.add(_statement(campaign_id, language, statement.version + 1, wording, now))
            replaced.append(language)
        else:
            session.delete(statement)
            session.flush()
            session.add(_statement(campaign_id, language, statement.version, wording, now))
    session.flush()
    return tuple(replaced)


def _says(statement: Statement, wording: Wording) -> bool:
    return (statement.title, statement.summary, statement.body, tuple(statement.demands)) == (
        wording.title,
        wording.summary,
        wording.body,
        wording.demands,
    )


def _statement(campaign_id: int, language: str, version: int, wording: Wording, now: datetime) -> Statement:
    return Statement(
        campaign_id=campaign_id,
        language=language,
        version=version,
        title=wording.title,
        summary=wording.summary,
        body=wording.body,
        demands=list(wording.demands),
        created_at=now,
    )


def _import_backgrounds(
    session: Session, campaign_id: int, wordings: Mapping[str, Wording], now: datetime
) -> None:
    kept = session.scalars(select(Background).where(Background.campaign_id == campaign_id)).all()
    backgrounds = {background.language: background for background in kept}
    for language, background in backgrounds.items():
        if language not in wordings or wordings[language].background is None:
            session.delete(background)
    for language, wording in wordings.items():
        if wording.background is None:
            continue
        known = backgrounds.get(language)
        if known is None:
            session.add(
                Background(campaign_id=campaign_id, language=language, body=wording.background, updated_at=now)
            )
        elif known.body != wording.background:
            known.body, known.updated_at = wording.background, now
    session.flush()
