"""Publishing: what is missing, what will change for readers, and the button."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField

from petitions.accounts.roles import Permission
from petitions.audit.recording import record
from petitions.campaigns.checklist import Missing, examine, plan_of
from petitions.campaigns.content import Content, content_of, read_content, wording_of
from petitions.campaigns.editing import Copy, find_last_revision, load_copy, load_files
from petitions.campaigns.history import Difference, compare
from petitions.campaigns.models import Campaign
from petitions.campaigns.schedule import find_moved, schedule_of
from petitions.campaigns.values import TermsError
from petitions.console.details import PARTS
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.errors import CampaignPurged, EditConflict, MoveNotAllowed, NoteRequired
from petitions.i18n import N_, Message
from petitions.signatures.publishing import Published, find_signed_languages, publish
from petitions.web.forms import PlainForm, read_number, readable, required, tidy_line
from petitions.web.pages import see_other

_MAX_NOTE = 500
#: Somebody may sign a wording in the very moment in which it gives way as one that nobody signed.
_TRIES = 3
#: Rows of the details, as their legends call them.
_ROWS = {"addressees": N_("Addressee %(n)s"), "questions": N_("Question %(n)s"), "links": N_("Link %(n)s")}
#: What a change of is for those alone who may close the campaign, and who have just entered their password.
_DAYS = {"opens_at": N_("Opens"), "closes_at": N_("Closes"), "retention": N_("How long names are kept")}


@dataclass(frozen=True)
class Sheet:
    """Everything that is to be known before the button is pressed."""

    copy: Copy
    in_force: Content | None  # None: nothing was published yet
    changed: bool  # there is something to publish
    signed: tuple[str, ...]  # languages in which people signed words that will change
    moved: Sequence[Message] = ()  # days of a published campaign that will change


def find_sheet(session: Session, campaign: Campaign) -> Sheet:
    copy = load_copy(session, campaign.id)
    if campaign.published_at is None:
        return Sheet(copy, None, changed=True, signed=())
    last = find_last_revision(session, campaign.id)
    # What nobody saved in the console yet is what is in force.
    in_force = copy.content if copy.number == 0 else content_of(load_files(session, campaign))
    wordings = {language: wording_of(texts) for language, texts in copy.content.texts.items()}
    return Sheet(
        copy,
        in_force,
        changed=copy.content != (read_content(last.content) if last is not None else in_force),
        signed=find_signed_languages(session, campaign.id, wordings),
        moved=[_DAYS[name] for name in find_moved(schedule_of(campaign), plan_of(copy.content))],
    )


def note_form(sheet: Sheet) -> type[PlainForm]:
    """A field for each language, where signed words change; that of the main language is needed."""
    fields: dict[str, Any] = {}
    for language in sheet.copy.content.languages if sheet.signed else ():
        checks: list[Any] = [readable(_MAX_NOTE)]
        if language == sheet.copy.content.default_language:
            checks.insert(0, required)
        fields[f"note_{language}"] = StringField(validators=checks, filters=[tidy_line])
    return type("NoteForm", (PlainForm,), fields)


@for_desk(Permission.PUBLISH)
async def show_publish(_request: Request, desk: Desk) -> Response:
    """What publishing would do."""
    sheet = await desk.site.database.read(find_sheet, desk.campaign)
    return await _show(desk, sheet, note_form(sheet)())


@for_desk(Permission.PUBLISH)
async def publish_copy(_request: Request, desk: Desk) -> Response:
    """Publish what the page showed, and nothing that somebody saved since."""
    return await _answer(desk)


@for_desk(Permission.MANAGE, password=True)
async def _publish_days(_request: Request, desk: Desk) -> Response:
    """The same where days of a published campaign change: by them it can be closed, and all names can go."""
    return await _answer(desk, may_move=True)


async def _answer(desk: Desk, *, may_move: bool = False) -> Response:
    data = await desk.form()
    sheet = await desk.site.database.read(find_sheet, desk.campaign)
    form = note_form(sheet)(data)
    if not sheet.changed:  # pressed twice
        return see_other(desk.url(desk.path + "/publish", saved="1"))
    if not form.validate():
        return await _show(desk, sheet, form, 422)
    if sheet.moved and not may_move:
        may_enter = desk.may(Permission.MANAGE)
        return await (_publish_days(desk.request) if may_enter else _show(desk, sheet, form, 403))
    note = {name.removeprefix("note_"): text for name, text in form.data.items()}
    try:
        await _publish(desk, read_number(data.get("number")), note, may_move)
    except EditConflict as conflict:
        return await _show_anew(desk, data, 409, conflict=conflict)
    except MoveNotAllowed:  # somebody changed a day in this moment
        return await _show_anew(desk, data, 403)
    except (NoteRequired, TermsError):  # somebody signed meanwhile; or the page says what is missing
        return await _show_anew(desk, data, 422)
    except CampaignPurged:
        return await _show_anew(desk, data, 409, refused=True)
    desk.site.campaigns.forget(desk.campaign.slug)
    return see_other(desk.url(desk.path + "/publish", saved="1"))


async def _publish(desk: Desk, seen: int, note: dict[str, str], may_move: bool) -> Published:
    for _ in range(_TRIES - 1):
        try:
            return await desk.site.database.write(_write, desk, seen, note, may_move)
        except IntegrityError:
            continue
    return await desk.site.database.write(_write, desk, seen, note, may_move)


def _write(session: Session, desk: Desk, seen: int, note: dict[str, str], may_move: bool) -> Published:
    published = publish(session, desk.campaign.id, seen, desk.login.name, desk.now, note, may_move=may_move)
    if published.is_same:
        return published
    record(
        session,
        desk.actor,
        "campaign.published",
        desk.now,
        desk.campaign.id,
        revision=published.revision,
        new_versions=list(published.new_versions),
    )
    return published


def _where(item: Missing) -> Sequence[Message]:
    """The heading of the page on which it is done, and of the row there."""
    page = N_("Texts") if item.area == "texts" else PARTS[item.area].title
    row = re.match(r"(\w+)\[(\d+)\]", item.place)
    return [page, Message(_ROWS[row[1]], {"n": row[2]})] if row and row[1] in _ROWS else [page]


def _by_language(items: Sequence[Missing]) -> Mapping[str | None, Sequence[Missing]]:
    """First what is of no language alone."""
    languages = sorted({item.language for item in items}, key=lambda language: language or "")
    return {language: [item for item in items if item.language == language] for language in languages}


async def _show_anew(desk: Desk, data: FormData, status: int, **context: Any) -> Response:
    """The page as things stand now, with the note that was typed."""
    sheet = await desk.site.database.read(find_sheet, desk.campaign)
    form = note_form(sheet)(data)
    form.validate()
    return await _show(desk, sheet, form, status, **context)


async def _show(desk: Desk, sheet: Sheet, form: PlainForm, status: int = 200, **context: Any) -> Response:
    items, difference = await asyncio.to_thread(_weigh, desk, sheet)
    languages = sheet.copy.content.languages
    labels = {f"note_{language}": N_("Why the wording changes") for language in languages}
    return show(
        desk,
        "publish.html",
        status,
        sheet=sheet,
        form=form,
        labels={name: desk.words.translate(label) for name, label in labels.items()},
        blocking=[item for item in items if item.blocking],
        hints=_by_language([item for item in items if not item.blocking]),
        places={item: _where(item) for item in items},
        difference=difference,
        published=status == 200 and desk.request.query_params.get("saved") is not None,
        **{"conflict": None, "refused": False, **context},
    )


def _weigh(desk: Desk, sheet: Sheet) -> tuple[list[Missing], Difference | None]:
    """What takes a moment to find out, off the loop."""
    files, items = examine(sheet.copy.content, desk.campaign.slug, desk.now, schedule_of(desk.campaign))
    if sheet.in_force is None:
        return items, None
    return items, compare(sheet.in_force, content_of(files) if files else sheet.copy.content)
