"""The statement page, with the signing form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.defence import WORK
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.delivery.timeline import NOTHING, Timeline
from petitions.organisations.listing import NOBODY, Shown
from petitions.privacy.consent import CONSENT_VERSION
from petitions.public.affiliations import find_cosigned
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.public.forms import SignForm, sign_form_for
from petitions.public.sharing import share_links
from petitions.signatures import counting, listing
from petitions.signatures.listing import ShownSigner
from petitions.web.caching import CachedPage, make_page
from petitions.web.headers import CSP_WITH_WORKER
from petitions.web.pages import render

_LATEST = 12
#: So many organisations are named beside a statement.
_ORGANISATIONS = 12
#: So many deliveries, the last ones.
_DELIVERIES = 3


@dataclass(frozen=True)
class Standing:
    """How far a campaign is."""

    count: int
    latest: Sequence[ShownSigner]
    organisations: Shown = NOBODY
    deliveries: Timeline = NOTHING
    paper: int = 0


def find_standing(session: Session, campaign: CampaignSnapshot) -> Standing:
    shown = campaign.terms.public_list != "none"
    people = counting.find_people(session, campaign.id)
    return Standing(
        people.online,
        listing.list_latest(session, campaign.id, _LATEST, reviewed=campaign.terms.review_comments)
        if shown
        else (),
        paper=people.paper,
    )


async def look_up_standing(here: Visit) -> Standing:
    """The same with the organisations and what was delivered. Raises StoreUnavailable."""
    standing = await here.site.database.read(find_standing, here.campaign)
    return replace(
        standing,
        organisations=await here.site.organisations.get(here.campaign.id),
        deliveries=await here.site.timelines.get(here.campaign.id),
    )


async def show_statement(request: Request) -> Response:
    here = await visit(request)
    return await here.site.pages.respond(("statement", *here.key), lambda: _render_cached(here))


async def _render_cached(here: Visit) -> CachedPage:
    standing = await look_up_standing(here)
    form = sign_form_for(here.campaign.terms)()
    page = render_statement(here, here.campaign.statements[here.statement_language], form, standing)
    return make_page(page.encode(), "text/html; charset=utf-8", _language_header(here))


def _language_header(here: Visit) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in page_headers(here).items()]


def page_headers(here: Visit) -> dict[str, str]:
    """What goes with every page that has the form."""
    headers = {"content-language": here.words.language}
    if here.campaign.defence == WORK:
        headers["content-security-policy"] = CSP_WITH_WORKER
    return headers


def render_statement(
    here: Visit,
    statement: Statement,
    form: SignForm,
    standing: Standing,
    *,
    wording_changed: bool = False,
    **context: Any,
) -> str:
    """The page in the visitor's language with this wording, form and standing."""
    said = describe(here, statement, form, standing) | {"wording_changed": wording_changed} | context
    languages = here.campaign.languages
    return render(here.site, here.words, "public/statement.html", here.path, indexed_in=languages, **said)


def describe(here: Visit, statement: Statement, form: SignForm, standing: Standing) -> dict[str, Any]:
    """What the template of the statement page is given."""
    campaign = view_campaign(
        here.campaign,
        statement,
        here.words,
        here.site.settings.base_url,
        standing.count,
        utc_now(),
        standing.organisations.standing,
        standing.paper,
    )
    url = here.absolute_url()
    return {
        "campaign": campaign,
        "form": form,
        "form_action": here.url("/signatures"),
        "latest": standing.latest,
        "cosigned": find_cosigned(standing.latest, standing.organisations),
        "organisations": standing.organisations.leading[:_ORGANISATIONS],
        "deliveries": standing.deliveries.deliveries[:_DELIVERIES],
        "deliveries_url": here.url("/deliveries"),
        "suggested": standing.organisations.leading if campaign.affiliation_label else (),
        "share_links": share_links(here.words, statement.title, url, campaign.share_text),
        "signatures_url": here.url("/signatures") if campaign.public_list == "full" else None,
        "background_url": here.url("/background") if campaign.has_background else None,
        "privacy_url": here.url("/privacy"),
        "qr_url": f"{here.path}/qr.svg",
        "qr_png_url": f"{here.path}/qr.png",
        "social_image_url": None,
        "wording_changed": False,
        "consent_version": CONSENT_VERSION,
        "challenge_url": here.url("/challenge") if campaign.defence == WORK else None,
        "page_url": url,
    }
