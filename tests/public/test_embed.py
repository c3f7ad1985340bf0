"""The card that other sites show in a frame."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.web.headers import CSP_FRAMED
from petitions.web.site import Site
from tests import factories
from tests.organisations.test_shown import numbered, shown
from tests.public.test_organisations_page import fill, texts
from tests.web.support import page_of

PAGE = "/embed/free-boris"
BOTH: dict[str, Any] = {"signers": ["individuals", "organisations"]}


@pytest.mark.anyio
async def test_every_site_may_show_the_card_and_no_other_page(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database)
    card, page = await client.get(PAGE), await client.get("/c/free-boris")
    assert card.headers.get_list("content-security-policy") == [CSP_FRAMED]
    assert "frame-ancestors *" in CSP_FRAMED
    assert "x-frame-options" not in card.headers
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for name in ("x-content-type-options", "referrer-policy", "permissions-policy"):
        assert card.headers[name] == page.headers[name]
    assert "set-cookie" not in card.headers
    assert card.headers["x-robots-tag"] == "noindex"
    assert card.headers["cache-control"] == page.headers["cache-control"]


@pytest.mark.anyio
async def test_the_card_has_no_script_no_form_and_opens_the_page_beside_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database, languages=("en", "ar"))
    answer = await client.get(f"{PAGE}?lang=ar")
    page = page_of(answer)
    assert (page.one("html")["lang"], page.one("html")["dir"]) == ("ar", "rtl")
    assert not re.search(r"<(script|form|img|iframe|style)|style=|\son\w+=", answer.text)
    links = page.all("a")
    assert [link["href"] for link in links] == [
        "http://testserver/c/free-boris?lang=ar",
        "http://testserver/c/free-boris?lang=ar#sign",
    ]
    assert {(link["target"], link["rel"]) for link in links} == {("_blank", "noopener")}


@pytest.mark.anyio
async def test_the_card_has_the_counts_and_six_names(
    client: httpx.AsyncClient, site: Site, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.sign_and_confirm(database, settings, campaign)
    fill(site, campaign, shown(*numbered(*({"name": f"Local {n}", "members": n} for n in range(1, 9)))))
    page = page_of(await client.get(PAGE))
    assert page.heading == "Free Boris"
    assert texts(page, "embed__count") == ["1 has signed", "8 organisations representing 36 members"]
    assert [item.text for item in page.all("li")] == [
        *(f"Local {n}" for n in range(8, 2, -1)),
        "All organisations",
    ]


@pytest.mark.anyio
async def test_a_closed_campaign_s_card_asks_nobody_to_sign(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database)
    factories.sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=utc_now()))
    page = page_of(await client.get(PAGE))
    assert texts(page, "embed__button") == ["Read the statement"]
    assert texts(page, "embed__site") == ["This campaign is closed"]


@pytest.mark.anyio
async def test_there_is_no_card_of_no_campaign(client: httpx.AsyncClient) -> None:
    answer = await client.get("/embed/nothing")
    assert (answer.status_code, answer.headers["x-frame-options"]) == (404, "DENY")
