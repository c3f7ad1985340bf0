"""The switches against a flood: proof of work in the form, or no form for a while."""

from dataclasses import replace

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.audit.recording import record
from petitions.campaigns.defence import DEFENCES, Defence, can_be_defended, set_defence
from petitions.campaigns.models import Campaign
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.errors import InvalidRequest, NotPossible
from petitions.signatures.proving import OF_CAMPAIGN, OF_NETWORK
from petitions.web.pages import see_other


@for_desk(Permission.GUARD)
async def show_defence(_request: Request, desk: Desk) -> Response:
    """What is on, and what each switch does."""
    return _show(desk)


@for_desk(Permission.GUARD)
async def change_defence(_request: Request, desk: Desk) -> Response:
    """Switch on or off what the page showed as off or on. Raises InvalidRequest for anything else."""
    data = await desk.form()
    before, after = _read(data.get("before")), _read(data.get("after"))
    try:
        await desk.site.database.write(_set, desk, before, after)
    except NotPossible:
        campaign = await desk.site.database.read(_find, desk.campaign.id)
        return _show(replace(desk, campaign=campaign), 409)
    desk.site.campaigns.forget(desk.campaign.slug)
    return see_other(desk.url(desk.path + "/defence", saved="1"))


def _read(sent: object) -> Defence | None:
    if sent == "":
        return None
    known = next((one for one in DEFENCES if one == sent), None)
    if known is None:
        raise InvalidRequest
    return known


def _set(session: Session, desk: Desk, before: Defence | None, after: Defence | None) -> None:
    if set_defence(session, desk.campaign.id, before, after, desk.now):
        record(session, desk.actor, "defence.set", desk.now, desk.campaign.id, defence=after, was=before)


def _find(session: Session, campaign_id: int) -> Campaign:
    campaign = session.get_one(Campaign, campaign_id)
    session.expunge(campaign)
    return campaign


def _show(desk: Desk, status: int = 200) -> Response:
    return show(
        desk,
        "defence.html",
        status,
        possible=can_be_defended(desk.campaign, desk.now),
        of_network=OF_NETWORK,
        of_campaign=OF_CAMPAIGN,
    )
