"""What tests of paper signatures share: rows that somebody typed, and what the store says afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.paper import counting
from petitions.paper.changing import Outcome, correct, entry_of
from petitions.paper.csv_rows import read_rows
from petitions.paper.importing import Imported, Look, Plan, bring_in, look_at
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.signatures.paper import COUNTED, STATES, PaperSignature

LEAD = Actor(None, "Lena Lead")


def csv(*rows: str, columns: str = "name,city,country,mail") -> str:
    """A file with these rows; Bruno and Carla where none is given."""
    return "\n".join((columns, *(rows or ("Bruno Baker,Cork,IE,", "Carla Cook,Bonn,DE,carla@example.org"))))


def look(database: Database, settings: Settings, campaign: CampaignSnapshot, text: str) -> Look:
    """Compare a file with what is stored."""
    rows = read_rows(text, "", date(2026, 11, 23))
    with database.reading() as session:
        return look_at(session, campaign.id, rows, statement_of(campaign), settings.email_key)


def enter(
    database: Database, settings: Settings, campaign: CampaignSnapshot, text: str = "", **changes: Any
) -> Imported:
    """Bring in a file. `changes` of the plan, `now`, or `seen`: what was looked at before."""
    now: datetime = changes.pop("now", utc_now())
    seen = changes.pop("seen", None) or look(database, settings, campaign, text or csv())
    plan: dict[str, Any] = {
        "id": new_id(),
        "look": seen,
        "statement_id": statement_of(campaign),
        "leaves_wrong": False,
        "again": False,
        "email_secret": settings.email_key,
    } | changes
    with database.writing() as session:
        return bring_in(session, campaign.id, Plan(**plan), LEAD, now)


def change(database: Database, settings: Settings, campaign: CampaignSnapshot, number: int, text: str) -> Outcome:
    """Write something else into a row."""
    entry = read_rows(csv(text, columns="name,city,country,mail,sheet,line"), "", date(2026, 11, 22))[0].entry
    assert entry is not None
    with database.writing() as session:
        seen = entry_of(next(row for row in rows_of(database, campaign) if row.number == number))
        return correct(session, campaign.id, number, seen, entry, settings.email_key, LEAD, utc_now())


def statement_of(campaign: CampaignSnapshot) -> int:
    return campaign.statements[campaign.default_language].id


def rows_of(database: Database, campaign: CampaignSnapshot) -> Sequence[PaperSignature]:
    """In the order of their numbers."""
    query = select(PaperSignature).where(PaperSignature.campaign_id == campaign.id).order_by(PaperSignature.number)
    with database.reading() as session:
        return session.scalars(query).all()


def states(database: Database, campaign: CampaignSnapshot) -> dict[int, str]:
    """By numbers."""
    return {row.number: row.state for row in rows_of(database, campaign)}


def logged(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Who did what, in order."""
    query = select(AuditEntry.actor, AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
    with database.reading() as session:
        return [(actor, action, details) for actor, action, details in session.execute(query)]


def assert_true(database: Database, campaign: CampaignSnapshot) -> int:
    """The tally is what the rows say, whatever came before; how many count."""
    rows = rows_of(database, campaign)
    with database.reading() as session:
        tally = session.get_one(Tally, campaign.id)
        assert counting.recount(session, campaign.id, repair=False) == 0
    counted = [row for row in rows if row.state == COUNTED]
    assert {row.state for row in rows} <= set(STATES)
    assert tally.paper == len(counted)
    assert tally.paper_keyed == sum(row.email_key is not None for row in counted)
    assert max((row.number for row in rows), default=0) <= tally.last_paper_number
    keys = [row.email_key for row in counted if row.email_key is not None]
    assert len(set(keys)) == len(keys)
    return tally.paper
