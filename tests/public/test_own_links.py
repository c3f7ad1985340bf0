"""Links that lead to nothing: one page for all of them, so that nobody learns whether a signature exists."""

from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.withdrawing import forget_withdrawals
from petitions.tokens import CONFIRM_LIFETIME, Tokens
from tests import factories
from tests.conftest import serving
from tests.public.support import (
    STATES,
    confirmation,
    counted,
    dump,
    entry,
    get_signature,
    not_me,
    own,
    own_fields,
    seen,
    unsubscribe,
)
from tests.web.support import page_of

#: Everything below a link of the own page: method and path.
WAYS = [
    ("GET", ""),
    ("POST", ""),
    ("GET", "/data"),
    ("GET", "/withdraw"),
    ("POST", "/withdraw"),
    ("POST", "/new-link"),
]
FOREIGN = Tokens(("another secret key of 32 characters",))


@pytest.fixture
async def dead_tokens(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> dict[str, str]:
    """Tokens of the own page that lead nowhere, by the reason."""
    tokens = Tokens(settings.secret_keys)

    def token(draft: NewDraft, epoch: int = 0) -> str:
        return own(settings, draft, epoch=epoch).removeprefix("/signature/")

    def sign() -> NewDraft:
        return factories.sign_and_confirm(database, settings, campaign)

    living, renewed, withdrawn = sign(), sign(), sign()
    await client.post(own(settings, renewed, "/new-link"))
    renewed_and_withdrawn = sign()
    await client.post(own(settings, renewed_and_withdrawn, "/new-link"))
    for gone, epoch in ((withdrawn, 0), (renewed_and_withdrawn, 1)):
        assert (await client.post(own(settings, gone, "/withdraw", epoch))).status_code == 303
    forget_withdrawals(database, utc_now() + timedelta(days=1, seconds=1))
    just_now = sign()
    await client.post(own(settings, just_now, "/new-link"))
    assert (await client.post(own(settings, just_now, "/withdraw", 1))).status_code == 303
    refused = factories.sign(database, settings, campaign)
    page_of(await client.post(not_me(settings, refused)))
    first, second = (
        factories.sign(database, settings, campaign, email="twice@example.org", name=name) for name in "AB"
    )
    assert (await client.post(confirmation(settings, first))).status_code == 303
    purged = factories.make_campaign(database, slug="purged")
    erased = factories.sign_and_confirm(database, settings, purged)
    STATES["purged"](database, purged)
    good = token(living)
    return {
        "cut off": good[:-1],
        "extended": good + "x",
        "other case": good.swapcase(),
        "other row": good.replace(good[12:20], "AAAAAAAA", 1),
        "nonsense": "x",
        "nul": "%00",
        "no unicode": "%ff",
        "long": "x" * 5000,
        "foreign key": FOREIGN.make("signature", campaign.id, living.id),
        "purpose confirm": tokens.make("confirm", campaign.id, living.id),
        "purpose unsubscribe": tokens.make("unsubscribe", campaign.id, living.id),
        "old epoch": token(renewed),
        "old epoch, withdrawn now": token(just_now),
        "later epoch": token(living, 1),
        "latest epoch": token(living, 2**32 - 1),
        "withdrawn": token(withdrawn),
        "withdrawn after a new link": token(renewed_and_withdrawn, 1),
        "never existed": tokens.make("signature", campaign.id, uuid4()),
        "nil": tokens.make("signature", campaign.id, UUID(int=0)),
        "other campaign": tokens.make("signature", purged.id, living.id),
        "no campaign": tokens.make("signature", 2**31 - 1, living.id),
        "negative campaign": tokens.make("signature", -1, living.id),
        "held": token(factories.sign(database, settings, campaign, trapped=True)),
        "refused": token(refused),
        "another draft was confirmed": token(second),
        "purged": token(erased),
    }


@pytest.mark.anyio
async def test_every_dead_link_gets_the_very_same_answer(
    client: httpx.AsyncClient,
    database: Database,
    campaign: CampaignSnapshot,
    dead_tokens: dict[str, str],
) -> None:
    """Whatever the reason, whatever was asked of it: byte for byte, and nothing is changed."""
    state = dump(database)
    form = factories.form(visibility="public") | {"updates": "y"}
    answers: dict[object, list[str]] = {}
    for reason, token in dead_tokens.items():
        for method, below in WAYS:
            body = {"data": form} if method == "POST" else {}
            answer = await client.request(method, f"/signature/{token}{below}", **body)  # type: ignore[arg-type]
            answers.setdefault(seen(answer), []).append(f"{reason}: {method} {below}")
    assert len(answers) == 1, [reasons[:3] for reasons in answers.values()]
    assert dump(database) == state
    response = await client.get("/signature/x")
    assert set(answers) == {seen(response)}
    page = page_of(response, 404)
    assert page.fields("/find?lang=en") == [("email", "")]
    assert response.headers["cache-control"] == "no-store"
    assert page.one("meta", name="robots")["content"] == "noindex"
    links = {e["href"] for e in page.all("a") if e["href"].startswith("/")}
    assert [url for url in links if (await client.get(url)).status_code != 200] == []


@pytest.mark.anyio
async def test_the_page_of_a_dead_link_speaks_the_visitors_language(
    client: httpx.AsyncClient, dead_tokens: dict[str, str]
) -> None:
    for query, accepted in (("?lang=ar", "de"), ("", "ar")):
        answers = {
            seen(await client.get(f"/signature/{token}{query}", headers={"Accept-Language": accepted}))
            for token in dead_tokens.values()
        }
        assert len(answers) == 1
        page = page_of(await client.get(f"/signature/x{query}", headers={"Accept-Language": accepted}), 404)
        assert (page.one("html")["lang"], page.one("html")["dir"]) == ("ar", "rtl")
        assert page.one("form", method="post")["action"] == "/find?lang=ar"


@pytest.mark.anyio
async def test_it_wasnt_me_has_one_answer_for_every_dead_link(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = Tokens(settings.secret_keys)
    waiting = factories.sign(database, settings, campaign)
    withdrawn = factories.sign_and_confirm(database, settings, campaign)
    await client.post(own(settings, withdrawn, "/withdraw"))
    first, second = (
        factories.sign(database, settings, campaign, email="twice@example.org", name=name) for name in "AB"
    )
    assert (await client.post(confirmation(settings, first))).status_code == 303
    good = not_me(settings, waiting)
    dead = [
        good.replace("/not-me", "x/not-me"),
        "/confirm/x/not-me",
        "/confirm/%ff/not-me",
        f"/confirm/{FOREIGN.make('confirm', campaign.id, waiting.id)}/not-me",
        f"/confirm/{tokens.make('signature', campaign.id, waiting.id)}/not-me",
        f"/confirm/{tokens.make('unsubscribe', campaign.id, waiting.id)}/not-me",
        f"/confirm/{tokens.make('confirm', campaign.id, uuid4())}/not-me",
        f"/confirm/{tokens.make('confirm', 2**31 - 1, waiting.id)}/not-me",
        not_me(settings, withdrawn),
        not_me(settings, second),
    ]
    state = dump(database)
    answers = {seen(await client.request(method, url)) for url in dead for method in ("GET", "POST")}
    later = utc_now() + CONFIRM_LIFETIME + timedelta(seconds=2)
    with monkeypatch.context() as patch:
        patch.setattr("petitions.public.refusing.utc_now", lambda: later)
        answers |= {seen(await client.request(method, good)) for method in ("GET", "POST")}
        answers.add(seen(await client.post(good + "?undo=1", headers={"Accept-Language": "en"})))
    assert len(answers) == 1
    assert answers == {seen(await client.get("/signature/x"))}
    assert dump(database) == state
    page_of(await client.get(good))


@pytest.mark.anyio
async def test_taking_back_says_nothing_about_what_there_was(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Every link of the campaign leads to its statement."""
    waiting = factories.sign(database, settings, campaign)
    signed = factories.sign_and_confirm(database, settings, campaign)
    never = factories.make_draft(campaign, settings)
    state = dump(database)
    answers = {seen(await client.post(not_me(settings, d) + "?undo=1")) for d in (waiting, signed, never)}
    ((status, _, headers),) = answers
    assert (status, dict(headers)["location"]) == (303, "/c/free-boris?lang=en")
    assert dump(database) == state


@pytest.mark.anyio
async def test_unsubscribing_says_the_same_of_everybody(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    def sign(**changes: object) -> NewDraft:
        return factories.sign_and_confirm(database, settings, campaign, **changes)

    consenting = sign(updates=True, updates_wording="News")
    withdrawn, renewed = sign(), sign(updates=True, updates_wording="News")
    await client.post(own(settings, withdrawn, "/withdraw"))
    await client.post(own(settings, renewed, "/new-link"))
    never = factories.make_draft(campaign, settings)
    waiting = factories.sign(database, settings, campaign)
    for method in ("GET", "POST", "POST", "GET"):
        answers = set()
        for draft in (consenting, sign(), withdrawn, renewed, waiting, never):
            url = unsubscribe(settings, draft)
            status, content, headers = seen(await client.request(method, url))
            headers = tuple((name, value) for name, value in headers if name != "content-length")
            answers.add((status, content.replace(url.encode(), b"/unsubscribe/TOKEN"), headers))
        assert len(answers) == 1
    assert get_signature(database, renewed).updates is False  # whatever became of the other links


@pytest.mark.anyio
async def test_unsubscribing_has_one_answer_for_every_dead_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign_and_confirm(database, settings, campaign, updates=True, updates_wording="News")
    tokens = Tokens(settings.secret_keys)
    dead = [
        unsubscribe(settings, draft)[:-1],
        "/unsubscribe/x",
        "/unsubscribe/%00",
        f"/unsubscribe/{FOREIGN.make('unsubscribe', campaign.id, draft.id)}",
        f"/unsubscribe/{tokens.make('signature', campaign.id, draft.id)}",
        f"/unsubscribe/{tokens.make('confirm', campaign.id, draft.id)}",
        f"/unsubscribe/{tokens.make('unsubscribe', 2**31 - 1, draft.id)}",
    ]
    state = dump(database)
    answers = {seen(await client.request(method, url)) for url in dead for method in ("GET", "POST")}
    assert answers == {seen(await client.get("/signature/x"))}
    assert dump(database) == state


@pytest.mark.anyio
async def test_a_withdrawn_signature_is_told_to_its_own_link_for_a_day(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """So that pressing twice says the same; after that it is like one that never was."""
    draft = factories.sign_and_confirm(database, settings, campaign)
    now = utc_now()
    await client.post(own(settings, draft, "/withdraw"))
    forget_withdrawals(database, now + timedelta(hours=23))
    told = {(await client.request(m, own(settings, draft, below))).headers["location"] for m, below in WAYS}
    assert told == {"/c/free-boris/withdrawn?lang=en"}
    forget_withdrawals(database, now + timedelta(hours=25))
    for method, below in WAYS:
        assert seen(await client.request(method, own(settings, draft, below))) == seen(
            await client.get("/signature/x")
        )


@pytest.mark.anyio
async def test_the_own_link_of_a_draft_leads_to_what_confirms_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """It is in the first mail, before there is a signature; afterwards it is the own page."""
    draft = factories.sign(database, settings, campaign, name="Ana Draft")
    state, locations = dump(database), []
    for method, below in WAYS:
        response = await client.request(method, own(settings, draft, f"{below}?lang=es"))
        assert response.status_code == 303
        assert response.headers["cache-control"] == "no-store"
        locations.append(location := response.headers["location"])
        assert location.startswith("/confirm/")
        assert location.endswith("?lang=es")
        assert own(settings, draft).removeprefix("/signature/") not in location
        page = page_of(await client.get(location))
        assert page.one("html")["lang"] == "es"
        assert "Ana Draft" in [e.text for e in page.all("bdi")]
    assert dump(database) == state
    assert (await client.post(locations[-1])).headers["location"] == "/c/free-boris/thanks?lang=es"
    page = page_of(await client.get(own(settings, draft)))
    assert own_fields(page, own(settings, draft))["name"] == "Ana Draft"
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_links_made_before_a_change_of_the_secret_still_work(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign_and_confirm(database, settings, campaign, updates=True, updates_wording="News")
    urls = [own(settings, draft), unsubscribe(settings, draft)]
    async with serving(settings, secret_keys=("a new secret key" * 3, *settings.secret_keys)) as (_, client):
        assert [(await client.get(url)).status_code for url in urls] == [200, 200]
    async with serving(settings, secret_keys=("a new secret key" * 3,)) as (_, client):
        assert [(await client.get(url)).status_code for url in urls] == [404, 404]


@pytest.mark.anyio
async def test_the_link_of_a_neutral_mail_leads_to_the_own_page(
    client: httpx.AsyncClient, database: Database, settings: Settings, dead_tokens: dict[str, str]
) -> None:
    """Whatever the token is: the answer says nothing of it."""
    campaign = factories.make_campaign(database, slug="other")
    draft = factories.sign_and_confirm(database, settings, campaign)
    state = dump(database)
    for token in (own(settings, draft).removeprefix("/signature/"), *dead_tokens.values()):
        response = await client.get(f"/entry/{token}?lang=es")
        assert (response.status_code, response.content) == (303, b"")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["location"].startswith("/signature/")
        led = await client.get(response.headers["location"])
        assert seen(led) == seen(await client.get(f"/signature/{token}?lang=es"))
    page_of(await client.get(entry(settings, draft), follow_redirects=True))
    page_of(await client.post(entry(settings, draft)), 405)
    assert dump(database) == state


@pytest.mark.anyio
async def test_a_token_stays_within_its_own_pages(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nobody keeps, lists or passes on a page with a token; and no other address holds the token."""
    draft = factories.sign_and_confirm(database, settings, campaign)
    waiting = factories.sign(database, settings, campaign)
    requests = [
        ("GET", own(settings, draft)),
        ("POST", own(settings, draft)),
        ("GET", entry(settings, draft)),
        ("GET", own(settings, draft, "/data")),
        ("GET", own(settings, draft, "/withdraw")),
        ("GET", confirmation(settings, waiting)),
        ("GET", own(settings, waiting)),
        ("GET", not_me(settings, waiting)),
        ("POST", not_me(settings, waiting)),
        ("POST", not_me(settings, waiting) + "?undo=1"),
        ("GET", not_me(settings, draft)),
        ("GET", unsubscribe(settings, draft)),
        ("POST", unsubscribe(settings, draft)),
        ("POST", own(settings, draft, "/new-link")),
        ("POST", own(settings, draft, "/withdraw", 1)),
    ]
    for method, url in requests:
        body = {"data": factories.form()} if method == "POST" else {}
        response = await client.request(method, url, **body)  # type: ignore[arg-type]
        assert response.status_code in (200, 303), url
        token = url.split("/")[2].partition("?")[0]
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "same-origin"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in response.headers
        addresses = [response.headers["location"]] if response.status_code == 303 else []
        if response.headers.get("content-type", "").startswith("text/html"):
            page = page_of(response)
            assert page.one("meta", name="robots")["content"] == "noindex"
            addresses = [e.get("href") or e.get("action") or e.get("src") or "" for e in page.elements]
            assert [e["href"] for e in page.all("link") if e["rel"] in ("canonical", "alternate")] == []
            if method == "POST":  # the answer to a form cannot be had in another language
                assert [e["href"] for e in page.all("a") if "hreflang" in e.attributes] == []
        own_pages = tuple(f"/{kind}/{token}" for kind in ("signature", "confirm", "unsubscribe"))
        assert [a for a in addresses if token in a and not a.startswith(own_pages)] == []
