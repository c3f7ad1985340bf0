"""The public list of the organisations that co-sign."""

import asyncio
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.errors import PageNotFound
from petitions.i18n import COUNTRY_CODES
from petitions.names import tidy
from petitions.organisations.kinds import HEADINGS, KINDS
from petitions.organisations.listing import Shown
from petitions.organisations.shown import (
    MAX_SEARCHED,
    Ordered,
    Wish,
    count_pages,
    group,
    put_in_order,
    take_page,
)
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.signatures.counting import find_count
from petitions.web.caching import CachedPage, make_page
from petitions.web.pages import render

_MAX_QUERY = 60
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True)
class _Asked:
    """What somebody wants to see of the list."""

    wish: Wish
    page: int

    @property
    def parameters(self) -> dict[str, str]:
        """Of the address, without the page."""
        named = {"q": self.wish.text, "kind": self.wish.kind, "country": self.wish.country}
        return {name: value for name, value in named.items() if value}


_FIRST_PAGE = _Asked(Wish(), 1)


async def show_organisations(request: Request) -> Response:
    """All of them, or those that somebody looks for. Raises PageNotFound where none can sign and none has, and
    for pages that there are not."""
    here = await visit(request)
    shown = await here.site.organisations.get(here.campaign.id)
    if not here.campaign.terms.open_to_organisations and not shown.organisations:
        raise PageNotFound
    asked = _read(request)
    # The first page alone lies beside the statements: the others are many, and long.
    if asked == _FIRST_PAGE:
        cache, make = here.site.pages, lambda: _render(here, shown, asked)
    else:
        cache, make = here.site.organisation_searches, lambda: _render_one_by_one(here, shown, asked)
    return await cache.respond(("organisations", *here.key, asked), make)


def _read(request: Request) -> _Asked:
    """The question of an address; what makes no sense in it is passed over."""
    values = request.query_params
    kind, country, page = values.get("kind", ""), values.get("country", ""), values.get("page", "1")
    wish = Wish(
        kind if kind in KINDS else "",
        country if country in COUNTRY_CODES else "",
        _searched(values.get("q", "")),
    )
    return _Asked(wish, int(page) if _PAGE_NUMBER.fullmatch(page) else 1)


def _searched(text: str) -> str:
    """What is looked for, and shown as that: words, and not the ways in which one can write the same ones."""
    letters = (c if unicodedata.category(c)[0] in "LMN" else " " for c in tidy(text)[:_MAX_QUERY].lower())
    return " ".join("".join(letters).split()[:MAX_SEARCHED])


async def order_for(here: Visit, shown: Shown) -> Ordered:
    """The organisations as readers of the visitor's language expect them; put in order once for every change."""
    key = (here.campaign.id, here.words.language)
    known = here.site.orders.get(key)
    if known is not None and known[0] is shown:
        return known[1]
    # In a thread: thousands of names take longer than a wave of readers should wait.
    ordered = await asyncio.to_thread(put_in_order, shown, here.words.language, here.words.country)
    here.site.orders[key] = (shown, ordered)
    return ordered


async def _render_one_by_one(here: Visit, shown: Shown, asked: _Asked) -> CachedPage:
    """A page that hardly anybody else asks for: many at once let the other pages pass between them."""
    async with here.site.one_search:
        return await _render(here, shown, asked)


async def _render(here: Visit, shown: Shown, asked: _Asked) -> CachedPage:
    ordered = await order_for(here, shown)
    found = ordered.find(asked.wish)
    number, pages = asked.page, count_pages(len(found))
    if number > pages:
        raise PageNotFound
    count = await here.site.database.read(find_count, here.campaign.id)
    statement = here.campaign.statements[here.statement_language]
    address, parameters = here.url("/organisations"), asked.parameters
    page = render(
        here.site,
        here.words,
        "public/organisations.html",
        f"{here.path}/organisations",
        indexed_in=here.campaign.languages if not parameters and number == 1 else (),
        query_string={**parameters, "page": str(number)} if number > 1 else parameters,
        campaign=view_campaign(
            here.campaign,
            statement,
            here.words,
            here.site.settings.base_url,
            count,
            utc_now(),
            shown.standing,
        ),
        sections=group(take_page(found, number)),
        headings=HEADINGS,
        kind_words=KINDS,
        kinds=[(kind, HEADINGS[kind], many) for kind, many in ordered.kinds],
        countries=ordered.countries,
        wish=asked.wish,
        found=len(found),
        number=number,
        pages=pages,
        page_urls={near: f"{address}&{urlencode({**parameters, 'page': near})}" for near in _near(number, pages)},
        all_url=address,
        in_force=frozenset(each.id for each in here.campaign.statements.values()),
        logos_path=f"{here.path}/logos",
        privacy_url=here.url("/privacy"),
    )
    return await asyncio.to_thread(
        make_page,
        page.encode(),
        "text/html; charset=utf-8",
        [(b"content-language", here.words.language.encode())],
    )


def _near(number: int, pages: int) -> list[int]:
    """The pages that a page leads to: the first, the last, and its neighbours."""
    return sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)}) if pages > 1 else []
