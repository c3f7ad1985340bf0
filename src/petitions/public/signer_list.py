"""The public list of a campaign's signers."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.errors import PageNotFound
from petitions.names import tidy
from petitions.public.affiliations import find_cosigned
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.signatures import counting, listing, rollups
from petitions.signatures.listing import SignerPage
from petitions.web.caching import CachedPage, make_page
from petitions.web.pages import render

_MAX_QUERY = 60
#: Countries with fewer signatures are told as one: a lone signer of a country is easily found out.
_FEW = 5
_MOST_COUNTRIES = 30
_KEY = re.compile(r"(\d{1,18})(?:\.(\w{1,40}))?")


@dataclass(frozen=True)
class _Question:
    """What is asked of the list: a search, and the key after which to go on."""

    text: str
    serial: int | None
    word: str | None


_FIRST_PAGE = _Question("", None, None)


@dataclass(frozen=True)
class _Answer:
    page: SignerPage
    people: counting.People
    visibilities: dict[str, int]
    countries: list[tuple[str, int]]


async def show_signers(request: Request) -> Response:
    here = await visit(request)
    if here.campaign.terms.public_list != "full":
        raise PageNotFound
    text = tidy(request.query_params.get("q", ""))[:_MAX_QUERY]
    match = _KEY.fullmatch(request.query_params.get("from", ""))
    question = _Question(text, int(match[1]) if match else None, match[2] if match else None)
    key = ("signers", *here.key, question)
    cache = here.site.pages if question == _FIRST_PAGE else here.site.searches
    return await cache.respond(key, lambda: _render(here, question))


def _ask(session: Session, campaign: CampaignSnapshot, question: _Question) -> _Answer:
    campaign_id, reviewed = campaign.id, campaign.terms.review_comments
    if question.text:
        after = (question.word, question.serial) if question.word and question.serial is not None else None
        page = listing.search(session, campaign_id, question.text, after, reviewed=reviewed)
    else:
        page = listing.list_page(session, campaign_id, question.serial, reviewed=reviewed)
    return _Answer(
        page,
        counting.find_people(session, campaign_id),
        dict(rollups.find_parts(session, campaign_id, "visibility")),
        rollups.find_parts(session, campaign_id, "country"),
    )


async def _render(here: Visit, question: _Question) -> CachedPage:
    found = await here.site.database.read(_ask, here.campaign, question)
    statement = here.campaign.statements[here.statement_language]
    many = [(code, count) for code, count in found.countries if count >= _FEW][:_MOST_COUNTRIES]
    first = here.url("/signatures")
    following = {"q": question.text} if question.text else {}
    organisations = await here.site.organisations.get(here.campaign.id)
    page = render(
        here.site,
        here.words,
        "public/signatures.html",
        f"{here.path}/signatures",
        query_string=following,
        campaign=view_campaign(
            here.campaign,
            statement,
            here.words,
            here.site.settings.base_url,
            found.people.online,
            utc_now(),
            organisations.standing,
            found.people.paper,
        ),
        cosigned=find_cosigned(found.page.signers, organisations),
        signers=found.page.signers,
        query=question.text,
        next_url=f"{first}&{urlencode({**following, 'from': found.page.next_key})}"
        if found.page.next_key
        else None,
        first_url=first if question.serial is not None or question.text else None,
        unnamed_count=found.visibilities.get("anonymous", 0) + found.visibilities.get("addressee", 0),
        countries=many,
        other_countries=sum(count for _, count in found.countries) - sum(count for _, count in many),
        privacy_url=here.url("/privacy"),
    )
    return make_page(
        page.encode(),
        "text/html; charset=utf-8",
        [(b"content-language", here.words.language.encode()), (b"x-robots-tag", b"noindex")],
    )
