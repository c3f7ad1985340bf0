"""A store that is away, or too many visitors: nothing is lost of what was typed, and nothing is half done."""

import asyncio
from typing import Any

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Signature
from petitions.web.site import Site
from tests import factories
from tests.conftest import serving
from tests.public.support import (
    FULL_TERMS,
    dump,
    failing,
    find_signature,
    get_signature,
    not_me,
    own,
    unsubscribe,
    writes_failing,
)
from tests.test_faults import fail_connections
from tests.web.support import count_rows, page_of, within

TYPED = {
    "visibility": "public",
    "name": 'Ana "&< García',
    "country": "FR",
    "city": "",
    "affiliation": "Cooks",
    "q_job": "cook",
    "q_phone": "456",
    "comment": "One\n\nTwo </textarea>",
    "updates": "y",
    "q_unknown": "kept too",
}
FIND = "/c/free-boris/find?lang=es"
ADDRESS = {"email": "ana@example.org"}


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, **FULL_TERMS)


@pytest.fixture
def ana(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    return factories.sign_and_confirm(
        database, settings, campaign, email="ana@example.org", updates=True, updates_wording="News"
    )


@pytest.fixture
def boris(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """A draft that waits."""
    return factories.sign(database, settings, campaign, email="boris@example.org")


@pytest.fixture
def posts(settings: Settings, ana: NewDraft, boris: NewDraft) -> dict[str, dict[str, str]]:
    """Everything that signers can send, and its fields."""
    return {
        own(settings, ana, "?lang=es"): TYPED,
        own(settings, ana, "/withdraw?lang=es"): {},
        own(settings, ana, "/new-link?lang=es"): {},
        unsubscribe(settings, ana) + "?lang=es": {},
        FIND: ADDRESS,
        "/find?lang=es": ADDRESS,
        "/confirm?lang=es": ADDRESS,
    }


async def send_all(client: httpx.AsyncClient, posts: dict[str, dict[str, str]]) -> list[httpx.Response]:
    return await asyncio.gather(*(client.post(url, data=fields) for url, fields in posts.items()))


def check_refusals(answers: list[httpx.Response], posts: dict[str, dict[str, str]], retry_after: str) -> None:
    """Each answer offers to send the very same again."""
    for response, (url, fields) in zip(answers, posts.items(), strict=True):
        page = page_of(response, 503)
        assert response.headers["retry-after"] == retry_after
        assert response.headers["cache-control"] == "no-store"
        assert page.one("meta", name="robots")["content"] == "noindex"
        assert page.one("html")["lang"] == "es"
        assert page.one("form", method="post")["action"] == url
        assert dict(page.fields()) == fields, url


@pytest.mark.anyio
async def test_a_store_that_takes_nothing_loses_nothing_that_was_typed(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    site: Site,
    ana: NewDraft,
    boris: NewDraft,
    posts: dict[str, dict[str, str]],
) -> None:
    posts |= {not_me(settings, boris) + "?lang=es": {}, not_me(settings, boris) + "?lang=es&undo=1": {}}
    state = dump(database)
    async with within(30):
        with writes_failing(site.database):
            answers = await send_all(client, posts)
            check_refusals(answers, posts, "10")
            # what is only looked at is there meanwhile
            for url in (own(settings, ana), own(settings, ana, "/data"), not_me(settings, boris), FIND):
                assert (await client.get(url)).status_code == 200
            page_of(await client.post(own(settings, ana), data=TYPED | {"name": ""}), 422)
        assert dump(database) == state
        page = page_of(answers[0], 503)
        saved = await client.post(page.one("form", method="post")["action"], data=dict(page.fields()))
        assert saved.headers["location"] == own(settings, ana, "?lang=es&saved=1#saved")
        signature = get_signature(database, ana)
        assert (signature.name, signature.comment) == ('Ana "&< García', "One\n\nTwo </textarea>")
        assert signature.answers == {"job": "cook", "phone": "456"}
        for response in reversed(answers[1:]):  # taking back, refusing, asking, unsubscribing, renewing
            page = page_of(response, 503)
            again = await client.post(page.one("form", method="post")["action"], data=dict(page.fields()))
            assert again.status_code in (200, 303)
            if "/new-link" in str(again.request.url):
                break
    assert get_signature(database, ana).link_epoch == 1
    assert get_signature(database, ana).updates is False
    assert dump(database)["refusals"] != state["refusals"]


@pytest.mark.anyio
async def test_a_store_that_goes_away_in_between_loses_nothing_that_was_typed(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, ana: NewDraft
) -> None:
    """The signature was found, and then its campaign is asked for."""
    url = own(settings, ana, "?lang=es")
    with failing(site.database, lambda statement, _: "campaigns.terms" in statement):
        response = await client.post(url, data=TYPED)
        check_refusals([response], {url: TYPED}, "10")
        page_of(await client.get(url), 503)
    page = page_of(response, 503)
    saved = await client.post(page.one("form", method="post")["action"], data=dict(page.fields()))
    assert saved.status_code == 303


@pytest.mark.anyio
async def test_withdrawing_is_whole_or_not_at_all(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, ana: NewDraft
) -> None:
    state = dump(database)
    with writes_failing(site.database):
        page = page_of(await client.post(own(settings, ana, "/withdraw")), 503)
    assert dump(database) == state
    again = await client.post(page.one("form", method="post")["action"])
    assert again.headers["location"] == "/c/free-boris/withdrawn?lang=en"
    assert find_signature(database, ana) is None


@pytest.mark.anyio
async def test_a_full_intake_says_when_to_come_back(
    settings: Settings, database: Database, ana: NewDraft, posts: dict[str, dict[str, str]]
) -> None:
    async with serving(settings, intake_queue=0) as (_, client):
        state = dump(database)
        check_refusals(await send_all(client, posts), posts, "5")
        page_of(await client.get(own(settings, ana)))
        assert dump(database) == state


@pytest.mark.anyio
async def test_a_store_that_cannot_be_reached_loses_nothing_that_was_typed(
    settings: Settings, database: Database, ana: NewDraft, boris: NewDraft, posts: dict[str, dict[str, str]]
) -> None:
    """Just started, nothing in memory."""
    posts |= {not_me(settings, boris) + "?lang=es": {}}
    async with serving(settings) as (app, client), within(30):
        site: Site = app.state.site
        site.database.engine.dispose()
        fail_connections(site.database.engine)
        for url, fields in posts.items():
            page = page_of(await client.post(url, data=fields), 503)
            assert dict(page.fields()) == fields, url
            assert page.one("form", method="post")["action"] == url
        for url in (
            own(settings, ana),
            own(settings, ana, "/data"),
            own(settings, ana, "/withdraw"),
            not_me(settings, boris),
            unsubscribe(settings, ana),
            FIND,
            "/c/free-boris/withdrawn",
        ):
            response = await client.get(url)
            assert page_of(response, 503).all("form", method="post") == []
            assert response.headers["cache-control"] == "no-store"
        # a link that is damaged needs no store
        page_of(await client.get("/signature/x"), 404)
        page_of(await client.post("/unsubscribe/x"), 404)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "request_",
    [
        {"json": {}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=B; charset=undefined"}},
        {"files": {"name": ("name.txt", b"Ana")}},
        {"content": b"--B\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=B"}},
    ],
)
async def test_a_broken_form_at_a_store_that_is_away_is_no_mistake_of_ours(
    settings: Settings, database: Database, ana: NewDraft, request_: dict[str, Any]
) -> None:
    async with serving(settings) as (app, client), within(30):
        site: Site = app.state.site
        site.database.engine.dispose()
        fail_connections(site.database.engine)
        for below in ("", "/withdraw", "/new-link"):
            response = await client.post(own(settings, ana, below), **request_)
            assert response.status_code in (400, 503)
    assert count_rows(database, Signature) == 1
