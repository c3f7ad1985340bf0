"""The log of the whole site, for administrators: every campaign, every account, and whether the chain holds."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from petitions.audit.chain import Head, parse_head
from petitions.audit.recording import record
from petitions.audit.verifying import Verified, verify
from petitions.console.audit_log import download_log, find_log, page_key
from petitions.console.guard import Lead, for_lead
from petitions.console.pages import show
from petitions.db import Database
from petitions.i18n import N_, Message

_NO_HEAD = N_("Please paste it as it was shown: a number, a colon and 64 letters and digits.")


@for_lead(admin=True)
async def show_site_log(request: Request, lead: Lead) -> Response:
    """Who did what, the newest first."""
    return await _show(lead, page_key(request))


@for_lead(admin=True)
async def verify_chain(_request: Request, lead: Lead) -> Response:
    """Go through the whole chain, and compare it with a head that somebody noted down."""
    form = await lead.form()
    typed = str(form.get("head", "")).strip()[:200]
    try:
        noted = parse_head(typed) if typed else None
    except ValueError:
        return await _show(lead, None, 422, typed=typed, problem=_NO_HEAD)
    # In a thread of its own: it takes as long as the chain is, and the pages' readers are few.
    verified = await asyncio.to_thread(_verify, lead.site.database, noted)
    await lead.site.database.write(
        record, lead.actor, "audit.verified", lead.now, None, count=verified.count, broken_at=verified.broken_at
    )
    return await _show(lead, None, typed=typed, verified=verified)


@for_lead(admin=True, password=True)
async def download_site_log(_request: Request, lead: Lead) -> Response:
    """Everything as a file, with the digests."""
    await lead.form()
    return await download_log(lead, None)


def _verify(database: Database, noted: Head | None) -> Verified:
    with database.reading() as session:
        return verify(session, noted)


async def _show(
    lead: Lead,
    before: int | None,
    status: int = 200,
    *,
    typed: str = "",
    problem: Message | None = None,
    verified: Verified | None = None,
) -> Response:
    log = await lead.site.database.read(find_log, None, before, lead.words)
    return show(lead, "log.html", status, log=log, typed=typed, problem=problem, verified=verified)
