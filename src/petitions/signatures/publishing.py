"""Publishing what leads wrote: the site shows it, and whoever signs from now on signs these words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from petitions.campaigns.content import read_content, to_files
from petitions.campaigns.editing import add_revision, find_last_revision, keep_baseline, load_copy
from petitions.campaigns.files import Wording
from petitions.campaigns.importing import find_replaced, put_in_force
from petitions.campaigns.models import Campaign
from petitions.campaigns.schedule import Schedule, check_closing, check_notice, find_moved, schedule_of
from petitions.errors import CampaignPurged, EditConflict, MoveNotAllowed, NoteRequired
from petitions.signatures.importing import find_signed_statements, open_tally


@dataclass(frozen=True)
class Published:
    """What publishing did. `new_versions` are languages whose signed wording was replaced by a new version."""

    revision: int
    is_first: bool
    new_versions: tuple[str, ...]
    is_same: bool = False  # it was published before, and nothing was done


def publish(
    session: Session,
    campaign_id: int,
    seen: int,
    published_by: str,
    now: datetime,
    note: Mapping[str, str] | None = None,
    *,
    may_move: bool = False,
) -> Published:
    """Publish the working copy whose number somebody saw. `note`: why signed words change or go, by language; the
    default language's is needed then, and it is kept only then. `may_move`: whether the days of a campaign that is
    published already may change, by which all names can go. Raises EditConflict, NoteRequired, MoveNotAllowed,
    CampaignPurged, and TermsError for a copy that is not whole, or whose days come too soon."""
    # Others sign meanwhile: their rows point at this one, and lock its key alone.
    campaign = session.get_one(Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True)
    if campaign.purge_began_at is not None:
        raise CampaignPurged(campaign.slug)
    copy = load_copy(session, campaign_id)
    if copy.number != seen:
        raise EditConflict(copy.saved_by, copy.saved_at)
    keep_baseline(session, campaign)
    last = find_last_revision(session, campaign_id)
    if campaign.published_at is not None and last is not None and read_content(last.content) == copy.content:
        return Published(last.number, is_first=False, new_versions=(), is_same=True)
    files = to_files(campaign.slug, copy.content, now)
    before, after = schedule_of(campaign), Schedule(files.opens_at, files.closes_at, files.terms.retention)
    if find_moved(before, after) and not may_move:
        raise MoveNotAllowed
    check_closing(before, after, now)
    check_notice(before, after, now)
    replaced = find_replaced(session, campaign_id, files.wordings)
    signed = find_signed_statements(session, replaced.values())
    if signed and not (note or {}).get(files.default_language):
        raise NoteRequired(tuple(language for language, statement in replaced.items() if statement in signed))
    is_first = campaign.published_at is None
    if is_first:
        campaign.published_at = now
    new_versions = put_in_force(session, campaign, files, signed, now)
    open_tally(session, campaign_id)
    kept = {language: text for language, text in (note or {}).items() if text} if signed else None
    revision = add_revision(session, campaign_id, copy.content, published_by, now, kept)
    return Published(revision, is_first, new_versions)


def find_signed_languages(session: Session, campaign_id: int, wordings: Mapping[str, Wording]) -> tuple[str, ...]:
    """Languages in which somebody has signed words that these would replace or take away."""
    replaced = find_replaced(session, campaign_id, wordings)
    signed = find_signed_statements(session, replaced.values())
    return tuple(language for language, statement in replaced.items() if statement in signed)
