"""Reading campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.defence import Defence, defence_of
from petitions.campaigns.lifecycle import Status, purge_due_at, status_at
from petitions.campaigns.models import Background, Campaign, Revision, Statement
from petitions.campaigns.reading import read_terms
from petitions.campaigns.terms import LocalText, Terms
from petitions.errors import CampaignNotFound


@dataclass(frozen=True)
class WordingNote:
    """Why words changed that people had signed, as the campaign says it in public."""

    changed_at: datetime
    text: LocalText


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
    purge_began_at: datetime | None = None
    purged_at: datetime | None = None
    outcome: str | None = None  # "won" or "lost"
    archived_at: datetime | None = None  # no list names it
    notes: tuple[WordingNote, ...] = ()  # the newest first
    defence: Defence | None = None  # what is switched on against a flood

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.statements)

    def status(self, now: datetime) -> Status:
        if self.purge_began_at is not None:
            return "closed"  # for good: the keys by which somebody is counted once are gone
        return status_at(self.opens_at, self.closes_at, now)

    @property
    def purge_due_at(self) -> datetime | None:
        """From when on the personal data of the signers are to be erased; None while nobody can say."""
        return purge_due_at(self.terms.retention, self.closes_at)


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


def list_wordings(session: Session, campaign_id: int, language: str, most: int) -> Sequence[Statement]:
    """The wordings in one language that were signed once or can be signed now, the newest first, and then those of
    languages that the campaign has no longer. Where there are more than `most` of a language, those in the middle
    are left out, never the first."""
    keys = select(Statement.id, Statement.language, Statement.retired_at).where(
        Statement.campaign_id == campaign_id
    )
    by_language: dict[str, list[int]] = {}
    in_force = {language}
    for row in session.execute(keys.order_by(Statement.language, Statement.version.desc())):
        by_language.setdefault(row.language, []).append(row.id)
        if row.retired_at is None:
            in_force.add(row.language)
    shown = [language, *(code for code in by_language if code not in in_force)]
    ids = [one for code in shown for one in _ends(by_language.get(code, []), most)]
    found = {
        statement.id: statement for statement in session.scalars(select(Statement).where(Statement.id.in_(ids)))
    }
    session.expunge_all()
    return [found[one] for one in ids if one in found]


def _ends(ids: list[int], most: int) -> list[int]:
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


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
    notes = _find_notes(session, ids)
    session.expunge_all()  # a snapshot outlives the transaction
    return [_snapshot(c, statements[c.id], tuple(backgrounds[c.id]), tuple(notes[c.id])) for c in campaigns]


def _find_notes(session: Session, campaign_ids: list[int]) -> dict[int, list[WordingNote]]:
    notes: dict[int, list[WordingNote]] = {campaign_id: [] for campaign_id in campaign_ids}
    rows = session.execute(
        select(Revision.campaign_id, Revision.published_at, Revision.note)
        .where(Revision.campaign_id.in_(campaign_ids), Revision.note.is_not(None))
        .order_by(Revision.number.desc())
    )
    for campaign_id, changed_at, text in rows:
        notes[campaign_id].append(WordingNote(changed_at, text or {}))
    return notes


def _snapshot(
    campaign: Campaign,
    statements: dict[str, Statement],
    background_languages: tuple[str, ...],
    notes: tuple[WordingNote, ...],
) -> CampaignSnapshot:
    # Each query sees what is committed by then: somebody may have published between the two.
    first = campaign.default_language if campaign.default_language in statements else min(statements)
    return CampaignSnapshot(
        id=campaign.id,
        slug=campaign.slug,
        default_language=first,
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        terms=read_terms(campaign.terms, ()),
        statements={first: statements[first]} | statements,
        background_languages=background_languages,
        purge_began_at=campaign.purge_began_at,
        purged_at=campaign.purged_at,
        outcome=campaign.outcome,
        archived_at=campaign.archived_at,
        notes=notes,
        defence=defence_of(campaign),
    )


def find_due_for_purge(session: Session, now: datetime) -> list[int]:
    """Ids of campaigns whose personal data are to be erased by now, and of those where that began; where it is
    done, too, for a straggler may have come in."""
    return [
        campaign.id
        for campaign in session.scalars(select(Campaign).order_by(Campaign.id))
        if campaign.purge_began_at is not None or _is_due(campaign, now)
    ]


def _is_due(campaign: Campaign, now: datetime) -> bool:
    if not campaign.terms:
        return False  # nobody has published it, and so nobody signed it
    due_at = purge_due_at(read_terms(campaign.terms, ()).retention, campaign.closes_at)
    return due_at is not None and due_at <= now
