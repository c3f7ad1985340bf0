"""A small card of a campaign that other sites show in a frame: no script, no form, no cookie."""

from starlette.requests import Request
from starlette.responses import Response

from petitions import templating
from petitions.clock import utc_now
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.signatures.counting import find_people
from petitions.web.caching import CachedPage, make_page
from petitions.web.headers import CSP_FRAMED

#: So many organisations are named.
_ORGANISATIONS = 6


async def show_embed(request: Request) -> Response:
    here = await visit(request)
    return await here.site.pages.respond(("embed", *here.key), lambda: _render(here))


async def _render(here: Visit) -> CachedPage:
    people = await here.site.database.read(find_people, here.campaign.id)
    shown = await here.site.organisations.get(here.campaign.id)
    settings = here.site.settings
    statement = here.campaign.statements[here.statement_language]
    page = templating.render(
        "embed/card.html",
        here.words,
        site_name=settings.site_name,
        campaign=view_campaign(
            here.campaign,
            statement,
            here.words,
            settings.base_url,
            people.online,
            utc_now(),
            shown.standing,
            people.paper,
        ),
        page_url=f"{here.absolute_url()}?lang={here.words.language}",
        all_url=f"{here.absolute_url()}/organisations?lang={here.words.language}",
        organisations=shown.leading[:_ORGANISATIONS],
    )
    return make_page(
        page.encode(),
        "text/html; charset=utf-8",
        [
            (b"content-language", here.words.language.encode()),
            (b"content-security-policy", CSP_FRAMED.encode()),
            (b"x-robots-tag", b"noindex"),
        ],
    )
