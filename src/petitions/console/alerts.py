"""What was unusual in a campaign, and whether somebody wants to be told by mail."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.audit.recording import record
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.watching.alerts import choose_alerts, list_alerts, wants_alerts
from petitions.web.pages import see_other

_MOST = 100


@for_desk(Permission.MODERATE)
async def show_alerts(_request: Request, desk: Desk) -> Response:
    """The alerts, the newest first, and the switch for one's own mails."""
    database = desk.site.database
    return show(
        desk,
        "alerts.html",
        alerts=await database.read(list_alerts, desk.campaign.id, _MOST),
        is_wanted=await database.read(wants_alerts, desk.campaign.id, desk.login.user_id),
    )


@for_desk(Permission.MODERATE)
async def choose_mails(_request: Request, desk: Desk) -> Response:
    """Switch one's own mails on or off."""
    wanted = (await desk.form()).get("wanted") == "1"
    await desk.site.database.write(_choose, desk, wanted)
    return see_other(desk.url(f"{desk.path}/alerts", saved="1"))


def _choose(session: Session, desk: Desk, wanted: bool) -> None:
    if choose_alerts(session, desk.campaign.id, desk.login.user_id, wanted=wanted):
        action = "alerts.mails_on" if wanted else "alerts.mails_off"
        record(session, desk.actor, action, desk.now, desk.campaign.id)
