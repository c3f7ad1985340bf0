"""Who may open a page of the console: every handler of it goes through here."""

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from petitions.accounts.roles import Permission, Role, permissions_of
from petitions.accounts.sessions import Login, find_login, hash_identifier, mark_seen
from petitions.audit.recording import Actor
from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from petitions.console.csrf import csrf_field, csrf_of, holds_csrf, is_of_same_account
from petitions.console.finding import find_campaign
from petitions.console.returning import Kept, holds_words, keep
from petitions.console.states import State, state_of
from petitions.errors import CampaignNotFound, InvalidRequest, NotAllowed, PageNotFound
from petitions.i18n import LANGUAGES, Translator, translator
from petitions.web.bodies import Upload, read_form, read_upload_form
from petitions.web.errors import address_of
from petitions.web.languages import resolve_for, translator_for
from petitions.web.pages import answer, see_other
from petitions.web.site import Site, site_of

#: More than the largest form: questions, addressees and links in many languages.
MAX_FIELDS = 3_000
#: The header of what a script asks for by itself, again and again.
REFRESH = "x-refresh"


@dataclass(frozen=True)
class Lead:
    """Somebody who is logged in, and what they ask for."""

    request: Request
    site: Site
    words: Translator
    login: Login
    now: datetime

    @property
    def actor(self) -> Actor:
        return Actor(self.login.user_id, self.login.name)

    @property
    def csrf(self) -> str:
        """What every form of this session carries."""
        return csrf_field(self.site, self.login.id_hash, self.login.user_id)

    def url(self, path: str, **query: str) -> str:
        """An address of the console in the language of this page."""
        more = f"{urlencode(query)}&" if query else ""
        return f"{path}?{more}lang={self.words.language}"

    async def form(self) -> FormData:
        """The fields that were sent. Raises NotAllowed for a form of another session."""
        data = await read_form(self.request, MAX_FIELDS)
        if not holds_csrf(data, self.csrf):
            raise NotAllowed
        return data

    async def upload(self, field: str) -> tuple[FormData, Upload | None]:
        """The fields that were sent, and the file in one of them. Raises NotAllowed as above."""
        data, file = await read_upload_form(self.request, field, MAX_FIELDS)
        if not holds_csrf(data, self.csrf):
            raise NotAllowed
        return data, file


@dataclass(frozen=True)
class Desk(Lead):
    """Somebody at a campaign in which they have a role."""

    campaign: Campaign  # detached: as it was when the page was asked for
    title: str  # in the default language; the slug where nobody has written one yet
    role: Role | None  # None: an administrator
    permissions: Collection[Permission]
    comments_wait: bool = False  # some that nobody has read yet
    has_organisations: bool = False  # some that co-sign, or asked to
    organisations_wait: bool = False  # some about which a lead has to decide

    @property
    def path(self) -> str:
        return f"/console/c/{self.campaign.slug}"

    @property
    def state(self) -> State:
        return state_of(self.campaign, self.now)

    @property
    def section(self) -> str:
        """The part of the campaign's pages that this one belongs to: "texts", "details"; empty for the first."""
        return self.request.url.path.removeprefix(self.path).strip("/").partition("/")[0]

    @property
    def reviews_comments(self) -> bool:
        """Whether a comment is shown only after somebody has approved it."""
        comments = self.campaign.terms.get("comments") if self.campaign.terms else None
        return isinstance(comments, dict) and comments.get("review") is True

    @property
    def takes_organisations(self) -> bool:
        """Whether organisations can co-sign."""
        return bool(self.campaign.terms) and "organisations" in (self.campaign.terms.get("signers") or ())

    def may(self, permission: str) -> bool:
        return permission in self.permissions


LeadHandler = Callable[[Request, Lead], Awaitable[Response]]
DeskHandler = Callable[[Request, Desk], Awaitable[Response]]
Handler = Callable[[Request], Awaitable[Response]]


def for_anybody(handler: Handler) -> Handler:
    """A page for whoever asks: the log-in, and what leads to it."""
    handler.needs = "nobody"  # type: ignore[attr-defined]  # for the table of the tests
    return handler


def for_lead(
    *, admin: bool = False, password: bool = False, away: bool = False
) -> Callable[[LeadHandler], Handler]:
    """A page for everybody with an account, or for administrators only; to the others it does not exist.
    `password`: it must have been entered a moment ago. `away`: it need not be, however long they were away."""

    def decorate(handler: LeadHandler) -> Handler:
        async def handle(request: Request) -> Response:
            lead = await _find_lead(request)
            if isinstance(lead, Response):
                return lead
            if admin and not lead.login.is_admin:
                raise PageNotFound
            return await _serve(lead, None if away else password, partial(handler, request, lead))

        handle.needs = "admin" if admin else "account"  # type: ignore[attr-defined]  # for the table of the tests
        return handle

    return decorate


def for_desk(
    permission: Permission, *, password: bool = False, renews: bool = False
) -> Callable[[DeskHandler], Handler]:
    """A page about a campaign. To those without a role in it the campaign does not exist; to those whose role
    does not allow it the page says so. `password`: it must have been entered a moment ago. `renews`: a script asks
    for this part of a page again and again, and that keeps nobody active."""

    def decorate(handler: DeskHandler) -> Handler:
        async def handle(request: Request) -> Response:
            lead = await _find_lead(request, renews=renews)
            if isinstance(lead, Response):
                return lead
            slug = request.path_params["slug"][:81]
            if not slug.isascii() or not slug.isprintable():
                raise CampaignNotFound(slug)
            found = await lead.site.database.read(find_campaign, slug, lead.login)
            permissions = permissions_of(found["role"], is_admin=lead.login.is_admin)
            desk = Desk(**vars(lead), **found, permissions=permissions)
            if permission not in desk.permissions:
                raise NotAllowed
            return await _serve(desk, password, partial(handler, request, desk))

        handle.needs = permission  # type: ignore[attr-defined]  # for the table of the tests
        return handle

    return decorate


def cookie_name(site: Site) -> str:
    """The prefix makes browsers take it over TLS only."""
    return "__Secure-petitions" if site.settings.base_url.startswith("https:") else "petitions"


def set_cookie(site: Site, response: Response, identifier: str) -> None:
    """Log this browser in. The cookie goes to the console alone: public pages never see one."""
    response.set_cookie(
        cookie_name(site),
        identifier,
        path="/console",
        httponly=True,
        secure=site.settings.base_url.startswith("https:"),
        samesite="lax",
    )


def drop_cookie(site: Site, response: Response) -> None:
    response.delete_cookie(
        cookie_name(site),
        path="/console",
        httponly=True,
        secure=site.settings.base_url.startswith("https:"),
        samesite="lax",
    )


async def _find_lead(request: Request, *, renews: bool = False) -> Lead | Response:
    """Who asks; the way to the log-in for a stranger. Where a form was sent, the log-in carries what it held."""
    # First the whole body: whoever holds its end back until their role is gone has no role then.
    await request.body()
    site, now = site_of(request), utc_now()
    identifier = request.cookies.get(cookie_name(site))
    login = await site.database.read(find_login, identifier, now) if identifier else None
    if login is None:
        if request.method in ("GET", "HEAD"):
            language = translator_for(request).language
            return see_other(f"/console/login?next={quote(address_of(request), safe='')}&lang={language}")
        kept = await _keep(request, csrf_of(hash_identifier(identifier)) if identifier else None)
        words = translator_for(request)
        return answer(
            site, words, "console/login.html", "/console/login", 401, switch=False, **log_in_page(kept=kept)
        )
    # What renews itself keeps nobody active; no page of names is such a part, or they could be read unseen.
    if login.is_due(now) and not (renews and request.headers.get(REFRESH) == "1"):
        await site.database.write(mark_seen, login, now)
    asked = request.query_params.get("lang", "")
    language = asked if asked in LANGUAGES else login.language
    words = translator(language if language in LANGUAGES else resolve_for(request)[0])
    return Lead(request, site, words, login, now)


async def _serve(lead: Lead, password: bool | None, page: Callable[[], Awaitable[Response]]) -> Response:
    """The page, after the question for the password where there is one."""
    try:
        asked = None if password is None else await ask_password(lead, password)
        return asked or await page()
    except NotAllowed:
        again = await _offer_again(lead)
        if again is None:
            raise
        return again


async def _offer_again(lead: Lead) -> Response | None:
    """What somebody wrote before they logged in anew in another tab, with a button that sends it; None for every
    other form. Forms of other sites never come here (web/origin.py), and nothing is done before the press."""
    if lead.request.method in ("GET", "HEAD") or not holds_words(lead.request.url.path):
        return None
    data = await read_form(lead.request, MAX_FIELDS)
    kept = keep(address_of(lead.request), data)
    if holds_csrf(data, lead.csrf) or not is_of_same_account(data, lead.csrf) or kept is None:
        return None
    page: dict[str, Any] = {"csrf": lead.csrf, "kept": kept, "is_anew": True}
    return answer(lead.site, lead.words, "console/again.html", "/console", 403, switch=False, **page)


async def ask_password(lead: Lead, fresh: bool) -> Response | None:
    """The page that asks for the password, or the way to it, where it has to be entered again. What was sent is
    carried along."""
    is_safe = lead.request.method in ("GET", "HEAD")
    if lead.login.is_confirmed(lead.now) if fresh else is_safe or lead.login.is_active(lead.now):
        return None
    if is_safe:
        return see_other(lead.url("/console/password", next=address_of(lead.request)))
    data, _file = await lead.upload("file")  # a file has to be chosen again
    kept = keep(address_of(lead.request), data)
    return answer(
        lead.site,
        lead.words,
        "console/password.html",
        "/console/password",
        403,
        switch=False,
        lead=lead,
        desk=None,
        csrf=lead.csrf,
        **log_in_page(kept=kept),
    )


async def _keep(request: Request, csrf: str | None) -> Kept | None:
    """What a stranger sent; nothing of a form that was not from the session which the cookie names."""
    with suppress(InvalidRequest):
        data = await read_form(request, MAX_FIELDS)
        if csrf is None or holds_csrf(data, csrf):
            return keep(address_of(request), data)
    return None


def log_in_page(
    *, kept: Kept | None = None, then: str = "/console", form: Form | None = None, **more: Any
) -> dict[str, Any]:
    """What the pages take that ask for a password: where to go `then`, what is `kept` meanwhile."""
    return {"kept": kept, "then": then, "form": form, "wait": None, "is_empty": False, **more}
