"""The details of a campaign: everything but its texts, one part on a page."""

import hashlib
import json
from collections.abc import Sequence

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.content import Content, write_content
from petitions.campaigns.editing import Copy, load_copy
from petitions.campaigns.schedule import schedule_of
from petitions.console.details_basics import BASICS
from petitions.console.details_dates import DATES
from petitions.console.details_form import FORM
from petitions.console.details_forms import MAX_ROWS, DetailsForm, Entered, Group, Item, Part, count_rows, fold
from petitions.console.details_mails import MAILS, THANKS
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.saving import Opened, save_part
from petitions.errors import CampaignPurged, EditConflict, PageNotFound
from petitions.i18n import N_, Translator
from petitions.web.forms import read_number
from petitions.web.pages import see_other

PARTS: dict[str, Part] = {part.key: part for part in (BASICS, DATES, FORM, MAILS, THANKS)}


@for_desk(Permission.EDIT)
async def show_details(_request: Request, desk: Desk) -> Response:
    """The parts, and what each is about."""
    return show(desk, "details.html", parts=list(PARTS.values()))


@for_desk(Permission.EDIT)
async def show_part(_request: Request, desk: Desk) -> Response:
    """One part as it was saved last."""
    part = _part(desk)
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    groups, entered = _read(part, copy.content, None)
    return _show(desk, part, copy, groups, entered, Opened(copy.number, part_digest(part, copy.content)))


@for_desk(Permission.EDIT)
async def save_details(_request: Request, desk: Desk) -> Response:
    """Save one part. Whoever was overtaken is told, and loses nothing."""
    part = _part(desk)
    data = await desk.form()
    opened = Opened(read_number(data.get("number")), str(data.get("digest", "")))
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    groups, entered = _read(part, copy.content, data)
    if not _is_right(desk, part, entered, copy.content):
        return _show(desk, part, copy, groups, entered, opened, 422)
    try:
        saved = await desk.site.database.write(
            save_part,
            desk,
            opened,
            lambda content: part_digest(part, content),
            lambda content: part.write(entered, content),
            {"part": "details", "section": part.key},
        )
    except EditConflict as conflict:
        copy = await desk.site.database.read(load_copy, desk.campaign.id)
        groups, entered = _read(part, copy.content, data)
        now = Opened(copy.number, part_digest(part, copy.content))
        return _show(desk, part, copy, groups, entered, now, 409, conflict)
    except CampaignPurged:
        return _show(desk, part, copy, groups, entered, opened, 409, refused=True)
    saved_as = "together" if saved.together else "1"
    return see_other(desk.url(f"{desk.path}/details/{part.key}", saved=saved_as))


def part_digest(part: Part, content: Content) -> str:
    """What the form of a part edits: the same digest, the same form."""
    written = write_content(content)
    terms = {key: value for key, value in written["terms"].items() if key in part.owns}
    dates = [written["opens_at"], written["closes_at"]] if part is DATES else []
    said = json.dumps([terms, dates], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _part(desk: Desk) -> Part:
    """Raises PageNotFound."""
    part = PARTS.get(desk.request.path_params["section"])
    if part is None:
        raise PageNotFound
    return part


def _read(part: Part, content: Content, data: FormData | None) -> tuple[Sequence[Group], Entered]:
    """The form as it was sent, or with what is saved."""
    rows = count_rows(part, content, data)
    groups = part.groups(content.languages, rows)
    items = [item for group in groups for item in group.items]
    form = DetailsForm(items, data, None if data is not None else part.values(content))
    return groups, Entered(form, content.languages, rows)


def _is_right(desk: Desk, part: Part, entered: Entered, content: Content) -> bool:
    if entered.form.validate():
        part.check(entered, content, desk.now, schedule_of(desk.campaign))
    if not entered.form.errors:
        written = part.write(entered, content).terms
        for key in part.rows:
            if len(written.get(key, ())) > MAX_ROWS:
                last = next(item.name for item in reversed(entered.form.items) if item.name.startswith(f"{key}-"))
                entered.refuse(last, N_("There can be %(most)s at most. Please clear some.", most=MAX_ROWS))
    return not entered.form.errors


def _show(
    desk: Desk,
    part: Part,
    copy: Copy,
    groups: Sequence[Group],
    entered: Entered,
    opened: Opened,
    status: int = 200,
    conflict: EditConflict | None = None,
    *,
    refused: bool = False,
) -> Response:
    return show(
        desk,
        "details_part.html",
        status,
        part=part,
        parts=list(PARTS.values()),
        folds=fold(groups, entered.form, part.values(copy.content)),
        form=entered.form,
        labels={
            item.name: desk.words.translate(
                N_("%(group)s: %(label)s", group=group.legend, label=item.label) if group.is_row else item.label
            )
            for group in groups
            for item in group.items
        },
        opened=opened,
        action=desk.url(f"{desk.path}/details/{part.key}"),
        conflict=conflict,
        refused=refused,
        differences=_differences(desk.words, part, copy.content, groups, entered) if conflict else [],
        saved=desk.request.query_params.get("saved", ""),
    )


def _differences(
    words: Translator, part: Part, content: Content, groups: Sequence[Group], entered: Entered
) -> list[tuple[str, str, str]]:
    """The fields in which what is saved is not what was entered: label, the one, the other."""
    saved = DetailsForm(entered.form.items, None, part.values(content))
    rows = []
    for group in groups:
        for item in group.items:
            theirs, mine = (_words(words, item, form[item.name].data) for form in (saved, entered.form))
            if theirs != mine:
                label = N_("%(group)s: %(label)s", group=group.legend, label=item.label)
                rows.append((words.translate(label), theirs, mine))
    return rows


def _words(words: Translator, item: Item, value: object) -> str:
    """A value as somebody reads it."""
    names = dict(item.choices)
    if item.kind == "box":
        return words.gettext("yes") if value else words.gettext("no")
    if item.kind == "boxes" and isinstance(value, list):
        return ", ".join(words.translate(names[v]) for v in value if v in names)
    return words.translate(names[str(value)]) if str(value) in names else str(value or "")
