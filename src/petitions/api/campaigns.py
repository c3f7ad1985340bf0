"""Campaigns as JSON: what the pages show, and nothing else."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.queries import CampaignSnapshot, list_snapshots
from petitions.clock import utc_now
from petitions.errors import CampaignNotFound
from petitions.i18n import text_direction
from petitions.organisations.counting import Standing, find_standings
from petitions.signatures.counting import People, find_all_people, find_people
from petitions.web.caching import CachedPage, make_page
from petitions.web.site import Site, site_of

_OPEN_CORS = [(b"access-control-allow-origin", b"*")]


async def list_campaigns(request: Request) -> Response:
    """Every published campaign that was not put away."""
    site = site_of(request)
    return await site.pages.respond(("api", "campaigns"), lambda: _render_all(site))


async def show_campaign(request: Request) -> Response:
    """One campaign, with its texts."""
    site, slug = site_of(request), slug_of(request)
    campaign = await site.campaigns.get(slug)
    return await site.pages.respond(("api", slug), lambda: _render_one(site, campaign))


def slug_of(request: Request) -> str:
    """The campaign of the path. Raises CampaignNotFound for what cannot be one."""
    slug: str = request.path_params["slug"]
    if len(slug) > 80 or not slug.isascii() or not slug.isprintable():
        raise CampaignNotFound(slug[:80])
    return slug


def _find_all(session: Session) -> tuple[list[CampaignSnapshot], dict[int, People], Mapping[int, Standing]]:
    people, organisations = find_all_people(session), find_standings(session)
    return list_snapshots(session), people, organisations


async def _render_all(site: Site) -> CachedPage:
    campaigns, people, organisations = await site.database.read(_find_all)
    now = utc_now()
    return page_of(
        {
            "campaigns": [
                _summary(site, c, people.get(c.id, People()), organisations.get(c.id, Standing()), now)
                for c in campaigns
                if c.archived_at is None
            ]
        }
    )


async def _render_one(site: Site, campaign: CampaignSnapshot) -> CachedPage:
    people = await site.database.read(find_people, campaign.id)
    organisations = (await site.organisations.get(campaign.id)).standing
    terms = campaign.terms
    return page_of(
        _summary(site, campaign, people, organisations, utc_now())
        | {
            "addressees": [dict(name) for name in terms.addressees],
            "initiator": {"name": terms.initiator.name, "url": terms.initiator.url} if terms.initiator else None,
            "goal_steps": list(terms.goal_steps),
            "links": [{"label": dict(link.label), "url": link.url} for link in terms.links],
            "statements": {
                language: {
                    "version": statement.version,
                    "direction": text_direction(language),
                    "title": statement.title,
                    "summary": statement.summary,
                    "body_markdown": statement.body,
                    "demands_markdown": list(statement.demands),
                }
                for language, statement in campaign.statements.items()
            },
        }
    )


def _summary(
    site: Site, campaign: CampaignSnapshot, people: People, organisations: Standing, now: datetime
) -> dict[str, Any]:
    return {
        "slug": campaign.slug,
        "url": f"{site.settings.base_url}/c/{campaign.slug}",
        "status": campaign.status(now),
        "default_language": campaign.default_language,
        "languages": list(campaign.languages),
        "title": {language: s.title for language, s in campaign.statements.items()},
        "count": people.online,
        "on_paper": people.paper,
        "organisations": {"count": organisations.counted, "members": organisations.members},
        "goal": campaign.terms.next_goal(people.online),
        "opens_at": moment(campaign.opens_at),
        "closes_at": moment(campaign.closes_at),
        "signers": list(campaign.terms.signers),
    }


def moment(moment: datetime | None) -> str | None:
    """A time as JSON has it."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def page_of(value: object) -> CachedPage:
    """A value as JSON that every site may read."""
    return make_page(json.dumps(value, ensure_ascii=False).encode(), "application/json", _OPEN_CORS)
