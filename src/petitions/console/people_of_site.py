"""Everybody with an account, for administrators: inviting, closing an account, opening it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import BooleanField, StringField

from petitions.accounts.closing import disable, enable
from petitions.accounts.invitations import invite, send_invitation
from petitions.accounts.models import User
from petitions.accounts.users import find_user, get_user, list_users
from petitions.addresses import make_email_key
from petitions.audit.recording import record
from petitions.console.guard import Lead, for_lead
from petitions.console.pages import show
from petitions.errors import LastAdministrator, PageNotFound
from petitions.i18n import N_, Message
from petitions.web.forms import MAX_LINE, PlainForm, check_email_shape, readable, required, tidy_line
from petitions.web.pages import see_other

_HERE = "/console/people"
_LAST = N_("This is the last administrator who can log in. Invite another one first.")
_ENOUGH = N_("This person got three invitations within a day. Please wait until tomorrow.")


class InviteForm(PlainForm):
    """Who is invited."""

    email = StringField(filters=[tidy_line], validators=[required, check_email_shape])
    name = StringField(filters=[tidy_line], validators=[required, readable(MAX_LINE)])
    is_admin = BooleanField()


@dataclass(frozen=True)
class Invitee:
    email: str
    name: str
    is_admin: bool


@for_lead(admin=True, password=True)
async def show_people(request: Request, lead: Lead) -> Response:
    """Everybody, and a form to invite somebody."""
    return await _show(lead, InviteForm(), saved=request.query_params.get("saved", "")[:20])


@for_lead(admin=True, password=True)
async def invite_somebody(_request: Request, lead: Lead) -> Response:
    """Make an account, and send the link to set a password."""
    form = InviteForm(await lead.form())
    if not form.validate():
        return await _show(lead, form, status=422)
    invitee = Invitee(form.email.data or "", form.name.data or "", bool(form.is_admin.data))
    if not await lead.site.database.write(_invite, lead, invitee):
        form.email.errors = [N_("Somebody has an account with this address already.")]
        return await _show(lead, form, status=422)
    return see_other(lead.url(_HERE, saved="invited"))


@for_lead(admin=True, password=True)
async def change_person(request: Request, lead: Lead) -> Response:
    """Invite again, close the account, open it again, or say whether they may start campaigns."""
    action = (await lead.form()).get("action")
    user_id = request.path_params["user_id"]
    if action == "disable":
        return await _disable(lead, user_id)
    if action == "enable":
        await lead.site.database.write(_enable, lead, user_id)
        return see_other(lead.url(_HERE, saved="enabled"))
    if action == "invite":
        if not await lead.site.database.write(_invite_again, lead, user_id):
            return await _show(lead, InviteForm(), status=422, problem=_ENOUGH)
        return see_other(lead.url(_HERE, saved="invited"))
    if action in ("may_start", "may_not_start"):
        await lead.site.database.write(_let_start, lead, user_id, action == "may_start")
        return see_other(lead.url(_HERE, saved="start"))
    raise PageNotFound


async def _disable(lead: Lead, user_id: UUID) -> Response:
    try:
        await lead.site.database.write(_close, lead, user_id)
    except LastAdministrator:
        return await _show(lead, InviteForm(), status=422, problem=_LAST)
    return see_other(lead.url(_HERE, saved="disabled"))


async def _show(
    lead: Lead,
    form: InviteForm,
    *,
    status: Literal[200, 422] = 200,
    saved: str = "",
    problem: Message | None = None,
) -> Response:
    people = await lead.site.database.read(list_users)
    page: Mapping[str, Any] = {"people": people, "form": form, "saved": saved, "problem": problem}
    return show(lead, "people.html", status, **page)


def _invite(session: Session, lead: Lead, invitee: Invitee) -> bool:
    if find_user(session, invitee.email) is not None:
        return False
    email_key = make_email_key(invitee.email, lead.site.settings.email_key)
    user = invite(
        session,
        invitee.email,
        invitee.name,
        lead.words.language,
        email_key,
        lead.now,
        invited_by=lead.login.name,
        is_admin=invitee.is_admin,
    )
    record(session, lead.actor, "account.invited", lead.now, user=str(user.id), is_admin=user.is_admin)
    return True


def _invite_again(session: Session, lead: Lead, user_id: UUID) -> bool:
    """Raises PageNotFound for somebody who has a password."""
    user = get_user(session, user_id)
    if user is None or user.password_hash is not None:
        raise PageNotFound
    if not send_invitation(session, user_id, make_email_key(user.email, lead.site.settings.email_key), lead.now):
        return False
    record(session, lead.actor, "account.invited", lead.now, user=str(user_id), again=True)
    return True


def _close(session: Session, lead: Lead, user_id: UUID) -> None:
    """Raises LastAdministrator."""
    if disable(session, user_id, lead.now) is not None:
        record(session, lead.actor, "account.disabled", lead.now, user=str(user_id))


def _let_start(session: Session, lead: Lead, user_id: UUID, may: bool) -> None:
    """Raises PageNotFound."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise PageNotFound
    if user.may_start != may:
        user.may_start = may
        action = "account.may_start" if may else "account.may_not_start"
        record(session, lead.actor, action, lead.now, user=str(user_id), person=user.name)


def _enable(session: Session, lead: Lead, user_id: UUID) -> None:
    if enable(session, user_id) is not None:
        record(session, lead.actor, "account.enabled", lead.now, user=str(user_id))
