"""Whoever has a link to their signature that works, and the one page for links that do not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.errors import IntakeFull, IntakeRejected, InvalidRequest, LinkInvalid, StoreUnavailable
from petitions.i18n import Translator, translator
from petitions.public.campaigns import slug_of, view_campaign
from petitions.public.forms import AddressForm
from petitions.public.views import CampaignView
from petitions.signatures.letters import CONFIRM_PURPOSE
from petitions.signatures.own import (
    OWN_PURPOSE,
    Action,
    Done,
    OwnSignature,
    find_own,
    is_waiting,
    was_withdrawn,
)
from petitions.tokens import Named
from petitions.web.bodies import read_form, texts_of
from petitions.web.errors import address_of, error_response
from petitions.web.languages import resolve_for, translator_for
from petitions.web.pages import answer, see_other
from petitions.web.site import Site, site_of


@dataclass(frozen=True)
class Owner:
    """Somebody with a link that works."""

    site: Site
    words: Translator
    token: str
    link: Named
    own: OwnSignature
    campaign: CampaignSnapshot

    @property
    def signature(self) -> Row[Any]:
        return self.own.signature

    @property
    def privacy_url(self) -> str:
        return f"/c/{self.own.slug}/privacy?lang={self.words.language}"

    @property
    def path(self) -> str:
        return f"/signature/{self.token}"

    def url(self, below: str = "", **query: str) -> str:
        """An address of this page, in the signer's language."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self.path}{below}?lang={self.words.language}{more}"

    def view(self) -> CampaignView:
        statements, language = self.campaign.statements, self.words.language
        statement = statements.get(language) or statements[self.campaign.default_language]
        return view_campaign(self.campaign, statement, self.words, self.site.settings.base_url, 0, utc_now())


Handler = Callable[[Request], Awaitable[Response]]


def for_owner(handler: Callable[[Request, Owner], Awaitable[Response]]) -> Handler:
    """Find what the link leads to; a link that leads to nothing gets one page, whatever the reason."""

    async def handle(request: Request) -> Response:
        site, token = site_of(request), request.path_params["token"]
        try:
            link = site.tokens.read(OWN_PURPOSE, token, utc_now())
        except LinkInvalid:
            return answer_dead_link(request)
        try:
            own = await site.database.read(find_own, link, site.wordings)
            campaign = await site.campaigns.get(own.slug)
        except LinkInvalid:
            return await _without_signature(request, site, link)
        except StoreUnavailable as error:
            return await _unavailable(request, error)
        words = translator(resolve_for(request, default=own.signature.language)[0])
        return await handler(request, Owner(site, words, token, link, own, campaign))

    return handle


async def _without_signature(request: Request, site: Site, link: Named) -> Response:
    """What waits to be confirmed has a page of its own; what was withdrawn just now is said again."""
    if await site.database.read(is_waiting, link):
        token = site.tokens.make(CONFIRM_PURPOSE, link.campaign_id, link.row_id)
        return see_other(f"/confirm/{token}?lang={translator_for(request).language}")
    if await site.database.read(was_withdrawn, link):
        slug = await slug_of(site, link.campaign_id)
        return see_other(f"/c/{slug}/withdrawn?lang={translator_for(request).language}")
    return answer_dead_link(request)


async def submit(request: Request, owner: Owner, action: Action) -> Done | Response:
    """Have it done; where the link leads to nothing any more, or the store is away, the page that says so."""
    try:
        done = await owner.site.owning.submit(action)
    except (IntakeFull, IntakeRejected, StoreUnavailable) as error:
        return await _unavailable(request, error)
    return answer_dead_link(request) if done is Done.GONE else done


async def _unavailable(request: Request, error: Exception) -> Response:
    if request.method != "POST":
        return error_response(request, error)
    target = address_of(request)
    try:
        fields = texts_of(await read_form(request))
    except InvalidRequest:
        fields = []  # a button without fields
    return error_response(request, error, (target, fields))


def answer_dead_link(request: Request, form: AddressForm | None = None, status: int = 404) -> Response:
    """One page for every link that leads to nothing: damaged, foreign, replaced, or its signature is gone."""
    words = translator_for(request)
    return answer(
        site_of(request),
        words,
        "public/own_link_invalid.html",
        "/",
        status,
        form=form or AddressForm(),
        find_action=f"/find?lang={words.language}",
        switch=False,
    )
