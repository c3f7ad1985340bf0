"""What an organisation changes by its private link: what it says of itself, and who speaks for it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.errors import NotPossible, StoreUnavailable
from petitions.organisations import own
from petitions.organisations.kinds import KINDS
from petitions.organisations.logos import Logo, seal_logo
from petitions.organisations.models import APPROVED, Organisation
from petitions.organisations.requesting import Contact
from petitions.public.organisation_form import (
    ContactForm,
    EntryForm,
    contact_in,
    entry_in,
    is_right,
    read_chosen_logo,
)
from petitions.public.organisation_own import may_edit
from petitions.public.organisation_owner import Speaker, for_organisation
from petitions.public.organisation_rules import is_held
from petitions.public.organisation_views import data_url
from petitions.signatures.refusing import find_refusals
from petitions.tokens import Named
from petitions.web.bodies import read_form, read_upload_form, texts_of
from petitions.web.errors import address_of, error_response
from petitions.web.pages import see_other


@for_organisation
async def show_edit(_request: Request, speaker: Speaker) -> Response:
    """The form, with what is shown or proposed."""
    if not may_edit(speaker.organisation):
        return see_other(speaker.url())
    return _answer_edit(speaker, EntryForm(data=_said(speaker.organisation)), None)


def _said(organisation: Organisation) -> dict[str, Any]:
    names = ("name", "kind", "country", "city", "website", "members", "comment")
    said = {name: getattr(organisation, name) for name in names}
    said |= {name: value for name, value in (organisation.proposed or {}).items() if name in names}
    return {name: str(value) for name, value in said.items() if value is not None}


def _answer_edit(speaker: Speaker, form: EntryForm, logo: Logo | None, status: int = 200) -> Response:
    organisation = speaker.organisation
    present = speaker.proposed() or speaker.shown()
    return speaker.answer(
        "public/organisation_edit.html",
        "/edit",
        status,
        form=form,
        kinds=KINDS,
        logo_url=data_url(logo) if logo is not None else present.logo_url,
        logo_kept=seal_logo(logo, speaker.site.settings.secret_keys) if logo is not None else "",
        is_shown=organisation.state == APPROVED,
        form_action=speaker.url("/edit"),
    )


@for_organisation
async def edit(request: Request, speaker: Speaker) -> Response:
    """Store the form: what everybody sees of an organisation that is shown changes at once, but for its name, its
    website and its logo; and for everything where a rule against false signatures is about the new words."""
    data, upload = await read_upload_form(request, "logo")
    if not may_edit(speaker.organisation):
        return see_other(speaker.url())
    form = EntryForm(data)
    logo, problem = await read_chosen_logo(form, upload, speaker.site.settings.secret_keys)
    if not is_right(form, problem):
        return _answer_edit(speaker, form, logo, 422)
    wish = own.Change(entry_in(form), logo, drops_logo=bool(form.logo_drop.data) and logo is None)
    fields = [(name, value) for name, value in texts_of(data) if name != "logo_kept"]
    if logo is not None:
        fields.append(("logo_kept", seal_logo(logo, speaker.site.settings.secret_keys)))
    try:
        email = speaker.organisation.email or ""
        held = await is_held(request, speaker.site, speaker.campaign.id, email, wish.entry)
    except StoreUnavailable as error:
        return error_response(request, error, (address_of(request), fields))
    proposed = await speaker.act(request, fields, own.change, wish, utc_now(), held=held)
    if isinstance(proposed, Response):
        return proposed
    return see_other(speaker.url(done="proposed" if proposed else "changed") + "#done")


@for_organisation
async def show_hand_over(_request: Request, speaker: Speaker) -> Response:
    """Who speaks for it, and the form to change that."""
    organisation = speaker.organisation
    if not may_edit(organisation):
        return see_other(speaker.url())
    present = {
        name: getattr(organisation, name) or "" for name in ("contact_name", "contact_role", "email", "phone")
    }
    return _answer_hand_over(speaker, ContactForm(data=present))


def _answer_hand_over(speaker: Speaker, form: ContactForm, status: int = 200) -> Response:
    return speaker.answer(
        "public/organisation_hand_over.html",
        "/contact",
        status,
        form=form,
        next_contact=speaker.organisation.next_contact,
        form_action=speaker.url("/contact"),
    )


@for_organisation
async def hand_over(request: Request, speaker: Speaker) -> Response:
    """Correct who speaks, or ask somebody else to: then nothing changes until they press their button."""
    data = await read_form(request)
    if not may_edit(speaker.organisation):
        return see_other(speaker.url())
    form = ContactForm(data)
    if not form.validate():
        return _answer_hand_over(speaker, form, 422)
    contact = contact_in(form, speaker.site.settings.email_key)
    if contact.email_key == speaker.organisation.email_key:
        done = await speaker.act(request, texts_of(data), own.correct_contact, contact, utc_now())
        return done if done is not None else see_other(speaker.url(done="corrected") + "#done")
    try:
        asked = await speaker.act(request, texts_of(data), _hand_over, contact, utc_now())
    except NotPossible:  # declined meanwhile
        return see_other(speaker.url())
    return asked if asked is not None else see_other(speaker.url(done="proposed_contact") + "#done")


def _hand_over(session: Session, link: Named, contact: Contact, now: datetime) -> None:
    """Whatever becomes of the mail, the answer is the same: it would say who has signed, or refused."""
    refused = find_refusals(session, [contact.email_key])
    own.hand_over(session, link, contact, now, mails=(link.campaign_id, contact.email_key) not in refused)
