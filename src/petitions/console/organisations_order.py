"""In which order the public page has organisations: some are pinned to its top."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.collation import sort_key
from petitions.console.guard import Desk, for_desk
from petitions.console.organisation_words import ERASED
from petitions.console.pages import show
from petitions.errors import CampaignPurged, InvalidRequest
from petitions.i18n import N_, Message
from petitions.organisations.kinds import KINDS
from petitions.organisations.models import APPROVED, Organisation
from petitions.organisations.noting import MOST_PINS, pin
from petitions.web.forms import read_number
from petitions.web.pages import see_other

_PAGE = 200
_NO_NUMBER = N_("Whole numbers from 1 to %(most)s, please, or nothing.", most=MOST_PINS)


@for_desk(Permission.ORGANISATIONS)
async def show_order(request: Request, desk: Desk) -> Response:
    """Those that are shown, the pinned ones first, each with a field for its place."""
    return await _show(desk, max(read_number(request.query_params.get("page")), 1))


@for_desk(Permission.ORGANISATIONS)
async def save_order(_request: Request, desk: Desk) -> Response:
    """Pin those that have a number now."""
    data = await desk.form()
    page = max(read_number(data.get("page")), 1)
    sent = _pins(data)
    wrong = {identifier: text for identifier, text in sent.items() if _place(text) is None}
    if wrong:
        return await _show(desk, page, 422, sent, _NO_NUMBER)
    pins = {identifier: _place(text) or None for identifier, text in sent.items()}
    try:
        changed = await desk.site.database.write(pin, desk.campaign.id, pins, desk.actor, desk.now)
    except CampaignPurged:
        return await _show(desk, page, 409, sent, ERASED)
    more = {"page": str(page), "saved": str(changed)}
    return see_other(desk.url(f"{desk.path}/organisations/order", **more))


def _pins(data: FormData) -> dict[UUID, str]:
    """What stands in the fields. Raises InvalidRequest."""
    try:
        return {
            UUID(name.removeprefix("pin-")): str(text).strip()
            for name, text in data.multi_items()
            if name.startswith("pin-")
        }
    except ValueError:
        raise InvalidRequest from None


def _place(text: str) -> int | None:
    """The number of a field, 0 for an empty one; None for anything else."""
    number = read_number(text) if text else 0
    return number if 1 <= number <= MOST_PINS or not text else None


def _find(session: Session, campaign_id: int, language: str) -> Sequence[Row[Any]]:
    """All that are shown: the pinned ones, then the others by the alphabet."""
    columns = (
        Organisation.id,
        Organisation.number,
        Organisation.name,
        Organisation.kind,
        Organisation.country,
        Organisation.pin,
    )
    query = select(*columns).where(Organisation.campaign_id == campaign_id, Organisation.state == APPROVED)
    return sorted(
        session.execute(query),
        key=lambda row: (row.pin or MOST_PINS + 1, sort_key(row.name, language), row.number),
    )


async def _show(
    desk: Desk,
    page: int,
    status: int = 200,
    sent: dict[UUID, str] | None = None,
    problem: Message | None = None,
) -> Response:
    rows = await desk.site.database.read(_find, desk.campaign.id, desk.words.language)
    pages = max(-(-len(rows) // _PAGE), 1)
    page = min(page, pages)
    return show(
        desk,
        "organisations_order.html",
        status,
        rows=rows[(page - 1) * _PAGE : page * _PAGE],
        page=page,
        pages=pages,
        sent=sent or {},
        problem=problem,
        is_wrong=lambda identifier: _place((sent or {}).get(identifier, "")) is None,
        kinds=KINDS,
        most=MOST_PINS,
    )
