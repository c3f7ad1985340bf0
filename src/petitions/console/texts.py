"""Writing the texts of a campaign: one language on a page, with the default one beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import Copy, load_copy
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.saving import Opened, save_part
from petitions.console.text_forms import LABELS, TextForm, form_of
from petitions.console.tongues import is_language
from petitions.errors import CampaignPurged, EditConflict, PageNotFound
from petitions.web.forms import read_number
from petitions.web.pages import see_other


@dataclass(frozen=True)
class LanguageTab:
    code: str
    url: str
    is_default: bool
    lags: bool
    is_whole: bool  # it has all that a statement needs


@for_desk(Permission.EDIT)
async def go_to_texts(_request: Request, desk: Desk) -> Response:
    """To the texts in the default language."""
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    return see_other(desk.url(f"{desk.path}/texts/{copy.content.default_language}"))


@for_desk(Permission.EDIT)
async def show_texts(_request: Request, desk: Desk) -> Response:
    """The texts in one language as they were saved last."""
    language = language_of(desk)
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    content = copy.content
    if language not in content.texts and language == desk.campaign.default_language:
        return see_other(desk.url(f"{desk.path}/texts/{content.default_language}"))
    if language not in content.texts:
        raise PageNotFound
    lags = language in content.lagging()
    form = form_of(content.texts[language], copy.number, _default(content), lags=lags)
    return _show(desk, copy, language, form)


@for_desk(Permission.EDIT)
async def save_texts(_request: Request, desk: Desk) -> Response:
    """Save the texts, or show them as they will look. Whoever was overtaken is told, and loses nothing."""
    language = language_of(desk)
    data = await desk.form()
    form = TextForm(data)
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    if language not in copy.content.texts:
        return _show(desk, copy, language, form, 404, gone=True)
    if data.get("action") == "preview":
        return _show(desk, copy, language, form, preview=True)
    if not form.validate():
        return _show(desk, copy, language, form, 422)
    opened = Opened(read_number(form.number.data), form.digest.data or "")
    try:
        saved = await desk.site.database.write(
            save_part,
            desk,
            opened,
            lambda content: _texts(content, language).digest(),
            lambda content: _with_texts(content, language, form),
            {"part": "texts", "language": language},
        )
    except (EditConflict, PageNotFound) as conflict:
        return await _show_conflict(desk, language, form, conflict)
    except CampaignPurged:
        copy = await desk.site.database.read(load_copy, desk.campaign.id)
        return _show(desk, copy, language, form, 409, refused=True)
    address = f"{desk.path}/texts/{language}"
    return see_other(desk.url(address, saved="together" if saved.together else "1"))


def language_of(desk: Desk) -> str:
    """The language of the path. Raises PageNotFound."""
    language: str = desk.request.path_params["language"]
    if not is_language(language):
        raise PageNotFound
    return language


def _texts(content: Content, language: str) -> Texts:
    return content.texts.get(language, Texts())


def _default(content: Content) -> Texts:
    return _texts(content, content.default_language)


def _with_texts(content: Content, language: str, form: TextForm) -> Content:
    """Raises PageNotFound for a language that is not there."""
    if language not in content.texts:
        raise PageNotFound
    # What stood beside the translation counts, not what somebody may have made of it since.
    follows = (form.shown.data or "")[:16] if form.checked.data else _texts(content, language).follows
    return replace(content, texts={**content.texts, language: form.texts(follows)})


async def _show_conflict(
    desk: Desk, language: str, form: TextForm, conflict: EditConflict | PageNotFound
) -> Response:
    """Both texts; the form goes on from what the other one saved, so that sending it again replaces that."""
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    if isinstance(conflict, PageNotFound) or language not in copy.content.texts:
        return _show(desk, copy, language, form, 404, gone=True)
    theirs = _texts(copy.content, language)
    form.number.data, form.digest.data = str(copy.number), theirs.digest()
    return _show(desk, copy, language, form, 409, conflict=conflict, theirs=theirs)


def _show(
    desk: Desk,
    copy: Copy,
    language: str,
    form: TextForm,
    status: int = 200,
    *,
    preview: bool = False,
    conflict: EditConflict | None = None,
    theirs: Texts | None = None,
    refused: bool = False,
    gone: bool = False,
) -> Response:
    content, default = copy.content, _default(copy.content)
    is_default = language == content.default_language
    default_changed = not is_default and form.shown.data != default.digest()
    if default_changed:  # what is ticked was said of another wording
        form.shown.data, form.checked.data = default.digest(), False
    return show(
        desk,
        "texts.html",
        status,
        form=form,
        typed=form.texts(""),
        labels={name: desk.words.translate(label) for name, label in LABELS.items()},
        copy=copy,
        language=language,
        is_default=is_default,
        default=None if is_default else default,
        default_changed=default_changed,
        lags=language in content.lagging(),
        tabs=language_tabs(desk, content),
        action=desk.url(f"{desk.path}/texts/{language}"),
        preview=preview,
        conflict=conflict,
        theirs=theirs,
        refused=refused,
        gone=gone,
        saved=desk.request.query_params.get("saved", ""),
        started=bool(desk.request.query_params.get("started")),
    )


def language_tabs(desk: Desk, content: Content) -> Sequence[LanguageTab]:
    """Every language of the campaign, the default first."""
    lagging = content.lagging()
    return [
        LanguageTab(
            code=language,
            url=desk.url(f"{desk.path}/texts/{language}"),
            is_default=language == content.default_language,
            lags=language in lagging,
            is_whole=all((texts.title.strip(), texts.summary.strip(), texts.body.strip())),
        )
        for language in content.languages
        for texts in [_texts(content, language)]
    ]
