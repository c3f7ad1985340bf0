"""The list of signatures, for those who bring it to its addressees."""

from collections.abc import Mapping

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from petitions.accounts.roles import Permission
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.delivery.organisations_csv import make_list, record_download
from petitions.delivery.streaming import begin_download, start_download, take_place
from petitions.errors import CampaignPurged
from petitions.organisations.counting import find_standing
from petitions.signatures.counting import find_count
from petitions.signatures.rollups import find_parts
from petitions.web.caching import no_store


@for_desk(Permission.DOWNLOAD, password=True)
async def show_download(_request: Request, desk: Desk) -> Response:
    """What the list holds, and to whom it may be given."""
    return await _show(desk)


@for_desk(Permission.DOWNLOAD, password=True)
async def download_signatures(_request: Request, desk: Desk) -> Response:
    """The list itself, as `petitions export` writes it."""
    form = await desk.form()
    if desk.campaign.published_at is None or desk.campaign.purge_began_at is not None:
        return await _show(desk, 409)
    give_back = take_place()
    if give_back is None:
        return await _show(desk, 503, busy=True)
    database, wants_bom = desk.site.database, form.get("bom") == "y"
    try:
        campaign = await database.read(get_snapshot, desk.campaign.slug)
        download = await database.write(begin_download, campaign, desk.actor, bom=wants_bom)
    except CampaignPurged:
        give_back()
        return await _show(desk, 409)
    except BaseException:
        give_back()
        raise
    response = StreamingResponse(
        start_download(database, download, give_back),
        media_type="text/csv; charset=utf-8",
        headers=attachment(f"{desk.campaign.slug}-{desk.now:%Y-%m-%d}.csv"),
    )
    no_store(response)
    return response


@for_desk(Permission.DOWNLOAD, password=True)
async def download_organisations(_request: Request, desk: Desk) -> Response:
    """The organisations that co-sign, as everybody sees them; also once the names of people are erased."""
    form = await desk.form()
    if desk.campaign.published_at is None:
        return await _show(desk, 409)
    database = desk.site.database
    campaign = await database.read(get_snapshot, desk.campaign.slug)
    made = await database.read(make_list, campaign, bom=form.get("bom") == "y")
    await database.write(record_download, campaign.id, desk.actor, made, desk.now)
    name = f"{campaign.slug}-organisations-{desk.now:%Y-%m-%d}.csv"
    response = Response(made.content, media_type="text/csv; charset=utf-8", headers=attachment(name))
    no_store(response)
    return response


def attachment(name: str) -> Mapping[str, str]:
    """Headers that make a browser store the answer as a file; `name` has letters, digits, dots and dashes."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


async def _show(desk: Desk, status: int = 200, *, busy: bool = False) -> Response:
    campaign, count, shares, organisations = None, 0, dict[str, int](), 0
    if desk.campaign.published_at is not None:
        campaign, count, shares, organisations = await desk.site.database.read(_find, desk.campaign.slug)
    return show(
        desk,
        "download.html",
        status,
        campaign=campaign,
        count=count,
        shares=shares,
        organisations=organisations,
        questions=[q.label for q in campaign.terms.questions if q.public] if campaign else [],
        erased=desk.campaign.purge_began_at is not None or bool(campaign and campaign.purge_began_at),
        purge_due_at=campaign.purge_due_at if campaign else None,
        busy=busy,
    )


def _find(session: Session, slug: str) -> tuple[CampaignSnapshot, int, dict[str, int], int]:
    """The campaign, its count, how many signed with which visibility, and how many organisations; from tallies."""
    campaign = get_snapshot(session, slug)
    shares = dict(find_parts(session, campaign.id, "visibility"))
    organisations = find_standing(session, campaign.id).counted
    return campaign, find_count(session, campaign.id), shares, organisations
