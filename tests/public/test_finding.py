"""Find my signature: an address in, the same page in every case, the links by mail."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from petitions.abuse.models import NetworkCount
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Draft, Signature
from tests import factories
from tests.public.support import FULL_TERMS, STATES, dump, not_me, own, queued, seen, set_columns
from tests.web.support import count_rows, page_of

FIND = "/c/free-boris/find"
#: Every form that takes an address and sends links.
ASKING = [FIND, "/find", "/confirm"]


@pytest.fixture
async def addresses(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> dict[str, NewDraft | None]:
    """Everything that the store can know of an address, by the name in it."""
    known: dict[str, NewDraft | None] = {"unknown": None}

    def sign(name: str, **changes: object) -> NewDraft:
        draft = factories.sign(database, settings, campaign, email=f"{name}@example.org", **changes)
        known[name] = draft
        return draft

    for name in ("signer", "removed", "withdrawn", "mailed", "sealed"):
        factories.confirm(database, sign(name))
    sign("waiting")
    sign("held", trapped=True)
    await client.post(not_me(settings, sign("refused")))
    await client.post(own(settings, known["withdrawn"], "/withdraw"))  # type: ignore[arg-type]
    set_columns(database, known["removed"], removed_at=utc_now(), removed_reason="hate")  # type: ignore[arg-type]
    set_columns(database, known["sealed"], email=None)  # type: ignore[arg-type]
    for _ in range(6):
        await client.post(FIND, data={"email": "mailed@example.org"})
    return known


@pytest.mark.anyio
@pytest.mark.parametrize("path", ASKING)
async def test_the_answer_is_the_same_whatever_the_store_knows_of_the_address(
    client: httpx.AsyncClient, database: Database, addresses: dict[str, NewDraft | None], path: str
) -> None:
    """Byte for byte; and every answer waits for something that is written."""
    answers = []
    for who in addresses:
        before = count_rows(database, Outbox) + count_rows(database, NetworkCount)
        answers.append(await client.post(path, data={"email": f"{who}@example.org"}))
        assert count_rows(database, Outbox) + count_rows(database, NetworkCount) == before + 1, who
    assert len({seen(answer) for answer in answers}) == 1
    response = answers[0]
    page = page_of(response)
    assert response.headers["cache-control"] == "no-store"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert "example.org" not in response.text.replace("privacy@example.org", "")
    assert [e for e in page.all("a") if "hreflang" in e.attributes] == []  # the answer to a form has no address


@pytest.mark.anyio
@pytest.mark.parametrize("path", ASKING)
async def test_the_links_of_what_there_is_are_mailed(
    client: httpx.AsyncClient, database: Database, addresses: dict[str, NewDraft | None], path: str
) -> None:
    kinds = {"signer": "own_link", "removed": "own_link", "sealed": "own_link", "waiting": "confirm"}
    for who, draft in addresses.items():
        mails = queued(database)
        await client.post(path, data={"email": f"{who}@example.org"})
        wanted = [(kinds[who], draft.id)] if draft is not None and who in kinds else []
        assert queued(database)[len(mails) :] == wanted, who


@pytest.mark.anyio
async def test_an_address_is_found_however_it_is_typed(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign_and_confirm(database, settings, campaign, email="Ana@Example.org", language="es")
    for typed in (" ana@example.org ", "ANA@EXAMPLE.ORG", "Ana@Example.org"):
        page_of(await client.post(FIND, data={"email": typed}, headers={"Accept-Language": "de"}))
    assert queued(database)[1:] == [("own_link", draft.id)] * 3
    with database.reading() as session:
        languages = {mail.language for mail in session.query(Outbox)}
    assert languages == {"es"}  # the signer's own, whoever asked


@pytest.mark.anyio
async def test_a_campaign_sends_its_own_links_and_the_other_forms_those_of_all(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = factories.make_campaign(database, slug="other")
    here = factories.sign_and_confirm(database, settings, campaign, email="ana@example.org")
    there = factories.sign(database, settings, other, email="ana@example.org")
    wanted = {
        FIND: {("own_link", here.id)},
        "/c/other/find": {("confirm", there.id)},
        "/find": {("own_link", here.id), ("confirm", there.id)},
        "/confirm": {("own_link", here.id), ("confirm", there.id)},
    }
    for path, mails in wanted.items():
        before = len(queued(database))
        page_of(await client.post(path, data={"email": "ana@example.org"}))
        assert set(queued(database)[before:]) == mails, path


@pytest.mark.anyio
async def test_links_cannot_be_asked_for_without_end(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """By all forms together, all at once or one after the other."""
    factories.sign_and_confirm(database, settings, campaign, email="ana@example.org")
    asking = [client.post(path, data={"email": "ana@example.org"}) for path in ASKING * 6]
    assert len({seen(answer) for answer in await asyncio.gather(*asking)}) == 2  # of the campaign, and of all
    assert count_rows(database, Outbox) <= 5
    for path in ASKING * 2:
        page_of(await client.post(path, data={"email": "ana@example.org"}))
    assert count_rows(database, Outbox) == 5


@pytest.mark.anyio
async def test_the_page_asks_for_the_address_alone(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    response = await client.get(f"{FIND}?lang=es")
    page = page_of(response)
    assert page.one("html")["lang"] == "es"
    assert response.headers["cache-control"] == "no-store"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert page.fields(f"{FIND}?lang=es") == [("email", "")]
    sent = await client.post(page.one("form", method="post")["action"], data={"email": "ana@example.org"})
    assert page_of(sent).one("html")["lang"] == "es"


@pytest.mark.anyio
@pytest.mark.parametrize("path", [FIND, "/find"])
async def test_what_is_no_address_is_kept_and_its_error_stands_beside_it(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, path: str
) -> None:
    state = dump(database)
    for typed in ("", "ana", "ana@", "ana@exa mple.org", "ana@example.org\x00", "x" * 300 + "@example.org"):
        response = await client.post(path, data={"email": typed})
        page = page_of(response, 422)
        assert page.wrong_fields == ["email"], typed
        assert response.headers["cache-control"] == "no-store"
        assert page.fields(f"{path}?lang=en") == [("email", typed)]
    page_of(await client.post(path), 400)
    assert dump(database) == state


@pytest.mark.anyio
async def test_a_campaign_that_is_not_there_has_no_page(client: httpx.AsyncClient) -> None:
    page_of(await client.get("/c/other/find"), 404)
    page_of(await client.post("/c/other/find", data={"email": "ana@example.org"}), 404)
    page_of(await client.get("/c/other/withdrawn"), 404)
    page_of(await client.get("/find"), 405)


@pytest.mark.anyio
@pytest.mark.parametrize("state", STATES)
async def test_finding_works_in_every_state_of_the_campaign(
    client: httpx.AsyncClient, database: Database, settings: Settings, state: str
) -> None:
    """After a purge there is nothing to find, and the page says so instead of asking."""
    campaign = factories.make_campaign(database, **FULL_TERMS)
    draft = factories.sign_and_confirm(database, settings, campaign, email="ana@example.org")
    factories.sign(database, settings, campaign, email="boris@example.org")
    STATES[state](database, campaign)
    mails = queued(database)
    page = page_of(await client.get(FIND))
    assert bool(page.all("form", method="post")) == (state != "purged")
    answers = {seen(await client.post(FIND, data={"email": f"{who}@example.org"})) for who in ("ana", "charlie")}
    assert len(answers) == 1
    assert queued(database)[len(mails) :] == ([] if state == "purged" else [("own_link", draft.id)])
    page_of(await client.get("/c/free-boris/withdrawn"))
    if state == "purged":
        assert count_rows(database, Draft) == count_rows(database, Signature) == 0
        assert seen(await client.get(own(settings, draft))) == seen(await client.get("/signature/x"))


@pytest.mark.anyio
async def test_the_pages_for_everybody_lead_to_the_form(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """While there is something to find."""
    pages = ("", "/signed", "/thanks", "/privacy")
    for path in pages:
        page = page_of(await client.get(f"/c/free-boris{path}?lang=es"))
        assert f"{FIND}?lang=es" in [e["href"] for e in page.all("a")], path
    factories.make_campaign(database, slug="ended", closes_at=utc_now() - timedelta(days=1))
    assert "/c/ended/find?lang=en" in [e["href"] for e in page_of(await client.get("/c/ended")).all("a")]
    purged = factories.make_campaign(database, slug="purged")
    STATES["purged"](database, purged)
    for path in pages:
        page = page_of(await client.get(f"/c/purged{path}"))
        assert "/c/purged/find?lang=en" not in [e["href"] for e in page.all("a")], path
