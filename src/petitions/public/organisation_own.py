"""The page of an organisation by its private link: how far it is, what is shown, and what can be done."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.errors import LinkInvalid, NotPossible, PageNotFound, StoreUnavailable
from petitions.organisations import own
from petitions.organisations.confirming import OWN_PURPOSE
from petitions.organisations.kinds import KINDS
from petitions.organisations.logos import find_logo
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    DECLINED,
    MERGED,
    WAITING,
    Organisation,
)
from petitions.public.campaigns import slug_of, view_statement
from petitions.public.organisation_form import MAX_ANSWER, AnswerForm
from petitions.public.organisation_link import answer_dead_link
from petitions.public.organisation_owner import Speaker, find_speaker, for_organisation, unavailable
from petitions.public.organisation_proof import steps_of
from petitions.tokens import Named
from petitions.web.bodies import read_form, texts_of
from petitions.web.caching import no_store
from petitions.web.forms import read_number
from petitions.web.languages import translator_for
from petitions.web.pages import see_other
from petitions.web.site import site_of

#: What was done just now, by the query of the address; the template has the words.
_DONE = frozenset(
    "confirmed taken_over changed proposed answered renewed corrected proposed_contact changed_wording".split()
)
_LOGO_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


@for_organisation
async def show_own(request: Request, speaker: Speaker) -> Response:
    """How far it is, what is shown and what is proposed instead, and what can be done."""
    done = request.query_params.get("done", "")
    return _answer_own(speaker, AnswerForm(), done=done if done in _DONE else "")


def _answer_own(speaker: Speaker, form: AnswerForm, status: int = 200, *, done: str = "") -> Response:
    organisation, campaign = speaker.organisation, speaker.campaign
    signed = speaker.found.signed
    in_force = {statement.id for statement in campaign.statements.values()}
    current = campaign.statements.get(signed.language) or campaign.statements[campaign.default_language]
    return speaker.answer(
        "public/organisation_own.html",
        status=status,
        steps=steps_of(organisation),
        done=done,
        form=form,
        most_answer=MAX_ANSWER,
        kind=KINDS[organisation.kind],
        proposed=speaker.proposed(),
        drops_logo=(organisation.proposed or {}).get("logo", "") is None,
        may_answer=may_answer(organisation),
        may_edit=may_edit(organisation),
        signed=view_statement(signed),
        signed_is_current=signed.id in in_force,
        current=view_statement(current),
        next_contact=organisation.next_contact,
        answer_url=speaker.url("/answer"),
        edit_url=speaker.url("/edit"),
        renew_url=speaker.url("/renew"),
        contact_url=speaker.url("/contact"),
        new_link_url=speaker.url("/new-link"),
        withdraw_url=speaker.url("/withdraw"),
        list_url=speaker.campaign_url("/organisations"),
        versions_url=speaker.campaign_url("/versions"),
    )


def may_answer(organisation: Organisation) -> bool:
    """Whether a lead asked something that is still open."""
    return bool(organisation.question) and organisation.state in (WAITING, ASKED, APPROVED)


def may_edit(organisation: Organisation) -> bool:
    """Whether a change would ever be seen."""
    return organisation.state not in (DECLINED, MERGED)


@for_organisation
async def answer_question(request: Request, speaker: Speaker) -> Response:
    """Answer to what a lead asked."""
    data = await read_form(request)
    form = AnswerForm(data)
    if not may_answer(speaker.organisation):
        return see_other(speaker.url())
    if not form.validate():
        return _answer_own(speaker, form, 422)
    done = await speaker.act(request, texts_of(data), own.answer, form.answer.data or "", utc_now())
    return done if done is not None else see_other(speaker.url(done="answered") + "#done")


@for_organisation
async def renew(request: Request, speaker: Speaker) -> Response:
    """Sign the wording in force, which the page showed."""
    data = await read_form(request)
    try:
        done = await speaker.act(request, texts_of(data), own.renew, read_number(data.get("statement")), utc_now())
    except NotPossible:
        speaker.site.campaigns.forget(speaker.campaign.slug)
        return see_other(speaker.url(done="changed_wording") + "#done")
    return done if done is not None else see_other(speaker.url(done="renewed") + "#done")


@for_organisation
async def renew_link(request: Request, speaker: Speaker) -> Response:
    """Make every earlier link worthless and mail a new one."""
    done = await speaker.act(request, (), own.new_link, utc_now())
    return done if done is not None else see_other(speaker.campaign_url("/organisations/link") + "&sent=1")


@for_organisation
async def show_withdraw(_request: Request, speaker: Speaker) -> Response:
    """What withdrawing means, and the button."""
    return speaker.answer("public/organisation_withdraw.html", "/withdraw", withdraw_url=speaker.url("/withdraw"))


async def withdraw(request: Request) -> Response:
    """Erase the organisation; the button again says the same."""
    try:
        speaker = await find_speaker(request, OWN_PURPOSE, "/organisation/")
    except LinkInvalid:
        return await _withdrawn_before(request)
    except StoreUnavailable as error:
        return await unavailable(request, error)
    done = await speaker.act(request, (), own.withdraw, utc_now())
    return done if done is not None else see_other(speaker.campaign_url("/organisations/withdrawn"))


async def _withdrawn_before(request: Request) -> Response:
    site, language = site_of(request), translator_for(request).language
    try:
        link = site.tokens.read(OWN_PURPOSE, request.path_params["token"], utc_now())
        if await site.database.read(_is_gone, link):
            slug = await slug_of(site, link.campaign_id)
            return see_other(f"/c/{slug}/organisations/withdrawn?lang={language}")
    except LinkInvalid:
        pass
    return answer_dead_link(request)


def _is_gone(session: Session, link: Named) -> bool:
    return session.get(Organisation, (link.campaign_id, link.row_id)) is None


async def show_logo(request: Request) -> Response:
    """A logo of this organisation, also one that nobody approved yet, for the own page alone. Raises
    PageNotFound."""
    if not _is_of_own_page(request):
        raise PageNotFound
    try:
        speaker = await find_speaker(request, OWN_PURPOSE, "/organisation/")
    except LinkInvalid:
        raise PageNotFound from None
    digest = request.path_params["digest"]
    if digest not in speaker.logos:
        raise PageNotFound
    image = await speaker.site.database.read(find_logo, speaker.link.campaign_id, digest)
    if image is None:
        raise PageNotFound
    return no_store(Response(image, headers=_LOGO_HEADERS, media_type="image/webp"))


def _is_of_own_page(request: Request) -> bool:
    """Whether a page of ours shows the picture, as far as browsers say: other sites cannot, and nobody passes its
    address on."""
    said = request.headers
    return said.get("sec-fetch-site", "same-origin") == "same-origin" and (
        said.get("sec-fetch-dest", "image") == "image"
    )
