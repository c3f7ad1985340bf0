"""How a campaign runs: figures for everybody who has a role in it. They name nobody."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.clock import utc_now
from petitions.console import pages
from petitions.console.figure_charts import draw_charts, seconds
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.watching.figures import HOURS, Figures, find_figures


@for_desk(Permission.VIEW)
async def show_figures(_request: Request, desk: Desk) -> Response:
    """The figures, which a script renews."""
    return show(desk, "figures.html", **await _context(desk))


@for_desk(Permission.VIEW, renews=True)
async def show_part(_request: Request, desk: Desk) -> Response:
    """The figures alone, to be put into the page where they were."""
    return pages.show_part(desk, "figures_part.html", **await _context(desk))


async def _context(desk: Desk) -> dict[str, Any]:
    figures = await find_fresh(desk)
    return {"figures": figures, "charts": draw_charts(figures, desk.words), "seconds": seconds, "hours": HOURS}


async def find_fresh(desk: Desk) -> Figures:
    """The figures of the last ten seconds, whoever asked for them."""
    database = desk.site.database

    async def load(campaign_id: int) -> Figures:
        return await database.read(find_figures, campaign_id, utc_now())

    return await desk.site.figures.get(desk.campaign.id, load)
