"""Passing a campaign on: links, QR codes, a poster to print."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.campaigns.terms import text_in
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import attachment, show
from petitions.errors import PageNotFound
from petitions.i18n import LANGUAGES, text_direction, translator
from petitions.public.sharing import qr_png, qr_svg, share_links
from petitions.web.caching import no_store

_MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Chosen:
    """A wording to pass on, and where it stands."""

    campaign: CampaignSnapshot
    statement: Statement
    url: str  # in its language
    short_url: str  # to type from paper

    @property
    def direction(self) -> str:
        return text_direction(self.statement.language)

    @property
    def call(self) -> str:
        """What stands above the code of a poster, in its language; empty where the interface does not speak it."""
        language = self.statement.language
        return translator(language).gettext("Sign here:") if language in LANGUAGES else ""


@for_desk(Permission.VIEW)
async def show_share(request: Request, desk: Desk) -> Response:
    """Links for one language, the address of the page and of its figures, QR codes."""
    if desk.campaign.published_at is None:
        return show(desk, "share.html", chosen=None, links=[], address=_address(desk))
    chosen = await _choose(request, desk)
    share = chosen.campaign.terms.share
    said = text_in(share, chosen.statement.language, chosen.campaign.default_language) if share else None
    links = share_links(desk.words, chosen.statement.title, chosen.url, said)
    return show(desk, "share.html", chosen=chosen, links=links, address=_address(desk))


@for_desk(Permission.VIEW)
async def show_poster(request: Request, desk: Desk) -> Response:
    """A sheet of A4 with title, summary and QR code, in one language."""
    return show(desk, "poster.html", chosen=await _choose(request, desk))


@for_desk(Permission.VIEW)
async def show_qr(request: Request, desk: Desk) -> Response:
    """The address as a QR code, in one language; `?save` makes a file of it."""
    kind = request.path_params["kind"]
    if kind not in _MEDIA_TYPES:
        raise PageNotFound
    chosen = await _choose(request, desk)
    image = (qr_svg if kind == "svg" else qr_png)(chosen.url)
    name = f"{desk.campaign.slug}-{chosen.statement.language.lower()}.{kind}"
    headers = attachment(name) if "save" in request.query_params else None
    response = Response(image, media_type=_MEDIA_TYPES[kind], headers=headers)
    no_store(response)
    return response


async def _choose(request: Request, desk: Desk) -> Chosen:
    """The published wording that is asked for, or that of the campaign's own language.
    Raises CampaignNotFound before anything is published."""
    campaign = await desk.site.database.read(get_snapshot, desk.campaign.slug)
    asked = request.query_params.get("statement", "")
    language = asked if asked in campaign.statements else campaign.default_language
    address = _address(desk)
    return Chosen(
        campaign=campaign,
        statement=campaign.statements[language],
        url=f"{address}?lang={language}",
        short_url=address.partition("://")[2],
    )


def _address(desk: Desk) -> str:
    return f"{desk.site.settings.base_url}/c/{desk.campaign.slug}"
