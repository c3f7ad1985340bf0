"""Files beside a delivery: adding one, saying what it shows, showing it to everybody, looking at it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from petitions import names
from petitions.accounts.roles import Permission
from petitions.console.deliveries import back_to, id_of, show_one
from petitions.console.guard import Desk, ask_password, for_desk
from petitions.console.pages import attachment
from petitions.delivery.deliveries import get_delivery
from petitions.delivery.evidence import (
    MAX_DESCRIPTION,
    PDF,
    InvalidEvidence,
    add_evidence,
    describe_evidence,
    get_file,
    read_evidence,
    record_download,
    remove_evidence,
)
from petitions.errors import NotPossible
from petitions.i18n import N_, Message
from petitions.web.caching import no_store
from petitions.web.forms import tidy_line

_NO_FILE = N_("Please choose a file.")
_TOO_MANY = N_("Ten files lie beside this delivery. Delete one before you add another.")
_NO_DESCRIPTION = N_("Please say what the picture shows, for those who do not see it, before everybody gets it.")
_TOO_LONG = N_("Please keep it to %(most)s characters.", most=MAX_DESCRIPTION)
_UNREADABLE = N_("It holds characters that cannot be shown. Please type it again.")
#: Pictures are decoded one after the other: one of a telephone takes a hundred megabytes for a moment.
_DECODER = ThreadPoolExecutor(1, thread_name_prefix="evidence")


@for_desk(Permission.DOWNLOAD)
async def add_file(request: Request, desk: Desk) -> Response:
    """Keep a file."""
    await desk.site.database.read(get_delivery, desk.campaign.id, id_of(request))
    _data, file = await desk.upload("file")
    if file is None:
        return await show_one(request, desk, 422, problem=_NO_FILE)
    try:
        loop = asyncio.get_running_loop()
        piece = await loop.run_in_executor(_DECODER, read_evidence, file.data, file.filename)
    except InvalidEvidence as error:
        return await show_one(request, desk, 422, problem=error.problem)
    try:
        await desk.site.database.write(add_evidence, desk.campaign.id, id_of(request), piece, desk.actor, desk.now)
    except NotPossible:
        return await show_one(request, desk, 409, problem=_TOO_MANY)
    return back_to(desk, id_of(request), "added")


@for_desk(Permission.DOWNLOAD)
async def describe_file(request: Request, desk: Desk) -> Response:
    """Say what a picture shows, and to whom."""
    data = await desk.form()
    description, shown = tidy_line(str(data.get("description", ""))), data.get("shown") == "y"
    problem = _problem_of(description, shown)
    if problem is None:
        try:
            await desk.site.database.write(
                describe_evidence,
                desk.campaign.id,
                id_of(request),
                _evidence_id(request),
                description,
                shown,
                desk.actor,
                desk.now,
            )
        except NotPossible:
            problem = _NO_DESCRIPTION
    if problem is not None:
        wrong = (_evidence_id(request), description[: 2 * MAX_DESCRIPTION])
        return await show_one(request, desk, 422, problem=problem, wrong=wrong)
    return back_to(desk, id_of(request), "described")


@for_desk(Permission.DOWNLOAD)
async def remove_file(request: Request, desk: Desk) -> Response:
    """Delete a file."""
    await desk.form()
    await desk.site.database.write(
        remove_evidence, desk.campaign.id, id_of(request), _evidence_id(request), desk.actor, desk.now
    )
    return back_to(desk, id_of(request), "removed")


@for_desk(Permission.DOWNLOAD)
async def show_file(request: Request, desk: Desk) -> Response:
    """A file, for leads: a picture as it is kept; a document, which may be a list of names, to be saved and never
    opened by the browser, after the password and a word in the log."""
    which = (desk.campaign.id, id_of(request), _evidence_id(request))
    piece = await desk.site.database.read(get_file, *which)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    if piece.media_type == PDF:
        asked = await ask_password(desk, True)
        if asked is not None:
            return asked
        await desk.site.database.write(record_download, *which, desk.actor, desk.now)
        headers |= attachment(f"{desk.campaign.slug}-{_evidence_id(request).hex[-8:]}.pdf")
    return no_store(Response(piece.content, media_type=piece.media_type, headers=headers))


def _problem_of(description: str, shown: bool) -> Message | None:
    if len(description) > MAX_DESCRIPTION:
        return _TOO_LONG
    if names.has_forbidden_characters(description):
        return _UNREADABLE
    return _NO_DESCRIPTION if shown and names.is_blank(description) else None


def _evidence_id(request: Request) -> UUID:
    identifier: UUID = request.path_params["evidence_id"]
    return identifier
