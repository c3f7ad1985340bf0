"""Importing a campaign together with what signatures need of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from petitions.campaigns.content import content_of, read_content
from petitions.campaigns.editing import add_revision, find_last_revision, keep_baseline, save_copy
from petitions.campaigns.files import CampaignFiles
from petitions.campaigns.importing import Imported, find_statement_ids, import_campaign
from petitions.campaigns.models import Campaign, Statement, WorkingCopy
from petitions.campaigns.schedule import Schedule, check_notice, schedule_of
from petitions.campaigns.values import TermsError
from petitions.db import insert_ignoring
from petitions.errors import CampaignFileError
from petitions.organisations.models import Organisation
from petitions.signatures.models import Draft, Signature, Tally
from petitions.signatures.paper import PaperSignature

#: Who published it, for the history: nobody with an account.
FROM_FILES = ""


def import_files(session: Session, files: CampaignFiles, now: datetime) -> Imported:
    """Create or update the campaign and open its tally. A working copy gives way to the files, and whoever has it
    open is told when they save. Raises CampaignPurged, and CampaignFileError where people have signed and their
    names would go too soon."""
    _prepare(session, files, now)
    signed = find_signed_statements(session, find_statement_ids(session, files.slug))
    imported = import_campaign(session, files, signed, now)
    open_tally(session, imported.campaign_id)
    content = content_of(files)
    last = find_last_revision(session, imported.campaign_id)
    if last is None or read_content(last.content) != content:
        add_revision(session, imported.campaign_id, content, FROM_FILES, now)
    copy = session.get(WorkingCopy, imported.campaign_id, populate_existing=True)
    if copy is not None and read_content(copy.content) != content:
        save_copy(session, imported.campaign_id, copy.number, content, FROM_FILES, now)
    return imported


def _prepare(session: Session, files: CampaignFiles, now: datetime) -> None:
    """Keep what stands, if nothing did yet, and see that those who signed are not erased by a slip."""
    query = select(Campaign).where(Campaign.slug == files.slug).with_for_update(key_share=True)
    campaign = session.scalar(query.execution_options(populate_existing=True))
    if campaign is None or campaign.purge_began_at is not None:
        return
    signed = exists().where(Signature.campaign_id == campaign.id)
    co_signed = exists().where(Organisation.campaign_id == campaign.id)
    on_paper = exists().where(PaperSignature.campaign_id == campaign.id)
    if session.scalar(select(or_(signed, co_signed, on_paper))):
        after = Schedule(files.opens_at, files.closes_at, files.terms.retention)
        try:
            check_notice(schedule_of(campaign), after, now)
        except TermsError as error:
            raise CampaignFileError(files.slug, error.key, error.expected) from None
    keep_baseline(session, campaign)


def open_tally(session: Session, campaign_id: int) -> None:
    """Let the campaign be counted, from nothing; again: nothing changes."""
    row = {"campaign_id": campaign_id, "counted": 0, "last_serial": 0, "rolled_up_serial": 0}
    session.execute(insert_ignoring(session, Tally), row)


def find_signed_statements(session: Session, statement_ids: Collection[int]) -> set[int]:
    """Those wordings that at least one draft, signature, on paper or not, or organisation points at."""
    if not statement_ids:
        return set()
    # Drafts have no index for it, for every one that comes would pay for that; they are looked at last.
    by_signature = exists().where(Signature.statement_id == Statement.id)
    by_draft = exists().where(Draft.campaign_id == Statement.campaign_id, Draft.statement_id == Statement.id)
    by_organisation = exists().where(Organisation.statement_id == Statement.id)
    on_paper = exists().where(PaperSignature.statement_id == Statement.id)
    query = select(Statement.id).where(
        Statement.id.in_(statement_ids), or_(by_signature, by_organisation, on_paper, by_draft)
    )
    return set(session.scalars(query))
