"""The proof of work of the signing form, over HTTP."""

import base64
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from petitions.abuse import proof
from petitions.abuse.models import SpentChallenge
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.signatures import proving
from petitions.signatures.models import Draft
from petitions.web.site import Site
from tests import factories
from tests.abuse.test_proof import solve
from tests.web.support import count_rows, page_of

SIGN, CHALLENGE = "/c/free-boris/signatures", "/c/free-boris/challenge"
WORKERS = "; worker-src 'self'"


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Challenges that take no time, and no form without one let through."""
    monkeypatch.setattr(proof, "MAX_NUMBER", 50)
    monkeypatch.setattr(proving, "OF_CAMPAIGN", 0)


def switch(database: Database, defence: str | None) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(defence=defence, defence_since=utc_now()))


@pytest.fixture
def at_work(database: Database, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign that asks for a proof of work."""
    switch(database, "work")
    return campaign


def reasons(database: Database) -> list[str | None]:
    """Why each draft is held, in their order."""
    with database.reading() as session:
        return list(session.scalars(select(Draft.held_reason).order_by(Draft.id)))


async def sign(client: httpx.AsyncClient, answer: str | None = None, **changes: Any) -> httpx.Response:
    extra = {} if answer is None else {"proof": answer}
    return await client.post(SIGN, data=factories.form(**changes) | extra)


async def fetch(client: httpx.AsyncClient) -> str:
    """A right answer to a new challenge."""
    return solve((await client.get(CHALLENGE)).json())


@pytest.mark.anyio
async def test_a_challenge_is_new_each_time_and_kept_by_nobody(
    client: httpx.AsyncClient, at_work: CampaignSnapshot
) -> None:
    first, second = await client.get(CHALLENGE), await client.get(CHALLENGE)
    assert first.headers["cache-control"] == "no-store"
    assert first.json()["challenge"] != second.json()["challenge"]
    assert f"&campaign={at_work.id}&" in first.json()["salt"]


@pytest.mark.anyio
@pytest.mark.parametrize("defence", [None, "paused"])
async def test_there_is_no_challenge_where_none_is_asked_for(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, defence: str | None
) -> None:
    switch(database, defence)
    assert (await client.get(CHALLENGE)).status_code == 404


@pytest.mark.anyio
async def test_the_page_has_the_script_and_may_start_it_only_then(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    plain = await client.get("/c/free-boris")
    assert "proof" not in dict(page_of(plain).fields())
    assert WORKERS not in plain.headers["content-security-policy"]
    switch(database, "work")
    site.campaigns.forget(campaign.slug)
    asking = await client.get("/c/free-boris?lang=es")
    page = page_of(asking)
    assert dict(page.fields())["proof"] == ""
    assert asking.headers.get_list("content-security-policy") == [
        plain.headers["content-security-policy"] + WORKERS
    ]
    (box,) = (e for e in page.all("div") if e.get("data-challenge"))
    assert box["data-challenge"] == f"{CHALLENGE}?lang=es"
    assert (await client.get(box["data-worker"])).status_code == 200
    assert [e["src"].partition("?")[0] for e in page.all("script")][-1] == "/static/js/work.js"
    wrong = await sign(client, name="")
    assert wrong.status_code == 422
    assert wrong.headers.get_list("content-security-policy") == asking.headers.get_list("content-security-policy")
    assert dict(page_of(wrong, 422).fields())["proof"] == ""


@pytest.mark.anyio
async def test_a_form_with_a_right_answer_goes_on(
    client: httpx.AsyncClient, database: Database, at_work: CampaignSnapshot
) -> None:
    assert (await sign(client, await fetch(client))).status_code == 303
    assert reasons(database) == [None]
    assert count_rows(database, SpentChallenge) == 1


@pytest.mark.anyio
async def test_every_other_form_is_taken_too_and_told_the_same(
    client: httpx.AsyncClient, database: Database, at_work: CampaignSnapshot
) -> None:
    """None, nonsense, a number beside it, one for another campaign, one that was used."""
    other = factories.make_campaign(database, slug="free-ana")
    switch(database, "work")
    foreign = solve((await client.get(f"/c/{other.slug}/challenge")).json())
    right = await fetch(client)
    wrong = base64.b64encode(json.dumps(json.loads(base64.b64decode(right)) | {"number": 51}).encode()).decode()
    told = []
    for answer in (right, None, "", "nonsense", "x" * 2_000, wrong, foreign, right):
        response = await sign(client, answer)
        told.append((response.status_code, response.headers["location"], response.content))
    assert len(set(told)) == 1
    assert reasons(database) == [None, *["work"] * 7]


@pytest.mark.anyio
async def test_a_mistake_in_the_form_uses_nothing_up(
    client: httpx.AsyncClient, database: Database, at_work: CampaignSnapshot
) -> None:
    answer = await fetch(client)
    assert (await sign(client, answer, name="")).status_code == 422
    assert count_rows(database, SpentChallenge) == 0
    assert (await sign(client, answer)).status_code == 303
    assert reasons(database) == [None]


@pytest.mark.anyio
async def test_an_answer_is_not_looked_at_where_none_is_asked_for(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    assert (await sign(client, "nonsense")).status_code == 303
    assert reasons(database) == [None]
