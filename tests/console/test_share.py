"""Passing a campaign on."""

import io
import re
from xml.etree import ElementTree as ET

import pytest
import segno
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign
from petitions.clock import utc_now
from petitions.db import Database
from tests.console.support import browser_of, give_role, make_user
from tests.factories import WORDING, make_campaign

DESK = "/console/c/free-ana"
ADDRESS = "http://testserver/c/free-ana"


@pytest.fixture
def owner(database: Database) -> User:
    """Owns a campaign in two languages."""
    wordings = {
        "en": WORDING,
        "ar": WORDING.__class__("الحرية لآنا", "موجز", "نص", ("مطلب",), None),
    }
    campaign = make_campaign(database, slug="free-ana", wordings=wordings)
    user = make_user(database, "Olga Owner")
    give_role(database, campaign.id, user, Role.OWNER)
    return user


@pytest.mark.anyio
async def test_links_say_the_address_in_the_chosen_language(
    app: Starlette, database: Database, owner: User
) -> None:
    async with browser_of(app, database, owner) as browser:
        english = (await browser.get(f"{DESK}/share")).text
        arabic = (await browser.get(f"{DESK}/share?statement=ar")).text
        other = (await browser.get(f"{DESK}/share?statement=xx")).text
    assert f'href="{ADDRESS}?lang=en"' in english
    assert f'href="{ADDRESS}?lang=ar"' in arabic
    assert "https://wa.me/?text=%D8%A7%D9%84" in arabic
    assert f'href="{ADDRESS}?lang=en"' in other
    assert 'href="/api/v1/campaigns/free-ana"' in english
    assert "testserver/c/free-ana" in english


@pytest.mark.anyio
async def test_the_codes_hold_the_address(app: Starlette, database: Database, owner: User) -> None:
    async with browser_of(app, database, owner) as browser:
        svg = await browser.get(f"{DESK}/qr.svg?statement=ar")
        png = await browser.get(f"{DESK}/qr.png?save")
        assert (await browser.get(f"{DESK}/qr.gif")).status_code == 404
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "content-disposition" not in svg.headers
    ET.fromstring(svg.content)
    assert png.headers["content-disposition"] == 'attachment; filename="free-ana-en.png"'
    expected = io.BytesIO()
    code = segno.make(f"{ADDRESS}?lang=ar", error="m", micro=False)
    code.save(expected, kind="svg", scale=8, border=4, light="#fff", dark="#000")
    assert svg.content == expected.getvalue()


@pytest.mark.anyio
async def test_the_poster_is_in_the_statement_s_language(app: Starlette, database: Database, owner: User) -> None:
    async with browser_of(app, database, owner) as browser:
        page = (await browser.get(f"{DESK}/poster?statement=ar&lang=de")).text
    assert re.search(r'<article class="[a-z]+" lang="ar" dir="rtl">', page)
    assert "الحرية لآنا" in page
    assert '<html lang="de"' in page
    assert f"{DESK}/qr.svg?statement=ar" in page


@pytest.mark.anyio
async def test_what_is_not_published_has_nothing_to_pass_on(
    app: Starlette, database: Database, owner: User
) -> None:
    content = Content("en", texts={"en": Texts(title="Later")})
    with database.writing() as session:
        campaign_id = create_campaign(session, "later", content, "Olga Owner", utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, owner, Role.OWNER)
    async with browser_of(app, database, owner) as browser:
        page = await browser.get("/console/c/later/share")
        assert (await browser.get("/console/c/later/poster")).status_code == 404
        assert (await browser.get("/console/c/later/qr.svg")).status_code == 404
    assert page.status_code == 200
    assert "There is nothing to pass on yet" in page.text
    assert "http://testserver/c/later" in page.text
