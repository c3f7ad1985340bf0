"""The honest count: what became of everything that was ever confirmed."""

from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.errors import PageNotFound
from petitions.moderation.removing import REASONS
from petitions.public.campaigns import view_campaign, visit
from petitions.signatures.reckoning import find_told
from petitions.web.caching import CachedPage, make_page
from petitions.web.pages import render


async def show_count(request: Request) -> Response:
    """How the number of the last hour came about; 404 where nobody can sign by the form."""
    here = await visit(request)
    if not here.campaign.terms.open_to_individuals:
        raise PageNotFound

    async def make() -> CachedPage:
        told = await here.site.database.read(find_told, here.campaign.id)
        organisations = (await here.site.organisations.get(here.campaign.id)).standing
        counted = told.reckoning.counted if told.reckoning is not None else 0
        on_paper = told.reckoning.paper if told.reckoning is not None else 0
        statement = here.campaign.statements[here.statement_language]
        base_url = here.site.settings.base_url
        page = render(
            here.site,
            here.words,
            "public/count.html",
            f"{here.path}/count",
            indexed_in=here.campaign.languages,
            campaign=view_campaign(
                here.campaign, statement, here.words, base_url, counted, utc_now(), organisations, on_paper
            ),
            told=told,
            reckoning=told.reckoning,
            reasons=REASONS,
            api_url=f"/api/v1/campaigns/{here.campaign.slug}/count",
            privacy_url=here.url("/privacy"),
        )
        language = [(b"content-language", here.words.language.encode())]
        return make_page(page.encode(), "text/html; charset=utf-8", language)

    return await here.site.pages.respond(("count", *here.key), make)
