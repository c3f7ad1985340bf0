"""What the tests of writing share: a form as a browser would send it, and what the store holds then."""

from typing import Any

import httpx
from sqlalchemy import select, update

from petitions.audit.models import AuditEntry
from petitions.campaigns.content import Content
from petitions.campaigns.editing import Copy, load_copy, save_copy
from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from petitions.db import Database
from tests.console.support import Browser
from tests.web.support import Page, page_of

DESK = "/console/c/free-boris"


def copy_of(database: Database, campaign_id: int) -> Copy:
    with database.reading() as session:
        return load_copy(session, campaign_id)


def save(database: Database, campaign_id: int, content: Content, by: str = "Eva Editor") -> int:
    """Save as somebody else does, over whatever is there."""
    with database.writing() as session:
        number = load_copy(session, campaign_id).number
        return save_copy(session, campaign_id, number, content, by, utc_now())


def purge(database: Database) -> None:
    """Begin to erase the data of the signers of every campaign."""
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))


def fields_of(page: Page, path: str) -> dict[str, Any]:
    """What the form of a page would send now; names that stand several times have lists."""
    sent: dict[str, Any] = {}
    for name, value in page.fields(path + "?lang=en"):
        sent[name] = [*sent[name], value] if name in sent else [value]
    return {name: values if len(values) > 1 else values[0] for name, values in sent.items()}


async def open_form(browser: Browser, path: str) -> dict[str, Any]:
    return fields_of(page_of(await browser.get(path + "?lang=en")), path)


async def send(browser: Browser, path: str, fields: dict[str, Any], **changes: Any) -> httpx.Response:
    """Send a form with some fields filled in otherwise; None takes one out, as an empty box does."""
    changed = {name: value for name, value in (fields | changes).items() if value is not None}
    return await browser.post(path + "?lang=en", changed)


def entries(database: Database, action: str) -> list[AuditEntry]:
    with database.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
        return list(session.scalars(query))
