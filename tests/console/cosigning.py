"""Organisations as the tests of the console need them: in each state, with what leads have to look at."""

import re
from typing import Any

from sqlalchemy import select

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.organisations import requesting
from petitions.organisations.confirming import Confirmation, confirm
from petitions.organisations.counting import Standing, find_standing
from petitions.organisations.deciding import Decision as Decision
from petitions.organisations.deciding import Seen, decide
from petitions.organisations.models import Organisation
from petitions.settings import Settings
from petitions.tokens import Named
from tests.factories import organisation_request

LEA = Actor(None, "Lea Lead")


def ask(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> Organisation:
    """A request to co-sign that nobody has confirmed yet."""
    asked = organisation_request(campaign, settings, **changes)
    with database.writing() as session:
        requesting.request(session, asked)
    return get(database, asked.entry.name)


def wait(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> Organisation:
    """One whose mail is confirmed: it waits for a lead."""
    asked = ask(database, settings, campaign, **changes)
    with database.writing() as session:
        confirm(session, Confirmation(Named(campaign.id, asked.id), approves_proven=False, now=utc_now()))
    return get(database, asked.name)


def settle(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    decision: Decision = Decision.APPROVE,
    **changes: Any,
) -> Organisation:
    """One about which a lead has decided."""
    waiting = wait(database, settings, campaign, **changes)
    with database.writing() as session:
        seen = [Seen(waiting.id, waiting.revision)]
        decide(session, campaign.id, decision, seen, LEA, utc_now(), message="Who are you?")
    return get(database, waiting.name)


def get(database: Database, name: str) -> Organisation:
    """The newest of this name, detached."""
    with database.reading() as session:
        query = select(Organisation).where(Organisation.name == name).order_by(Organisation.number.desc())
        found = session.scalars(query.limit(1)).one()
        session.expunge(found)
    return found


def look_at(database: Database, one: Organisation, why: str) -> Organisation:
    """Let it wait for a lead to look at it."""
    with database.writing() as session:
        session.get_one(Organisation, (one.campaign_id, one.id)).look = why
    return get(database, one.name)


def value(organisation: Organisation) -> str:
    """What the field of a form says of one that somebody saw."""
    return f"{organisation.id}:{organisation.revision}"


def standing(database: Database, campaign: CampaignSnapshot) -> Standing:
    with database.reading() as session:
        return find_standing(session, campaign.id)


def mails(database: Database, kind: str) -> int:
    with database.reading() as session:
        return len(session.scalars(select(Outbox.id).where(Outbox.kind == kind)).all())


def recorded(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """The log about organisations: who, what, details."""
    with database.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action.like("organisation.%")).order_by(AuditEntry.id)
        return [(entry.actor, entry.action, entry.details) for entry in session.scalars(query)]


def words(page: str) -> str:
    """What a page says, in one line."""
    line = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    return re.sub(r" (?=[,.;:)])|(?<=\() ", "", line)
