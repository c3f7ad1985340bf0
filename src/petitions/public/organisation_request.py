"""An organisation asks to co-sign: the form, what it will look like, and the sending of it."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.abuse.networks import network_of
from petitions.campaigns.defence import PAUSED, WORK
from petitions.campaigns.models import Statement
from petitions.clock import utc_now
from petitions.errors import CampaignPurged, NotPossible, StoreUnavailable
from petitions.i18n import LANGUAGES, N_, translator
from petitions.ids import new_id
from petitions.organisations import requesting
from petitions.organisations.kinds import KINDS
from petitions.organisations.logos import Logo, seal_logo
from petitions.privacy.consent import CONSENT_VERSION
from petitions.public.campaigns import Visit, view_campaign, visit
from petitions.public.organisation_form import AskForm, contact_in, entry_in, is_right, read_chosen_logo
from petitions.public.organisation_intake import BUSY, TOO_MANY, receive
from petitions.public.organisation_link import answer_beside
from petitions.public.organisation_rules import is_held
from petitions.public.organisation_views import data_url, view_entry
from petitions.public.signing import statement_shown
from petitions.web.bodies import read_upload_form, texts_of
from petitions.web.caching import CachedPage, make_page, no_store
from petitions.web.clients import client_address
from petitions.web.errors import error_response
from petitions.web.pages import answer, render, see_other

#: For the leads, at a request that a rule of the campaign or of the site is about.
HELD_BY_RULE = N_("A rule against false signatures speaks against this request. Please look twice.")
#: Fields of the form that go on to the next page in another shape, or not at all.
_NOT_CARRIED = ("logo", "logo_kept", "logo_drop", "email_checked")
#: What an answer says where nobody can ask now.
_STATUS = {"individuals": 404, TOO_MANY: 429, BUSY: 429}
#: Where the same form can be sent later.
_LATER = ("paused", TOO_MANY, BUSY)

Fields = Sequence[tuple[str, str]]


async def show_new(request: Request) -> Response:
    """The form."""
    here = await visit(request)
    reason = _why_not(here)
    if reason is not None:
        return _answer_not_now(here, reason)

    async def make() -> CachedPage:
        page = _render_form(here, AskForm(), here.campaign.statements[here.statement_language], None)
        language = [(b"content-language", here.words.language.encode())]
        return make_page(page.encode(), "text/html; charset=utf-8", language)

    return await here.site.pages.respond(("organisation-new", *here.key), make)


async def ask(request: Request) -> Response:
    """One step of the way: show what it will look like, go back to the form, or send it. Before the last one
    nothing is stored."""
    try:
        here = await visit(request)
    except StoreUnavailable as error:
        data, _ = await read_upload_form(request, "logo")
        return error_response(request, error, (request.url.path, texts_of(data)))
    reason = _why_not(here)
    if reason is not None and reason not in _LATER:
        return _answer_not_now(here, reason)  # before the form was read, which may be large
    data, upload = await read_upload_form(request, "logo")
    form = AskForm(data)
    statement, changed = statement_shown(here, form.statement.data)
    # Only where somebody may ask now, or soon: nothing else here costs as much.
    logo, problem = await read_chosen_logo(form, upload, here.site.settings.secret_keys)
    fields = _carried(here, form, logo)
    if reason is not None:
        return _answer_not_now(here, reason, fields)
    if data.get("step") == "edit":
        return _answer_form(here, form, statement, logo, 200)
    if not is_right(form, problem) or changed:
        return _answer_form(here, form, statement, logo, 422, wording_changed=changed)
    if data.get("step") != "send":
        return _answer_preview(here, form, statement, logo)
    if form.website2.data:  # nobody sees that field
        return see_other(here.url("/organisations/sent"))
    try:
        reason = await _send(request, here, form, statement, logo)
    except StoreUnavailable as error:
        return error_response(request, error, (here.url("/organisations"), [*fields, ("step", "send")]))
    except (CampaignPurged, NotPossible):
        return await _overtaken(request, here, form, statement, logo)
    return see_other(here.url("/organisations/sent")) if reason is None else _answer_not_now(here, reason, fields)


async def _send(
    request: Request, here: Visit, form: AskForm, statement: Statement, logo: Logo | None
) -> str | None:
    """Why it was not stored; None where it was. Raises StoreUnavailable, and CampaignPurged or NotPossible where
    the campaign is another one meanwhile."""
    asked = await _asked(request, here, form, statement, logo)
    address = client_address(request, here.site.settings.trusted_proxies)
    network = network_of(address) if address else None
    defended = here.campaign.defence == WORK
    limited = here.site.settings.sign_rate is not None
    return await here.site.database.write(receive, asked, network, defended=defended, limited=limited)


async def _overtaken(
    request: Request, here: Visit, form: AskForm, statement: Statement, logo: Logo | None
) -> Response:
    """The campaign was changed since its page was loaded, which this server did not know yet."""
    here.site.campaigns.forget(here.campaign.slug)
    here = await visit(request)
    reason = _why_not(here)
    if reason is not None:
        return _answer_not_now(here, reason, _carried(here, form, logo))
    return _answer_form(here, form, statement, logo, 422, wording_changed=True)


def _why_not(here: Visit) -> str | None:
    """Why no organisation can ask now."""
    if not here.campaign.terms.open_to_organisations:
        return "individuals"
    status = here.campaign.status(utc_now())
    if status != "open":
        return status
    return "paused" if here.campaign.defence == PAUSED else None


async def _asked(
    request: Request, here: Visit, form: AskForm, statement: Statement, logo: Logo | None
) -> requesting.Request:
    """What the form asks for, with what the rules say of it. Raises StoreUnavailable."""
    entry, contact = entry_in(form), contact_in(form, here.site.settings.email_key)
    about_contact = (contact.name, contact.role)
    held = await is_held(request, here.site, here.campaign.id, contact.email, entry, about_contact)
    return requesting.Request(
        id=new_id(),
        campaign_id=here.campaign.id,
        entry=entry,
        contact=contact,
        logo=logo,
        language=here.words.language,
        statement_id=statement.id,
        consent_version=CONSENT_VERSION,
        arrived_at=utc_now(),
        note=_note(here) if held else None,
    )


def _note(here: Visit) -> str:
    """For the leads, in the language of their campaign where we speak it."""
    language = here.campaign.default_language
    return translator(language if language in LANGUAGES else "en").translate(HELD_BY_RULE)


def _carried(here: Visit, form: AskForm, logo: Logo | None) -> Fields:
    """What a form says, as the fields of a page that can send it again."""
    said = [(field.name, "y" if field.data is True else field.data) for field in form if field.data]
    carried = [(name, str(value)) for name, value in said if name not in _NOT_CARRIED]
    if form.email.data:
        carried.append(("email_checked", form.email.data))
    return [*carried, ("logo_kept", seal_logo(logo, here.site.settings.secret_keys))] if logo else carried


def _render_form(
    here: Visit, form: AskForm, statement: Statement, logo: Logo | None, *, wording_changed: bool = False
) -> str:
    form.statement.data = str(statement.id)
    return render(
        here.site,
        here.words,
        "public/organisation_new.html",
        f"{here.path}/organisations/new",
        switch=not form.errors and not wording_changed and not form.name.data,
        **describe_form(here, form, logo),
        **_about(here, statement),
        form_action=here.url("/organisations"),
        wording_changed=wording_changed,
    )


def describe_form(here: Visit, form: AskForm, logo: Logo | None) -> dict[str, Any]:
    """What the fields of a form are given: what can be chosen, and the logo that was sent before."""
    return {
        "form": form,
        "kinds": KINDS,
        "logo_url": data_url(logo) if logo is not None else None,
        "logo_kept": seal_logo(logo, here.site.settings.secret_keys) if logo is not None else "",
    }


def _about(here: Visit, statement: Statement | None = None) -> dict[str, Any]:
    shown = statement or here.campaign.statements[here.statement_language]
    base_url = here.site.settings.base_url
    return {
        "campaign": view_campaign(here.campaign, shown, here.words, base_url, 0, utc_now()),
        "privacy_url": here.url("/privacy"),
        "link_url": here.url("/organisations/link"),
    }


def _answer_form(
    here: Visit,
    form: AskForm,
    statement: Statement,
    logo: Logo | None,
    status: int,
    *,
    wording_changed: bool = False,
) -> Response:
    statement = here.campaign.statements.get(statement.language, statement)
    page = _render_form(here, form, statement, logo, wording_changed=wording_changed)
    response = Response(page, status, {"content-language": here.words.language}, media_type="text/html")
    no_store(response)
    return response


def _answer_preview(here: Visit, form: AskForm, statement: Statement, logo: Logo | None) -> Response:
    form.statement.data = str(statement.id)
    return answer(
        here.site,
        here.words,
        "public/organisation_preview.html",
        f"{here.path}/organisations/new",
        switch=False,
        organisation=view_entry(entry_in(form), logo, here.words.language),
        form=form,
        fields=_carried(here, form, logo),
        form_action=here.url("/organisations"),
        **_about(here, statement),
    )


def _answer_not_now(here: Visit, reason: str, fields: Fields = ()) -> Response:
    """Why nothing is taken now. What was typed comes along in the page where it can be sent later."""
    return answer(
        here.site,
        here.words,
        "public/organisation_not_now.html",
        f"{here.path}/organisations/new",
        _STATUS.get(reason, 409),
        switch=not fields,
        reason=reason,
        retry_action=here.url("/organisations"),
        retry_fields=fields if reason in _LATER else (),
        **_about(here),
    )


async def show_sent(request: Request) -> Response:
    """After sending: the same page whoever it is."""
    return answer_beside(await visit(request), "public/organisation_sent.html", "/organisations/sent")
