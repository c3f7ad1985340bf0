"""Static files: kept for a year where the address names their content by a digest."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from petitions import paths
from petitions.templating import static_url


class DigestedFiles(StaticFiles):
    """Files whose addresses carry ?v=<digest>, see templating.static_url."""

    def __init__(self) -> None:
        super().__init__(directory=paths.STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            # Of this very content: with another digest a cache would keep it for a year under a wrong address.
            kept = scope["query_string"] == static_url(path).partition("?")[2].encode()
            response.headers["Cache-Control"] = (
                "public, max-age=31536000, immutable" if kept else "public, max-age=300"
            )
        return response
