"""The last steps of every way into the console: the cookies of a session, and where it leads."""

import math
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.logging_in import Browser, Entry
from petitions.accounts.sessions import hash_identifier
from petitions.accounts.throttling import Throttle, Try, begin_try, find_wait
from petitions.console.browsers import browser_name, remember_browser
from petitions.console.csrf import csrf_field
from petitions.console.guard import cookie_name, log_in_page, set_cookie
from petitions.console.returning import Kept
from petitions.i18n import Translator
from petitions.web.pages import answer, see_other
from petitions.web.site import Site, site_of


def throttle_of(site: Site) -> Throttle:
    return Throttle(site.settings.secret_keys[0])


async def begin(site: Site, attempt: Try, now: datetime) -> timedelta | None:
    """Count a try that may be made; how long to wait where it may not. Whoever only has to wait takes no lock that
    those who write need."""
    wait = await site.database.read(find_wait, attempt, now)
    return wait or await site.database.write(begin_try, attempt, now)


def this_browser(request: Request) -> Browser:
    return Browser(browser_name(request), request.cookies.get(cookie_name(site_of(request))))


def enter(
    request: Request, words: Translator, entry: Entry, now: datetime, then: str, kept: Kept | None
) -> Response:
    """The answer to a right password, code or link: the way on, or what was typed before with a button that sends
    it; the question for the second factor where there is one."""
    site = site_of(request)
    csrf = csrf_field(site, hash_identifier(entry.identifier), entry.user_id)
    page: dict[str, Any] = {"switch": False, "csrf": csrf, **log_in_page(kept=kept, then=then)}
    if entry.is_half and kept is None:
        response: Response = see_other(with_query("/console/login/code", words, next=then))
    elif entry.is_half:
        response = answer(site, words, "console/code.html", "/console/login/code", **page)
    elif kept is not None:
        response = send_again(site, words, csrf, kept)
    else:
        response = see_other(then)
    set_cookie(site, response, entry.identifier)
    if not entry.is_half:
        remember_browser(request, response, site, entry.user_id, now)
    return response


def send_again(site: Site, words: Translator, csrf: str, kept: Kept) -> Response:
    """What somebody had typed, and a button that sends it."""
    page: dict[str, Any] = {"csrf": csrf, "kept": kept, "is_anew": False}
    return answer(site, words, "console/again.html", "/console", switch=False, **page)


def with_query(path: str, words: Translator, **query: str) -> str:
    """An address in the language of this page."""
    return f"{path}?{urlencode({**query, 'lang': words.language})}"


def wait_of(wait: timedelta) -> int:
    """Seconds, of which none is too few."""
    return max(1, math.ceil(wait.total_seconds()))


def told_to_wait(response: Response, seconds: int) -> Response:
    response.headers["Retry-After"] = str(seconds)
    return response
