"""Pages beside the statement: background, privacy, QR codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.queries import find_background, list_wordings
from petitions.clock import utc_now
from petitions.errors import PageNotFound
from petitions.i18n import text_direction
from petitions.public.campaigns import Visit, view_campaign, view_statement, visit
from petitions.public.sharing import qr_png, qr_svg
from petitions.public.views import StatementView
from petitions.signatures.counting import find_count
from petitions.web.caching import CachedPage, make_page
from petitions.web.pages import render

#: Of one language. A wording that nobody signed leaves none behind, so there are few.
_MOST_WORDINGS = 20


@dataclass(frozen=True)
class WordingRow:
    """A wording, and when it could be signed."""

    statement: StatementView
    since: datetime
    until: datetime | None  # None: it is in force


async def show_background(request: Request) -> Response:
    """The longer page about the case, where the campaign has one."""
    here = await visit(request)
    languages = here.campaign.background_languages
    if not languages:
        raise PageNotFound
    wanted = (here.statement_language, here.words.language, here.campaign.default_language)
    language = next((code for code in wanted if code in languages), languages[0])

    async def make() -> CachedPage:
        text = await here.site.database.read(find_background, here.campaign.id, language)
        return await _render(
            here,
            "/background",
            "public/background.html",
            languages,
            background=text or "",
            background_language=language,
            background_direction=text_direction(language),
        )

    return await here.site.pages.respond(("background", language, *here.key), make)


async def show_versions(request: Request) -> Response:
    """The wordings that people signed before, and the one of today; also in languages that are there no more."""
    here = await visit(request)

    async def make() -> CachedPage:
        language = here.statement_language
        found = await here.site.database.read(list_wordings, here.campaign.id, language, _MOST_WORDINGS)
        wordings = [WordingRow(view_statement(s), s.created_at, s.retired_at) for s in found]
        return await _render(here, "/versions", "public/versions.html", (), wordings=wordings)

    return await here.site.pages.respond(("versions", *here.key), make)


async def show_privacy(request: Request) -> Response:
    """What is kept of a signer, why and for how long: from the campaign's own settings."""
    here = await visit(request)

    async def make() -> CachedPage:
        return await _render(here, "/privacy", "public/privacy.html", here.campaign.languages)

    return await here.site.pages.respond(("privacy", *here.key), make)


async def _render(
    here: Visit, below: str, template: str, languages: tuple[str, ...], **context: Any
) -> CachedPage:
    count = await here.site.database.read(find_count, here.campaign.id)
    statement = here.campaign.statements[here.statement_language]
    view = view_campaign(here.campaign, statement, here.words, here.site.settings.base_url, count, utc_now())
    page = render(
        here.site,
        here.words,
        template,
        here.path + below,
        indexed_in=languages,
        campaign=view,
        privacy_url=here.url("/privacy"),
        **context,
    )
    return make_page(
        page.encode(), "text/html; charset=utf-8", [(b"content-language", here.words.language.encode())]
    )


async def show_qr_svg(request: Request) -> Response:
    return await _qr(request, "svg")


async def show_qr_png(request: Request) -> Response:
    return await _qr(request, "png")


async def _qr(request: Request, kind: str) -> Response:
    here = await visit(request)
    media_type = "image/svg+xml" if kind == "svg" else "image/png"

    async def make() -> CachedPage:
        return make_page((qr_svg if kind == "svg" else qr_png)(here.absolute_url()), media_type)

    return await here.site.pages.respond(("qr", kind, here.campaign.slug), make)
