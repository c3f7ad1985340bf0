"""The organisations that co-sign as JSON."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from petitions.db import Database
from petitions.organisations.logos import Logo
from petitions.settings import Settings
from tests import factories
from tests.api.test_campaigns import CACHE_CONTROL, conform, schema_of
from tests.organisations.acting import waiting

URL = "/api/v1/campaigns/free-boris/organisations"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOTH: dict[str, Any] = {"signers": ["individuals", "organisations"]}


@pytest.mark.anyio
async def test_all_that_are_shown_are_told_as_it_is_described(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.cosign(
        database, settings, campaign, name="نقابة", members=48000, comment="معكم.", language="ar", pin=3
    )
    logo = Logo(b"picture", 20, 10)
    factories.cosign(database, settings, campaign, name="Bakers", city=None, website="", logo=logo)
    response = await client.get(URL)
    _, schema = await schema_of(client, "/api/v1/campaigns/{slug}/organisations", "200")
    conform(response.json(), schema)
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == CACHE_CONTROL
    assert response.json() == {
        "slug": "free-boris",
        "count": 2,
        "members": 48000,
        "organisations": [
            {
                "name": "نقابة",
                "kind": "union",
                "country": "IE",
                "city": "Cork",
                "website": "https://union.example.org",
                "logo": None,
                "members": 48000,
                "comment": "معكم.",
                "language": "ar",
                "pin": 3,
                "signed_earlier_wording": False,
            },
            {
                "name": "Bakers",
                "kind": "union",
                "country": "IE",
                "city": None,
                "website": None,
                "logo": f"http://testserver/c/free-boris/logos/{logo.digest}.webp",
                "members": None,
                "comment": None,
                "language": "en",
                "pin": None,
                "signed_earlier_wording": False,
            },
        ],
    }


@pytest.mark.anyio
async def test_nobody_can_count_who_asked_and_is_not_shown(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    for name in ("One", "Two"):
        waiting(database, settings, campaign, name=f"{name} that waits")
        factories.cosign(database, settings, campaign, name=name, arrived_at=NOON)
    other = factories.make_campaign(database, slug="other", **BOTH)
    for name in ("One", "Two"):
        factories.cosign(database, settings, other, name=name, arrived_at=NOON)
    urls = (URL, URL.replace("free-boris", "other"))
    with_gaps, without = [(await client.get(url)).json() for url in urls]
    assert with_gaps | {"slug": "other"} == without


@pytest.mark.anyio
async def test_the_campaign_says_how_many_they_are(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.make_campaign(database, slug="other")
    for members in (None, 10, 20):
        factories.cosign(database, settings, campaign, members=members)
    one = (await client.get("/api/v1/campaigns/free-boris")).json()
    every = (await client.get("/api/v1/campaigns")).json()["campaigns"]
    assert one["organisations"] == {"count": 3, "members": 30}
    assert {each["slug"]: each["organisations"] for each in every} == {
        "free-boris": {"count": 3, "members": 30},
        "other": {"count": 0, "members": 0},
    }
