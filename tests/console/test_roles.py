"""Who may open what: every address of the console, asked for by everybody."""

import re
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from petitions.accounts.models import User
from petitions.accounts.roles import ADMIN, MAY, Permission, Role
from petitions.campaigns.queries import get_snapshot
from petitions.console.routes import ROUTES
from petitions.db import Database
from petitions.moderation.conditions import Conditions
from petitions.organisations.logos import Logo
from petitions.settings import Settings
from tests.console.cosigning import ask as ask_to_cosign
from tests.console.support import SAME_ORIGIN, Browser, browser_of, give_role, make_user
from tests.delivery.support import begin as ask_for_list
from tests.delivery.test_deliveries import record as record_delivery
from tests.delivery.test_evidence import add as add_evidence
from tests.factories import make_campaign, sign_and_confirm
from tests.moderation.many import begin
from tests.paper.entering import enter

DOCS = Path(__file__).parents[2] / "docs" / "leads.md"

#: What every address needs: a permission in the campaign, "account", "admin", or "nobody" where it leads to the
#: log-in. Written down here a second time on purpose: a page that asks for less than it should is found here.
NEEDS: Mapping[str, str] = {
    "GET /console": "account",
    "GET /console/login": "nobody",
    "POST /console/login": "nobody",
    "GET /console/login/code": "nobody",
    "POST /console/login/code": "nobody",
    "POST /console/logout": "account",
    "GET /console/password": "account",
    "POST /console/password": "account",
    "GET /console/forgot": "nobody",
    "POST /console/forgot": "nobody",
    "GET /console/forgot/sent": "nobody",
    "GET /console/link/{token}": "nobody",
    "POST /console/link/{token}": "nobody",
    "GET /console/first/{token}": "nobody",
    "POST /console/first/{token}": "nobody",
    "GET /console/account": "account",
    "POST /console/account": "account",
    "POST /console/account/password": "account",
    "POST /console/account/sessions": "account",
    "GET /console/account/totp": "account",
    "POST /console/account/totp": "account",
    "POST /console/account/totp/off": "account",
    "POST /console/account/recovery": "account",
    "GET /console/people": "admin",
    "POST /console/people": "admin",
    "POST /console/people/{user_id:uuid}": "admin",
    "GET /console/log": "admin",
    "POST /console/log/verify": "admin",
    "POST /console/log/log.csv": "admin",
    "GET /console/campaigns/new": "account",
    "POST /console/campaigns/new": "account",
    "POST /console/preview": "account",
    "GET /console/c/{slug}": "view",
    "GET /console/c/{slug}/figures": "view",
    "GET /console/c/{slug}/figures/part": "view",
    "GET /console/c/{slug}/alerts": "moderate",
    "POST /console/c/{slug}/alerts": "moderate",
    "GET /console/c/{slug}/members": "members",
    "POST /console/c/{slug}/members": "members",
    "POST /console/c/{slug}/members/mine": "members",
    "POST /console/c/{slug}/members/{user_id:uuid}/role": "members",
    "POST /console/c/{slug}/members/{user_id:uuid}/remove": "members",
    "POST /console/c/{slug}/members/{user_id:uuid}/again": "members",
    "GET /console/c/{slug}/share": "view",
    "GET /console/c/{slug}/poster": "view",
    "GET /console/c/{slug}/qr.{kind}": "view",
    "GET /console/c/{slug}/signatures": "moderate",
    "GET /console/c/{slug}/signatures/search": "moderate",
    "POST /console/c/{slug}/signatures/search": "moderate",
    "GET /console/c/{slug}/signatures/act": "moderate",
    "POST /console/c/{slug}/signatures/act": "moderate",
    "GET /console/c/{slug}/signatures/{signature_id:uuid}": "moderate",
    "POST /console/c/{slug}/signatures/{signature_id:uuid}": "moderate",
    "GET /console/c/{slug}/organisations": "organisations",
    "POST /console/c/{slug}/organisations/act": "organisations",
    "GET /console/c/{slug}/organisations/import": "organisations",
    "POST /console/c/{slug}/organisations/import": "organisations",
    "GET /console/c/{slug}/organisations/order": "organisations",
    "POST /console/c/{slug}/organisations/order": "organisations",
    "GET /console/c/{slug}/organisations/{organisation_id:uuid}": "organisations",
    "POST /console/c/{slug}/organisations/{organisation_id:uuid}": "organisations",
    "POST /console/c/{slug}/organisations/{organisation_id:uuid}/merge": "organisations",
    "POST /console/c/{slug}/organisations/{organisation_id:uuid}/apart": "organisations",
    "POST /console/c/{slug}/organisations/{organisation_id:uuid}/remind": "organisations",
    "GET /console/c/{slug}/organisations/{organisation_id:uuid}/logo/{digest}.webp": "organisations",
    "GET /console/c/{slug}/comments": "moderate",
    "POST /console/c/{slug}/comments": "moderate",
    "GET /console/c/{slug}/bulk": "moderate",
    "POST /console/c/{slug}/bulk": "moderate",
    "GET /console/c/{slug}/bulk/preview": "moderate",
    "POST /console/c/{slug}/bulk/preview": "moderate",
    "GET /console/c/{slug}/jobs": "moderate",
    "GET /console/c/{slug}/jobs/{job_id:int}": "moderate",
    "GET /console/c/{slug}/jobs/{job_id:int}/part": "moderate",
    "POST /console/c/{slug}/jobs/{job_id:int}/cancel": "moderate",
    "POST /console/c/{slug}/jobs/{job_id:int}/undo": "moderate",
    "GET /console/c/{slug}/held": "moderate",
    "GET /console/c/{slug}/held/{reason}": "moderate",
    "POST /console/c/{slug}/held/{reason}/release": "moderate",
    "POST /console/c/{slug}/held/{reason}/drop": "moderate",
    "GET /console/c/{slug}/rules": "guard",
    "POST /console/c/{slug}/rules": "guard",
    "GET /console/rules": "admin",
    "POST /console/rules": "admin",
    "GET /console/c/{slug}/download": "download",
    "GET /console/c/{slug}/exports": "download",
    "POST /console/c/{slug}/exports": "download",
    "GET /console/c/{slug}/exports/new": "download",
    "GET /console/c/{slug}/exports/preview": "download",
    "POST /console/c/{slug}/exports/preview": "download",
    "GET /console/c/{slug}/exports/{export_id:uuid}": "download",
    "GET /console/c/{slug}/exports/{export_id:uuid}/part": "download",
    "POST /console/c/{slug}/exports/{export_id:uuid}/cancel": "download",
    "POST /console/c/{slug}/exports/{export_id:uuid}/remove": "download",
    "POST /console/c/{slug}/exports/{export_id:uuid}/again": "download",
    "POST /console/c/{slug}/exports/{export_id:uuid}/file": "download",
    "GET /console/c/{slug}/deliveries": "download",
    "POST /console/c/{slug}/deliveries": "download",
    "GET /console/c/{slug}/deliveries/new": "download",
    "GET /console/c/{slug}/deliveries/{delivery_id:uuid}": "download",
    "POST /console/c/{slug}/deliveries/{delivery_id:uuid}": "download",
    "GET /console/c/{slug}/deliveries/{delivery_id:uuid}/change": "download",
    "POST /console/c/{slug}/deliveries/{delivery_id:uuid}/remove": "download",
    "POST /console/c/{slug}/deliveries/{delivery_id:uuid}/evidence": "download",
    "GET /console/c/{slug}/deliveries/{delivery_id:uuid}/evidence/{evidence_id:uuid}": "download",
    "POST /console/c/{slug}/deliveries/{delivery_id:uuid}/evidence/{evidence_id:uuid}": "download",
    "POST /console/c/{slug}/deliveries/{delivery_id:uuid}/evidence/{evidence_id:uuid}/remove": "download",
    "GET /console/c/{slug}/paper": "paper",
    "GET /console/c/{slug}/paper/search": "paper",
    "POST /console/c/{slug}/paper/search": "paper",
    "POST /console/c/{slug}/paper/files/{batch_id:uuid}/undo": "paper",
    "GET /console/c/{slug}/paper/import": "paper",
    "POST /console/c/{slug}/paper/import": "paper",
    "GET /console/c/{slug}/paper/decisions": "paper",
    "POST /console/c/{slug}/paper/decisions": "paper",
    "GET /console/c/{slug}/paper/sheets": "paper",
    "POST /console/c/{slug}/paper/sheets": "paper",
    "GET /console/c/{slug}/paper/{number:int}": "paper",
    "POST /console/c/{slug}/paper/{number:int}": "paper",
    "GET /console/c/{slug}/publish": "publish",
    "POST /console/c/{slug}/publish": "publish",
    "GET /console/c/{slug}/history": "view",
    "GET /console/c/{slug}/history/{number:int}": "view",
    "GET /console/c/{slug}/state": "manage",
    "POST /console/c/{slug}/state": "manage",
    "GET /console/c/{slug}/audit": "audit",
    "POST /console/c/{slug}/audit/log.csv": "audit",
    "GET /console/c/{slug}/defence": "guard",
    "POST /console/c/{slug}/defence": "guard",
    "GET /console/c/{slug}/details": "edit",
    "GET /console/c/{slug}/details/{section}": "edit",
    "POST /console/c/{slug}/details/{section}": "edit",
    "GET /console/c/{slug}/preview": "edit",
    "GET /console/c/{slug}/texts": "edit",
    "GET /console/c/{slug}/texts/languages": "edit",
    "POST /console/c/{slug}/texts/languages": "edit",
    "GET /console/c/{slug}/texts/{language}": "edit",
    "POST /console/c/{slug}/texts/{language}": "edit",
    "GET /console/c/{slug}/texts/{language}/remove": "edit",
    "POST /console/c/{slug}/texts/{language}/remove": "edit",
    "POST /console/c/{slug}/texts/{language}/default": "edit",
}


def documented() -> dict[str, set[str]]:
    """Who has which permissions, as docs/leads.md says."""
    lines = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    people = [cell.strip() for cell in lines[0].strip("|").split("|")][2:]
    held: dict[str, set[str]] = {person: set() for person in people}
    for line in lines[2:]:
        name, _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for person, cell in zip(people, cells, strict=True):
            assert cell in ("yes", "")
            if cell:
                held[person].add(name.strip("`"))
    return held


def test_the_table_of_the_docs_says_what_the_program_does() -> None:
    program = {str(role): {str(permission) for permission in held} for role, held in MAY.items()}
    assert set(MAY) == set(Role)
    assert documented() == program | {"administrator": {str(permission) for permission in ADMIN}}


def test_every_permission_stands_in_the_docs() -> None:
    words = DOCS.read_text(encoding="utf-8")
    assert [p for p in Permission if f"| `{p}` | " not in words] == []


def addresses() -> list[str]:
    """Every route, as "METHOD path"."""
    found = []
    for route in ROUTES:
        assert isinstance(route, Route)
        found += [f"{method} {route.path}" for method in sorted(route.methods or ()) if method != "HEAD"]
    return found


def test_every_route_stands_in_the_table() -> None:
    assert sorted(addresses()) == sorted(NEEDS)


@pytest.fixture
def people(database: Database) -> dict[str, User | None]:
    """One of everybody: the roles of the campaign, an administrator, an owner of another one, a stranger."""
    wanted = make_campaign(database, slug="free-boris", languages=("en", "es"))
    other = make_campaign(database, slug="free-ana")
    people: dict[str, User | None] = {"stranger": None}
    for role in Role:
        user = people[role] = make_user(database, f"{role.capitalize()} Here")
        give_role(database, wanted.id, user, role)
    people["administrator"] = make_user(database, "Ada Admin", is_admin=True)
    elsewhere = people["elsewhere"] = make_user(database, "Elsa Elsewhere")
    give_role(database, other.id, elsewhere, Role.OWNER)
    return people


def expected(need: str, person: str) -> str:
    """What becomes of a request."""
    if need == "nobody":
        return "open"
    if person == "stranger":
        return "log in"
    if need == "account":
        return "open"
    if need == "admin":
        return "open" if person == "administrator" else "not found"
    held = documented().get(person)
    if held is None:
        return "not found"
    return "open" if need in held else "not allowed"


async def ask(browser: Browser, method: str, url: str) -> httpx.Response:
    """A page, or a form that no browser sends: whoever may send one is told that it is none (400) before anything
    is done, and whoever may not is told that first."""
    if method == "GET":
        return await browser.get(url)
    if not browser.csrf:
        return await browser.post(url, {"csrf": "0" * 32})
    return await browser.client.post(
        url, content=b"nothing", headers={**SAME_ORIGIN, "content-type": "text/plain"}
    )


def became(method: str, answer: httpx.Response) -> str:
    location = answer.headers.get("location", "")
    if location.startswith("/console/login?next=") or answer.status_code == 401:
        return "log in"
    if answer.status_code == 403:
        return "log in" if 'name="password"' in answer.text else "not allowed"
    if answer.status_code == 404:
        return "not found"
    fine = answer.status_code in (200, 303) if method == "GET" else answer.status_code == 400
    return "open" if fine and not location.startswith("/console/password") else f"{answer.status_code} {location}"


@pytest.mark.anyio
async def test_everybody_gets_what_their_role_allows_and_nothing_else(
    app: Starlette, database: Database, settings: Settings, people: dict[str, User | None]
) -> None:
    member = people["viewer"]
    with database.reading() as session:
        campaign = get_snapshot(session, "free-boris")
    assert member is not None
    enter(database, settings, campaign)
    picture = Logo(b"no picture of anything", 4, 4)
    organisation = ask_to_cosign(database, settings, campaign, logo=picture)
    delivery = record_delivery(database, campaign)
    places = {
        "export_id:uuid": str(ask_for_list(database, campaign)),
        "delivery_id:uuid": str(delivery.id),
        "evidence_id:uuid": str(add_evidence(database, delivery, campaign)),
        "slug": "free-boris",
        "language": "es",
        "section": "basics",
        "kind": "svg",
        "reason": "domain",
        "number:int": "1",
        "user_id:uuid": str(member.id),
        "signature_id:uuid": str(sign_and_confirm(database, settings, campaign).id),
        "organisation_id:uuid": str(organisation.id),
        "digest": str(organisation.logo),
        "job_id:int": str(begin(database, campaign, Conditions(country="ES"))),
        "batch_id:uuid": "0192f3a0-0000-4000-8000-000000000000",
        "token": "nonsense",
    }
    wrong = []
    for address, need in NEEDS.items():
        if need == "nobody":
            continue  # anybody may ask; see the tests of the log-in
        method, _, path = address.partition(" ")
        url = re.sub(r"\{([^}]+)\}", lambda name: places[name[1]], path)
        for person, user in people.items():
            async with browser_of(app, database, user) as browser:
                found = became(method, await ask(browser, method, url))
            if found != expected(need, person):
                wrong.append(f"{person}: {address}: {found} instead of {expected(need, person)}")
    assert wrong == []


@pytest.mark.anyio
async def test_a_campaign_of_others_and_one_that_is_not_there_look_the_same(
    app: Starlette, database: Database, people: dict[str, User | None]
) -> None:
    async with browser_of(app, database, people["elsewhere"]) as browser:
        other, none = await browser.get("/console/c/free-boris"), await browser.get("/console/c/free-carla")
    assert (other.status_code, other.text) == (none.status_code, none.text)
    assert other.status_code == 404
