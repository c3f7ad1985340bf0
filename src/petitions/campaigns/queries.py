"""Reading campaigns."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.lifecycle import Status, status_at
from petitions.campaigns.models import Background, Campaign, Statement
from petitions.campaigns.reading import read_terms
from petitions.campaigns.terms import Terms
from petitions.errors import CampaignNotFound


@dataclass(frozen=True)
class CampaignSnapshot:
    """A campaign as it stood at one moment, with the wordings in force; holds no count."""

    id: int
    slug: str
    default_language: str
    opens_at: datetime | None
    closes_at: datetime | None
    terms: Terms
    statements: dict[str, Statement]  # by language, the default first
    background_languages: tuple[str, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.statements)

    def status(self, now: datetime) -> Status:
        return status_at(self.opens_at, self.closes_at, now)


def get_snapshot(session: Session, slug: str) -> CampaignSnapshot:
    """A published campaign. Raises CampaignNotFound."""
    campaign = session.scalar(select(Campaign).where(Campaign.slug == slug, Campaign.published_at.is_not(None)))
    if campaign is None:
        raise CampaignNotFound(slug)
    return _snapshots(session, [campaign])[0]


def find_slug(session: Session, campaign_id: int) -> str | None:
    """The slug of a campaign."""
    return session.scalar(select(Campaign.slug).where(Campaign.id == campaign_id))


def list_snapshots(session: Session) -> list[CampaignSnapshot]:
    """Every published campaign, the newest first."""
    query = (
        select(Campaign)
        .where(Campaign.published_at.is_not(None))
        .order_by(Campaign.created_at.desc(), Campaign.id.desc())
    )
    return _snapshots(session, list(session.scalars(query)))


def find_background(session: Session, campaign_id: int, language: str) -> str | None:
    """The Markdown of the background page in exactly this language."""
    background = session.get(Background, (campaign_id, language))
    return background.body if background else None


def _snapshots(session: Session, campaigns: list[Campaign]) -> list[CampaignSnapshot]:
    ids = [campaign.id for campaign in campaigns]
    statements: dict[int, dict[str, Statement]] = {campaign_id: {} for campaign_id in ids}
    query = select(Statement).where(Statement.campaign_id.in_(ids), Statement.retired_at.is_(None))
    for statement in session.scalars(query.order_by(Statement.language, Statement.version)):
        statements[statement.campaign_id][statement.language] = statement
    backgrounds: dict[int, list[str]] = {campaign_id: [] for campaign_id in ids}
    rows = session.execute(
        select(Background.campaign_id, Background.language)
        .where(Background.campaign_id.in_(ids))
        .order_by(Background.language)
    )
    for campaign_id, language in rows:
        backgrounds[campaign_id].append(language)
    session.expunge_all()  # a snapshot outlives the transaction
    return [_snapshot(c, statements[c.id], tuple(backgrounds[c.id])) for c in campaigns]


def _snapshot(
    campaign: Campaign, statements: dict[str, Statement], background_languages: tuple[str, ...]
) -> CampaignSnapshot:
    first = campaign.default_language
    return CampaignSnapshot(
        id=campaign.id,
        slug=campaign.slug,
        default_language=first,
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        terms=read_terms(campaign.terms, ()),
        statements={first: statements[first]} | statements,
        background_languages=background_languages,
    )
