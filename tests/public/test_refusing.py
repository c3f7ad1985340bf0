""" "It wasn't me": removes what waits, remembers a key and no address, and can be taken back by the same link."""

import asyncio

import httpx
import pytest
from sqlalchemy import select

from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Draft, Refusal, Signature
from tests import factories
from tests.public.support import STATES, confirmation, counted, dump, not_me, own, queued, seen
from tests.web.support import count_rows, page_of

SIGN = "/c/free-boris/signatures"


@pytest.fixture
def draft(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """Somebody typed Ana's address."""
    return factories.sign(
        database, settings, campaign, email="ana@example.org", name="Planted Troll", comment="Planted words"
    )


@pytest.mark.anyio
async def test_the_page_asks_first_and_shows_nothing_of_the_entry(
    client: httpx.AsyncClient, database: Database, settings: Settings, draft: NewDraft
) -> None:
    state = dump(database)
    confirm = page_of(await client.get(confirmation(settings, draft)))
    link = f"{not_me(settings, draft)}?lang=en"
    assert link in [e["href"] for e in confirm.all("a")]
    for url in (link, f"{link}&undo=1"):
        head, response = await client.head(url), await client.get(url)
        for answer in (head, response):
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        page = page_of(response)
        assert page.one("meta", name="robots")["content"] == "noindex"
        assert page.one("form", method="post")["action"] == link
        assert page.fields() == []
        for secret in ("lanted", "ana@", "Sánchez", "Madrid"):
            assert secret not in response.text
    assert dump(database) == state


@pytest.mark.anyio
async def test_the_button_removes_what_waits_and_remembers_a_key_alone(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, draft: NewDraft
) -> None:
    factories.sign(database, settings, campaign, email="ANA@example.org", name="Planted Other")
    factories.sign(database, settings, campaign, email="ana@example.org", trapped=True, name="Planted Held")
    other = factories.make_campaign(database, slug="other")
    elsewhere = factories.sign(database, settings, other, email="ana@example.org", name="Ana Elsewhere")
    boris = factories.sign(database, settings, campaign, email="boris@example.org", name="Boris")
    before = utc_now()
    response = await client.post(not_me(settings, draft))
    page = page_of(response)
    assert response.headers["cache-control"] == "no-store"
    assert page.one("form", method="post")["action"] == f"{not_me(settings, draft)}?lang=en&undo=1"
    with database.reading() as session:
        assert set(session.scalars(select(Draft.id))) == {elsewhere.id, boris.id}
        (refusal,) = session.scalars(select(Refusal))
    assert refusal.email_key == make_email_key("ana@example.org", settings.email_key)
    assert (refusal.campaign_id, refusal.draft_id) == (campaign.id, draft.id)
    assert before <= refusal.refused_at <= utc_now()
    left = repr(dump(database))
    assert "lanted" not in left
    assert left.count("ana@example.org") == 1  # of the other campaign
    page_of(await client.get(confirmation(settings, draft)), 404)
    page_of(await client.post(confirmation(settings, draft)), 404)
    assert (await client.post(confirmation(settings, boris))).status_code == 303
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_pressing_again_is_the_same_state_and_the_same_answer(
    client: httpx.AsyncClient, database: Database, settings: Settings, draft: NewDraft
) -> None:
    answers = await asyncio.gather(*(client.post(not_me(settings, draft)) for _ in range(10)))
    state = dump(database)
    answers.append(await client.post(not_me(settings, draft)))
    assert len({seen(answer) for answer in answers}) == 1
    assert dump(database) == state
    opened = page_of(await client.get(not_me(settings, draft)))
    assert opened.one("form", method="post")["action"] == f"{not_me(settings, draft)}?lang=en&undo=1"
    assert (count_rows(database, Draft), count_rows(database, Refusal)) == (0, 1)


@pytest.mark.anyio
async def test_a_refused_address_gets_no_mail_of_this_campaign_and_nobody_can_tell(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, draft: NewDraft
) -> None:
    await client.post(not_me(settings, draft))
    mails, state = queued(database), dump(database)
    fresh = await client.post(SIGN, data=factories.form(email="boris@example.org"))
    for name in ("Ana", "Somebody", "Somebody Else"):
        answer = await client.post(SIGN, data=factories.form(email="Ana@Example.org", name=name))
        assert seen(answer) == seen(fresh)
    for path in ("/c/free-boris/find", "/find", "/confirm"):
        page_of(await client.post(path, data={"email": "ana@example.org"}))
    boris = queued(database)[len(mails)]
    assert queued(database) == [*mails, boris]
    with database.reading() as session:
        assert session.scalars(select(Draft.email)).all() == ["boris@example.org"]
    assert dump(database)["refusals"] == state["refusals"]
    factories.make_campaign(database, slug="other")
    form = factories.form(email="ana@example.org")
    assert (await client.post("/c/other/signatures", data=form)).status_code == 303
    assert len(queued(database)) == len(mails) + 2


@pytest.mark.anyio
async def test_taking_it_back_lets_the_address_sign_again(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, draft: NewDraft
) -> None:
    done = page_of(await client.post(f"{not_me(settings, draft)}?lang=es"))
    undo = done.one("form", method="post")["action"]
    response = await client.post(undo)
    assert (response.status_code, response.headers["location"]) == (303, "/c/free-boris?lang=es")
    assert response.headers["cache-control"] == "no-store"
    assert count_rows(database, Refusal) == 0
    state = dump(database)
    assert seen(await client.post(undo)) == seen(response)
    assert dump(database) == state
    page_of(await client.get(not_me(settings, draft)), 404)  # the entry itself does not come back
    form = factories.form(email="ana@example.org", name="Ana Sánchez")
    assert (await client.post(SIGN, data=form)).status_code == 303
    with database.reading() as session:
        again = session.scalars(select(Draft)).one()
    assert queued(database)[-1] == ("confirm", again.id)
    assert (await client.post(confirmation(settings, again))).status_code == 303
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_only_the_link_that_refused_can_take_it_back(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, draft: NewDraft
) -> None:
    """Not that of another draft, of another address or of another campaign with the same address."""
    second = factories.sign(database, settings, campaign, email="ana@example.org", name="Second")
    boris = factories.sign(database, settings, campaign, email="boris@example.org")
    other = factories.sign(
        database, settings, factories.make_campaign(database, slug="other"), email="ana@example.org"
    )
    await client.post(not_me(settings, draft))
    for stranger in (second, boris, other):
        assert (await client.post(f"{not_me(settings, stranger)}?undo=1")).status_code == 303
        assert count_rows(database, Refusal) == 1
    assert count_rows(database, Draft) == 2


@pytest.mark.anyio
async def test_the_link_of_a_confirmed_draft_leads_to_withdrawing(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, draft: NewDraft
) -> None:
    factories.confirm(database, draft)
    state = dump(database)
    locations = []
    for method in ("GET", "POST"):
        response = await client.request(method, f"{not_me(settings, draft)}?lang=es")
        assert response.status_code == 303
        assert response.headers["cache-control"] == "no-store"
        locations.append(response.headers["location"])
        assert locations[-1].startswith("/signature/")
        assert locations[-1].endswith("/withdraw?lang=es")
        page_of(await client.get(locations[-1]))
    assert dump(database) == state
    assert count_rows(database, Signature) == 1
    assert (await client.post(locations[-1])).headers["location"] == "/c/free-boris/withdrawn?lang=es"
    assert counted(database, campaign) == 0


@pytest.mark.anyio
async def test_that_way_is_closed_when_the_links_were_replaced(
    client: httpx.AsyncClient, database: Database, settings: Settings, draft: NewDraft
) -> None:
    """Whoever holds the first mail only can do nothing any more."""
    factories.confirm(database, draft)
    await client.post(own(settings, draft, "/new-link"))
    response = await client.get(not_me(settings, draft), follow_redirects=True)
    assert seen(response) == seen(await client.get("/signature/x"))
    response = await client.post(not_me(settings, draft), follow_redirects=True)
    assert response.status_code == 404
    assert count_rows(database, Signature) == 1


@pytest.mark.anyio
async def test_confirming_and_refusing_at_once_end_in_one_of_both(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A race, many times: never a signature of a refused address, never a lost draft."""
    for number in range(20):
        draft = factories.sign(database, settings, campaign, email=f"race{number}@example.org")
        pair = [client.post(not_me(settings, draft)), client.post(confirmation(settings, draft))]
        refused, confirmed = await asyncio.gather(*(pair if number % 2 else reversed(pair)))
        if not number % 2:
            refused, confirmed = confirmed, refused
        with database.reading() as session:
            signed = session.get(Signature, (campaign.id, draft.id)) is not None
            key = make_email_key(draft.email, settings.email_key)
            remembered = session.get(Refusal, (key, campaign.id)) is not None
        assert signed != remembered
        assert confirmed.status_code == (303 if signed else 404)
        assert refused.status_code == (303 if signed else 200)
    assert count_rows(database, Draft) == 0
    assert counted(database, campaign) == count_rows(database, Signature)


@pytest.mark.anyio
@pytest.mark.parametrize("state", STATES)
async def test_refusing_works_in_every_state_of_the_campaign(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    draft: NewDraft,
    state: str,
) -> None:
    STATES[state](database, campaign)
    status = 404 if state == "purged" else 200
    page_of(await client.get(not_me(settings, draft)), status)
    page_of(await client.post(not_me(settings, draft)), status)
    assert count_rows(database, Draft) == 0
    assert count_rows(database, Refusal) == (state != "purged")
    assert (await client.post(f"{not_me(settings, draft)}?undo=1")).status_code == 303
    assert count_rows(database, Refusal) == 0
