"""The link in the mail: opening it changes nothing, the button counts, and broken links are met kindly."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.campaigns.lifecycle import CONFIRM_GRACE
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.counting import find_count, recount
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Draft, Signature
from petitions.tokens import CONFIRM_LIFETIME, Tokens
from tests import factories
from tests.conftest import serving
from tests.web.support import Page, count_rows, page_of


def link(settings: Settings, draft: NewDraft) -> str:
    return "/confirm/" + Tokens(settings.secret_keys).make("confirm", draft.campaign_id, draft.id)


def counted(database: Database, campaign: CampaignSnapshot) -> int:
    with database.writing() as session:
        result = recount(session, campaign.id, utc_now(), repair=False)
        assert result.drift == 0
        return result.rows


@pytest.mark.anyio
async def test_opening_the_link_changes_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign(database, settings, campaign, comment="With you.")
    for method in ("GET", "HEAD", "GET"):
        opened = await client.request(method, link(settings, draft))
        assert (opened.status_code, opened.headers["cache-control"]) == (200, "no-store")
    response = await client.get(link(settings, draft))
    assert counted(database, campaign) == 0
    assert count_rows(database, Draft) == 1
    page = page_of(response)
    assert page.heading == "Confirm your signature"
    assert page.one("div", **{"class": "appearance__preview"}).text == "Ana Sánchez Madrid · Spain With you."
    assert page.one("meta", name="robots")["content"] == "noindex"
    facts = dict(zip([e.text for e in page.all("dt")], [e.text for e in page.all("dd")], strict=True))
    assert facts == {
        "Name": "Ana Sánchez",
        "Mail address": f"{draft.email} never shown",
        "Country": "Spain",
        "City": "Madrid",
        "A few words of your own": "With you.",
        "Mails about this campaign": "No",
    }


@pytest.mark.anyio
async def test_the_button_counts_and_says_thanks(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign(database, settings, campaign)
    page = page_of(await client.get(link(settings, draft)))
    response = await client.post(page.one("form", method="post")["action"])
    assert (response.status_code, response.headers["location"]) == (303, "/c/free-boris/thanks?lang=en")
    assert response.headers["cache-control"] == "no-store"
    assert counted(database, campaign) == 1
    thanks = await client.get(response.headers["location"])
    assert page_of(thanks).heading == "Thank you. Your signature counts."
    assert thanks.headers["cache-control"] == "no-store"
    for secret in ("Sánchez", draft.email, "Madrid", str(draft.id), link(settings, draft)):
        assert secret not in thanks.text


@pytest.mark.anyio
async def test_pressing_again_says_thanks_again_and_counts_once(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    url = link(settings, factories.sign(database, settings, campaign))
    answers = [await client.post(url) for _ in range(2)] + [await client.get(url)]
    assert {(a.status_code, a.headers["location"]) for a in answers} == {(303, "/c/free-boris/thanks?lang=en")}
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_a_hundred_presses_at_once_count_once(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A race: two drafts of one address and one of another, pressed all at once."""
    drafts = [
        factories.sign(database, settings, campaign, email=email, name=name)
        for email, name in (("ana@example.org", "A"), ("ana@example.org", "B"), ("boris@example.org", "C"))
    ]
    answers = await asyncio.gather(*(client.post(link(settings, drafts[n % 3])) for n in range(99)))
    loser = {a.status_code for n, a in enumerate(answers) if n % 3 < 2}
    assert loser <= {303, 404}
    assert {a.status_code for n, a in enumerate(answers) if n % 3 == 2} == {303}
    assert counted(database, campaign) == 2


@pytest.mark.anyio
async def test_the_page_shows_the_entry_in_the_language_of_the_form(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    url = link(settings, factories.sign(database, settings, campaign, language="ar"))
    html = page_of(await client.get(url)).one("html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    html = page_of(await client.get(url, headers={"Accept-Language": "de"})).one("html")
    assert (html["lang"], html["dir"]) == ("de", "ltr")
    response = await client.get(url + "?lang=es", headers={"Accept-Language": "de"})
    assert page_of(response).one("html")["lang"] == "es"
    assert (await client.post(url + "?lang=es")).headers["location"] == "/c/free-boris/thanks?lang=es"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("visibility", "name", "preview"),
    [("initials", "Ana Sánchez", "A. S. Spain"), ("addressee", "Ana Sánchez", None), ("anonymous", None, None)],
)
async def test_the_page_shows_what_will_appear(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    visibility: str,
    name: str | None,
    preview: str | None,
) -> None:
    draft = factories.sign(database, settings, campaign, visibility=visibility, name=name)
    page = page_of(await client.get(link(settings, draft)))
    previews = [e.text for e in page.all("div", **{"class": "appearance__preview"})]
    assert previews == ([preview] if preview else [])


def is_kind(page: Page) -> bool:
    """Whether the page offers a way on: a form that asks for a new mail."""
    form = page.one("form", method="post")
    return form["action"] == "/confirm?lang=en" and [name for name, _ in page.fields()] == ["email"]


@pytest.mark.anyio
async def test_broken_links_get_a_page_with_a_way_on(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign(database, settings, campaign)
    good = link(settings, draft)
    held = factories.sign(database, settings, campaign, trapped=True)
    tokens, foreign = Tokens(settings.secret_keys), Tokens(("another secret key of 32 characters",))
    broken = [
        good[:-1],
        good + "x",
        "/confirm/" + good.removeprefix("/confirm/").swapcase(),
        "/confirm/x",
        "/confirm/%00",
        "/confirm/%ff",
        "/confirm/" + "x" * 5000,
        "/confirm/" + foreign.make("confirm", campaign.id, draft.id),
        "/confirm/" + tokens.make("withdraw", campaign.id, draft.id),
        "/confirm/" + tokens.make("confirm", campaign.id, uuid4()),
        "/confirm/" + tokens.make("confirm", campaign.id + 1, draft.id),
        "/confirm/" + tokens.make("confirm", 2**31 - 1, draft.id),
        "/confirm/" + tokens.make("confirm", -1, draft.id),
        link(settings, held),
    ]
    for url in broken:
        for method in ("GET", "POST"):
            response = await client.request(method, url)
            page = page_of(response, 404)
            assert page.heading == "This link does not work"
            assert is_kind(page)
            assert response.headers["cache-control"] == "no-store"
    assert counted(database, campaign) == 0
    assert count_rows(database, Draft) == 2


@pytest.mark.anyio
async def test_an_old_link_says_so(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = link(settings, factories.sign(database, settings, campaign))
    later = utc_now() + CONFIRM_LIFETIME + timedelta(seconds=2)
    monkeypatch.setattr("petitions.public.confirming.utc_now", lambda: later)
    for method in ("GET", "POST"):
        page = page_of(await client.request(method, url), 410)
        assert page.heading == "This link is too old"
        assert is_kind(page)
    assert counted(database, campaign) == 0


@pytest.mark.anyio
async def test_links_made_before_a_change_of_the_secret_still_work(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    url = link(settings, factories.sign(database, settings, campaign))
    async with serving(settings, secret_keys=("a new secret key" * 3, *settings.secret_keys)) as (_, client):
        assert (await client.post(url)).status_code == 303
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_every_link_on_the_page_of_a_broken_link_leads_somewhere(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    """The language switch above all."""
    for page in [
        page_of(await client.get("/confirm/damaged"), 404),
        page_of(await client.get("/confirm/a%3Fb%20c"), 404),
        page_of(await client.post("/confirm/damaged"), 404),
        page_of(await client.post("/confirm", data={"email": "no address"}), 422),
    ]:
        for url in {e["href"] for e in page.all("a") if e["href"].startswith("/")}:
            response = await client.get(url)
            wanted = 404 if url.startswith("/confirm/") else 200  # the same page in another language
            assert response.status_code == wanted, url


@pytest.mark.anyio
async def test_a_new_mail_is_the_same_page_in_every_case(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    pending = factories.sign(database, settings, campaign, email="pending@example.org")
    confirmed = factories.sign_and_confirm(database, settings, campaign, email="confirmed@example.org")
    factories.sign(database, settings, campaign, email="held@example.org", trapped=True)
    mails = count_rows(database, Outbox)
    answers = set()
    for who in ("new", "pending", "confirmed", "held"):
        response = await client.post("/confirm", data={"email": f"{who}@example.org"})
        assert page_of(response).heading == "Look in your inbox"
        headers = tuple((k, v) for k, v in response.headers.items() if k != "x-request-id")
        answers.add((response.content, headers))
    assert len(answers) == 1
    with database.reading() as session:
        queued = session.execute(select(Outbox.kind, Outbox.subject_id).order_by(Outbox.created_at)).all()
    assert [tuple(row) for row in queued[mails:]] == [("confirm", pending.id), ("own_link", confirmed.id)]


@pytest.mark.anyio
async def test_a_new_mail_cannot_be_asked_for_without_end(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign(database, settings, campaign, email="ana@example.org")
    for _ in range(8):
        page_of(await client.post("/confirm", data={"email": "ANA@example.org"}))
    assert count_rows(database, Outbox) == 5


@pytest.mark.anyio
async def test_a_wrong_address_is_kept_and_its_error_stands_beside_it(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.post("/confirm", data={"email": "ana@"}), 422)
    assert page.wrong_fields == ["email"]
    assert page.fields() == [("email", "ana@")]


@pytest.mark.anyio
async def test_who_signed_in_time_can_confirm_for_a_day_after_the_closing(
    client: httpx.AsyncClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closes_at = utc_now() - CONFIRM_GRACE + timedelta(minutes=5)
    campaign = factories.make_campaign(database, closes_at=closes_at)
    early = factories.sign(database, settings, campaign, arrived_at=closes_at - timedelta(seconds=1))
    late = factories.sign(database, settings, campaign, arrived_at=closes_at)
    for method in ("GET", "POST"):
        response = await client.request(method, link(settings, late))
        assert page_of(response, 409).heading == "This campaign is closed"
        assert response.headers["cache-control"] == "no-store"
    assert (await client.get(link(settings, early))).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr("petitions.public.confirming.utc_now", lambda: closes_at + CONFIRM_GRACE)
        page_of(await client.post(link(settings, early)), 409)
    assert counted(database, campaign) == 0
    assert (await client.post(link(settings, early))).status_code == 303
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_a_press_that_arrives_in_time_counts_however_long_it_waits(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What decides is when the request arrived, not when the store got to it."""
    now = utc_now()
    campaign = factories.make_campaign(database, closes_at=now + timedelta(hours=1))
    draft = factories.sign(database, settings, campaign)
    end = now + timedelta(hours=1) + CONFIRM_GRACE
    moments = iter([end - timedelta(microseconds=1)])
    monkeypatch.setattr("petitions.public.confirming.utc_now", lambda: next(moments, end + timedelta(hours=1)))
    async with serving(settings) as (_, client):
        assert (await client.post(link(settings, draft))).status_code == 303
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_the_thanks_show_the_count_to_everybody_alike(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
) -> None:
    _, client = app_and_client
    for _ in range(3):
        factories.sign_and_confirm(database, settings, campaign)
    with database.reading() as session:
        assert find_count(session, campaign.id) == 3
    page = page_of(await client.get("/c/free-boris/thanks"))
    assert page.one("p", **{"class": "tally__count"}).text == "3 have signed"
    assert count_rows(database, Signature) == 3
