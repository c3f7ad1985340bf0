"""The buttons in the mails to organisations: it is we who asked; it was not us; I speak for it, or I do not."""

from datetime import datetime

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.campaigns.lifecycle import status_at
from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from petitions.errors import LinkInvalid, StoreUnavailable
from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, Confirmation, confirm
from petitions.organisations.logos import find_logo
from petitions.organisations.models import UNCONFIRMED
from petitions.organisations.own import find_handover, find_own, refuse, refuse_contact, take_over
from petitions.public.organisation_link import answer_dead_link
from petitions.public.organisation_owner import Speaker, find_speaker, unavailable
from petitions.public.organisation_views import picture_url, view_organisation
from petitions.signatures.refusing import refuse_address
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
    organisation, image = speaker.organisation, None
    if organisation.logo is not None:
        image = await speaker.site.database.read(find_logo, speaker.link.campaign_id, organisation.logo)
    return speaker.answer(
        "public/organisation_confirm.html",
        confirm_url=speaker.url(),
        # In the page itself: nobody shall find a picture here before somebody has said that it is theirs.
        shown=view_organisation(
            organisation, speaker.found.sizes if image else {}, lambda _digest: picture_url(image or b"")
        ),
    )


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
        refused = await speaker.act(request, texts_of(data), _refuse, utc_now())
        if refused is not None:
            return refused
        return see_other(speaker.campaign_url("/organisations/withdrawn") + "&request=1")
    terms = speaker.campaign.terms
    approves = terms.approve_proven and terms.open_to_organisations
    confirmed = await speaker.act(request, texts_of(data), _confirm, approves, utc_now())
    return confirmed if confirmed is not None else _to_own_page(speaker, epoch, "confirmed")


def _confirm(session: Session, link: Named, approves_proven: bool, now: datetime) -> None:
    """While the campaign is under attack, or takes nothing more, its rule approves nothing that no lead saw."""
    campaign = session.get_one(Campaign, link.campaign_id)
    calm = campaign.defence is None and status_at(campaign.opens_at, campaign.closes_at, now) == "open"
    confirm(session, Confirmation(link, approves_proven and calm, now))


def _refuse(session: Session, link: Named, now: datetime) -> None:
    """Delete the request, and write to its address no more about this campaign."""
    email_key = find_own(session, link).email_key
    refuse(session, link, now)
    if email_key is not None:
        refuse_address(session, link.campaign_id, email_key, now)


async def show_contact(request: Request) -> Response:
    """What the new contact takes over, and the buttons."""
    try:
        speaker = await _find_next(request)
    except LinkInvalid:
        return answer_dead_link(request)
    return speaker.answer(
        "public/organisation_contact.html",
        next_contact=speaker.organisation.next_contact,
        contact_url=speaker.url(),
    )


async def _find_next(request: Request) -> Speaker:
    """Raises LinkInvalid, StoreUnavailable."""
    return await find_speaker(request, CONTACT_PURPOSE, _CONTACT_PATH, find_handover, CONFIRM_LIFETIME)


async def press_contact(request: Request) -> Response:
    """From now on they speak for it, by a link of their own; or they do not, and are forgotten."""
    try:
        speaker = await _find_next(request)
    except LinkInvalid:
        return answer_dead_link(request)
    except StoreUnavailable as error:
        return await unavailable(request, error)
    data = await read_form(request)
    if data.get("answer") == "not-me":
        refused = await speaker.act(request, texts_of(data), _refuse_contact, utc_now())
        if refused is not None:
            return refused
        return see_other(speaker.campaign_url("/organisations/withdrawn") + "&contact=1")
    epoch = await speaker.act(request, texts_of(data), _take_over, utc_now())
    return epoch if isinstance(epoch, Response) else _to_own_page(speaker, epoch, "taken_over")


def _refuse_contact(session: Session, link: Named, now: datetime) -> None:
    """Forget who was proposed, and write to their address no more about this campaign."""
    following = find_handover(session, link).next_contact or {}
    refuse_contact(session, link, now)
    refuse_address(session, link.campaign_id, bytes.fromhex(following["email_key"]), now)


def _take_over(session: Session, link: Named, now: datetime) -> int:
    return take_over(session, link, now).link_epoch


def _to_own_page(speaker: Speaker, epoch: int, done: str = "") -> Response:
    more = f"&done={done}#done" if done else ""
    return see_other(f"{speaker.own_path(epoch)}?lang={speaker.words.language}{more}")
