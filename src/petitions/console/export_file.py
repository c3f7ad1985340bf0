"""Downloading a list that was made: who takes it is written down before its first byte leaves."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from petitions.accounts.roles import Permission
from petitions.console.exports import ERASED, find_job, show_one
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import attachment
from petitions.delivery import jobs
from petitions.errors import CampaignPurged, NotPossible, SealBroken
from petitions.i18n import N_, Message
from petitions.web.caching import no_store
from petitions.web.pages import see_other

_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_GONE = N_("Its file is not there any more. Make the list anew.")
_ELSEWHERE = N_("Its file lies on another server of this site, “%(host)s”. Log in there, or make the list anew.")
_BROKEN = N_(
    "The file is damaged: what lies on the disk is not what was written there. It was not sent. Make the list "
    "anew, and tell whoever looks after the server."
)


@for_desk(Permission.DOWNLOAD)
async def download_export(request: Request, desk: Desk) -> Response:
    """The file itself. Where it turns out to be damaged in the middle, the connection ends before all that was
    announced has come, so that no browser takes a part for the whole. Whoever has to enter the password first
    comes back to the page with the button: nothing was typed that could be sent again."""
    if not desk.login.is_confirmed(desk.now):
        here = desk.url(f"{desk.path}/exports/{request.path_params['export_id']}")
        return see_other(desk.url("/console/password", next=here))
    await desk.form()
    job = await find_job(request, desk)
    if job.state != jobs.DONE:
        return await show_one(request, desk, 409, problem=_GONE)
    if not jobs.is_here(desk.site.settings, job):
        words = Message(_ELSEWHERE, {"host": job.host or ""})
        return await show_one(request, desk, 409, problem=words)
    try:
        chunks = await asyncio.to_thread(jobs.open_file, desk.site.settings, job)
    except SealBroken:
        return await show_one(request, desk, 500, problem=_BROKEN)
    except OSError:
        return await show_one(request, desk, 409, problem=_GONE)
    try:
        await desk.site.database.write(jobs.record_download, job, desk.actor, desk.now)
    except NotPossible:
        return await show_one(request, desk, 409, problem=_GONE)
    except CampaignPurged:
        return await show_one(request, desk, 409, problem=ERASED)
    name = job.name or "list"
    response = StreamingResponse(
        chunks,  # each is read in a thread
        media_type=_TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
        headers={**attachment(name), "Content-Length": str(job.size or 0)},
    )
    no_store(response)
    return response
