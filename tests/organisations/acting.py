"""What organisations and leads do, each in a transaction of its own, and what the store says afterwards."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.organisations import counting
from petitions.organisations.confirming import Confirmation, confirm
from petitions.organisations.deciding import Decided, Decision, Seen, decide
from petitions.organisations.models import APPROVED, STATES, Organisation, OrganisationTally
from petitions.organisations.requesting import Request, request
from petitions.settings import Settings
from petitions.tokens import Named
from tests import factories

LEAD = Actor(None, "Lena Lead")


def ask(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> Request:
    """A request in the store that nobody has confirmed."""
    asked = factories.organisation_request(campaign, settings, **changes)
    with database.writing() as session:
        request(session, asked)
    return asked


def link(asked: Request, epoch: int = 0) -> Named:
    """What the private link names; the button of the first mail, too."""
    return Named(asked.campaign_id, asked.id, epoch)


def press(
    database: Database, asked: Request, *, approves_proven: bool = False, now: datetime | None = None
) -> Organisation:
    """Press the button of the first mail."""
    button = Confirmation(link(asked), approves_proven, now or utc_now())
    with database.writing() as session:
        organisation = confirm(session, button)
        session.flush()
        session.expunge(organisation)
        return organisation


def waiting(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> Request:
    """A request that waits for a lead."""
    asked = ask(database, settings, campaign, **changes)
    press(database, asked)
    return asked


def shown(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> Request:
    """An organisation that everybody sees."""
    asked = waiting(database, settings, campaign, **changes)
    assert len(judge(database, asked, Decision.APPROVE).done) == 1
    return asked


def judge(database: Database, asked: Request, decision: Decision, **words: Any) -> Decided:
    """What a lead decides who sees it as it is now."""
    seen = Seen(asked.id, row(database, asked).revision)
    with database.writing() as session:
        return decide(session, asked.campaign_id, decision, [seen], LEAD, words.pop("now", utc_now()), **words)


def find(database: Database, asked: Request) -> Organisation | None:
    with database.reading() as session:
        return session.get(Organisation, (asked.campaign_id, asked.id))


def row(database: Database, asked: Request) -> Organisation:
    """As the store has it now."""
    organisation = find(database, asked)
    assert organisation is not None
    return organisation


def key_of(database: Database, asked: Request, kind: str) -> bytes:
    """For which address a mail of this kind would be queued now."""
    organisation = find(database, asked)
    following = organisation.next_contact if organisation is not None else None
    if kind.endswith("contact") and following is not None:
        return bytes.fromhex(following["email_key"])
    return asked.contact.email_key


def set_columns(database: Database, asked: Request, **values: Any) -> None:
    """What no flow of ours does."""
    with database.writing() as session:
        organisation = session.get_one(Organisation, (asked.campaign_id, asked.id))
        for name, value in values.items():
            setattr(organisation, name, value)


def mails(database: Database, *, but: str = "organisation_confirm") -> list[tuple[str, UUID]]:
    """Kind and subject of what was queued, in order."""
    query = select(Outbox.kind, Outbox.subject_id).where(Outbox.kind != but)
    with database.reading() as session:
        return [(kind, subject) for kind, subject in session.execute(query.order_by(Outbox.created_at, Outbox.id))]


def logged(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Who did what, in order."""
    query = select(AuditEntry.actor, AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
    with database.reading() as session:
        return [(actor, action, details) for actor, action, details in session.execute(query)]


def assert_true(database: Database, campaign: CampaignSnapshot) -> counting.Standing:
    """The tally is what the rows say, whatever came before."""
    with database.reading() as session:
        rows = session.scalars(select(Organisation).where(Organisation.campaign_id == campaign.id)).all()
        tally = session.get_one(OrganisationTally, campaign.id)
        approved = [one for one in rows if one.state == APPROVED]
        assert tally.counted == len(approved)
        assert tally.members == sum(one.members or 0 for one in approved)
        assert len({one.number for one in rows}) == len(rows)
        assert {one.state for one in rows} <= set(STATES)
        assert max((one.number for one in rows), default=0) <= tally.last_number
        assert counting.recount(session, campaign.id, repair=False) == 0
        return counting.find_standing(session, campaign.id)


def race(*sides: Callable[[], Any]) -> list[Any]:
    """Let each do its part in a thread of its own, all at once. What came of each: its result, or its error."""
    start = threading.Barrier(len(sides))
    results: list[Any] = [None] * len(sides)

    def run(place: int) -> None:
        start.wait(60)
        try:
            results[place] = sides[place]()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(sides))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
