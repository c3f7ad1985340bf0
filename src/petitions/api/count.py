"""The honest count as JSON."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.api.campaigns import moment, page_of, slug_of
from petitions.campaigns.queries import CampaignSnapshot
from petitions.errors import PageNotFound
from petitions.signatures.reckoning import Reckoning, find_reckoning
from petitions.web.caching import CachedPage
from petitions.web.site import Site, site_of


async def show_count(request: Request) -> Response:
    """What became of everything that was ever confirmed for a campaign."""
    site = site_of(request)
    campaign = await site.campaigns.get(slug_of(request))
    if not campaign.terms.open_to_individuals:
        raise PageNotFound
    return await site.pages.respond(("api", "count", campaign.slug), lambda: _render(site, campaign))


async def _render(site: Site, campaign: CampaignSnapshot) -> CachedPage:
    return page_of(describe(campaign.slug, await site.database.read(find_reckoning, campaign.id)))


def describe(slug: str, reckoning: Reckoning) -> dict[str, Any]:
    """The numbers, as api/openapi.py describes them."""
    return {
        "slug": slug,
        "confirmed": reckoning.confirmed,
        "counted": reckoning.counted,
        "removed": reckoning.removed_in_all,
        "removed_by_reason": dict(reckoning.removed),
        "withdrawn": reckoning.withdrawn,
        "removed_then_withdrawn": reckoning.erased_removed,
        "names_erased": reckoning.erased,
        "waiting": reckoning.waiting,
        "held": reckoning.held,
        "looked_at": moment(reckoning.looked_at),
        "recounted_at": moment(reckoning.recounted_at),
        "drift": reckoning.drift,
    }
