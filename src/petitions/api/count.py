"""The honest count as JSON."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.api.campaigns import moment, page_of, slug_of
from petitions.campaigns.queries import CampaignSnapshot
from petitions.errors import PageNotFound
from petitions.signatures.reckoning import Told, find_told
from petitions.web.caching import CachedPage
from petitions.web.site import Site, site_of


async def show_count(request: Request) -> Response:
    """What became of everything that was ever confirmed for a campaign, as of the last hour."""
    site = site_of(request)
    campaign = await site.campaigns.get(slug_of(request))
    if not campaign.terms.open_to_individuals:
        raise PageNotFound
    return await site.pages.respond(("api", "count", campaign.slug), lambda: _render(site, campaign))


async def _render(site: Site, campaign: CampaignSnapshot) -> CachedPage:
    return page_of(describe(campaign.slug, await site.database.read(find_told, campaign.id)))


def describe(slug: str, told: Told) -> dict[str, Any]:
    """The numbers, as api/openapi.py describes them."""
    sums = told.reckoning
    return {
        "slug": slug,
        "confirmed": sums.confirmed if sums else None,
        "counted": sums.counted if sums else None,
        "removed": sums.removed_in_all if sums else None,
        "removed_by_reason": dict(sums.removed) if sums else {},
        "withdrawn": sums.withdrawn if sums else None,
        "removed_then_withdrawn": sums.erased_removed if sums else None,
        "names_erased": sums.erased if sums else None,
        "on_paper": sums.paper if sums else None,
        "on_paper_waiting": sums.paper_waiting if sums else None,
        "on_paper_repeated": sums.paper_repeated if sums else None,
        "waiting": told.waiting,
        "held": told.held,
        "looked_at": moment(told.looked_at),
        "recounted_at": moment(told.recounted_at),
        "drift": told.drift,
    }
