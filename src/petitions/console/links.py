"""Links by which somebody sets a password: an invitation, a reset, the first account of a site."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petitions.accounts import passwords
from petitions.accounts.first import check_first_token, create_first
from petitions.accounts.invitations import LIFETIMES, accept_link, send_reset
from petitions.accounts.logging_in import Candidate, Entry, log_in
from petitions.accounts.models import User
from petitions.accounts.throttling import Try, begin_try, find_wait
from petitions.accounts.users import NewUser, get_user, has_users
from petitions.addresses import make_email_key
from petitions.audit.recording import Actor, record
from petitions.clock import utc_now
from petitions.console.browsers import network_name
from petitions.console.entering import enter, this_browser, throttle_of, with_query
from petitions.console.guard import for_anybody
from petitions.errors import LinkInvalid
from petitions.i18n import N_
from petitions.web.bodies import read_form
from petitions.web.forms import MAX_LINE, PlainForm, check_email_shape, readable, required, tidy_line
from petitions.web.languages import translator_for
from petitions.web.pages import answer, see_other
from petitions.web.site import site_of


def same_twice(form: Any, field: StringField) -> None:
    """Validator: what was typed into `password`, once more."""
    if field.data != form.password.data:
        raise StopValidation(N_("This is not the same as above. Please type both again."))


class AddressForm(PlainForm):
    """Who forgot their password."""

    email = StringField(filters=[tidy_line], validators=[required, check_email_shape])


class NewPasswordForm(PlainForm):
    """A new password, twice."""

    password = StringField(validators=[required])
    again = StringField(validators=[same_twice])


class InvitedForm(NewPasswordForm):
    """Somebody invited says how they are called."""

    name = StringField(filters=[tidy_line], validators=[required, readable(MAX_LINE)])


class FirstForm(InvitedForm):
    """The first administrator."""

    email = StringField(filters=[tidy_line], validators=[required, check_email_shape])


@dataclass(frozen=True)
class Opened:
    """What a link leads to."""

    user: User
    epoch: int


@for_anybody
async def show_forgot(request: Request) -> Response:
    """Ask for the address."""
    return _forgot(request, AddressForm())


@for_anybody
async def send_forgot(request: Request) -> Response:
    """Send a link, if there is such an account; the same page in every case."""
    site = site_of(request)
    form = AddressForm(await read_form(request))
    if not form.validate():
        return _forgot(request, form, 422)
    email = form.email.data or ""
    email_key = make_email_key(email, site.settings.email_key)
    now, attempt = utc_now(), throttle_of(site).forgotten(network_name(request, site))
    if await site.database.read(find_wait, attempt, now) is None:
        await site.database.write(_ask, email, email_key, attempt, now)
    return see_other(with_query("/console/forgot/sent", translator_for(request)))


@for_anybody
async def show_sent(request: Request) -> Response:
    """What to do now; it knows nothing about the address."""
    words = translator_for(request)
    return answer(site_of(request), words, "console/forgot.html", "/console/forgot/sent", form=None)


@for_anybody
async def show_link(request: Request) -> Response:
    """The form for a password; opening the link uses nothing up, for mail programs look at links too."""
    opened = await _open(request)
    if opened is None:
        return _dead(request)
    return _show(request, opened, _form_for(opened, name=opened.user.name))


@for_anybody
async def send_link(request: Request) -> Response:
    """Set the password, and log in."""
    site, now, words = site_of(request), utc_now(), translator_for(request)
    opened = await _open(request)
    if opened is None:
        return _dead(request)
    form = _form_for(opened, await read_form(request))
    name = form.name.data or "" if isinstance(form, InvitedForm) else None
    if not is_good(form, opened.user.email, name or opened.user.name):
        return _show(request, opened, form, 422)
    password_hash = await passwords.hash_aside(form.password.data or "")
    user = await site.database.write(_accept, opened, password_hash, name)
    if user is None:
        return _dead(request)
    entry = await _log_in(request, user)
    return enter(request, words, entry, now, "/console", None) if entry else _dead(request)


@for_anybody
async def show_first(request: Request) -> Response:
    """The form for the first administrator, while nobody has an account."""
    if not await _is_first(request):
        return _dead(request)
    return _show_first(request, FirstForm())


@for_anybody
async def send_first(request: Request) -> Response:
    """Make the first administrator, and log in."""
    site, now, words = site_of(request), utc_now(), translator_for(request)
    if not await _is_first(request):
        return _dead(request)
    form = FirstForm(await read_form(request))
    if not is_good(form, form.email.data or "", form.name.data or ""):
        return _show_first(request, form, 422)
    password_hash = await passwords.hash_aside(form.password.data or "")
    new = NewUser(form.email.data or "", form.name.data or "", words.language, is_admin=True)
    user = await site.database.write(create_first, new, password_hash, now)
    entry = await _log_in(request, user) if user is not None else None
    return enter(request, words, entry, now, "/console", None) if entry else _dead(request)


def is_good(form: NewPasswordForm, *own_words: str) -> bool:
    """Whether the form is right, and its new password good."""
    is_right = form.validate()
    if not form.password.errors:
        fault = passwords.find_fault(form.password.data or "", own_words)
        if fault is not None:
            form.password.errors = [fault]
            return False
    return is_right


def _ask(session: Session, email: str, email_key: bytes, attempt: Try, now: datetime) -> None:
    """Send the link, unless this network asked for too many, for whomever."""
    if begin_try(session, attempt, now) is None:
        send_reset(session, email, email_key, now)


def _accept(session: Session, opened: Opened, password_hash: str, name: str | None) -> User | None:
    user = accept_link(session, opened.user.id, opened.epoch, password_hash, name)
    if user is not None:
        record(session, Actor(user.id, user.name), "account.password_changed", utc_now(), by="link")
        session.expunge(user)
    return user


async def _log_in(request: Request, user: User) -> Entry | None:
    who = Candidate(user.id, user.password_hash)
    return await site_of(request).database.write(log_in, who, this_browser(request), None, utc_now())


async def _open(request: Request) -> Opened | None:
    """What the link leads to; None when it is damaged, too old, used or replaced."""
    site, now, token = site_of(request), utc_now(), request.path_params["token"][:300]
    for kind, lifetime in LIFETIMES.items():
        try:
            named = site.tokens.read(kind, token, now, lifetime)
        except LinkInvalid:
            continue
        user = await site.database.read(get_user, named.row_id)
        if user is not None and user.disabled_at is None and user.link_epoch == named.epoch:
            return Opened(user, named.epoch)
    return None


async def _is_first(request: Request) -> bool:
    site = site_of(request)
    try:
        check_first_token(site.tokens, request.path_params["token"][:300], utc_now())
    except LinkInvalid:
        return False
    return not await site.database.read(has_users)


def _form_for(opened: Opened, data: Any = None, **values: Any) -> NewPasswordForm:
    kind = InvitedForm if opened.user.password_hash is None else NewPasswordForm
    return kind(data, **values)


def _forgot(request: Request, form: AddressForm, status: int = 200) -> Response:
    words, site = translator_for(request), site_of(request)
    switch = status == 200
    return answer(site, words, "console/forgot.html", "/console/forgot", status, form=form, switch=switch)


def _show(request: Request, opened: Opened, form: NewPasswordForm, status: int = 200) -> Response:
    return _page(request, form, status, email=opened.user.email, is_first=False)


def _show_first(request: Request, form: FirstForm, status: int = 200) -> Response:
    return _page(request, form, status, email=None, is_first=True)


def _page(request: Request, form: NewPasswordForm, status: int, **context: Any) -> Response:
    words, site = translator_for(request), site_of(request)
    path = request.url.path
    action = with_query(path, words)
    return answer(
        site, words, "console/link.html", path, status, form=form, switch=False, action=action, **context
    )


def _dead(request: Request) -> Response:
    """One page for every link that leads to nothing."""
    words, site = translator_for(request), site_of(request)
    return answer(site, words, "console/link.html", "/console/forgot", 404, form=None, switch=False)
