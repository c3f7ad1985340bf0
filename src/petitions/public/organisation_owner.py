"""Whoever has the private link of an organisation, where it works."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.errors import CampaignPurged, InvalidRequest, LinkInvalid, StoreUnavailable
from petitions.i18n import Translator, translator
from petitions.organisations.confirming import CONFIRM_PURPOSE, OWN_PURPOSE
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    UNCONFIRMED,
    WAITING,
    Organisation,
    OrganisationLogo,
)
from petitions.organisations.own import find_own
from petitions.public.campaigns import slug_of, view_campaign
from petitions.public.organisation_link import answer_dead_link
from petitions.public.organisation_views import (
    OrganisationView,
    Sizes,
    view_organisation,
    view_proposed,
)
from petitions.tokens import Named
from petitions.web.bodies import read_upload_form, texts_of
from petitions.web.errors import address_of, error_response
from petitions.web.languages import resolve_for
from petitions.web.pages import answer, see_other
from petitions.web.site import Site, site_of

P = ParamSpec("P")
T = TypeVar("T")
Fields = Sequence[tuple[str, str]]
Find = Callable[[Session, Named], Organisation]
#: The states in which an own page shows its logo.
_WITH_LOGO = (WAITING, ASKED, APPROVED)


@dataclass(frozen=True)
class Found:
    """An organisation with what its pages need beside it."""

    organisation: Organisation
    sizes: Sizes  # of its logos
    signed: Statement


def find_with_logos(session: Session, link: Named, find: Find) -> Found:
    """What the link leads to, by `find`. Raises LinkInvalid."""
    organisation = find(session, link)
    digests = {organisation.logo, (organisation.proposed or {}).get("logo")} - {None}
    logos = session.execute(
        select(OrganisationLogo.digest, OrganisationLogo.width, OrganisationLogo.height).where(
            OrganisationLogo.campaign_id == link.campaign_id, OrganisationLogo.digest.in_(digests)
        )
    )
    signed = session.get_one(Statement, organisation.statement_id)
    session.expunge(signed)
    return Found(organisation, {row.digest: (row.width, row.height) for row in logos}, signed)


@dataclass(frozen=True)
class Speaker:
    """Somebody who speaks for an organisation, by a link that works."""

    site: Site
    words: Translator
    purpose: str  # of the link by which they came
    path: str
    link: Named
    found: Found
    campaign: CampaignSnapshot

    @property
    def organisation(self) -> Organisation:
        return self.found.organisation

    def url(self, below: str = "", **query: str) -> str:
        """An address of this page, in the reader's language."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self.path}{below}?lang={self.words.language}{more}"

    def campaign_url(self, below: str) -> str:
        """An address beside the statement, in the reader's language."""
        return f"/c/{self.campaign.slug}{below}?lang={self.words.language}"

    def own_path(self, epoch: int | None = None) -> str:
        """The own page, for whoever came by another link."""
        epoch = self.organisation.link_epoch if epoch is None else epoch
        return f"/organisation/{self.site.tokens.make(OWN_PURPOSE, *self.link[:2], epoch)}"

    @property
    def logos(self) -> Sizes:
        """The logos that this page serves: by the own link alone, and of no request that nobody confirmed, nor of
        one that was not taken. This is no place for pictures of anybody."""
        served = self.purpose == OWN_PURPOSE and self.organisation.state in _WITH_LOGO
        return self.found.sizes if served else {}

    def logo_url(self, digest: str) -> str:
        """Where the browser of the own page gets a logo, also one that nobody approved yet."""
        return f"{self.path}/logo/{digest}.webp"

    def shown(self) -> OrganisationView:
        return view_organisation(self.organisation, self.logos, self.logo_url)

    def proposed(self) -> OrganisationView | None:
        return view_proposed(self.organisation, self.logos, self.logo_url)

    def answer(self, template: str, below: str = "", status: int = 200, **context: Any) -> Response:
        """A page about this organisation in this campaign."""
        statements, language = self.campaign.statements, self.words.language
        statement = statements.get(language) or statements[self.campaign.default_language]
        base_url = self.site.settings.base_url
        about: dict[str, Any] = {
            "campaign": view_campaign(self.campaign, statement, self.words, base_url, 0, utc_now()),
            "privacy_url": self.campaign_url("/privacy"),
            "organisation": self.organisation,
            "shown": self.shown(),
            "own_url": self.url(),
            "switch": status == 200,
        }
        return answer(self.site, self.words, template, f"{self.path}{below}", status, **about | context)

    async def act(
        self,
        request: Request,
        fields: Fields,
        function: Callable[Concatenate[Session, Named, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> "T | Response":
        """Have it done; where the link leads to nothing any more, or the store is away, the page that says so."""
        try:
            return await self.site.database.write(function, self.link, *args, **kwargs)
        except (LinkInvalid, CampaignPurged):
            return answer_dead_link(request)
        except StoreUnavailable as error:
            return error_response(request, error, (address_of(request), fields))


Handler = Callable[[Request], Awaitable[Response]]


async def find_speaker(
    request: Request, purpose: str, path: str, find: Find = find_own, lifetime: timedelta | None = None
) -> Speaker:
    """Who came by the link of this request. Raises LinkInvalid, StoreUnavailable."""
    site, token = site_of(request), request.path_params["token"]
    link = site.tokens.read(purpose, token, utc_now(), lifetime)
    found = await site.database.read(find_with_logos, link, find)
    campaign = await site.campaigns.get(await slug_of(site, link.campaign_id))
    if campaign.purge_began_at is not None:
        raise LinkInvalid("the contacts are erased")
    words = translator(resolve_for(request, default=found.organisation.language)[0])
    return Speaker(site, words, purpose, path + token, link, found, campaign)


async def unavailable(request: Request, error: StoreUnavailable) -> Response:
    """The store is away; what was typed comes along, but for a picture."""
    if request.method != "POST":
        return error_response(request, error)
    try:
        data, _upload = await read_upload_form(request, "logo")
    except InvalidRequest:
        return error_response(request, error)
    return error_response(request, error, (address_of(request), texts_of(data)))


def for_organisation(handler: Callable[[Request, Speaker], Awaitable[Response]]) -> Handler:
    """Find what the own link leads to; a link that leads to nothing gets one page, whatever the reason. What waits
    for its button has a page of its own."""

    async def handle(request: Request) -> Response:
        try:
            speaker = await find_speaker(request, OWN_PURPOSE, "/organisation/")
        except LinkInvalid:
            return answer_dead_link(request)
        except StoreUnavailable as error:
            return await unavailable(request, error)
        if speaker.organisation.state == UNCONFIRMED:
            token = speaker.site.tokens.make(CONFIRM_PURPOSE, *speaker.link)
            return see_other(f"/organisation/confirm/{token}?lang={speaker.words.language}")
        return await handler(request, speaker)

    return handle
