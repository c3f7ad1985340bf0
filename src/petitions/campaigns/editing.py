"""The working copy of a campaign: what leads write before they publish it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, defer

from petitions.campaigns.content import Content, content_of, read_content, write_content
from petitions.campaigns.files import CampaignFiles, Wording
from petitions.campaigns.models import Background, Campaign, Revision, Statement, WorkingCopy
from petitions.campaigns.reading import read_terms
from petitions.errors import EditConflict


@dataclass(frozen=True)
class Copy:
    """A working copy as it was saved last. `number` is 0 until somebody saved it in the console."""

    number: int
    content: Content
    saved_at: datetime
    saved_by: str  # empty: nobody, it came from files


def create_campaign(session: Session, slug: str, content: Content, saved_by: str, now: datetime) -> int | None:
    """A new campaign that nobody sees before it is published; its id. None if the slug is taken."""
    if session.scalar(select(Campaign.id).where(Campaign.slug == slug)) is not None:
        return None
    campaign = Campaign(slug=slug, default_language=content.default_language, terms={}, created_at=now)
    session.add(campaign)
    session.flush()
    save_copy(session, campaign.id, 0, content, saved_by, now)
    return campaign.id


def load_copy(session: Session, campaign_id: int) -> Copy:
    """What leads go on writing: what they saved last, or else what is published."""
    copy = session.get(WorkingCopy, campaign_id)
    if copy is not None:
        return Copy(copy.number, read_content(copy.content), copy.saved_at, copy.saved_by)
    campaign = session.get_one(Campaign, campaign_id)
    return Copy(0, content_of(load_files(session, campaign)), campaign.created_at, "")


def save_copy(
    session: Session, campaign_id: int, seen: int, content: Content, saved_by: str, now: datetime
) -> int:
    """Save what somebody made of the copy whose number they saw; its new number. Raises EditConflict when
    somebody else saved meanwhile: then nothing is changed."""
    # The campaign's row is the lock: before the first save there is no other.
    # Signers go on signing meanwhile, for their rows point at it and lock its key alone.
    session.execute(select(Campaign.id).where(Campaign.id == campaign_id).with_for_update(key_share=True))
    copy = session.get(WorkingCopy, campaign_id, populate_existing=True)
    number = copy.number if copy is not None else 0
    if number != seen:
        raise EditConflict(copy.saved_by if copy else "", copy.saved_at if copy else now)
    if copy is None:
        copy = WorkingCopy(campaign_id=campaign_id)
        session.add(copy)
    copy.number, copy.content = number + 1, write_content(content)
    copy.saved_at, copy.saved_by = now, saved_by
    session.flush()
    return copy.number


def add_revision(
    session: Session,
    campaign_id: int,
    content: Content,
    published_by: str,
    now: datetime,
    note: dict[str, str] | None = None,
) -> int:
    """Keep what is published from now on; its number."""
    last = session.scalar(select(func.max(Revision.number)).where(Revision.campaign_id == campaign_id)) or 0
    session.add(
        Revision(
            campaign_id=campaign_id,
            number=last + 1,
            content=write_content(content),
            published_at=now,
            published_by=published_by,
            note=note,
        )
    )
    session.flush()
    return last + 1


def keep_baseline(session: Session, campaign: Campaign) -> None:
    """Before a published campaign changes for the first time: keep what stands. There was no history once."""
    if campaign.published_at is not None and find_last_revision(session, campaign.id) is None:
        add_revision(session, campaign.id, content_of(load_files(session, campaign)), "", campaign.published_at)


def move_closing(
    session: Session, campaign: Campaign, closes_at: datetime | None, moved_by: str, now: datetime
) -> None:
    """Let a campaign close at another time without publishing anything else: what is in force says it, and the
    working copy, whose open editors are told. The campaign's row is locked."""
    keep_baseline(session, campaign)
    campaign.closes_at = closes_at
    last = find_last_revision(session, campaign.id)
    assert last is not None
    content = read_content(last.content)
    add_revision(session, campaign.id, replace(content, closes_at=closes_at), moved_by, now)
    copy = session.get(WorkingCopy, campaign.id, populate_existing=True)
    if copy is not None:
        save_copy(
            session,
            campaign.id,
            copy.number,
            replace(read_content(copy.content), closes_at=closes_at),
            moved_by,
            now,
        )


def find_last_revision(session: Session, campaign_id: int) -> Revision | None:
    """What is published."""
    query = select(Revision).where(Revision.campaign_id == campaign_id).order_by(Revision.number.desc()).limit(1)
    return session.scalar(query)


def find_revision(session: Session, campaign_id: int, number: int) -> Revision | None:
    """What was published once."""
    return session.get(Revision, (campaign_id, number))


def list_revisions(session: Session, campaign_id: int, most: int, before: int | None = None) -> Sequence[Revision]:
    """What was published, the last first, without its content; `before`: a number to go on from."""
    query = select(Revision).where(Revision.campaign_id == campaign_id).order_by(Revision.number.desc())
    if before is not None:
        query = query.where(Revision.number < before)
    return session.scalars(query.limit(most).options(defer(Revision.content, raiseload=True))).all()


def load_files(session: Session, campaign: Campaign) -> CampaignFiles:
    """What is published, as its files would say it."""
    statements = session.scalars(
        select(Statement)
        .where(Statement.campaign_id == campaign.id, Statement.retired_at.is_(None))
        .order_by(Statement.language, Statement.version)
    ).all()
    backgrounds = {
        background.language: background.body
        for background in session.scalars(select(Background).where(Background.campaign_id == campaign.id))
    }
    wordings = {
        s.language: Wording(s.title, s.summary, s.body, tuple(s.demands), backgrounds.get(s.language))
        for s in statements
    }
    return CampaignFiles(
        slug=campaign.slug,
        default_language=campaign.default_language,
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        terms=read_terms(campaign.terms, ()),
        wordings=wordings,
    )


#: Built once: every page of the console asks it.
_TITLES = (
    select(Statement.campaign_id, Statement.title)
    .join(Campaign, Campaign.id == Statement.campaign_id)
    .where(
        Statement.campaign_id.in_(bindparam("campaigns", expanding=True)),
        Statement.language == Campaign.default_language,
        Statement.retired_at.is_(None),
    )
)


def campaign_titles(session: Session, campaign_ids: Sequence[int]) -> dict[int, str]:
    """Titles in the default language: of what is published, or else of the working copy."""
    titles = {row.campaign_id: row.title for row in session.execute(_TITLES, {"campaigns": campaign_ids})}
    missing = [campaign_id for campaign_id in campaign_ids if campaign_id not in titles]
    if missing:
        for copy in session.scalars(select(WorkingCopy).where(WorkingCopy.campaign_id.in_(missing))):
            content = read_content(copy.content)
            default = content.texts.get(content.default_language)
            titles[copy.campaign_id] = default.title if default else ""
    return titles
