"""Somebody's own account: name and language, password, browsers that are logged in."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField

from petitions.accounts import passwords
from petitions.accounts.logging_in import Candidate, change_password
from petitions.accounts.models import User
from petitions.accounts.sessions import close_session, close_sessions, list_sessions
from petitions.accounts.totp import count_recovery_codes
from petitions.audit.recording import record
from petitions.console.entering import told_to_wait
from petitions.console.guard import Lead, for_lead
from petitions.console.links import NewPasswordForm, is_good
from petitions.console.login import check_password
from petitions.console.pages import show
from petitions.i18n import LANGUAGES, N_, language_name
from petitions.web.forms import MAX_LINE, ChoiceField, PlainForm, readable, required, tidy_line
from petitions.web.pages import see_other

_HERE = "/console/account"
_WRONG = N_("This is not your password.")


class NameForm(PlainForm):
    """How somebody is called, and in which language they read."""

    name = StringField(filters=[tidy_line], validators=[required, readable(MAX_LINE)])
    language = ChoiceField(allowed=LANGUAGES, validators=[required])


class ChangeForm(NewPasswordForm):
    """A new password; the old one shows that it is theirs."""

    old_password = StringField(validators=[required])


@dataclass(frozen=True)
class BrowserRow:
    """A browser that is logged in."""

    key: str  # names it in a form, and says nothing about its cookie
    name: str
    created_at: datetime
    seen_at: datetime
    is_this: bool


@for_lead()
async def show_account(request: Request, lead: Lead) -> Response:
    """Everything about the account, with forms."""
    return await _show(lead, saved=request.query_params.get("saved", "")[:20])


@for_lead()
async def save_name(_request: Request, lead: Lead) -> Response:
    """Another name or language."""
    form = NameForm(await lead.form())
    if not form.validate():
        return await _show(lead, 422, name_form=form)
    language = form.language.data or ""
    await lead.site.database.write(_save, lead, form.name.data or "", language)
    return see_other(f"{_HERE}?saved=name&lang={language}")


@for_lead()
async def save_password(_request: Request, lead: Lead) -> Response:
    """Another password; every other browser is logged out."""
    form = ChangeForm(await lead.form())
    is_right = is_good(form, lead.login.email, lead.login.name)
    if not is_right:
        return await _show(lead, 422, password_form=form)
    who = await check_password(lead, form.old_password.data or "")
    if isinstance(who, int):
        return told_to_wait(await _show(lead, 429, password_form=form, wait=who), who)
    if who is not None:
        password_hash = await passwords.hash_aside(form.password.data or "")
        if await lead.site.database.write(_change, lead, who, password_hash):
            return see_other(lead.url(_HERE, saved="password"))
    form.old_password.errors = [_WRONG]
    return await _show(lead, 422, password_form=form)


@for_lead()
async def close_browsers(_request: Request, lead: Lead) -> Response:
    """Log out in one browser, or in all others."""
    data = await lead.form()
    key = data.get("browser")
    await lead.site.database.write(_close, lead, key if isinstance(key, str) else "")
    return see_other(lead.url(_HERE, saved="closed"))


async def _show(lead: Lead, status: int = 200, *, saved: str = "", **context: Any) -> Response:
    rows, codes = await lead.site.database.read(_load, lead)
    page = {
        "browsers": rows,
        "codes": codes,
        "languages": [(code, language_name(code)) for code in LANGUAGES],
        "name_form": NameForm(data={"name": lead.login.name, "language": lead.login.language}),
        "password_form": ChangeForm(),
        "saved": saved,
        "wait": None,
    }
    return show(lead, "account.html", status, **page | context)


def _load(session: Session, lead: Lead) -> tuple[Sequence[BrowserRow], int]:
    here = lead.login.id_hash
    rows = [
        BrowserRow(_key(row.id_hash), row.browser, row.created_at, row.seen_at, row.id_hash == here)
        for row in list_sessions(session, lead.login.user_id)
    ]
    return rows, count_recovery_codes(session, lead.login.user_id)


def _save(session: Session, lead: Lead, name: str, language: str) -> None:
    changed = User.id == lead.login.user_id
    session.execute(update(User).where(changed).values(name=name, language=language))
    if name != lead.login.name:
        record(session, lead.actor, "account.name_changed", lead.now, name=name)


def _change(session: Session, lead: Lead, who: Candidate, password_hash: str) -> bool:
    if not change_password(session, who, password_hash, lead.now, lead.login.id_hash):
        return False
    record(session, lead.actor, "account.password_changed", lead.now)
    return True


def _close(session: Session, lead: Lead, key: str) -> None:
    """One of their own browsers, or all others; never a browser of somebody else."""
    here = lead.login.id_hash
    if key == "others":
        close_sessions(session, lead.login.user_id, but=here)
        record(session, lead.actor, "account.session_closed", lead.now, browser="others")
        return
    for row in list_sessions(session, lead.login.user_id):
        if _key(row.id_hash) == key:
            record(session, lead.actor, "account.session_closed", lead.now, browser=row.browser)
            close_session(session, row.id_hash)


def _key(id_hash: bytes) -> str:
    return hashlib.sha256(b"petitions.browser" + id_hash).hexdigest()[:20]
