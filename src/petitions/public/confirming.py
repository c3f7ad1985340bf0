"""The link in the mail: a page that shows what will appear, and the button that counts it."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from petitions.campaigns.lifecycle import may_confirm
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.errors import IntakeFull, IntakeRejected, LinkExpired, LinkInvalid, StoreUnavailable
from petitions.i18n import Translator, translator
from petitions.public.campaigns import Visit, slug_of, view_campaign, visit
from petitions.public.finding import ask_for_links
from petitions.public.forms import AddressForm
from petitions.public.signing import answer_with_sharing
from petitions.public.statement import Standing
from petitions.signatures import counting, listing
from petitions.signatures.confirming import Confirmation, Outcome
from petitions.signatures.letters import CONFIRM_PURPOSE
from petitions.signatures.links import find_linked
from petitions.signatures.models import Draft
from petitions.tokens import CONFIRM_LIFETIME
from petitions.web import metrics
from petitions.web.bodies import read_form
from petitions.web.caching import no_store
from petitions.web.errors import address_of, error_response
from petitions.web.languages import resolve_for, translator_for
from petitions.web.pages import answer
from petitions.web.site import Site, site_of


async def show_confirm(request: Request) -> Response:
    """Show what will appear, and the button. Opening the link changes nothing: mail scanners do that."""
    site, token = site_of(request), request.path_params["token"]
    try:
        campaign_id, draft_id, _ = site.tokens.read(CONFIRM_PURPOSE, token, utc_now(), CONFIRM_LIFETIME)
        found = await site.database.read(find_linked, campaign_id, draft_id)
    except LinkInvalid as error:
        return await _refuse(request, error)
    campaign = await site.campaigns.get(found.slug)
    words = translator(resolve_for(request, default=found.draft.language if found.draft else "en")[0])
    if found.is_signature:
        return _to_thanks(found.slug, words)
    if found.draft is None or found.statement is None:
        return _link_invalid(request, expired=False)
    if not may_confirm(campaign.closes_at, found.draft.created_at, utc_now()):
        return await _too_late(site, campaign, words)
    return await _show_draft(site, campaign, words, token, found.draft, found.statement)


async def _show_draft(
    site: Site, campaign: CampaignSnapshot, words: Translator, token: str, draft: Draft, statement: Statement
) -> Response:
    count = await site.database.read(counting.find_count, campaign.id)
    view = view_campaign(campaign, statement, words, site.settings.base_url, count, utc_now())
    answers = draft.answers or {}
    return answer(
        site,
        words,
        "public/confirm.html",
        f"/confirm/{token}",
        campaign=view,
        draft=_DraftView(draft, [(q.label, answers[q.key], q.public) for q in view.questions if q.key in answers]),
        confirm_url=f"/confirm/{token}?lang={words.language}",
        shown_as=listing.show(draft),
        not_me_url=f"/confirm/{token}/not-me?lang={words.language}",
        privacy_url=f"/c/{campaign.slug}/privacy?lang={words.language}",
    )


class _DraftView:
    """A draft as its page shows it: the same fields, with the answers under their labels."""

    def __init__(self, draft: Draft, answers: list[tuple[str, str, bool]]) -> None:
        self.name, self.email, self.country = draft.name, draft.email, draft.country
        self.city, self.affiliation, self.comment = draft.city, draft.affiliation, draft.comment
        self.visibility, self.updates = draft.visibility, draft.updates
        self.answers = answers


async def confirm(request: Request) -> Response:
    """Count the signature; pressing again says thanks again."""
    arrived_at = utc_now()
    site = site_of(request)
    try:
        campaign_id, draft_id, _ = site.tokens.read(
            CONFIRM_PURPOSE, request.path_params["token"], arrived_at, CONFIRM_LIFETIME
        )
        outcome = await site.confirming.submit(Confirmation(campaign_id, draft_id, arrived_at))
        slug = await slug_of(site, campaign_id)
    except LinkInvalid as error:
        return await _refuse(request, error)
    except (IntakeFull, StoreUnavailable, IntakeRejected) as error:
        target = address_of(request)
        return error_response(request, error, (target, []))
    metrics.CONFIRMATIONS.labels(outcome.value).inc()
    words = translator_for(request)
    match outcome:
        case Outcome.COUNTED | Outcome.COUNTED_BEFORE:
            return _to_thanks(slug, words)
        case Outcome.TOO_LATE:
            return await _too_late(site, await site.campaigns.get(slug), words)
        case Outcome.GONE:
            return _link_invalid(request, expired=False)


def _to_thanks(slug: str, words: Translator) -> Response:
    response = RedirectResponse(f"/c/{slug}/thanks?lang={words.language}", 303)
    no_store(response)
    return response


async def show_thanks(request: Request) -> Response:
    """After confirming; shows a stranger nothing about the signer."""
    here: Visit = await visit(request)
    people = await here.site.database.read(counting.find_people, here.campaign.id)
    organisations = await here.site.organisations.get(here.campaign.id)
    standing = Standing(people.online, (), organisations, paper=people.paper)
    return answer_with_sharing(here, "public/thanks.html", "/thanks", standing)


async def _too_late(site: Site, campaign: CampaignSnapshot, words: Translator) -> Response:
    count = await site.database.read(counting.find_count, campaign.id)
    statement = campaign.statements.get(words.language) or campaign.statements[campaign.default_language]
    view = view_campaign(campaign, statement, words, site.settings.base_url, count, utc_now())
    return answer(site, words, "public/not_open.html", f"/c/{campaign.slug}", 409, campaign=view, switch=False)


async def _refuse(request: Request, error: LinkInvalid) -> Response:
    """The page for a link that does not work; whose campaign is known, the way back to its statement."""
    if not isinstance(error, LinkExpired):
        return _link_invalid(request, expired=False)
    try:
        slug = await slug_of(site_of(request), error.campaign_id)
    except (LinkInvalid, StoreUnavailable):
        return _link_invalid(request, expired=True)
    return _link_invalid(request, expired=True, slug=slug)


def _link_invalid(
    request: Request,
    *,
    expired: bool,
    form: AddressForm | None = None,
    status: int | None = None,
    slug: str | None = None,
) -> Response:
    words, path = translator_for(request), request.scope["path"]
    return answer(
        site_of(request),
        words,
        "public/link_invalid.html",
        quote(path),
        status or (410 if expired else 404),
        switch=path != "/confirm",  # which takes a form only
        expired=expired,
        form=form or AddressForm(),
        renewal_url=f"/confirm?lang={words.language}",
        sign_url=f"/c/{slug}?lang={words.language}#sign" if slug else None,
    )


async def renew(request: Request) -> Response:
    """Send a new mail for what waits to be confirmed; the same page in every case."""
    site, words = site_of(request), translator_for(request)
    form = AddressForm(await read_form(request))
    if not form.validate():
        return _link_invalid(request, expired=False, form=form, status=422)
    error = await ask_for_links(request, form, None)
    if error is not None:
        return error_response(
            request, error, (f"/confirm?lang={words.language}", [("email", form.email.data or "")])
        )
    return answer(site, words, "public/renewal_sent.html", "/confirm", switch=False)
