"""Closing, opening again, putting away, and saying what came of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from petitions.accounts.roles import Permission
from petitions.audit.recording import record
from petitions.campaigns import states
from petitions.campaigns.models import Campaign
from petitions.campaigns.schedule import NOTICE
from petitions.campaigns.values import TermsError
from petitions.console.details_checks import parse_moment
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible
from petitions.i18n import N_
from petitions.web.forms import ChoiceField, PlainForm, tidy_line
from petitions.web.pages import see_other


def _check_moment(_form: Form, field: Field) -> None:
    try:
        if field.data:
            parse_moment(field.data)
    except ValueError:
        raise StopValidation(N_("Please give a day and a time, like 2027-06-30 18:00, or nothing.")) from None


class StateForm(PlainForm):
    """What to do; each of the page's forms sends the fields that it needs."""

    action = StringField()
    closes = StringField(validators=[_check_moment], filters=[tidy_line])
    outcome = ChoiceField(allowed=("", *states.OUTCOMES), default="")


@for_desk(Permission.MANAGE)
async def show_state(_request: Request, desk: Desk) -> Response:
    """How it stands, and what can be done."""
    return show(desk, "state.html", form=StateForm(outcome=desk.campaign.outcome or ""), refused=None)


@for_desk(Permission.MANAGE)
async def change_state(_request: Request, desk: Desk) -> Response:
    """Do one of these things. Raises InvalidRequest for something else."""
    form = StateForm(await desk.form())
    act = _ACTIONS.get(form.action.data or "")
    if act is None:
        raise InvalidRequest
    if not form.validate():
        return show(desk, "state.html", 422, form=form, refused=None)
    try:
        await desk.site.database.write(act, desk, form)
    except TermsError as error:
        if act is _close:
            return await _show_anew(desk, form, 409, "soon")
        form.closes.errors = [_WRONG_DAYS.get(error.key, _WRONG_DAYS["closes"])]
        return await _show_anew(desk, form, 422, None)
    except CampaignPurged:
        return await _show_anew(desk, form, 409, "erased")
    except NotPossible:
        return await _show_anew(desk, form, 409, "changed")
    desk.site.campaigns.forget(desk.campaign.slug)
    return see_other(desk.url(desk.path + "/state", saved="1"))


_WRONG_DAYS = {
    "closes": N_("Please give a time to come, after the opening."),
    "retention.until": N_(
        "The names are to be erased before that. Change in the details until when they are kept."
    ),
    "retention": N_(
        "The names would be erased within %(days)s days. Change in the details until when they are kept.",
        days=NOTICE.days,
    ),
}


async def _show_anew(desk: Desk, form: StateForm, status: int, refused: str | None) -> Response:
    """The page as things stand now."""
    campaign = await desk.site.database.read(_find, desk.campaign.id)
    return show(replace(desk, campaign=campaign), "state.html", status, form=form, refused=refused)


def _find(session: Session, campaign_id: int) -> Campaign:
    campaign = session.get_one(Campaign, campaign_id)
    session.expunge(campaign)
    return campaign


def _record(session: Session, desk: Desk, action: str, **details: Any) -> None:
    record(session, desk.actor, action, desk.now, desk.campaign.id, **details)


def _close(session: Session, desk: Desk, _form: StateForm) -> None:
    states.close(session, desk.campaign.id, desk.login.name, desk.now)
    _record(session, desk, "campaign.closed")


def _reopen(session: Session, desk: Desk, form: StateForm) -> None:
    closes_at = parse_moment(form.closes.data) if form.closes.data else None
    states.reopen(session, desk.campaign.id, closes_at, desk.login.name, desk.now)
    _record(session, desk, "campaign.reopened", closes_at=closes_at.isoformat() if closes_at else None)


def _archive(session: Session, desk: Desk, _form: StateForm) -> None:
    states.archive(session, desk.campaign.id, desk.now)
    _record(session, desk, "campaign.archived")


def _unarchive(session: Session, desk: Desk, _form: StateForm) -> None:
    states.unarchive(session, desk.campaign.id)
    _record(session, desk, "campaign.unarchived")


def _set_outcome(session: Session, desk: Desk, form: StateForm) -> None:
    outcome = form.outcome.data or None
    states.set_outcome(session, desk.campaign.id, outcome, desk.now)
    _record(session, desk, "campaign.outcome", outcome=outcome)


_ACTIONS: dict[str, Callable[[Session, Desk, StateForm], None]] = {
    "close": _close,
    "reopen": _reopen,
    "archive": _archive,
    "unarchive": _unarchive,
    "outcome": _set_outcome,
}
