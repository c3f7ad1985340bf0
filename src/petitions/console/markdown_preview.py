"""Markdown as it will look: a fragment for the page that a lead writes in."""

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from petitions import markdown
from petitions.console.guard import Lead, for_lead
from petitions.console.text_forms import MAX_BYTES, plain_lines
from petitions.errors import InvalidRequest
from petitions.web.caching import no_store


@for_lead()
async def show_fragment(_request: Request, lead: Lead) -> Response:
    """The HTML of `text`, cleaned as on the public page. Raises InvalidRequest for more than can be saved."""
    text = (await lead.form()).get("text", "")
    if not isinstance(text, str) or len(text) > MAX_BYTES:
        raise InvalidRequest
    # A long text takes a second or two: off the loop, and every letter makes another, so none is remembered.
    fragment = await asyncio.to_thread(markdown.render_once, plain_lines(text), 2)
    response = HTMLResponse(str(fragment))
    no_store(response)
    return response
