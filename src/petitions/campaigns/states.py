"""What becomes of a published campaign: closed, opened again, put away, won or lost. Each under its row's lock."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from petitions.campaigns.editing import move_closing
from petitions.campaigns.files import check_dates, check_retention
from petitions.campaigns.lifecycle import Status, status_at
from petitions.campaigns.models import Campaign
from petitions.campaigns.reading import read_terms
from petitions.campaigns.schedule import check_notice, schedule_of
from petitions.campaigns.values import TermsError
from petitions.errors import CampaignPurged, NotPossible

#: What can come of a campaign.
OUTCOMES = ("won", "lost")


def close(session: Session, campaign_id: int, closed_by: str, now: datetime) -> None:
    """Take no more signatures from now on. Raises NotPossible for a campaign that is not open, and TermsError
    where the names would go too soon."""
    campaign = _locked(session, campaign_id)
    if campaign.archived_at is not None or _status(campaign, now) != "open":
        raise NotPossible
    _check_notice(campaign, now, now)
    move_closing(session, campaign, now, closed_by, now)


def reopen(
    session: Session, campaign_id: int, closes_at: datetime | None, reopened_by: str, now: datetime
) -> None:
    """Take signatures again, until `closes_at` or without an end. Raises CampaignPurged where the keys are gone by
    which nobody is counted twice, NotPossible for a campaign that is not closed or was put away, and TermsError
    for a day that does not fit."""
    campaign = _locked(session, campaign_id)
    if campaign.purge_began_at is not None:
        raise CampaignPurged(campaign.slug)
    if campaign.archived_at is not None or _status(campaign, now) != "closed":
        raise NotPossible
    if closes_at is not None and closes_at <= now:
        raise TermsError("closes", "expected a time to come")
    check_dates(campaign.opens_at, closes_at)
    check_retention(read_terms(campaign.terms, ()).retention, closes_at, now)
    # Whoever signs then was told of no day before it.
    _check_notice(campaign, closes_at, now, anew=True)
    campaign.outcome = None  # nothing has come of it yet
    move_closing(session, campaign, closes_at, reopened_by, now)


def archive(session: Session, campaign_id: int, now: datetime) -> None:
    """Put a closed campaign away: its page stays, and no list names it. Raises NotPossible for another."""
    campaign = _locked(session, campaign_id)
    if campaign.archived_at is not None or _status(campaign, now) != "closed":
        raise NotPossible
    campaign.archived_at = now


def unarchive(session: Session, campaign_id: int) -> None:
    """Name it in the lists again. Raises NotPossible for a campaign that was not put away."""
    campaign = _locked(session, campaign_id)
    if campaign.archived_at is None:
        raise NotPossible
    campaign.archived_at = None


def set_outcome(session: Session, campaign_id: int, outcome: str | None, now: datetime) -> None:
    """Say what came of a closed campaign; None: nothing that one could say. Raises NotPossible for another."""
    campaign = _locked(session, campaign_id)
    if _status(campaign, now) != "closed":
        raise NotPossible
    assert outcome is None or outcome in OUTCOMES
    campaign.outcome = outcome


def _check_notice(campaign: Campaign, closes_at: datetime | None, now: datetime, *, anew: bool = False) -> None:
    """Raises TermsError where names would go too soon after such a closing; `anew`: also if no sooner than now."""
    days = schedule_of(campaign)
    if days is not None:
        before = replace(days, retention=None) if anew else days
        check_notice(before, replace(days, closes_at=closes_at), now)


def _locked(session: Session, campaign_id: int) -> Campaign:
    return session.get_one(Campaign, campaign_id, with_for_update={"key_share": True}, populate_existing=True)


def _status(campaign: Campaign, now: datetime) -> Status | None:
    """None before it was published."""
    if campaign.published_at is None:
        return None
    if campaign.purge_began_at is not None:
        return "closed"
    return status_at(campaign.opens_at, campaign.closes_at, now)
