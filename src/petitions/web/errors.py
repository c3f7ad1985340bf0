"""Every error a visitor can meet, mapped once: what happened, what is safe, what to do next."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from petitions import errors, log
from petitions.i18n import N_, Message
from petitions.web.languages import translator_for
from petitions.web.pages import answer
from petitions.web.site import site_of


@dataclass(frozen=True)
class Explanation:
    """The words of an error page."""

    title: Message
    what: Message
    safe: Message
    next: Message


_NOTHING_STORED = N_("Nothing was stored or changed.")

_EXPLANATIONS = {
    400: Explanation(
        N_("We could not read that"),
        N_("Your browser sent something that none of our forms sends."),
        _NOTHING_STORED,
        N_("Go back, load the page again and try once more."),
    ),
    403: Explanation(
        N_("This form came from another site"),
        N_("To protect you, we accept forms only from our own pages."),
        _NOTHING_STORED,
        N_("Open the campaign's page here and fill in the form there."),
    ),
    404: Explanation(
        N_("There is nothing here"),
        N_("This address leads to no page. Perhaps the link was cut off, or the campaign was taken down."),
        N_("If you signed something, your signature is not touched by this."),
        N_("Look for the campaign on the first page."),
    ),
    405: Explanation(
        N_("This page cannot do that"),
        N_("Your browser asked for something that this address does not offer."),
        _NOTHING_STORED,
        N_("Go back and follow the links or press the buttons of the page."),
    ),
    408: Explanation(
        N_("That took too long"),
        N_("What your browser sent did not arrive within the time that we wait for it."),
        _NOTHING_STORED,
        N_("Go back and try once more, with a smaller picture or through a faster line."),
    ),
    413: Explanation(
        N_("That was too much"),
        N_("The form was larger than any of our forms can be."),
        _NOTHING_STORED,
        N_("Go back, shorten what you typed and try once more."),
    ),
    429: Explanation(
        N_("That is enough for today"),
        N_("This was done as often today as we allow in one day."),
        _NOTHING_STORED,
        N_("Please try again tomorrow."),
    ),
    500: Explanation(
        N_("Something went wrong on our side"),
        N_("This is our mistake, not yours. It was written down for whoever looks after this site."),
        N_("If you were told that your signature is counted, it is counted."),
        N_("Please try again in a few minutes."),
    ),
    503: Explanation(
        N_("We are too busy right now"),
        N_("More people than this server can take are here at the same moment, or it is being looked after."),
        N_("What was confirmed before is safe. What you just sent was not stored yet."),
        N_("Please wait a moment and send it again."),
    ),
}
_NOT_ALLOWED = Explanation(
    N_("You may not do this"),
    N_("Your role in this campaign does not allow it, or you have logged in anew since you opened the page."),
    _NOTHING_STORED,
    N_("Open the page again. If you need another role, ask an owner of the campaign."),
)
_OTHER_CLIENT_ERROR = _EXPLANATIONS[400]
#: Whoever loses their way here looks after campaigns, and has signed nothing.
_NOT_IN_CONSOLE = replace(
    _EXPLANATIONS[404], safe=_NOTHING_STORED, next=N_("Look for the campaign among those that you look after.")
)


def _status(error: Exception) -> int:
    match error:
        case errors.NotFound():
            return 404
        case errors.ForeignOrigin():
            return 403
        case errors.NotAllowed():
            return 403
        case errors.InvalidRequest() | errors.LinkInvalid() | ClientDisconnect():
            return 400
        case errors.TooOften():
            return 429
        case errors.IntakeFull() | errors.StoreUnavailable():
            return 503
        case HTTPException():
            return error.status_code
        case _:
            return 500


def retry_after(error: Exception) -> int | None:
    """Seconds after which it is worth trying again."""
    if isinstance(error, errors.IntakeFull):
        return error.retry_after
    return 10 if isinstance(error, errors.StoreUnavailable) else None


def address_of(request: Request) -> str:
    """Where a form that was sent can be sent again: the path with its query."""
    return request.url.path + ("?" + request.url.query if request.url.query else "")


def error_response(
    request: Request, error: Exception, retry: tuple[str, Sequence[tuple[str, str]]] | None = None
) -> Response:
    """The answer to an error: a page in the visitor's language, or problem+json (RFC 9457) under /api/.
    `retry`: the address and the fields of a form that can be sent again."""
    status = _status(error)
    if status == 500:
        log.error("request_failed", error, route=str(getattr(request.scope.get("route"), "path", "other")))
    words = translator_for(request)
    explanation = _EXPLANATIONS.get(status, _OTHER_CLIENT_ERROR if status < 500 else _EXPLANATIONS[500])
    in_console = f"{request.scope['path']}/".startswith("/console/")
    if isinstance(error, errors.NotAllowed):
        explanation = _NOT_ALLOWED
    elif status == 404 and in_console:
        explanation = _NOT_IN_CONSOLE
    seconds = retry_after(error)
    response: Response
    if request.scope["path"].startswith("/api/"):
        problem = {"title": str(explanation.title), "status": status, "detail": str(explanation.what)}
        response = JSONResponse(problem, status, media_type="application/problem+json")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Access-Control-Allow-Origin"] = "*"
    else:
        response = answer(
            site_of(request),
            words,
            "errors/error.html",
            "/",
            status,
            status=status,
            switch=False,
            title=words.translate(explanation.title),
            what=words.translate(explanation.what),
            safe=words.translate(explanation.safe),
            next=words.translate(explanation.next),
            retry_after=seconds,
            retry_action=retry[0] if retry else None,
            retry_fields=list(retry[1]) if retry else [],
            console_url=f"/console?lang={words.language}" if in_console else None,
        )
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update({k: v for k, v in error.headers.items() if k.lower() == "allow"})
    return response


async def _handle(request: Request, error: Exception) -> Response:
    return error_response(request, error)


#: For Starlette: one way for every error.
HANDLERS: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    errors.PetitionsError: _handle,
    HTTPException: _handle,
    ClientDisconnect: _handle,
    500: _handle,
}
