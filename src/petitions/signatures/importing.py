"""Importing a campaign together with what signatures need of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.files import CampaignFiles
from petitions.campaigns.importing import Imported, find_statement_ids, import_campaign
from petitions.db import insert_ignoring
from petitions.signatures.models import Draft, Signature, Tally


def import_files(session: Session, files: CampaignFiles, now: datetime) -> Imported:
    """Create or update the campaign and open its tally."""
    signed = find_signed_statements(session, find_statement_ids(session, files.slug))
    imported = import_campaign(session, files, signed, now)
    tally = insert_ignoring(session, Tally)
    session.execute(
        tally, {"campaign_id": imported.campaign_id, "counted": 0, "last_serial": 0, "rolled_up_serial": 0}
    )
    return imported


def find_signed_statements(session: Session, statement_ids: Collection[int]) -> set[int]:
    """Those wordings that at least one draft or signature points at."""
    return {
        statement_id
        for statement_id in statement_ids
        for table in (Signature, Draft)
        if session.scalar(select(table.id).where(table.statement_id == statement_id).limit(1)) is not None
    }
