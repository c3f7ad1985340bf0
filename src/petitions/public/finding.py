"""Links for whoever lost their mail: a mail address in, the same page in every case."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from petitions.addresses import make_email_key
from petitions.clock import utc_now
from petitions.errors import IntakeFull, IntakeRejected, StoreUnavailable
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.public.forms import AddressForm
from petitions.public.owner import answer_dead_link
from petitions.signatures.relinking import LinkWish
from petitions.web.bodies import read_form, texts_of
from petitions.web.errors import error_response
from petitions.web.languages import translator_for
from petitions.web.pages import answer
from petitions.web.site import site_of


async def show_find(request: Request) -> Response:
    """Find my signature: asks for the address; also after the campaign has closed."""
    return _answer_find(await visit(request), AddressForm())


async def find(request: Request) -> Response:
    """Mail the links of this campaign to the address, if there are any."""
    try:
        here = await visit(request)
    except StoreUnavailable as away:
        target = quote(request.scope["path"]) + ("?" + request.url.query if request.url.query else "")
        return error_response(request, away, (target, texts_of(await read_form(request))))
    form = AddressForm(await read_form(request))
    if not form.validate():
        return _answer_find(here, form, 422)
    error = await ask_for_links(request, form, here.campaign.id)
    if error is not None:
        return error_response(request, error, (here.url("/find"), [("email", form.email.data or "")]))
    return _answer(here, "public/find_sent.html", "/find", 200, switch=False)


async def find_everywhere(request: Request) -> Response:
    """Mail the links of every campaign to the address."""
    form = AddressForm(await read_form(request))
    if not form.validate():
        return answer_dead_link(request, form, 422)
    words = translator_for(request)
    error = await ask_for_links(request, form, None)
    if error is not None:
        return error_response(request, error, (f"/find?lang={words.language}", [("email", form.email.data or "")]))
    return answer(site_of(request), words, "public/renewal_sent.html", "/find", switch=False)


async def ask_for_links(request: Request, form: AddressForm, campaign_id: int | None) -> Exception | None:
    """Have the mails queued, or say why that was not possible."""
    site = site_of(request)
    key = make_email_key(form.email.data or "", site.settings.email_key)
    try:
        await site.relinking.submit(LinkWish(key, campaign_id, utc_now()))
    except (IntakeFull, IntakeRejected, StoreUnavailable) as error:
        return error
    return None


async def show_withdrawn(request: Request) -> Response:
    """After withdrawing; says nothing about anybody."""
    return _answer(await visit(request), "public/withdrawn.html", "/withdrawn", 200)


async def show_link_sent(request: Request) -> Response:
    """After asking for a new link on one's own page; says nothing about anybody."""
    return _answer(await visit(request), "public/new_link_sent.html", "/link-sent", 200, sent=True)


def _answer_find(here: Visit, form: AddressForm, status: int = 200) -> Response:
    return _answer(
        here,
        "public/find.html",
        "/find",
        status,
        form=form,
        find_action=here.url("/find"),
        switch=status == 200,
    )


def _answer(here: Visit, template: str, below: str, status: int, **context: object) -> Response:
    statement = here.campaign.statements[here.statement_language]
    settings = here.site.settings
    return answer(
        here.site,
        here.words,
        template,
        here.path + below,
        status,
        campaign=view_campaign(here.campaign, statement, here.words, settings.base_url, 0, utc_now()),
        privacy_url=here.url("/privacy"),
        **context,
    )
