"""Taking the signing form."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from petitions.abuse.networks import network_of
from petitions.abuse.rules import Facts
from petitions.addresses import make_email_key
from petitions.campaigns.defence import PAUSED
from petitions.campaigns.models import Statement
from petitions.clock import utc_now
from petitions.errors import IntakeFull, IntakeRejected, PageNotFound, StoreUnavailable
from petitions.ids import new_id
from petitions.privacy.consent import CONSENT_VERSION
from petitions.public.campaigns import Visit, updates_wording, view_campaign, visit
from petitions.public.challenge import FIELD, check_proof
from petitions.public.forms import SignForm, check_consent, said_in, sign_form_for
from petitions.public.sharing import share_links
from petitions.public.statement import Standing, look_up_standing, page_headers, render_statement
from petitions.signatures.counting import find_count
from petitions.signatures.drafting import NewDraft
from petitions.watching.sources import find_source
from petitions.web import metrics
from petitions.web.bodies import read_form, texts_of
from petitions.web.caching import no_store
from petitions.web.clients import client_address
from petitions.web.errors import error_response
from petitions.web.pages import answer


async def sign(request: Request) -> Response:
    """Check the form, store the draft, and say the same to everybody: look into your inbox."""
    arrived_at = utc_now()
    try:
        here = await visit(request)
    except StoreUnavailable as error:
        return error_response(request, error, (quote(request.scope["path"]), texts_of(await read_form(request))))
    if not here.campaign.terms.open_to_individuals:
        raise PageNotFound
    if here.campaign.status(arrived_at) != "open":
        return await _not_open(here)
    if here.campaign.defence == PAUSED:
        return await _paused(request, here)
    data = await read_form(request)
    form = sign_form_for(here.campaign.terms)(data)
    form.source.data = find_source(
        request.headers.get("referer", ""), form.source.data or "", urlsplit(here.site.settings.base_url).netloc
    )
    statement, changed = statement_shown(here, form.statement.data)
    is_right = form.validate()
    is_right &= check_consent(form, updates_wording(here.campaign, statement.language, here.words))
    if not is_right or changed:
        return await _show_again(request, here, statement, form, changed)
    draft = _draft(request, here, form, statement, arrived_at, data.get(FIELD))
    try:
        await here.site.signing.submit(await _ruled(request, here, draft))
    except IntakeRejected as error:
        if not error.constraint:
            return error_response(request, error, (here.url("/signatures"), texts_of(data)))
        here.site.campaigns.forget(here.campaign.slug)
        return await _show_again(request, await visit(request), statement, form, changed=True)
    except (IntakeFull, StoreUnavailable) as error:
        return error_response(request, error, (here.url("/signatures"), texts_of(data)))
    metrics.DRAFTS.inc()
    here.site.flows.note(here.campaign.id, arrived_at, form.source.data, draft.network, trapped=draft.trapped)
    response = RedirectResponse(here.url("/signed"), 303)
    no_store(response)
    return response


def statement_shown(here: Visit, shown: str | None) -> tuple[Statement, bool]:
    """The wording that the visitor read, and whether it has been changed since; a client that does not say
    which it read gets the one of its language."""
    current = {str(statement.id): statement for statement in here.campaign.statements.values()}
    if not shown:
        return here.campaign.statements[here.statement_language], False
    return current.get(shown, here.campaign.statements[here.statement_language]), shown not in current


async def _show_again(
    request: Request, here: Visit, statement: Statement, form: SignForm, changed: bool
) -> Response:
    """The page with what was typed and what is wrong with it. It never waits for a store that is away."""
    statement = here.campaign.statements.get(statement.language, statement)
    form.statement.data = str(statement.id)
    try:
        standing = await look_up_standing(here)
    except StoreUnavailable as error:
        return error_response(request, error, (here.url("/signatures"), texts_of(await request.form())))
    page = render_statement(here, statement, form, standing, wording_changed=changed)
    response = Response(page, 422, page_headers(here), media_type="text/html")
    no_store(response)
    return response


def _draft(
    request: Request, here: Visit, form: SignForm, statement: Statement, arrived_at: datetime, form_proof: object
) -> NewDraft:
    settings = here.site.settings
    address = client_address(request, settings.trusted_proxies)
    said = said_in(form, here.campaign.terms)
    proven, proof = check_proof(here, form_proof, arrived_at)
    return NewDraft(
        id=new_id(),
        campaign_id=here.campaign.id,
        statement_id=statement.id,
        email=form.email.data or "",
        email_key=make_email_key(form.email.data or "", settings.email_key),
        **vars(said),
        updates_wording=updates_wording(here.campaign, statement.language, here.words) if said.updates else None,
        language=here.words.language,
        consent_version=CONSENT_VERSION,
        arrived_at=arrived_at,
        network=network_of(address) if address else None,
        trapped=bool(form.website.data),
        proven=proven,
        proof=proof,
    )


async def _ruled(request: Request, here: Visit, draft: NewDraft) -> NewDraft:
    """The same with what the rules say of it. Raises StoreUnavailable."""
    rules = await here.site.rules.get(draft.campaign_id)
    texts = [text for text in (draft.name, draft.city, draft.affiliation, draft.comment) if text]
    address = client_address(request, here.site.settings.trusted_proxies)
    verdict = rules.judge(Facts(draft.email, address, texts))
    return replace(draft, ruled=verdict) if verdict is not None else draft


async def _not_open(here: Visit) -> Response:
    count = await here.site.database.read(find_count, here.campaign.id)
    statement = here.campaign.statements[here.statement_language]
    campaign = view_campaign(here.campaign, statement, here.words, here.site.settings.base_url, count, utc_now())
    return answer(here.site, here.words, "public/not_open.html", here.path, 409, campaign=campaign, switch=False)


async def _paused(request: Request, here: Visit) -> Response:
    """Nothing is taken for a while. What was typed comes along in the page, to be sent again."""
    count = await here.site.database.read(find_count, here.campaign.id)
    statement = here.campaign.statements[here.statement_language]
    campaign = view_campaign(here.campaign, statement, here.words, here.site.settings.base_url, count, utc_now())
    return answer(
        here.site,
        here.words,
        "public/paused.html",
        here.path,
        409,
        campaign=campaign,
        switch=False,
        retry_action=here.url("/signatures"),
        retry_fields=texts_of(await read_form(request)),
    )


async def show_signed(request: Request) -> Response:
    """After the form: the same page whatever the store knows of the address."""
    here = await visit(request)
    return answer_with_sharing(here, "public/signed.html", "/signed", Standing(0, ()))


def answer_with_sharing(here: Visit, template: str, below: str, standing: Standing) -> Response:
    """A page after an action that ends in passing the statement on."""
    statement = here.campaign.statements[here.statement_language]
    settings = here.site.settings
    organisations = standing.organisations.standing
    campaign = view_campaign(
        here.campaign,
        statement,
        here.words,
        settings.base_url,
        standing.count,
        utc_now(),
        organisations,
        standing.paper,
    )
    url = here.absolute_url()
    return answer(
        here.site,
        here.words,
        template,
        here.path + below,
        campaign=campaign,
        share_links=share_links(here.words, statement.title, url, campaign.share_text),
        page_url=url,
        qr_url=f"{here.path}/qr.svg",
        privacy_url=here.url("/privacy"),
    )
