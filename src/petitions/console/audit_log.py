"""The log of what leads did in a campaign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from petitions.accounts.roles import Permission
from petitions.accounts.users import find_addresses
from petitions.audit.chain import Head, find_head
from petitions.audit.reading import list_entries
from petitions.audit.recording import record
from petitions.campaigns.models import Campaign
from petitions.console.audit_words import ACTIONS, actor_of, words_of
from petitions.console.guard import Desk, Lead, for_desk
from petitions.console.pages import attachment, show
from petitions.delivery.audit_csv import write_audit_csv
from petitions.errors import InvalidRequest
from petitions.i18n import Translator
from petitions.web.caching import no_store


@dataclass(frozen=True)
class Line:
    """An entry as a page shows it."""

    at: datetime
    actor: str  # the name that they had then
    email: str | None  # the address that the account has; None for the command line
    action: str  # words to translate; the verb itself where there are none
    details: Sequence[str]
    campaign: str | None  # the slug
    place: int | None  # None: not sealed yet
    digest: str


@dataclass(frozen=True)
class Log:
    """A page of the log."""

    lines: Sequence[Line]
    next_key: int | None
    head: Head
    is_readable: bool = True


def find_log(session: Session, campaign: Campaign | None, before: int | None, words: Translator) -> Log:
    """A page of what was done in a campaign, or on the whole site, for somebody who reads these words."""
    try:
        entries, next_key = list_entries(session, campaign.id if campaign is not None else None, before)
    except (ValueError, TypeError):  # somebody wrote into the store what no program of ours would
        return Log((), None, find_head(session), is_readable=False)
    slugs: Mapping[int, str] = {}
    if campaign is not None:
        slugs = {campaign.id: campaign.slug}
    elif entries:
        ids = {entry.campaign_id for entry in entries if entry.campaign_id is not None}
        query = select(Campaign.id, Campaign.slug).where(Campaign.id.in_(sorted(ids)))
        slugs = {row.id: row.slug for row in session.execute(query)}
    addresses = find_addresses(session, {entry.user_id for entry in entries if entry.user_id is not None})
    lines = [
        Line(
            at=entry.at,
            actor=actor_of(entry, words),
            email=addresses.get(entry.user_id) if entry.user_id is not None else None,
            action=ACTIONS.get(entry.action, entry.action),
            details=words_of(entry.details, words),
            campaign=slugs.get(entry.campaign_id) if entry.campaign_id is not None else None,
            place=entry.place,
            digest=entry.digest.hex() if entry.digest is not None else "",
        )
        for entry in entries
    ]
    return Log(lines, next_key, find_head(session))


@for_desk(Permission.AUDIT)
async def show_audit(request: Request, desk: Desk) -> Response:
    """Who did what in this campaign, the newest first."""
    log = await desk.site.database.read(find_log, desk.campaign, page_key(request), desk.words)
    return show(desk, "audit.html", log=log)


@for_desk(Permission.AUDIT, password=True)
async def download_audit(_request: Request, desk: Desk) -> Response:
    """The same as a file, with the digests."""
    await desk.form()
    return await download_log(desk, desk.campaign)


async def download_log(lead: Lead, campaign: Campaign | None) -> Response:
    """The log of a campaign (None: of the whole site) as a file; that it was downloaded stands in it."""
    campaign_id = campaign.id if campaign is not None else None
    await lead.site.database.write(record, lead.actor, "audit.downloaded", lead.now, campaign_id)
    name = campaign.slug if campaign is not None else "site"
    response = StreamingResponse(
        write_audit_csv(lead.site.database, campaign_id),
        media_type="text/csv; charset=utf-8",
        headers=attachment(f"{name}-log-{lead.now:%Y-%m-%d}.csv"),
    )
    no_store(response)
    return response


def page_key(request: Request) -> int | None:
    """The key of the page that is asked for. Raises InvalidRequest."""
    key = request.query_params.get("before")
    if key is None:
        return None
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        raise InvalidRequest
    return int(key)
