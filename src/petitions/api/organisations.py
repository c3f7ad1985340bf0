"""The organisations that co-sign as JSON."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.api.campaigns import page_of, slug_of
from petitions.campaigns.queries import CampaignSnapshot
from petitions.errors import PageNotFound
from petitions.organisations.listing import Shown, ShownOrganisation
from petitions.web.caching import CachedPage
from petitions.web.site import Site, site_of


async def show_organisations(request: Request) -> Response:
    """All that the public page shows. Raises PageNotFound where none can sign and none has."""
    site = site_of(request)
    campaign = await site.campaigns.get(slug_of(request))
    shown = await site.organisations.get(campaign.id)
    if not campaign.terms.open_to_organisations and not shown.organisations:
        raise PageNotFound
    return await site.pages.respond(
        ("api", "organisations", campaign.slug), lambda: _render(site, campaign, shown)
    )


async def _render(site: Site, campaign: CampaignSnapshot, shown: Shown) -> CachedPage:
    # In a thread: thousands of them take longer than a wave of readers should wait.
    return await asyncio.to_thread(lambda: page_of(describe(site.settings.base_url, campaign, shown)))


def describe(base_url: str, campaign: CampaignSnapshot, shown: Shown) -> dict[str, Any]:
    """The list, in the order of the requests, as api/openapi.py describes it. Without their numbers: gaps between
    these would count who asked and is not shown."""
    in_force = {statement.id for statement in campaign.statements.values()}
    logos = f"{base_url}/c/{campaign.slug}/logos"

    def one(each: ShownOrganisation) -> dict[str, Any]:
        return {
            "name": each.name,
            "kind": each.kind,
            "country": each.country,
            "city": each.city,
            "website": each.website,
            "logo": f"{logos}/{each.logo}.webp" if each.logo else None,
            "members": each.members,
            "comment": each.comment,
            "language": each.language,
            "pin": each.pin,
            "signed_earlier_wording": each.statement_id not in in_force,
        }

    return {
        "slug": campaign.slug,
        "count": shown.standing.counted,
        "members": shown.standing.members,
        "organisations": [one(each) for each in sorted(shown.organisations, key=lambda each: each.number)],
    }
