"""Rules of the whole site: they hold in every campaign."""

from starlette.requests import Request
from starlette.responses import Response

from petitions.abuse.rule_lists import SITE
from petitions.console.guard import Lead, for_lead
from petitions.console.rules import show_list, take_list


@for_lead(admin=True)
async def show_site_rules(_request: Request, lead: Lead) -> Response:
    """The list, to be written."""
    return await show_list(lead, SITE, "site_rules.html")


@for_lead(admin=True)
async def save_site_rules(_request: Request, lead: Lead) -> Response:
    """Put a list in the place of the one that was seen."""
    return await take_list(lead, await lead.form(), SITE, "site_rules.html", "/console/rules")
