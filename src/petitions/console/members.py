"""Who works on a campaign: inviting people, their roles, letting them go."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import EmailField, StringField
from wtforms.validators import StopValidation

from petitions.accounts.appointing import appoint, dismiss
from petitions.accounts.invitations import invite, send_invitation
from petitions.accounts.members import find_role, list_members
from petitions.accounts.models import User
from petitions.accounts.roles import Permission, Role
from petitions.accounts.users import find_user, normal_address
from petitions.addresses import make_email_key
from petitions.audit.recording import record
from petitions.campaigns.models import Campaign
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.role_words import ROLE_MEANINGS
from petitions.errors import LastOwner, PageNotFound
from petitions.i18n import N_, Message
from petitions.web.forms import (
    MAX_LINE,
    ChoiceField,
    PlainForm,
    check_email_shape,
    readable,
    required,
    tidy_line,
)
from petitions.web.pages import see_other

_ROLES = [str(role) for role in Role]
#: What the page says after an action.
_DONE: Mapping[str, Message] = {
    "invited": N_("The invitation is on its way."),
    "role": N_("The role is changed."),
    "removed": N_("This person has no role in the campaign any more."),
}
_LAST_OWNER = N_("A campaign keeps at least one owner who can log in. Make somebody else an owner first.")

_HERE_ALREADY = N_("This person has a role here already. You can change it in the list.")
_CLOSED = N_("This account is closed. Ask an administrator.")


def _check_role(_form: object, field: Any) -> None:
    if not field.data:
        raise StopValidation(N_("Please choose one of the list."))


class InviteForm(PlainForm):
    """Who is invited, as what."""

    email = EmailField(filters=[tidy_line], validators=[required, check_email_shape])
    name = StringField(filters=[tidy_line], validators=[required, readable(MAX_LINE)])
    role = ChoiceField(allowed=_ROLES, default=str(Role.VIEWER), validators=[_check_role])


class RoleForm(PlainForm):
    """Another role."""

    role = ChoiceField(allowed=_ROLES, validators=[_check_role])


@for_desk(Permission.MEMBERS, password=True)
async def show_members(request: Request, desk: Desk) -> Response:
    """Everybody with a role, and a form to invite somebody."""
    return await _show(desk, InviteForm(), done=_DONE.get(request.query_params.get("saved", "")))


@for_desk(Permission.MEMBERS, password=True)
async def invite_member(_request: Request, desk: Desk) -> Response:
    """Give somebody a role by their address; whether they have an account already, the answer is the same."""
    form = InviteForm(await desk.form())
    if not form.validate():
        return await _show(desk, form, 422)
    problem = await desk.site.database.write(_invite, desk, form)
    if problem is not None:
        form.email.errors = [problem]
        return await _show(desk, form, 422)
    return _back(desk, "invited")


@for_desk(Permission.MEMBERS, password=True)
async def invite_again(request: Request, desk: Desk) -> Response:
    """Send an invitation that was not accepted once more."""
    await desk.form()
    await desk.site.database.write(_invite_again, desk, request.path_params["user_id"])
    return _back(desk, "invited")


@for_desk(Permission.MEMBERS, password=True)
async def change_role(request: Request, desk: Desk) -> Response:
    """Give somebody who has a role another one."""
    form, user_id = RoleForm(await desk.form()), request.path_params["user_id"]
    if not form.validate():
        return await _show(desk, InviteForm(), 422, problem=form.role.errors[0])
    try:
        await desk.site.database.write(_change, desk, user_id, Role(form.role.data or ""))
    except LastOwner:
        return await _show(desk, InviteForm(), 422, problem=_LAST_OWNER)
    # Who is no owner now may not see this page any more.
    return _back(desk, "role") if user_id != desk.login.user_id else see_other(desk.url(desk.path))


@for_desk(Permission.MEMBERS, password=True)
async def remove_role(request: Request, desk: Desk) -> Response:
    """Take somebody's role."""
    await desk.form()
    user_id = request.path_params["user_id"]
    try:
        await desk.site.database.write(_remove, desk, user_id)
    except LastOwner:
        return await _show(desk, InviteForm(), 422, problem=_LAST_OWNER)
    if user_id == desk.login.user_id and not desk.login.is_admin:
        return see_other(desk.url("/console"))  # the campaign is none of theirs now
    return _back(desk, "removed")


@for_desk(Permission.MEMBERS, password=True)
async def take_role(_request: Request, desk: Desk) -> Response:
    """An administrator gives themselves a role; the log of the campaign says so."""
    form = RoleForm(await desk.form())
    if not desk.login.is_admin:
        raise PageNotFound
    if not form.validate():
        return await _show(desk, InviteForm(), 422, problem=form.role.errors[0])
    try:
        await desk.site.database.write(_take, desk, Role(form.role.data or ""))
    except LastOwner:
        return await _show(desk, InviteForm(), 422, problem=_LAST_OWNER)
    return _back(desk, "role")


def _invite(session: Session, desk: Desk, form: InviteForm) -> Message | None:
    """Why they cannot be invited; None when they are."""
    email, role = normal_address(form.email.data or ""), Role(form.role.data or "")
    # One at a time: two who invite the same person at once would send two mails.
    session.execute(select(Campaign.id).where(Campaign.id == desk.campaign.id).with_for_update(key_share=True))
    known = find_user(session, email)
    if known is not None and known.disabled_at is not None:
        return _CLOSED  # whoever is not in the list afterwards could be told from others anyway
    if known is not None and find_role(session, desk.campaign.id, known.id) is not None:
        return _HERE_ALREADY
    user = invite(
        session,
        email,
        form.name.data or "",
        desk.words.language,
        make_email_key(email, desk.site.settings.email_key),
        desk.now,
        invited_by=desk.login.name,
        may_start=role is Role.OWNER,
    )
    appoint(session, desk.campaign.id, user.id, role, desk.now)
    _record(session, desk, "member.invited", user, role=role)
    return None


def _invite_again(session: Session, desk: Desk, user_id: UUID) -> None:
    """Raises PageNotFound for somebody without a role here."""
    user = _get_member(session, desk, user_id)
    if user.password_hash is None:
        send_invitation(session, user.id, make_email_key(user.email, desk.site.settings.email_key), desk.now)
        _record(session, desk, "member.invited", user, again=True)


def _change(session: Session, desk: Desk, user_id: UUID, role: Role) -> None:
    """Raises PageNotFound, LastOwner."""
    user = _get_member(session, desk, user_id)
    before = appoint(session, desk.campaign.id, user.id, role, desk.now)
    if before is not role:
        _record(session, desk, "member.role", user, role=role, before=before)


def _take(session: Session, desk: Desk, role: Role) -> None:
    """Raises LastOwner."""
    user = session.get_one(User, desk.login.user_id)
    before = appoint(session, desk.campaign.id, user.id, role, desk.now)
    if before is not role:
        _record(session, desk, "member.role", user, role=role, before=before)


def _remove(session: Session, desk: Desk, user_id: UUID) -> None:
    """Raises PageNotFound, LastOwner."""
    user = _get_member(session, desk, user_id)
    before = dismiss(session, desk.campaign.id, user.id)
    _record(session, desk, "member.removed", user, before=before)


def _get_member(session: Session, desk: Desk, user_id: UUID) -> User:
    """Somebody with a role in this campaign, and in no other one. Raises PageNotFound."""
    user = session.get(User, user_id)
    if user is None or find_role(session, desk.campaign.id, user_id) is None:
        raise PageNotFound
    return user


def _record(session: Session, desk: Desk, action: str, user: User, **details: Any) -> None:
    record(session, desk.actor, action, desk.now, desk.campaign.id, person=user.name, user=user.id.hex, **details)


def _back(desk: Desk, saved: str) -> Response:
    return see_other(desk.url(f"{desk.path}/members", saved=saved))


async def _show(
    desk: Desk,
    form: InviteForm,
    status: int = 200,
    *,
    done: Message | None = None,
    problem: str | None = None,
) -> Response:
    return show(
        desk,
        "members.html",
        status,
        form=form,
        members=await desk.site.database.read(list_members, desk.campaign.id),
        meanings=ROLE_MEANINGS,
        done=done,
        problem=problem,
    )
