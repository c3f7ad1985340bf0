"""What operators look at: /healthz and /metrics."""

import httpx
import pytest
from sqlalchemy import text

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.tokens import Tokens
from tests import factories
from tests.conftest import serving
from tests.public.support import not_me, own, unsubscribe
from tests.test_faults import fail_connections

TOKEN = "a token for the metrics"


@pytest.mark.anyio
async def test_a_site_whose_store_answers_is_healthy(client: httpx.AsyncClient, database: Database) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_a_site_of_another_schema_is_not_ready(client: httpx.AsyncClient, database: Database) -> None:
    with database.writing() as session:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(text("UPDATE alembic_version SET version_num = 'other'"))
    try:
        response = await client.get("/healthz")
        assert (response.status_code, response.json()) == (503, {"status": "unavailable"})
    finally:
        with database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    assert (await client.get("/healthz")).status_code == 200


@pytest.mark.anyio
async def test_a_site_whose_store_is_gone_is_not_ready(settings: Settings, database: Database) -> None:
    async with serving(settings) as (app, client):
        app.state.site.database.engine.dispose()
        fail_connections(app.state.site.database.engine)
        response = await client.get("/healthz")
        assert (response.status_code, response.json()) == (503, {"status": "unavailable"})
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_figures_are_for_who_has_the_token(settings: Settings, database: Database) -> None:
    async with serving(settings, metrics_token=TOKEN) as (_, client):
        for header in (
            "",
            "Bearer",
            "Bearer wrong",
            f"Bearer {TOKEN}x",
            f"Bearer x{TOKEN}",
            f"Basic {TOKEN}",
            "é",
        ):
            wrong = await client.get("/metrics", headers=[(b"Authorization", header.encode())])
            assert wrong.status_code == 404, header
        right = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 200
        assert right.headers["cache-control"] == "no-store"
        assert right.headers["content-type"].startswith("text/plain")
    async with serving(settings) as (_, client):
        assert (await client.get("/metrics")).status_code == 404
        assert (await client.get("/metrics", headers={"Authorization": "Bearer "})).status_code == 404


@pytest.mark.anyio
async def test_the_figures_count_routes_and_name_nobody(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign(database, settings, campaign)
    token = Tokens(settings.secret_keys).make("confirm", campaign.id, draft.id)
    asked = {"Authorization": f"Bearer {TOKEN}"}
    async with serving(settings, metrics_token=TOKEN) as (_, client):
        before = figures((await client.get("/metrics", headers=asked)).text)
        await client.get("/c/free-boris")
        await client.post("/c/free-boris/signatures", data=factories.form(email="planted@example.org"))
        await client.post("/c/free-boris/signatures", data={"name": ""})
        await client.get(f"/confirm/{token}?lang=es")
        await client.post(f"/confirm/{token}")
        await client.get("/c/free-boris/signatures?q=planted")
        for url in (own(settings, draft), not_me(settings, draft), unsubscribe(settings, draft)):
            await client.get(f"{url}?lang=es")
        await client.post(own(settings, draft, "/new-link"))
        await client.post("/find", data={"email": "planted@example.org"})
        await client.get("/planted/path")
        await client.request("PLANTED", "/")
        text = (await client.get("/metrics", headers=asked)).text
    after = figures(text)
    risen = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    for name, by in (
        ('petitions_requests_total{method="GET",route="/c/{slug}",status="200"}', 1),
        ('petitions_requests_total{method="POST",route="/c/{slug}/signatures",status="303"}', 1),
        ('petitions_requests_total{method="POST",route="/c/{slug}/signatures",status="422"}', 1),
        ('petitions_requests_total{method="GET",route="/confirm/{token}",status="200"}', 1),
        ('petitions_requests_total{method="POST",route="/confirm/{token}",status="303"}', 1),
        ('petitions_requests_total{method="GET",route="other",status="404"}', 1),
        ('petitions_confirmations_total{outcome="counted"}', 1),
        ("petitions_drafts_total", 1),
        ('petitions_request_seconds_count{route="/confirm/{token}"}', 2),
        ('petitions_requests_total{method="GET",route="/signature/{token}",status="200"}', 1),
        ('petitions_requests_total{method="GET",route="/confirm/{token}/not-me",status="303"}', 1),
        ('petitions_requests_total{method="GET",route="/unsubscribe/{token}",status="200"}', 1),
        ('petitions_requests_total{method="POST",route="/signature/{token}/new-link",status="303"}', 1),
        ('petitions_requests_total{method="POST",route="/find",status="200"}', 1),
    ):
        assert risen[name] == by, name
    secrets = {url.split("/")[2] for url in (own(settings, draft), unsubscribe(settings, draft))}
    for secret in (*secrets, token, "lanted", "PLANTED", "free-boris", "example.org"):
        assert secret not in text


def figures(text: str) -> dict[str, float]:
    """By their names with labels."""
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}
