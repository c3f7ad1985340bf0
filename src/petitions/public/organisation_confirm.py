"""The buttons in the mails to organisations: it is we who asked; it was not us; I speak for it from now on."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.errors import LinkInvalid, StoreUnavailable
from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, Confirmation, confirm
from petitions.organisations.models import UNCONFIRMED
from petitions.organisations.own import find_handover, refuse, take_over
from petitions.public.organisation_link import answer_dead_link
from petitions.public.organisation_owner import Speaker, find_speaker, unavailable
from petitions.tokens import CONFIRM_LIFETIME, Named
from petitions.web.bodies import read_form, texts_of
from petitions.web.pages import see_other

_CONFIRM_PATH, _CONTACT_PATH = "/organisation/confirm/", "/organisation/contact/"


async def show_confirm(request: Request) -> Response:
    """What will be shown, and the button. Opening the link changes nothing: mail scanners do that."""
    try:
        speaker = await find_speaker(request, CONFIRM_PURPOSE, _CONFIRM_PATH, lifetime=CONFIRM_LIFETIME)
    except LinkInvalid:
        return answer_dead_link(request)
    if speaker.organisation.state != UNCONFIRMED:
        return _to_own_page(speaker, speaker.organisation.link_epoch)
    return speaker.answer("public/organisation_confirm.html", confirm_url=speaker.url())


async def press_confirm(request: Request) -> Response:
    """Let it wait for the campaign, or count at once; or delete it. Pressing again leads to the same page."""
    try:
        speaker = await find_speaker(request, CONFIRM_PURPOSE, _CONFIRM_PATH, lifetime=CONFIRM_LIFETIME)
    except LinkInvalid:
        return answer_dead_link(request)
    except StoreUnavailable as error:
        return await unavailable(request, error)
    data = await read_form(request)
    epoch = speaker.organisation.link_epoch
    if speaker.organisation.state != UNCONFIRMED:
        return _to_own_page(speaker, epoch)
    if data.get("answer") == "not-us":
        refused = await speaker.act(request, texts_of(data), refuse, utc_now())
        if refused is not None:
            return refused
        return see_other(speaker.campaign_url("/organisations/withdrawn") + "&request=1")
    approves = speaker.campaign.terms.approve_proven
    confirmed = await speaker.act(request, texts_of(data), _confirm, approves, utc_now())
    return confirmed if confirmed is not None else _to_own_page(speaker, epoch, "confirmed")


def _confirm(session: Session, link: Named, approves_proven: bool, now: datetime) -> None:
    confirm(session, Confirmation(link, approves_proven, now))


async def show_contact(request: Request) -> Response:
    """What the new contact takes over, and the button."""
    try:
        speaker = await find_speaker(request, CONTACT_PURPOSE, _CONTACT_PATH, find_handover)
    except LinkInvalid:
        return answer_dead_link(request)
    return speaker.answer(
        "public/organisation_contact.html",
        next_contact=speaker.organisation.next_contact,
        contact_url=speaker.url(),
    )


async def press_contact(request: Request) -> Response:
    """From now on they speak for it, by a link of their own."""
    try:
        speaker = await find_speaker(request, CONTACT_PURPOSE, _CONTACT_PATH, find_handover)
    except LinkInvalid:
        return answer_dead_link(request)
    except StoreUnavailable as error:
        return await unavailable(request, error)
    epoch = await speaker.act(request, (), _take_over, utc_now())
    return epoch if isinstance(epoch, Response) else _to_own_page(speaker, epoch, "taken_over")


def _take_over(session: Session, link: Named, now: datetime) -> int:
    return take_over(session, link, now).link_epoch


def _to_own_page(speaker: Speaker, epoch: int, done: str = "") -> Response:
    more = f"&done={done}#done" if done else ""
    return see_other(f"{speaker.own_path(epoch)}?lang={speaker.words.language}{more}")
