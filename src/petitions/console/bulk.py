"""Removing many signatures at once: which they are, how many, some of them to look at, and only then the start.

Conditions may name somebody, so they are sent as a form, and never stand in an address.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.console.guard import Desk, for_desk
from petitions.console.job_words import say_conditions
from petitions.console.pages import show
from petitions.console.search_form import STATE_WORDS, SearchForm
from petitions.errors import CampaignPurged, InvalidRequest
from petitions.i18n import LANGUAGES, N_, Message
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import MOST, REMOVE, NewJob, start
from petitions.moderation.previewing import Count, find_last_serial, sample, to_remove
from petitions.moderation.removing import REASONS
from petitions.moderation.searching import LAST
from petitions.web.forms import ChoiceField
from petitions.web.pages import see_other

#: Seconds after which counting stops: then there are "at least" so many.
_BUDGET = 3.0
#: What is removed already needs no removing.
_STATES = {state: words for state, words in STATE_WORDS.items() if state in ("hidden", "unread")}
_EMPTY = N_("Please say which signatures you mean: without any condition, all of them would go.")
_NO_REASON = N_("Please choose a reason.")


class BulkForm(SearchForm):
    """Which signatures are meant; something has to be asked for."""

    state = ChoiceField(allowed=("", "counted", *_STATES))


@dataclass(frozen=True)
class Preview:
    """What would go."""

    said: Sequence[tuple[str, str]]  # the conditions in words
    counted: int
    is_complete: bool  # False: counting took too long, and there are more
    sample: Sequence[Row[Any]]
    upto: int


@for_desk(Permission.MODERATE)
async def show_bulk(_request: Request, desk: Desk) -> Response:
    """A form for the conditions."""
    return _show(desk, BulkForm())


@for_desk(Permission.MODERATE)
async def leave_preview(_request: Request, desk: Desk) -> Response:
    """A preview is a form and has no address; whoever asks for one begins anew."""
    return see_other(desk.url(f"{desk.path}/bulk"))


@for_desk(Permission.MODERATE)
async def preview_bulk(_request: Request, desk: Desk) -> Response:
    """How many they are, and some of them."""
    form = BulkForm(await desk.form())
    conditions, problem = _read(desk, form)
    if conditions is None:
        return _show(desk, form, 422, problem=problem)
    upto = await desk.site.database.read(find_last_serial, desk.campaign.id)
    return _show(desk, form, preview=await _preview(desk, conditions, upto))


@for_desk(Permission.MODERATE)
async def start_bulk(_request: Request, desk: Desk) -> Response:
    """Begin to remove what a preview showed."""
    data = await desk.form()
    form, reason = BulkForm(data), str(data.get("reason", ""))
    conditions, problem = _read(desk, form)
    if conditions is None:
        return _show(desk, form, 422, problem=problem)
    upto, expected = _number(data, "upto", LAST), _number(data, "counted", MOST)
    if reason not in REASONS:
        preview = await _preview(desk, conditions, upto)
        return _show(desk, form, 422, preview=preview, no_reason=_NO_REASON)
    new = NewJob(REMOVE, conditions.to_json(), upto, expected, reason)
    try:
        job_id = await desk.site.database.write(start, desk.campaign.id, new, desk.actor, desk.now)
    except CampaignPurged:
        return _show(desk, BulkForm(), 409, is_erased=True)
    return see_other(desk.url(f"{desk.path}/jobs/{job_id}", saved="started"))


def _read(desk: Desk, form: BulkForm) -> tuple[Conditions | None, Message | None]:
    """What is meant; or None, with what to say where no field is to blame."""
    if not form.validate():
        return None, None
    conditions = to_remove(form.conditions(desk.site.settings.email_key))
    return (None, _EMPTY) if conditions.is_empty else (conditions, None)


async def _preview(desk: Desk, conditions: Conditions, upto: int) -> Preview:
    """Counts in many short reads, between which others have their turn."""
    database, ends = desk.site.database, time.monotonic() + _BUDGET
    count = Count(desk.campaign.id, conditions, upto)
    while not count.is_complete and (count.is_new or time.monotonic() < ends):
        await database.read(count.read)
    some = await database.read(sample, desk.campaign.id, conditions, upto)
    said = say_conditions(conditions, desk.words)
    return Preview(said, count.counted, count.is_complete, some, upto)


def _number(data: FormData, name: str, most: int) -> int:
    """What a page of ours put into a hidden field. Raises InvalidRequest."""
    sent = data.get(name)
    if not (isinstance(sent, str) and sent.isascii() and sent.isdigit() and len(sent) <= 18 and int(sent) <= most):
        raise InvalidRequest
    return int(sent)


def _show(desk: Desk, form: BulkForm, status: int = 200, **context: Any) -> Response:
    page = {"preview": None, "problem": None, "no_reason": None, "is_erased": False} | context
    page["is_erased"] = page["is_erased"] or desk.campaign.purge_began_at is not None
    return show(
        desk,
        "bulk.html",
        status,
        form=form,
        reasons=REASONS,
        states=list(_STATES.items()),
        languages=LANGUAGES,
        **page,
    )
