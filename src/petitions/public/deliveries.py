"""What was delivered, told to everybody: the whole timeline, and its pictures."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.delivery.evidence import find_shown_image
from petitions.errors import PageNotFound
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.signatures.counting import find_count
from petitions.web.caching import CachedPage, make_page
from petitions.web.pages import render
from petitions.web.site import Site

#: What is named by its content never changes; but a picture that is shown no more should be gone within the hour.
_HEADERS = {
    "cache-control": "public, max-age=3600",
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
}


async def show_deliveries(request: Request) -> Response:
    """All deliveries that are shown, the newest first; also where there is none yet."""
    here = await visit(request)
    return await here.site.pages.respond(("deliveries", *here.key), lambda: _render(here))


async def _render(here: Visit) -> CachedPage:
    site, campaign = here.site, here.campaign
    timeline = await site.timelines.get(campaign.id)
    count = await site.database.read(find_count, campaign.id)
    statement = campaign.statements[here.statement_language]
    page = render(
        site,
        here.words,
        "public/deliveries.html",
        f"{here.path}/deliveries",
        indexed_in=campaign.languages if timeline.deliveries else (),
        campaign=view_campaign(campaign, statement, here.words, site.settings.base_url, count, utc_now()),
        deliveries=timeline.deliveries,
        images=f"{here.path}/deliveries",
        privacy_url=here.url("/privacy"),
    )
    return make_page(
        page.encode(), "text/html; charset=utf-8", [(b"content-language", here.words.language.encode())]
    )


async def show_picture(request: Request) -> Response:
    """A picture as it lies in memory for some seconds; 404 for one that nobody shows, or shows no more."""
    here = await visit(request)
    digest, image = await _find(here.site, here.campaign.id, request.path_params["evidence_id"])
    if request.path_params["digest"] != digest[:16]:
        raise PageNotFound
    etag = f'"{digest[:32]}"'
    headers = {**_HEADERS, "etag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(image, headers=headers, media_type="image/webp")


async def _find(site: Site, campaign_id: int, evidence_id: UUID) -> tuple[str, bytes]:
    async def load(_key: tuple[int, UUID]) -> tuple[str, bytes]:
        found = await site.database.read(find_shown_image, campaign_id, evidence_id)
        if found is None:
            raise PageNotFound
        return found

    key = (campaign_id, evidence_id)
    return site.evidence.fresh(key) or await site.evidence.get(key, load)
