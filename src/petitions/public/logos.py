"""The logos of the organisations that everybody sees."""

import re

from starlette.requests import Request
from starlette.responses import Response

from petitions.errors import PageNotFound
from petitions.organisations.logos import find_shown_logo
from petitions.public.campaigns import visit
from petitions.web.site import Site

_DIGEST = re.compile(r"[0-9a-f]{32}")
#: What is named by its content never changes.
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
}


async def show_logo(request: Request) -> Response:
    """A logo as it lies in memory for some seconds; 404 for one that nobody shows, or shows no more."""
    here = await visit(request)
    digest = request.path_params["digest"]
    if _DIGEST.fullmatch(digest) is None:
        raise PageNotFound
    etag = f'"{digest}"'
    headers = {**_HEADERS, "etag": etag}
    image = await _image(here.site, here.campaign.id, digest)
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(image, headers=headers, media_type="image/webp")


async def _image(site: Site, campaign_id: int, digest: str) -> bytes:
    async def load(_key: tuple[int, str]) -> bytes:
        image = await site.database.read(find_shown_logo, campaign_id, digest)
        if image is None:
            raise PageNotFound
        return image

    key = (campaign_id, digest)
    return site.logos.fresh(key) or await site.logos.get(key, load)
