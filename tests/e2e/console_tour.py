"""Every page of the console, and how to get there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pyotp
from playwright.sync_api import Locator
from sqlalchemy import update

from petitions.accounts.invitations import INVITATION
from petitions.accounts.models import User
from petitions.accounts.sessions import close_sessions
from petitions.accounts.users import find_user
from petitions.clock import utc_now
from petitions.console.signatures import target_of, target_value
from petitions.moderation.acting import Act, act
from petitions.moderation.searching import find_signature
from tests.e2e.browsing import Visitor, follow
from tests.e2e.console_cast import (
    CAREFUL,
    DRAFT,
    INVITED,
    LEAD,
    NEWCOMER,
    PAST,
    PROVING,
    SECRET,
    prepare,
    somebody,
)
from tests.e2e.console_pages import LogIn, log_in
from tests.e2e.cosigned import COSIGNED
from tests.e2e.program import PASSWORD, Demo
from tests.e2e.samples import CHANGED, CLOSED, WHOLE


@dataclass
class Windows:
    """Those who look: a lead, and somebody who logs in and out. `demo` knows them both."""

    demo: Demo
    lead: Visitor
    stranger: Visitor


Go = Callable[[Windows, str], None]


@dataclass(frozen=True)
class Stop:
    """A page. `at_gate`: it is for those who are not logged in yet."""

    go: Go
    status: int = 200
    at_gate: bool = False


def open_windows(demo: Demo, lead: Visitor, stranger: Visitor) -> Windows:
    """The lead logged in."""
    prepare(demo)
    lead.logs_in = stranger.logs_in = True
    log_in(lead, LEAD, PASSWORD)
    return Windows(demo, lead, stranger)


def _refresh(windows: Windows, address: str = LEAD) -> None:
    """As if the password had been entered now: a tour may take longer than it stays fresh."""
    windows.demo.age_password(address, timedelta(0))


def _opens(path: str) -> Stop:
    def go(windows: Windows, language: str) -> None:
        _refresh(windows)
        windows.lead.open(path, language)

    return Stop(go)


def _desk(path: str, slug: str = WHOLE) -> Stop:
    return _opens(f"/console/c/{slug}{path}")


def _follows(path: str, link: str) -> Stop:
    """What the first such link of a page leads to."""

    def go(windows: Windows, language: str) -> None:
        _refresh(windows)
        windows.lead.open(path, language)
        follow(windows.lead.page.locator(link).first)

    return Stop(go)


def _send(form: Locator, fields: Mapping[str, str], button: Locator | None = None) -> None:
    """Type into a form and send it."""
    for name, value in fields.items():
        form.locator(f'[name="{name}"]').first.evaluate("(field, value) => { field.value = value; }", value)
    follow(button or form.locator("button").first)


def _sends(path: str, form: str, status: int = 422, button: str = "", **fields: str) -> Stop:
    """A form with these fields, the others as they are."""

    def go(windows: Windows, language: str) -> None:
        _refresh(windows)
        windows.lead.open(path, language)
        found = windows.lead.page.locator(form)
        _send(found, fields, found.locator(button) if button else None)

    return Stop(go, status)


def _conflicts(path: str, **fields: str) -> Stop:
    """Somebody else saves while the form is open."""

    def go(windows: Windows, language: str) -> None:
        page = windows.lead.page
        windows.lead.open(path, language)
        page.locator("#mine [name=digest]").evaluate("field => { field.value = '0'; }")
        page.locator("#mine [name=number]").evaluate("field => { field.value = '0'; }")
        _send(page.locator("#mine"), fields)

    return Stop(go, 409)


def _lost(path: str) -> Stop:
    return replace(_opens(path), status=404)


def _write_rules_too_late(windows: Windows, language: str) -> None:
    windows.lead.open(f"/console/c/{PAST}/rules", language)
    form = windows.lead.page.locator("#mine")
    form.locator("[name=number]").evaluate("field => { field.value = '0'; }")
    _send(form, {"rules": "hold word pills"})


def _act_too_late(windows: Windows, language: str) -> None:
    """Somebody else acted on a signature while its page was open."""
    page = windows.lead.page
    _follows(f"/console/c/{PAST}/signatures", ".looked:has(.looked__comment) .looked__name a").go(
        windows, language
    )
    form = page.locator('form:has([value="name_hidden"])')
    with windows.demo.store() as database, database.writing() as session:
        row_id = UUID(page.url.partition("?")[0].rpartition("/")[2])
        campaign_id = windows.demo.campaign(PAST).id
        for action in (Act.HIDE_NAME, Act.SHOW_NAME):
            row = find_signature(session, campaign_id, row_id)
            assert row is not None
            act(session, campaign_id, action, [target_of(target_value(row))], somebody(session), utc_now())
    _send(form, {})


def _gate(path: str, status: int = 200, **fields: str) -> Stop:
    """A page before the log-in, and its form with these fields."""

    def go(windows: Windows, language: str) -> None:
        _go_to_gate(windows, path, language, fields)

    return Stop(go, status, at_gate=True)


def _go_to_gate(windows: Windows, path: str, language: str, fields: Mapping[str, str]) -> None:
    windows.stranger.context.clear_cookies()
    windows.stranger.open(path, language)
    if fields:
        _send(windows.stranger.page.locator("form[novalidate]"), fields)


def _code(status: int = 200, **fields: str) -> Stop:
    def go(windows: Windows, language: str) -> None:
        page = windows.stranger.page
        windows.stranger.context.clear_cookies()
        windows.stranger.open("/console/login", language)
        LogIn(page).enter(CAREFUL, PASSWORD)
        windows.stranger.open("/console/login/code", language)
        if fields:
            _send(page.locator("form[novalidate]"), fields)

    return Stop(go, status, at_gate=True)


def invitation_path(demo: Demo) -> str:
    """The link of a mail that invites."""
    with demo.store() as database, database.reading() as session:
        user = find_user(session, INVITED)
        assert user is not None
        return f"/console/link/{demo.tokens.make(INVITATION, 0, user.id, user.link_epoch)}"


def _link(status: int = 200, **fields: str) -> Stop:
    def go(windows: Windows, language: str) -> None:
        _go_to_gate(windows, invitation_path(windows.demo), language, fields)

    return Stop(go, status, at_gate=True)


def _as(address: str, then: Callable[[Windows, str], None]) -> Stop:
    """A page of somebody else than the lead."""

    def go(windows: Windows, language: str) -> None:
        windows.stranger.context.clear_cookies()
        log_in(windows.stranger, address, PASSWORD, language=language)
        then(windows, language)

    return Stop(go, at_gate=True)


def _stay(_windows: Windows, _language: str) -> None:
    """Where one arrives after the log-in."""


def _show_account(windows: Windows, language: str) -> None:
    """With a second factor, which was turned on meanwhile."""
    _set_secret(windows.demo, SECRET)
    windows.stranger.open("/console/account", language)
    _set_secret(windows.demo, None)


def _set_secret(demo: Demo, secret: str | None) -> None:
    with demo.store() as database, database.writing() as session:
        session.execute(update(User).where(User.email == PROVING).values(totp_secret=secret, totp_last_step=None))


def _prove(windows: Windows, language: str) -> None:
    """Turn the second factor on: the recovery codes are shown once."""
    page = windows.stranger.page
    windows.stranger.open("/console/account/totp", language)
    form = page.locator("form[novalidate]")
    secret = str(form.locator("[name=secret]").get_attribute("value"))
    _send(form, {"code": pyotp.TOTP(secret).now()})
    _set_secret(windows.demo, None)


def _log_in_again(windows: Windows, language: str) -> None:
    """A form is sent after the session ended."""
    stranger, page = windows.stranger, windows.stranger.page
    stranger.open("/console/campaigns/new", language)
    _end_sessions(windows.demo, NEWCOMER)
    stranger.expected.add(401)
    _send(page.locator("form[novalidate]"), {"title": "Not lost"})


def _end_sessions(demo: Demo, address: str) -> None:
    with demo.store() as database, database.writing() as session:
        user = find_user(session, address)
        assert user is not None
        close_sessions(session, user.id)


def _send_again(windows: Windows, language: str) -> None:
    _log_in_again(windows, language)
    LogIn(windows.stranger.page).enter(NEWCOMER, PASSWORD)


STOPS: dict[str, Stop] = {
    "log-in": _gate("/console/login"),
    "log-in, wrong": _gate("/console/login", 422, email="nobody@example.org", password="no"),
    "log-in, what was typed is kept": replace(_as(NEWCOMER, _log_in_again), status=401),
    "logged in again": _as(NEWCOMER, _send_again),
    "code": _code(),
    "code, wrong": _code(422, code="1"),
    "forgot": _gate("/console/forgot"),
    "forgot, with errors": _gate("/console/forgot", 422, email="a@"),
    "forgot, sent": _gate("/console/forgot/sent"),
    "link": _link(),
    "link, with errors": _link(422, name="", password="short", again="no"),
    "link, dead": _gate("/console/link/broken", 404),
    "campaigns": _opens("/console"),
    "no campaigns": _as(PROVING, _stay),
    "password": _opens("/console/password"),
    "password, wrong": _sends("/console/password", "form[novalidate]", password="no"),
    "account": _opens("/console/account"),
    "account, with errors": _sends(
        "/console/account", 'form[action*="/account/password"]', old_password="", password="a", again="b"
    ),
    "account with a second factor": _as(PROVING, _show_account),
    "second factor": _opens("/console/account/totp"),
    "second factor, wrong": _sends("/console/account/totp", "form[novalidate]", code="1"),
    "second factor, codes": _as(PROVING, _prove),
    "accounts": _opens("/console/people"),
    "accounts, with errors": _sends("/console/people", "form[novalidate]", email="a@"),
    "log of the site": _opens("/console/log"),
    "log of the site, verified": _sends("/console/log", 'form[action*="/verify"]', 200),
    "log of the site, with errors": _sends("/console/log", 'form[action*="/verify"]', head="x"),
    "new": _opens("/console/campaigns/new"),
    "new, with errors": _sends("/console/campaigns/new", "form[novalidate]", slug="A b", language="xyzzy"),
    "overview": _desk(""),
    "overview, draft": _desk("", DRAFT),
    "overview, closed": _desk("", CLOSED),
    "figures": _desk("/figures", PAST),
    "figures, draft": _desk("/figures", DRAFT),
    "alerts": _desk("/alerts", PAST),
    "alerts, none": _desk("/alerts"),
    "texts": _desk("/texts/en"),
    "texts, translation": _desk("/texts/ar"),
    "texts, with errors": _sends(f"/console/c/{WHOLE}/texts/ar", "#mine", title="x" * 201),
    "texts, previewed": _sends(f"/console/c/{WHOLE}/texts/ar", "#mine", 200, 'button[value="preview"]'),
    "texts, saved by somebody else": _conflicts(f"/console/c/{WHOLE}/texts/en", title="Mine"),
    "languages": _desk("/texts/languages"),
    "languages, with errors": _sends(f"/console/c/{WHOLE}/texts/languages", "form[novalidate]", language="ar"),
    "language, to remove": _desk("/texts/ar/remove"),
    "details": _desk("/details"),
    **{f"details, {part}": _desk(f"/details/{part}") for part in ("basics", "dates", "form", "mails", "thanks")},
    "details, with errors": _sends(
        f"/console/c/{WHOLE}/details/basics", "#mine", responsible_email="a@", reply_to="a@"
    ),
    "details, saved by somebody else": _conflicts(f"/console/c/{WHOLE}/details/basics", initiator_name="Mine"),
    "preview": _desk("/preview"),
    "preview, background": _desk("/preview?statement=en&part=background"),
    "preview, draft": _desk("/preview", DRAFT),
    "publish": _desk("/publish"),
    "publish, with errors": _sends(f"/console/c/{WHOLE}/publish", 'main form[action*="/publish?"]'),
    "publish, draft": _desk("/publish", DRAFT),
    "publish, nothing": _desk("/publish", CHANGED),
    "history": _desk("/history", CHANGED),
    "history, none": _desk("/history", DRAFT),
    "revision, first": _desk("/history/1", CHANGED),
    "revision": _desk("/history/2", CHANGED),
    "switches": _desk("/defence"),
    "switches, on": _desk("/defence", PAST),
    "switches, nothing to protect": _desk("/defence", CLOSED),
    "signatures": _desk("/signatures"),
    "signatures, with errors": _sends(
        f"/console/c/{WHOLE}/signatures?state=counted", 'form[role="search"]', email="a@"
    ),
    "signature": _follows(f"/console/c/{PAST}/signatures", ".looked:has(.looked__comment) .looked__name a"),
    "signature, removed": _follows(f"/console/c/{PAST}/signatures?state=removed", ".looked__name a"),
    "signature, somebody else acted": Stop(_act_too_late, 409),
    "signature, gone": _lost(f"/console/c/{PAST}/signatures/{UUID(int=1)}"),
    "comments": _desk("/comments", PAST),
    "comments, none": _desk("/comments", DRAFT),
    "organisations": _desk("/organisations", COSIGNED),
    "organisations, shown": _desk("/organisations?state=approved", COSIGNED),
    "organisations, none": _desk("/organisations?state=merged", COSIGNED),
    "organisations, none ticked": _sends(
        f"/console/c/{COSIGNED}/organisations?state=asked", 'form[action*="/act?"]', message="Who are you?"
    ),
    "organisation, alike": _follows(
        f"/console/c/{COSIGNED}/organisations", ".looked:not(:has(.talk__who)) .cosigner__says > .looked__more a"
    ),
    "organisation, wants to change": _follows(
        f"/console/c/{COSIGNED}/organisations?state=approved", ".cosigner__says > .looked__more a"
    ),
    "organisations, order": _desk("/organisations/order", COSIGNED),
    "organisations, list": _desk("/organisations/import", COSIGNED),
    "organisations, list looked at": _sends(
        f"/console/c/{COSIGNED}/organisations/import",
        "form:has(#f-rows)",
        200,
        'button[value="check"]',
        rows="name,kind,country\nSample Union,union,IE\nSample Club,club,XX\nSample Alone,party,DE",
    ),
    "many, counted": _sends(f"/console/c/{PAST}/bulk", 'form[action*="/bulk/preview?"]', 200, name="Sample"),
    "many, with errors": _sends(f"/console/c/{PAST}/bulk", 'form[action*="/bulk/preview?"]', email="a@"),
    "jobs": _desk("/jobs", PAST),
    "jobs, none": _desk("/jobs"),
    "job": _follows(f"/console/c/{PAST}/jobs", ".revisions a"),
    "held": _desk("/held", PAST),
    "held, none": _desk("/held", DRAFT),
    "held, alike": _desk("/held/disposable?for=mailinator.com", PAST),
    "held, nothing ticked": _sends(f"/console/c/{PAST}/held/disposable?for=mailinator.com", "form:has([name=id])"),
    "rules": _desk("/rules", PAST),
    "rules, with errors": _sends(f"/console/c/{PAST}/rules", "#mine", rules="hold nobody"),
    "rules, saved by somebody else": Stop(_write_rules_too_late, 409),
    "rules of the site": _opens("/console/rules"),
    "state, open": _desk("/state"),
    "state, closed": _desk("/state", CLOSED),
    "state, draft": _desk("/state", DRAFT),
    "state, with errors": _sends(
        f"/console/c/{CLOSED}/state", 'form:has([value="reopen"])', closes="2001-01-01T00:00"
    ),
    "members": _desk("/members"),
    "members, with errors": _sends(f"/console/c/{WHOLE}/members", "form[novalidate]", email="a@"),
    "share": _desk("/share"),
    "share, draft": _desk("/share", DRAFT),
    "poster": _desk("/poster"),
    "log": _desk("/audit"),
}


def arrive(stop: str, windows: Windows, language: str) -> Visitor:
    """Go to a stop, and see that it is the page that was meant; whose window it is in."""
    here = STOPS[stop]
    visitor = windows.stranger if here.at_gate else windows.lead
    visitor.expected = {here.status} if here.status >= 400 else set()
    statuses: list[int] = []

    def note(response: object) -> None:
        if response.request.is_navigation_request():  # type: ignore[attr-defined]
            statuses.append(response.status)  # type: ignore[attr-defined]

    visitor.page.on("response", note)
    here.go(windows, language)
    visitor.page.remove_listener("response", note)
    assert statuses[-1] == here.status
    return visitor
