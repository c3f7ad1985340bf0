"""The public JSON: what its description promises, and nothing about anybody."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests import factories

CACHE_CONTROL = "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def conform(value: Any, schema: Mapping[str, Any], place: str = "$") -> None:
    """Hold a value against a JSON schema, as far as the API's description uses it; nothing undescribed passes."""
    known = {"type", "properties", "required", "items", "additionalProperties", "enum", "minimum", "anyOf"}
    assert schema.keys() <= known | {"description", "format"}, place
    if "anyOf" in schema:
        fitting = [s for s in schema["anyOf"] if isinstance(value, TYPES[s["type"]])]
        assert len(fitting) == 1, place
        conform(value, fitting[0], place)
        return
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert isinstance(value, tuple(TYPES[name] for name in names)), place
    assert isinstance(value, bool) <= ("boolean" in names), place
    if value is None:
        return
    assert value in schema.get("enum", [value]), place
    if "minimum" in schema:
        assert value >= schema["minimum"], place
    if schema.get("format") == "date-time":
        assert isinstance(value, str)
        assert datetime.fromisoformat(value).tzinfo == UTC, place
    if schema.get("format") == "uri":
        assert isinstance(value, str)
        assert value.startswith(("http://", "https://")), place
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        assert set(schema.get("required", ())) <= value.keys(), place
        for key, item in value.items():
            rest = schema.get("additionalProperties")
            conform(item, properties[key] if rest is None else rest, f"{place}.{key}")
    if isinstance(value, list):
        for n, item in enumerate(value):
            conform(item, schema["items"], f"{place}[{n}]")


async def schema_of(client: httpx.AsyncClient, path: str, status: str) -> tuple[str, Mapping[str, Any]]:
    description = (await client.get("/api/openapi.json")).json()
    ((media_type, content),) = description["paths"][path]["get"]["responses"][status]["content"].items()
    return media_type, content["schema"]


def make_campaigns(database: Database) -> None:
    now = utc_now()
    factories.make_campaign(
        database,
        now - timedelta(days=1),
        slug="full",
        languages=("en", "ar"),
        closes_at=datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC),
        initiator={"name": "Union", "url": "https://union.example"},
        links=[{"label": {"en": "More", "ar": "المزيد"}, "url": "https://more.example"}],
        signers=["individuals", "organisations"],
        goal_steps=[1, 5],
    )
    factories.make_campaign(database, now, slug="bare", goal_steps=[], opens_at=now + timedelta(days=1))


@pytest.mark.anyio
async def test_the_answers_are_as_they_are_described(client: httpx.AsyncClient, database: Database) -> None:
    make_campaigns(database)
    for path, url, status in (
        ("/api/v1/campaigns", "/api/v1/campaigns", 200),
        ("/api/v1/campaigns/{slug}", "/api/v1/campaigns/full", 200),
        ("/api/v1/campaigns/{slug}", "/api/v1/campaigns/bare", 200),
        ("/api/v1/campaigns/{slug}/organisations", "/api/v1/campaigns/full/organisations", 200),
        ("/api/v1/campaigns/{slug}/organisations", "/api/v1/campaigns/bare/organisations", 404),
        ("/api/v1/campaigns/{slug}", "/api/v1/campaigns/nothing", 404),
    ):
        response = await client.get(url)
        media_type, schema = await schema_of(client, path, str(status))
        assert (response.status_code, response.headers["content-type"]) == (status, media_type)
        conform(response.json(), schema)


def test_the_check_of_schemas_sees_what_is_wrong() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
    conform({"n": 1}, schema)
    for wrong in ({"n": 0}, {"n": "1"}, {}, {"n": None}, {"n": True}):
        with pytest.raises(AssertionError):
            conform(wrong, schema)
    with pytest.raises(KeyError):
        conform({"n": 1, "more": 1}, schema)


@pytest.mark.anyio
async def test_the_description_is_whole(client: httpx.AsyncClient, database: Database) -> None:
    response = await client.get("/api/openapi.json")
    description = response.json()
    assert response.headers["access-control-allow-origin"] == "*"
    assert sorted(description) == ["info", "openapi", "paths", "servers"]
    assert description["openapi"] == "3.1.0"
    assert description["servers"] == [{"url": "http://testserver"}]
    assert {"title", "version"} <= description["info"].keys()
    for path, item in description["paths"].items():
        for operation in item.values():
            declared = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path" and p["required"]]
            assert declared == (["slug"] if "{slug}" in path else [])
            for answer in operation["responses"].values():
                assert answer["description"]


@pytest.mark.anyio
async def test_a_campaign_is_told_as_its_page_tells_it(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    make_campaigns(database)
    campaigns = (await client.get("/api/v1/campaigns")).json()["campaigns"]
    assert [c["slug"] for c in campaigns] == ["bare", "full"]
    assert [(c["status"], c["count"], c["goal"]) for c in campaigns] == [("upcoming", 0, None), ("open", 0, 1)]
    full = (await client.get("/api/v1/campaigns/full")).json()
    assert {key: full[key] for key in campaigns[1]} == campaigns[1]
    assert full["url"] == "http://testserver/c/full"
    assert full["languages"] == ["en", "ar"]
    assert (full["opens_at"], full["closes_at"]) == (None, "2099-01-02T03:04:05Z")
    assert full["statements"]["ar"]["direction"] == "rtl"
    assert full["statements"]["en"] == {
        "version": 1,
        "direction": "ltr",
        "title": "Free Boris",
        "summary": "A sociologist is arrested.",
        "body_markdown": "He spoke **freely**.\n\nWe answer.",
        "demands_markdown": ["His release.", "The dropping of all charges."],
    }


@pytest.mark.anyio
async def test_the_count_is_that_of_the_rows_and_nobody_is_named(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database)
    for visibility in ("public", "initials", "addressee"):
        factories.sign_and_confirm(
            database, settings, campaign, name="Planted Name", comment="Planted.", visibility=visibility
        )
    factories.sign(database, settings, campaign, name="Planted Draft")
    for url in ("/api/v1/campaigns", "/api/v1/campaigns/free-boris"):
        response = await client.get(url)
        assert "lanted" not in response.text
        assert "@" not in response.text
        told = response.json()
        assert (told["campaigns"][0] if "campaigns" in told else told)["count"] == 3


@pytest.mark.anyio
async def test_a_purged_campaign_keeps_its_count_and_is_closed(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database)
    for _ in range(3):
        factories.sign_and_confirm(database, settings, campaign, name="Planted Name")
    assert purge(database, campaign.id, utc_now()).erased == 3
    response = await client.get("/api/v1/campaigns/free-boris")
    _, schema = await schema_of(client, "/api/v1/campaigns/{slug}", "200")
    conform(response.json(), schema)
    assert (response.json()["status"], response.json()["count"]) == ("closed", 3)
    assert "lanted" not in response.text


@pytest.mark.anyio
async def test_every_site_may_read_it_and_caches_keep_it(client: httpx.AsyncClient, database: Database) -> None:
    factories.make_campaign(database)
    for url in ("/api/v1/campaigns", "/api/v1/campaigns/free-boris", "/api/openapi.json"):
        response = await client.get(url, headers={"Origin": "https://elsewhere.example"})
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["cache-control"] == CACHE_CONTROL
        assert int(response.headers["content-length"]) == len(gzip.compress(response.content, 6, mtime=0))
        again = await client.get(url, headers={"If-None-Match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["access-control-allow-origin"] == "*"


@pytest.mark.anyio
async def test_errors_are_problems_that_every_site_may_read(client: httpx.AsyncClient, database: Database) -> None:
    for method, url, status in (
        ("GET", "/api/v1/campaigns/nothing", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/campaigns/" + "x" * 100, 404),
        ("GET", "/api/v1/campaigns/%00", 404),
        ("DELETE", "/api/v1/campaigns", 405),
        ("POST", "/api/v1/campaigns", 405),
    ):
        response = await client.request(method, url)
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
        assert response.json()["status"] == status
        assert sorted(response.json()) == ["detail", "status", "title"]
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["cache-control"] == "no-store"
