"""Signatures of every kind, for tests of who is in which list and with what."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.moderation.hiding import set_comment_state, set_name_hidden
from petitions.settings import Settings
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, Signature, Tally
from petitions.signatures.paper import COUNTED, PaperSignature
from tests.factories import make_campaign, remove, sign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUESTIONS = [
    {"key": "union", "label": "Union", "public": True},
    {"key": "workplace", "label": "Workplace", "public": False},
]
SAID: dict[str, Any] = {
    "city": "Cork",
    "affiliation": "UE",
    "comment": "With you.",
    "answers": {"union": "506", "workplace": "SECRET"},
    "arrived_at": NOON,
}
#: One of each, by their serials.
NAMES = (
    "Public Person",  # 1
    "Initials Only",  # 2
    "Addressee Alone",  # 3
    None,  # 4: without a name
    "Removed Person",  # 5
    "Hidden Name",  # 6
    "Hidden Words",  # 7
    "Approved Words",  # 8
    "Wants News",  # 9
    "News Initials",  # 10
    "Removed News",  # 11
)


def sign_all(database: Database, settings: Settings, **terms: Any) -> CampaignSnapshot:
    """A campaign with all of them, and somebody who has not confirmed."""
    campaign = make_campaign(database, questions=QUESTIONS, affiliation={"label": "Campus"}, **terms)
    visibilities = {2: "initials", 3: "addressee", 4: "anonymous", 10: "initials"}
    drafts = {}
    for serial, name in enumerate(NAMES, 1):
        updates = serial >= 9
        drafts[serial] = sign_and_confirm(
            database,
            settings,
            campaign,
            name=name,
            visibility=visibilities.get(serial, "public"),
            email=f"planted{serial}@mail.example",
            **SAID,
            updates=updates,
        )
    sign(database, settings, campaign, name="Waiting Person", email="planted0@mail.example", **SAID)
    remove(database, drafts[5])
    remove(database, drafts[11])
    with database.writing() as session:
        rows = {row.serial: row.id for row in session.scalars(select(Signature))}
        set_name_hidden(session, campaign.id, [rows[6]], hidden=True)
        set_comment_state(session, campaign.id, [rows[7]], COMMENT_HIDDEN)
        set_comment_state(session, campaign.id, [rows[8]], COMMENT_APPROVED)
    return campaign


def add_paper(database: Database, campaign: CampaignSnapshot, **changes: Any) -> int:
    """A row of a sheet, as if it had been typed; its number."""
    with database.writing() as session:
        tally = session.get(Tally, campaign.id, with_for_update=True)
        assert tally is not None
        tally.last_paper_number += 1
        row: dict[str, Any] = {
            "number": tally.last_paper_number,
            "batch_id": new_id(),
            "state": COUNTED,
            "sheet": 7,
            "line": tally.last_paper_number,
            "name": "Paula Paper",
            "country": "ES",
            "person_key": "paula paper",
            "statement_id": campaign.statements[campaign.default_language].id,
            "entered_at": utc_now() - timedelta(hours=1),
        }
        row |= changes
        tally.paper += row["state"] == COUNTED
        if "email_key" in row:
            tally.paper_keyed += 1
        session.add(PaperSignature(campaign_id=campaign.id, **row))
        return tally.last_paper_number
