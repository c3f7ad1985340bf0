"""Starting a campaign."""

import asyncio

import pytest
from starlette.applications import Starlette

from petitions.accounts.members import find_role
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from tests.console.support import Browser, browser_of, give_role, make_user
from tests.console.writing import copy_of, entries, open_form, send
from tests.web.support import page_of

NEW = "/console/campaigns/new"


def campaigns(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {campaign.slug: campaign.id for campaign in session.query(Campaign)}


@pytest.mark.anyio
async def test_whoever_starts_a_campaign_owns_it(
    app: Starlette, database: Database, browser: Browser, owner: User, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, NEW)
    assert fields["language"] == "en"
    answer = await send(browser, NEW, fields, title="  Свободу   Борису! ", language="RU")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/c/svobodu-borisu/texts/ru?started=1&lang=en"
    campaign_id = campaigns(database)["svobodu-borisu"]
    copy = copy_of(database, campaign_id)
    assert copy.content == Content(default_language="ru", texts={"ru": Texts(title="Свободу Борису!")})
    assert (copy.number, copy.saved_by) == (1, "Olga Owner")
    with database.reading() as session:
        assert find_role(session, campaign_id, owner.id) is Role.OWNER
    (entry,) = entries(database, "campaign.created")
    assert (entry.campaign_id, entry.user_id, entry.details) == (
        campaign_id,
        owner.id,
        {"slug": "svobodu-borisu", "language": "ru"},
    )
    page = page_of(await browser.get(answer.headers["location"]))
    assert page.heading == "Texts: Русский"
    assert (await browser.get("/c/svobodu-borisu")).status_code == 404  # nobody sees it yet
    async with browser_of(app, database, make_user(database, "Sara Stranger")) as other:
        assert (await other.get(answer.headers["location"])).status_code == 404


@pytest.mark.anyio
async def test_an_address_of_ones_own(database: Database, browser: Browser) -> None:
    fields = await open_form(browser, NEW)
    answer = await send(browser, NEW, fields, title="Free Ana", slug=" Ana-2026 ", language="pt_br")
    assert answer.headers["location"] == "/console/c/ana-2026/texts/pt-BR?started=1&lang=en"
    assert "ana-2026" in campaigns(database)


@pytest.mark.anyio
async def test_a_suggestion_that_is_taken_gets_a_number(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, NEW)
    for slug in ("free-boris-2", "free-boris-3"):
        answer = await send(browser, NEW, fields, title="Free Boris")
        assert answer.headers["location"].startswith(f"/console/c/{slug}/")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("title", "", "Please fill this in."),
        ("title", " \u200b ", "Please fill this in."),
        ("title", "a" * 201, "Please keep it to 200 characters."),
        ("title", "Free\u202eAna", "It holds characters that cannot be shown. Please type it again."),
        ("title", "…", None),
        ("slug", "free-boris", "Another campaign has this address. Please choose another one."),
        ("slug", "console", "This address is needed by the site itself. Please choose another one."),
        ("slug", "new", "This address is needed by the site itself. Please choose another one."),
        *(
            (
                "slug",
                slug,
                "Please use small letters from a to z, digits and single hyphens, like free-ana-sanchez.",
            )
            for slug in ("free ana", "../console", "añо", "-a", "a--b", "a/b", "?lang=en", "a.b")
        ),
        ("slug", "a" * 81, "Please keep it to 80 characters."),
        ("language", "", "Please fill this in."),
        ("language", "xx-nothing", "We do not know this language. Please give its code, like pt-BR."),
        ("language", "../en", "We do not know this language. Please give its code, like pt-BR."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_everything_is_kept(
    database: Database, browser: Browser, campaign: CampaignSnapshot, field: str, value: str, error: str | None
) -> None:
    typed = {"title": "Free Ana", "slug": "", "language": "es"} | {field: value}
    answer = await send(browser, NEW, await open_form(browser, NEW), **typed)
    page = page_of(answer, 422)
    if error is None:  # nothing to make an address of
        assert page.error_of("slug") == "Please give an address: the title has no letters to make one of."
    else:
        assert page.wrong_fields == [field]
        assert page.error_of(field) == error
    kept = dict(page.fields(NEW + "?lang=en"))
    assert kept["csrf"]
    for name in {"title", "slug", "language"} - {field}:
        assert kept[name] == typed[name]
    assert kept[field].strip() == value.strip()
    assert set(campaigns(database)) == {"free-boris"}


@pytest.mark.anyio
async def test_two_who_want_one_address_at_once(app: Starlette, database: Database, browser: Browser) -> None:
    """One gets it; the other is told, and an address that was only suggested gets a number."""
    fields = await open_form(browser, NEW)
    asked = await asyncio.gather(
        *(send(browser, NEW, fields, title="Free Ana", slug="ana") for _ in range(6)),
        *(send(browser, NEW, fields, title="Free Eva") for _ in range(4)),
    )
    own, suggested = asked[:6], asked[6:]
    assert sorted(answer.status_code for answer in own) == [303, 422, 422, 422, 422, 422]
    made = [answer.headers["location"].split("/")[3] for answer in suggested if answer.status_code == 303]
    assert len(made) == len(set(made)) == 4
    assert set(campaigns(database)) == {"free-boris", "ana", *made}
    assert len(entries(database, "campaign.created")) == 5


@pytest.mark.anyio
async def test_who_was_invited_to_help_starts_nothing(
    app: Starlette, database: Database, campaign: CampaignSnapshot
) -> None:
    helper = make_user(database, "Hanna Helper", may_start=False)
    async with browser_of(app, database, helper) as browser:
        for role in (None, Role.EDITOR):
            if role is not None:
                give_role(database, campaign.id, helper, role)
            page = (await browser.get("/console")).text
            assert NEW not in page
            for answer in (
                await browser.get(NEW + "?lang=en"),
                await browser.post(NEW + "?lang=en", {"title": "Free Ana", "language": "en"}),
            ):
                assert answer.status_code == 403
                assert "Not every account may start campaigns" in answer.text
        assert set(campaigns(database)) == {"free-boris"}
        give_role(database, campaign.id, helper, Role.OWNER)
        assert NEW in (await browser.get("/console")).text
        assert (await browser.post(NEW, {"title": "Free Ana", "language": "en"})).status_code == 303
        # Once an owner, always trusted, before an administrator says otherwise.
        give_role(database, campaign.id, helper, Role.VIEWER)
        assert (await browser.get(NEW)).status_code == 200


@pytest.mark.anyio
async def test_an_administrator_may_start_a_campaign_in_any_case(app: Starlette, database: Database) -> None:
    admin = make_user(database, "Ada Admin", is_admin=True, may_start=False)
    async with browser_of(app, database, admin) as browser:
        assert NEW in (await browser.get("/console")).text
        assert (await browser.post(NEW, {"title": "Free Ana", "language": "en"})).status_code == 303


@pytest.mark.anyio
async def test_a_stranger_starts_nothing(app: Starlette, database: Database, browser: Browser) -> None:
    async with browser_of(app, database, None) as stranger:
        assert (await stranger.get(NEW)).status_code == 303
        answer = await stranger.post(NEW, {"title": "Free Ana", "language": "en"})
    assert answer.status_code in (303, 401, 403)
    forged = await browser.post(NEW, {"csrf": "0" * 32, "title": "Free Ana", "language": "en"})
    assert forged.status_code == 403
    assert set(campaigns(database)) <= {"free-boris"}
