"""Whether this process can serve."""

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from petitions import schema
from petitions.errors import StoreError
from petitions.web.site import site_of


async def show_health(request: Request) -> Response:
    """200 while the store answers and its schema fits, else 503; nothing else is told."""
    site = site_of(request)
    try:
        revision = await site.database.read(schema.find_revision)
        healthy = revision == schema.needed_revision()
    except (StoreError, DBAPIError):
        healthy = False
    state = {"status": "ok" if healthy else "unavailable"}
    return JSONResponse(state, 200 if healthy else 503, headers={"Cache-Control": "no-store"})
