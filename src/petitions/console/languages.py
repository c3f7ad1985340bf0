"""The languages of a campaign: adding one, taking one away, and which is the default."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField

from petitions.accounts.roles import Permission
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import load_copy
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.saving import Opened, save_part
from petitions.console.texts import language_of, language_tabs
from petitions.console.tongues import check_language, common_languages, tidy_tag
from petitions.errors import CampaignPurged, EditConflict, PageNotFound
from petitions.i18n import N_
from petitions.web.forms import PlainForm, required
from petitions.web.pages import see_other

_MAX_LANGUAGES = 100


class LanguageForm(PlainForm):
    language = StringField(N_("Language"), [required, check_language], filters=[tidy_tag])


@for_desk(Permission.EDIT)
async def show_languages(_request: Request, desk: Desk) -> Response:
    return await _show(desk, LanguageForm())


@for_desk(Permission.EDIT)
async def add_language(_request: Request, desk: Desk) -> Response:
    """Add a language without texts, and go on to write them."""
    form = LanguageForm(await desk.form())
    if not form.validate():
        return await _show(desk, form, 422)
    language = form.language.data or ""
    content = (await desk.site.database.read(load_copy, desk.campaign.id)).content
    if language in content.texts:
        form.language.errors = [N_("The campaign has this language already.")]
    elif len(content.texts) >= _MAX_LANGUAGES:
        form.language.errors = [N_("The campaign has as many languages as it can.")]
    if form.language.errors:
        return await _show(desk, form, 422)
    try:
        await desk.site.database.write(
            save_part,
            desk,
            Opened(-1, ""),
            lambda _content: "",  # nothing can be lost: texts that are there by now stay
            lambda now: replace(now, texts={language: Texts()} | dict(now.texts)),
            {"part": "languages", "added": language},
        )
    except CampaignPurged:
        return await _show(desk, form, 409, refused=True)
    return see_other(desk.url(f"{desk.path}/texts/{language}"))


@for_desk(Permission.EDIT)
async def show_remove(_request: Request, desk: Desk) -> Response:
    """Ask once more, with what would be gone."""
    return await _show_removal(desk)


@for_desk(Permission.EDIT)
async def remove_language(_request: Request, desk: Desk) -> Response:
    """Take the texts in a language away; refused when somebody wrote at them meanwhile."""
    language = language_of(desk)
    data = await desk.form()
    try:
        await desk.site.database.write(
            save_part,
            desk,
            Opened(-1, str(data.get("digest", ""))),
            lambda content: content.texts.get(language, Texts()).digest(),
            lambda content: _without(content, language),
            {"part": "languages", "removed": language},
        )
    except EditConflict as conflict:
        return await _show_removal(desk, conflict)
    except CampaignPurged:
        return await _show(desk, LanguageForm(), 409, refused=True)
    return see_other(desk.url(f"{desk.path}/texts/languages", saved="1"))


@for_desk(Permission.EDIT)
async def change_default(_request: Request, desk: Desk) -> Response:
    """Let readers whose language is not there get this one."""
    language = language_of(desk)
    data = await desk.form()
    try:
        await desk.site.database.write(
            save_part,
            desk,
            Opened(-1, str(data.get("default", ""))),
            lambda content: content.default_language,
            lambda content: _with_default(content, language),
            {"part": "languages", "default": language},
        )
    except EditConflict as conflict:
        return await _show(desk, LanguageForm(), 409, conflict)
    except CampaignPurged:
        return await _show(desk, LanguageForm(), 409, refused=True)
    return see_other(desk.url(f"{desk.path}/texts/languages", saved="1"))


def _check_removable(content: Content, language: str) -> None:
    """Raises PageNotFound for a language that is not there, or that is the default."""
    if language == content.default_language or language not in content.texts:
        raise PageNotFound


def _without(content: Content, language: str) -> Content:
    _check_removable(content, language)
    return replace(content, texts={code: texts for code, texts in content.texts.items() if code != language})


def _with_default(content: Content, language: str) -> Content:
    """Translations that were up to date follow the new default, for they say the same. Raises PageNotFound."""
    if language not in content.texts:
        raise PageNotFound
    lagging = content.lagging()
    if language in lagging:
        return replace(content, default_language=language)
    digest = content.texts[language].digest()
    texts = {c: t if c in lagging else replace(t, follows=digest) for c, t in content.texts.items()}
    return replace(content, default_language=language, texts=texts)


async def _show(
    desk: Desk,
    form: LanguageForm,
    status: int = 200,
    conflict: EditConflict | None = None,
    *,
    refused: bool = False,
) -> Response:
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    return show(
        desk,
        "languages.html",
        status,
        form=form,
        labels={"language": desk.words.translate(N_("Language"))},
        languages=[(tag, name) for tag, name in common_languages() if tag not in copy.content.texts],
        tabs=language_tabs(desk, copy.content),
        default_language=copy.content.default_language,
        conflict=conflict,
        refused=refused,
    )


async def _show_removal(desk: Desk, conflict: EditConflict | None = None) -> Response:
    """Raises PageNotFound for a language that is not there, or that is the default."""
    language = language_of(desk)
    copy = await desk.site.database.read(load_copy, desk.campaign.id)
    _check_removable(copy.content, language)
    texts = copy.content.texts[language]
    return show(
        desk,
        "languages_remove.html",
        409 if conflict else 200,
        language=language,
        texts=texts,
        digest=texts.digest(),
        conflict=conflict,
    )
