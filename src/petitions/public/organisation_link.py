"""Links for organisations whose contact lost the mail, and the one page for links that lead to nothing."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField

from petitions.addresses import make_email_key
from petitions.clock import utc_now
from petitions.errors import StoreUnavailable
from petitions.organisations.requesting import LinkWish, send_links
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.public.organisation_form import check_contact_email
from petitions.web.bodies import read_form, texts_of
from petitions.web.errors import error_response
from petitions.web.forms import PlainForm, tidy_line
from petitions.web.languages import translator_for
from petitions.web.pages import answer, see_other
from petitions.web.site import site_of


class LinkForm(PlainForm):
    """Asks for nothing but the mail address of the contact."""

    email = StringField(filters=[tidy_line], validators=[check_contact_email])


async def show_link(request: Request) -> Response:
    """Asks for the address of the contact; also after the campaign has closed. With ?sent, what comes of it."""
    here = await visit(request)
    return _answer_link(here, LinkForm(), sent="sent" in request.query_params)


async def ask_link(request: Request) -> Response:
    """Mail the links of this campaign to the address, if there are any; the same page in every case."""
    data = await read_form(request)
    try:
        here = await visit(request)
    except StoreUnavailable as error:
        return error_response(request, error, (quote(request.scope["path"]), texts_of(data)))
    form = LinkForm(data)
    if not form.validate():
        return _answer_link(here, form, 422)
    try:
        await _send(request, form, here.campaign.id)
    except StoreUnavailable as error:
        return error_response(request, error, (here.url("/organisations/link"), texts_of(data)))
    return see_other(here.url("/organisations/link") + "&sent=1")


async def ask_everywhere(request: Request) -> Response:
    """Mail the links of every campaign to the address."""
    form, words = LinkForm(await read_form(request)), translator_for(request)
    if not form.validate():
        return answer_dead_link(request, form, 422)
    try:
        await _send(request, form, None)
    except StoreUnavailable as error:
        target = f"/organisation/link?lang={words.language}"
        return error_response(request, error, (target, [("email", form.email.data or "")]))
    return answer(site_of(request), words, "public/organisation_link_sent.html", "/", switch=False)


async def _send(request: Request, form: LinkForm, campaign_id: int | None) -> None:
    """Raises StoreUnavailable."""
    site = site_of(request)
    key = make_email_key(form.email.data or "", site.settings.email_key)
    await site.database.write(send_links, LinkWish(campaign_id, key, utc_now()))


def _answer_link(here: Visit, form: LinkForm, status: int = 200, *, sent: bool = False) -> Response:
    return answer_beside(
        here,
        "public/organisation_link.html",
        "/organisations/link",
        status,
        form=form,
        sent=sent,
        form_action=here.url("/organisations/link"),
        switch=status == 200,
        query_string={"sent": "1"} if sent else None,
    )


async def show_withdrawn(request: Request) -> Response:
    """After withdrawing; says nothing about anybody. With ?contact, for who was named and speaks for none; with
    ?request, for whoever did not ask."""
    asks = next((name for name in ("contact", "request") if name in request.query_params), None)
    return answer_beside(
        await visit(request),
        "public/organisation_withdrawn.html",
        "/organisations/withdrawn",
        refused=asks,
        query_string={asks: "1"} if asks else None,
    )


def answer_beside(here: Visit, template: str, below: str, status: int = 200, **context: Any) -> Response:
    """A page beside the statement that nobody keeps."""
    statement = here.campaign.statements[here.statement_language]
    base_url = here.site.settings.base_url
    about: dict[str, Any] = {
        "campaign": view_campaign(here.campaign, statement, here.words, base_url, 0, utc_now()),
        "privacy_url": here.url("/privacy"),
        "link_url": here.url("/organisations/link"),
    }
    return answer(here.site, here.words, template, here.path + below, status, **about | context)


def answer_dead_link(request: Request, form: LinkForm | None = None, status: int = 404) -> Response:
    """One page for every link that leads to nothing: damaged, foreign, replaced, or what it led to is gone."""
    words = translator_for(request)
    return answer(
        site_of(request),
        words,
        "public/organisation_link_invalid.html",
        "/",
        status,
        form=form or LinkForm(),
        form_action=f"/organisation/link?lang={words.language}",
        switch=False,
    )
