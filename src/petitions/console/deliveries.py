"""What was delivered: recording it, saying it otherwise, taking it back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.queries import get_snapshot
from petitions.campaigns.terms import text_in
from petitions.console.delivery_form import WAY_WORDS, DeliveryForm, delivery_of, make_form, values_of
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.delivery.candidates import Candidate, list_candidates
from petitions.delivery.deliveries import (
    MAX_NOTE,
    MAX_RECIPIENT,
    DeliveryRow,
    change_delivery,
    get_delivery,
    list_deliveries,
    record_delivery,
    take_back,
)
from petitions.delivery.evidence import (
    MAX_DESCRIPTION,
    MOST_EVIDENCE,
    EvidenceRow,
    list_evidence,
)
from petitions.errors import (
    CampaignPurged,
    DeliveredTooEarly,
    DeliveredTwice,
    InvalidRequest,
    NotPossible,
    PageNotFound,
)
from petitions.i18n import N_, Message
from petitions.ids import new_id
from petitions.lists.plans import Profile
from petitions.lists.profiles import PROFILES
from petitions.web.forms import read_number
from petitions.web.pages import see_other

_DONE: Mapping[str, Message] = {
    "recorded": N_("It is recorded."),
    "changed": N_("Saved."),
    "taken_back": N_("It is taken back."),
    "added": N_("The file is kept. Nobody but leads sees it, unless you show it."),
    "described": N_("Saved."),
    "removed": N_("The file is deleted."),
}
_MEANWHILE = N_("Somebody else changed or removed it meanwhile. Nothing was saved: see how it is now.")
_NO_LIST = N_("This list is not there any more. Choose another one, or type the numbers.")
_TWICE = N_("A delivery of this list to them is recorded already.")
_ERASED = N_("It is no longer known who was in that list, for the names are erased. Type the numbers.")


@dataclass(frozen=True)
class Choices:
    """What somebody can choose while they describe a delivery."""

    lists: Sequence[Candidate]
    addressees: Sequence[str]


@for_desk(Permission.DOWNLOAD)
async def show_deliveries(request: Request, desk: Desk) -> Response:
    """All of them, the newest first."""
    rows = await desk.site.database.read(list_deliveries, desk.campaign.id)
    done = _DONE.get(request.query_params.get("saved", ""))
    is_published = desk.campaign.published_at is not None
    return show(desk, "deliveries.html", rows=rows, done=done, ways=WAY_WORDS, is_published=is_published)


@for_desk(Permission.DOWNLOAD)
async def show_new(request: Request, desk: Desk) -> Response:
    """A form for a delivery; of the list that the address names, where it names one."""
    _check_published(desk)
    export = request.query_params.get("export", "")[:40]
    values = {"export": export, "day": f"{desk.now:%Y-%m-%d}", "way": "handed_over", "shown": True}
    return await _show_form(desk, make_form(None, desk.now, **values), new_id())


@for_desk(Permission.DOWNLOAD)
async def record_one(_request: Request, desk: Desk) -> Response:
    """Write it down; the button pressed twice is once."""
    _check_published(desk)
    data = await desk.form()
    delivery_id, form = _read_id(data.get("id")), make_form(data, desk.now)
    if not form.validate():
        return await _show_form(desk, form, delivery_id, 422)
    new = delivery_of(form)
    try:
        await desk.site.database.write(record_delivery, desk.campaign.id, delivery_id, new, desk.actor, desk.now)
    except (CampaignPurged, NotPossible) as error:
        return await _show_form(desk, form, delivery_id, 409, problem=_why_not(desk, error))
    return back_to(desk, delivery_id, "recorded")


@for_desk(Permission.DOWNLOAD)
async def show_delivery(request: Request, desk: Desk) -> Response:
    """One of them, with its evidence."""
    return await show_one(request, desk, done=_DONE.get(request.query_params.get("saved", "")))


@for_desk(Permission.DOWNLOAD)
async def show_change(request: Request, desk: Desk) -> Response:
    """The form of one that was recorded."""
    row = await desk.site.database.read(get_delivery, desk.campaign.id, id_of(request))
    form = make_form(None, desk.now, **values_of(row))
    return await _show_form(desk, form, row.id, row=row, revision=row.revision)


@for_desk(Permission.DOWNLOAD)
async def change_one(request: Request, desk: Desk) -> Response:
    """Save it, if nobody else changed it meanwhile."""
    data = await desk.form()
    database, delivery_id = desk.site.database, id_of(request)
    row = await database.read(get_delivery, desk.campaign.id, delivery_id)
    form, revision = make_form(data, desk.now), read_number(data.get("revision"))
    more: dict[str, Any] = {"row": row, "revision": revision}
    if not form.validate():
        return await _show_form(desk, form, delivery_id, 422, **more)
    new = delivery_of(form)
    try:
        await database.write(change_delivery, desk.campaign.id, delivery_id, revision, new, desk.actor, desk.now)
    except (CampaignPurged, NotPossible) as error:
        if type(error) is NotPossible and revision != row.revision:
            return await show_one(request, desk, 409, problem=_MEANWHILE)
        return await _show_form(desk, form, delivery_id, 409, problem=_why_not(desk, error), **more)
    return back_to(desk, delivery_id, "changed")


@for_desk(Permission.DOWNLOAD)
async def take_one_back(request: Request, desk: Desk) -> Response:
    """It never was."""
    data = await desk.form()
    revision = read_number(data.get("revision"))
    try:
        await desk.site.database.write(take_back, desk.campaign.id, id_of(request), revision, desk.actor, desk.now)
    except NotPossible:
        return await show_one(request, desk, 409, problem=_MEANWHILE)
    return see_other(desk.url(f"{desk.path}/deliveries", saved="taken_back"))


def _why_not(desk: Desk, error: CampaignPurged | NotPossible) -> Message:
    """What somebody is told whose delivery was not taken."""
    match error:
        case CampaignPurged():
            return _ERASED
        case DeliveredTwice():
            return _TWICE
        case DeliveredTooEarly():
            return N_(
                "This list is as of %(moment)s, so it was delivered later. Correct the day or the list.",
                moment=desk.words.moment(error.cut_off),
            )
        case _:
            return _NO_LIST


def id_of(request: Request) -> UUID:
    """The delivery that the address names."""
    identifier: UUID = request.path_params["delivery_id"]
    return identifier


def back_to(desk: Desk, delivery_id: UUID, saved: str) -> Response:
    """The page of a delivery, which says what was done."""
    return see_other(desk.url(f"{desk.path}/deliveries/{delivery_id}", saved=saved))


async def show_one(
    request: Request,
    desk: Desk,
    status: int = 200,
    *,
    done: Message | None = None,
    problem: Message | None = None,
    wrong: tuple[UUID, str] | None = None,
) -> Response:
    """The page of a delivery; `wrong`: a file whose description was not taken, and what was typed. Raises
    PageNotFound."""
    row, evidence = await desk.site.database.read(_find, desk.campaign.id, id_of(request))
    return show(
        desk,
        "delivery.html",
        status,
        row=row,
        evidence=evidence,
        done=done,
        problem=problem,
        wrong=wrong,
        ways=WAY_WORDS,
        most=MOST_EVIDENCE,
        most_description=MAX_DESCRIPTION,
    )


def _find(session: Session, campaign_id: int, delivery_id: UUID) -> tuple[DeliveryRow, Sequence[EvidenceRow]]:
    return get_delivery(session, campaign_id, delivery_id), list_evidence(session, [delivery_id])


def _find_choices(session: Session, slug: str, language: str) -> Choices:
    campaign = get_snapshot(session, slug)
    addressees = [text_in(name, language, language) for name in campaign.terms.addressees]
    return Choices(list_candidates(session, campaign.id), addressees)


async def _show_form(
    desk: Desk,
    form: DeliveryForm,
    delivery_id: UUID,
    status: int = 200,
    *,
    row: DeliveryRow | None = None,
    revision: int = 0,
    problem: Message | None = None,
) -> Response:
    language = desk.campaign.default_language
    choices = await desk.site.database.read(_find_choices, desk.campaign.slug, language)
    words = desk.words
    lists = [(str(one.id), _name(desk, one)) for one in choices.lists]
    if row is not None and row.export_id is not None and str(row.export_id) not in dict(lists):
        lists.append((str(row.export_id), words.gettext("The list that was recorded")))
    return show(
        desk,
        "delivery_form.html",
        status,
        form=form,
        delivery_id=delivery_id,
        row=row,
        revision=revision,
        problem=problem,
        lists=[("", words.gettext("None of them: I type the numbers")), *lists],
        addressees=choices.addressees,
        ways=[(way, words.translate(said)) for way, said in WAY_WORDS.items()],
        most_recipient=MAX_RECIPIENT,
        most_note=MAX_NOTE,
    )


def _name(desk: Desk, one: Candidate) -> str:
    """A list, so that one knows it again."""
    words = desk.words
    profile = words.translate(PROFILES[Profile(one.profile)].name)
    return words.translate(
        N_(
            "%(profile)s, until %(moment)s (%(people)s)",
            profile=profile,
            moment=words.moment(one.cut_off),
            people=words.number(one.people),
        )
    )


def _read_id(sent: object) -> UUID:
    """The id that the form made for the delivery. Raises InvalidRequest."""
    with suppress(ValueError):
        return UUID(str(sent or "")[:40])
    raise InvalidRequest


def _check_published(desk: Desk) -> None:
    """Raises PageNotFound for a campaign that nobody could sign."""
    if desk.campaign.published_at is None:
        raise PageNotFound
