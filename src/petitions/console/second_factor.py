"""The second factor of somebody's own account: on, off, new recovery codes."""

from collections.abc import Sequence
from typing import Any

import segno
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField
from wtforms.validators import StopValidation

from petitions.accounts import totp
from petitions.accounts.sessions import close_sessions
from petitions.audit.recording import record
from petitions.console.guard import Lead, for_lead
from petitions.console.pages import show
from petitions.errors import InvalidRequest
from petitions.i18n import N_
from petitions.web.forms import PlainForm, required
from petitions.web.pages import see_other

_HERE = "/console/account"
_WRONG = N_("This code is wrong. Is the clock of your telephone right? Please take the next code.")


def _is_short(_form: object, field: StringField) -> None:
    if len(field.data or "") > 40:
        raise StopValidation(_WRONG)


class ProofForm(PlainForm):
    """A code that shows that the app has the secret."""

    code = StringField(filters=[lambda text: (text or "").strip()], validators=[required, _is_short])


@for_lead(password=True)
async def show_totp(_request: Request, lead: Lead) -> Response:
    """A secret for an app; it counts from the first code on that somebody gives."""
    if lead.login.has_totp:
        return see_other(lead.url(_HERE))
    return _show(lead, totp.new_secret(), ProofForm())


@for_lead(password=True)
async def turn_on(_request: Request, lead: Lead) -> Response:
    """Turn it on with a code as proof, and show the recovery codes once."""
    data = await lead.form()
    if lead.login.has_totp:
        return see_other(lead.url(_HERE))
    secret, form = data.get("secret"), ProofForm(data)
    if not isinstance(secret, str) or not totp.is_secret(secret):
        raise InvalidRequest
    if not form.validate():
        return _show(lead, secret, form, 422)
    step = totp.find_step(secret, form.code.data or "", lead.now)
    if step is None:
        form.code.errors = [_WRONG]
        return _show(lead, secret, form, 422)
    codes = await lead.site.database.write(_turn_on, lead, secret, step)
    return _show_codes(lead, codes) if codes is not None else see_other(lead.url(_HERE))


@for_lead(password=True)
async def turn_off(_request: Request, lead: Lead) -> Response:
    """Turn it off; the recovery codes go too."""
    await lead.form()
    await lead.site.database.write(_turn_off, lead)
    return see_other(lead.url(_HERE, saved="totp_off"))


@for_lead(password=True)
async def renew_codes(_request: Request, lead: Lead) -> Response:
    """New recovery codes, shown once; the old ones are worthless."""
    await lead.form()
    if not lead.login.has_totp:
        return see_other(lead.url(_HERE))
    return _show_codes(lead, await lead.site.database.write(_renew, lead))


def _show(lead: Lead, secret: str, form: ProofForm, status: int = 200) -> Response:
    url = totp.secret_url(secret, lead.login.email, lead.site.settings.site_name)
    # A mask that is given: to try all eight for the best takes 5 ms, and on a screen any can be read.
    picture = segno.make(url, error="m", mask=3).svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
    groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
    page: dict[str, Any] = {"secret": secret, "picture": picture, "groups": groups, "form": form, "codes": None}
    return show(lead, "totp.html", status, **page)


def _show_codes(lead: Lead, codes: Sequence[str]) -> Response:
    return show(lead, "totp.html", codes=codes, form=None)


def _turn_on(session: Session, lead: Lead, secret: str, step: int) -> Sequence[str] | None:
    """The recovery codes; None when it is on already. Whoever logged in elsewhere has shown no code."""
    codes = totp.turn_on(session, lead.login.user_id, secret, step)
    if codes is not None:
        close_sessions(session, lead.login.user_id, but=lead.login.id_hash)
        record(session, lead.actor, "account.totp_on", lead.now)
    return codes


def _turn_off(session: Session, lead: Lead) -> None:
    if lead.login.has_totp:
        record(session, lead.actor, "account.totp_off", lead.now)
    totp.turn_off(session, lead.login.user_id)


def _renew(session: Session, lead: Lead) -> Sequence[str]:
    record(session, lead.actor, "account.recovery_codes", lead.now)
    return totp.renew_recovery_codes(session, lead.login.user_id)
