"""Rendering a page of the console."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, Response

from petitions.console.guard import Desk, Lead
from petitions.web.caching import no_store
from petitions.web.pages import answer, render


def show(lead: Lead, template: str, status: int = 200, **context: Any) -> Response:
    """A page for somebody who is logged in, in their language; nobody keeps it."""
    desk = lead if isinstance(lead, Desk) else None
    return answer(
        lead.site,
        lead.words,
        f"console/{template}",
        lead.request.url.path,
        status,
        lead=lead,
        desk=desk,
        csrf=lead.csrf,
        switch=status == 200,
        **context,
    )


def show_part(desk: Desk, template: str, **context: Any) -> Response:
    """A part of a page alone, to be put where it was by a script; nobody keeps it."""
    path, context = desk.request.url.path, {"lead": desk, "desk": desk, "csrf": desk.csrf, **context}
    response = HTMLResponse(render(desk.site, desk.words, f"console/{template}", path, switch=False, **context))
    no_store(response)
    return response


def attachment(name: str) -> Mapping[str, str]:
    """Headers that make a browser store the answer as a file; `name` has letters, digits, dots and dashes."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
