"""Logging in and out: the password, the second factor, the password once more."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petitions.accounts import passwords
from petitions.accounts.logging_in import Candidate, find_candidate, log_in, pass_second_factor
from petitions.accounts.sessions import Login, close_session, find_login, mark_password
from petitions.accounts.throttling import end_try
from petitions.accounts.users import has_users
from petitions.addresses import InvalidAddress, check_address
from petitions.audit.recording import record
from petitions.clock import utc_now
from petitions.console.browsers import known_browser, network_name
from petitions.console.csrf import csrf_field, holds_csrf
from petitions.console.entering import begin, enter, send_again, this_browser, throttle_of, told_to_wait, wait_of
from petitions.console.guard import (
    MAX_FIELDS,
    Lead,
    cookie_name,
    drop_cookie,
    for_anybody,
    for_lead,
    log_in_page,
)
from petitions.console.pages import show
from petitions.console.returning import kept_in, safe_next
from petitions.errors import NotAllowed
from petitions.i18n import N_
from petitions.web.bodies import read_form
from petitions.web.forms import PlainForm, required
from petitions.web.languages import translator_for
from petitions.web.pages import answer, see_other
from petitions.web.site import Site, site_of

_WRONG = N_("The mail address or the password is wrong.")
_WRONG_CODE = N_("This code is wrong, or it was used already. Please take the next one.")
_WRONG_PASSWORD = N_("This is not your password.")


def _short(_form: object, field: StringField) -> None:
    if len(field.data or "") > 1_000:
        raise StopValidation(N_("Please keep it to %(most)s characters.", most=1_000))


class LoginForm(PlainForm):
    """The first step."""

    email = StringField(filters=[lambda text: (text or "").strip()], validators=[required, _short])
    password = StringField(validators=[required, _short])


class CodeForm(PlainForm):
    """The second factor."""

    code = StringField(filters=[lambda text: (text or "").strip()], validators=[required, _short])


class PasswordForm(PlainForm):
    """The password once more."""

    password = StringField(validators=[required, _short])


@for_anybody
async def show_login(request: Request) -> Response:
    """The form; whoever is logged in goes on. A site without any account says how to make the first."""
    site, now = site_of(request), utc_now()
    then = safe_next(request.query_params.get("next"))
    identifier = request.cookies.get(cookie_name(site))
    login = await site.database.read(find_login, identifier, now) if identifier else None
    if login is not None:
        return see_other(then)
    is_empty = not await site.database.read(has_users)
    page = log_in_page(then=then, form=LoginForm(), is_empty=is_empty)
    query = {"next": then}
    words = translator_for(request)
    return answer(site, words, "console/login.html", "/console/login", query_string=query, **page)


@for_anybody
async def send_login(request: Request) -> Response:
    """Check address and password. Whatever is wrong, the answer and the work behind it are the same whether or not
    somebody has this address."""
    site, now, words = site_of(request), utc_now(), translator_for(request)
    data = await read_form(request, MAX_FIELDS)
    kept, then = kept_in(data), safe_next(data.get("next"))
    form = LoginForm(data)
    page = log_in_page(kept=kept, then=then, form=form)
    if not form.validate():
        return answer(site, words, "console/login.html", "/console/login", 422, switch=False, **page)
    email, password = _normal(form.email.data or ""), form.password.data or ""
    who = await site.database.read(find_candidate, email)
    browser = known_browser(request, site, who.user_id, now)
    throttle = throttle_of(site)
    attempt = throttle.known(browser) if browser else throttle.stranger(email, network_name(request, site))
    wait = await begin(site, attempt, now)
    if wait is not None:
        page["wait"] = wait_of(wait)
        response = answer(site, words, "console/login.html", "/console/login", 429, switch=False, **page)
        return told_to_wait(response, page["wait"])
    if await passwords.verify_aside(who.password_hash, password):
        better = None
        if who.password_hash is not None and passwords.is_outdated(who.password_hash):
            better = await passwords.hash_aside(password)
        entry = await site.database.write(log_in, who, this_browser(request), attempt, now, better)
        if entry is not None:
            return enter(request, words, entry, now, then, kept)
    form.email.errors = [_WRONG]
    return answer(site, words, "console/login.html", "/console/login", 422, switch=False, **page)


@for_anybody
async def show_code(request: Request) -> Response:
    """The question for the second factor."""
    site, then = site_of(request), safe_next(request.query_params.get("next"))
    half = await _find_half(request, site)
    if half is None:
        return see_other("/console/login")
    page = log_in_page(then=then, form=CodeForm(), csrf=csrf_field(site, half.id_hash, half.user_id))
    query = {"next": then}
    words = translator_for(request)
    return answer(site, words, "console/code.html", "/console/login/code", query_string=query, **page)


@for_anybody
async def send_code(request: Request) -> Response:
    """Check the second factor; the session that begins has another identifier than the half one."""
    site, now, words = site_of(request), utc_now(), translator_for(request)
    data = await read_form(request, MAX_FIELDS)
    kept, then = kept_in(data), safe_next(data.get("next"))
    half = await _find_half(request, site)
    if half is None:
        page = log_in_page(kept=kept, then=then, form=LoginForm())
        return answer(site, words, "console/login.html", "/console/login", 401, switch=False, **page)
    csrf = csrf_field(site, half.id_hash, half.user_id)
    if not holds_csrf(data, csrf):
        raise NotAllowed
    form = CodeForm(data)
    page = log_in_page(kept=kept, then=then, form=form, csrf=csrf)
    if not form.validate():
        return answer(site, words, "console/code.html", "/console/login/code", 422, switch=False, **page)
    place = known_browser(request, site, half.user_id, now) or network_name(request, site) or ""
    attempt = throttle_of(site).code(str(half.user_id), place)
    wait = await begin(site, attempt, now)
    if wait is not None:
        page["wait"] = wait_of(wait)
        response = answer(site, words, "console/code.html", "/console/login/code", 429, switch=False, **page)
        return told_to_wait(response, page["wait"])
    browser = this_browser(request)
    code = form.code.data or ""
    entry = await site.database.write(pass_second_factor, half.id_hash, half.user_id, code, browser, attempt, now)
    if entry is not None:
        return enter(request, words, entry, now, then, kept)
    form.code.errors = [_WRONG_CODE]
    return answer(site, words, "console/code.html", "/console/login/code", 422, switch=False, **page)


@for_lead(away=True)
async def log_out(_request: Request, lead: Lead) -> Response:
    """End the session, in the store too."""
    await lead.form()

    await lead.site.database.write(_close, lead)
    response = see_other(lead.url("/console/login"))
    drop_cookie(lead.site, response)
    return response


@for_lead(away=True)
async def show_password(request: Request, lead: Lead) -> Response:
    """Ask for the password before something that matters."""
    then = safe_next(request.query_params.get("next"))
    query = {"next": then}
    return show(lead, "password.html", query_string=query, **log_in_page(then=then, form=PasswordForm()))


@for_lead(away=True)
async def send_password(request: Request, lead: Lead) -> Response:
    """Check the password; the session stays the same."""
    data = await lead.form()
    kept, then = kept_in(data), safe_next(data.get("next"))
    form = PasswordForm(data)
    page = log_in_page(kept=kept, then=then, form=form)
    if not form.validate():
        return show(lead, "password.html", 422, **page)
    wait = await check_password(lead, form.password.data or "")
    if isinstance(wait, int):
        page["wait"] = wait
        return told_to_wait(show(lead, "password.html", 429, **page), wait)
    if wait is None:
        form.password.errors = [_WRONG_PASSWORD]
        return show(lead, "password.html", 422, **page)
    await lead.site.database.write(mark_password, lead.login.id_hash, lead.now)
    return send_again(lead.site, lead.words, lead.csrf, kept) if kept else see_other(then)


async def check_password(lead: Lead, password: str) -> Candidate | int | None:
    """Whose password it is, somebody's who is logged in; None for a wrong one, seconds to wait after too many."""
    database, attempt = lead.site.database, throttle_of(lead.site).session(lead.login.id_hash)
    wait = await begin(lead.site, attempt, lead.now)
    if wait is not None:
        return wait_of(wait)
    who = await database.read(find_candidate, lead.login.email)
    if not await passwords.verify_aside(who.password_hash, password):
        return None
    await database.write(end_try, attempt)
    return who


async def _find_half(request: Request, site: Site) -> Login | None:
    identifier = request.cookies.get(cookie_name(site))
    return await site.database.read(find_login, identifier, utc_now(), half=True) if identifier else None


def _close(session: Session, lead: Lead) -> None:
    close_session(session, lead.login.id_hash)
    record(session, lead.actor, "account.logout", lead.now)


def _normal(email: str) -> str:
    """As it was stored, whichever way its domain is written."""
    try:
        return check_address(email)
    except InvalidAddress:
        return "".join(letter if letter.isprintable() else "?" for letter in email)
