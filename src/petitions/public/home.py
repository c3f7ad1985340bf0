"""The first page: campaigns that can be signed."""

from collections.abc import Mapping

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.queries import CampaignSnapshot, list_snapshots
from petitions.clock import utc_now
from petitions.folding import fold
from petitions.i18n import LANGUAGES, Translator, preferred_languages, translator
from petitions.names import tidy
from petitions.organisations.counting import Standing, find_standings
from petitions.public.campaigns import view_campaign
from petitions.public.views import CampaignView
from petitions.signatures.counting import People, find_all_people
from petitions.web.caching import CachedPage, make_page
from petitions.web.languages import resolve, resolve_for
from petitions.web.pages import render
from petitions.web.site import Site, site_of

_MAX_QUERY = 60


def _find_all(session: Session) -> tuple[list[CampaignSnapshot], dict[int, People], Mapping[int, Standing]]:
    people, organisations = find_all_people(session), find_standings(session)
    return list_snapshots(session), people, organisations


async def show_home(request: Request) -> Response:
    """Open campaigns and those of which something came, or those that a search finds."""
    site = site_of(request)
    words = translator(resolve_for(request)[0])
    accepted = _accepted(request.headers.get("accept-language", ""))
    query = tidy(request.query_params.get("q", ""))[:_MAX_QUERY]
    cache = site.searches if query else site.pages
    return await cache.respond(
        ("home", words.language, accepted, query), lambda: _render(site, words, accepted, query)
    )


def _accepted(header: str) -> str:
    """What matters of an Accept-Language header here: two languages, so that few headers make few pages."""
    known = [tag.split("-")[0] for tag in preferred_languages(header) if tag.split("-")[0] in LANGUAGES]
    return ",".join(list(dict.fromkeys(known))[:2])


async def _render(site: Site, words: Translator, accepted: str, query: str) -> CachedPage:
    snapshots, people, organisations = await site.database.read(_find_all)
    now = utc_now()
    wanted = fold(query).split()
    campaigns: list[CampaignView] = []
    for campaign in snapshots:
        status = campaign.status(now)
        ended = status == "closed" and campaign.outcome is not None
        if campaign.archived_at is not None or not (status == "open" or ended):
            continue
        if not all(part in _searched(campaign) for part in wanted):
            continue
        signed = people.get(campaign.id, People())
        _, language = resolve(words.language, accepted, campaign.languages, campaign.default_language)
        campaigns.append(
            view_campaign(
                campaign,
                campaign.statements[language],
                words,
                site.settings.base_url,
                signed.online,
                now,
                organisations.get(campaign.id, Standing()),
                signed.paper,
            )
        )
    page = render(
        site,
        words,
        "public/home.html",
        "/",
        indexed_in=() if query else LANGUAGES,
        query_string={"q": query} if query else None,
        campaigns=[campaign for campaign in campaigns if campaign.outcome is None],
        ended=[campaign for campaign in campaigns if campaign.outcome is not None],
        query=query,
    )
    return make_page(page.encode(), "text/html; charset=utf-8", [(b"content-language", words.language.encode())])


def _searched(campaign: CampaignSnapshot) -> str:
    """Everything that a search for a campaign looks at, folded."""
    texts = [campaign.slug.replace("-", " ")]
    texts += [f"{s.title} {s.summary}" for s in campaign.statements.values()]
    texts += [name for addressee in campaign.terms.addressees for name in addressee.values()]
    return fold(" ".join(texts))
