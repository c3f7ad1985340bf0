"""Everything that was published: when, by whom, and what changed."""

import asyncio

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.content import read_content
from petitions.campaigns.editing import find_revision, list_revisions
from petitions.campaigns.history import Difference, compare, normal
from petitions.campaigns.models import Revision
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.errors import PageNotFound

#: Revisions of one page.
_PAGE = 50
_LAST_NUMBER = 2**31 - 1


@for_desk(Permission.VIEW)
async def show_history(request: Request, desk: Desk) -> Response:
    """The list, the last first."""
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    found = await desk.site.database.read(list_revisions, desk.campaign.id, _PAGE + 1, before)
    revisions = found[:_PAGE]
    older = desk.url(desk.path + "/history", before=str(revisions[-1].number)) if len(found) > _PAGE else ""
    newest = desk.url(desk.path + "/history") if before is not None else ""
    return show(desk, "history.html", revisions=revisions, older=older, newest=newest)


@for_desk(Permission.VIEW)
async def show_revision(request: Request, desk: Desk) -> Response:
    """What changed with one of them. Raises PageNotFound."""
    number: int = request.path_params["number"]
    if not 0 < number <= _LAST_NUMBER:
        raise PageNotFound
    revision, before = await desk.site.database.read(_find_pair, desk.campaign.id, number)
    difference = await asyncio.to_thread(_compare, desk.campaign.slug, revision, before) if before else None
    content = read_content(revision.content)
    return show(desk, "revision.html", revision=revision, before=before, difference=difference, content=content)


def _find_pair(session: Session, campaign_id: int, number: int) -> tuple[Revision, Revision | None]:
    revision = find_revision(session, campaign_id, number)
    if revision is None:
        raise PageNotFound
    return revision, find_revision(session, campaign_id, number - 1)


def _compare(slug: str, revision: Revision, before: Revision) -> Difference:
    old, new = (normal(read_content(one.content), slug, one.published_at) for one in (before, revision))
    return compare(old, new)
