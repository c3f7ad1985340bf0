"""What was delivered as JSON."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.api.campaigns import page_of, slug_of
from petitions.campaigns.queries import CampaignSnapshot
from petitions.delivery.timeline import Timeline
from petitions.web.caching import CachedPage
from petitions.web.site import Site, site_of


async def show_deliveries(request: Request) -> Response:
    """All that the public page shows."""
    site = site_of(request)
    campaign = await site.campaigns.get(slug_of(request))
    return await site.pages.respond(("api", "deliveries", campaign.slug), lambda: _render(site, campaign))


async def _render(site: Site, campaign: CampaignSnapshot) -> CachedPage:
    timeline = await site.timelines.get(campaign.id)
    return page_of(describe(site.settings.base_url, campaign.slug, timeline))


def describe(base_url: str, slug: str, timeline: Timeline) -> dict[str, Any]:
    """The deliveries, the newest first, as api/openapi.py describes them."""
    images = f"{base_url}/c/{slug}/deliveries"
    return {
        "slug": slug,
        "deliveries": [
            {
                "delivered_on": one.delivered_on.isoformat(),
                "recipient": one.recipient,
                "way": one.way,
                "signatures": one.people,
                "on_paper": one.on_paper,
                "organisations": one.organisations,
                "counted_by": "campaign" if one.by_hand else "site",
                "note": one.note,
                "pictures": [
                    {
                        "url": f"{images}/{picture.id}-{picture.digest[:16]}.webp",
                        "description": picture.description,
                    }
                    for picture in one.pictures
                ],
            }
            for one in timeline.deliveries
        ],
    }
