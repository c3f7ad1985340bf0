"""What protects visitors on every answer: headers, hosts, origins, limits; and no cookie, ever."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from petitions.app import MAX_BODY, allowed_hosts, create_app
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, OWN_PURPOSE
from petitions.organisations.requesting import Request as Asked
from petitions.organisations.requesting import request
from petitions.public.routes import ROUTES
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Draft
from petitions.tokens import Tokens
from petitions.web import clients
from tests import factories
from tests.conftest import serving
from tests.public.support import confirmation, dump, own, unsubscribe
from tests.web.support import count_rows, page_of, send_raw

SIGN = "/c/free-boris/signatures"
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.anyio
async def test_every_answer_carries_the_headers_and_no_cookie(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    answers = [
        await client.get("/"),
        await client.get("/c/free-boris"),
        await client.get("/c/free-boris", headers={"If-None-Match": "*"}),
        await client.head("/c/free-boris"),
        await client.post(SIGN, data=factories.form()),
        await client.post(SIGN, data={"name": ""}),
        await client.post(SIGN, data=factories.form(), headers={"Origin": "https://evil.example"}),
        await client.post(SIGN, content=b"x" * (MAX_BODY + 1)),
        await client.post(SIGN, json={}),
        await client.get("/c/free-boris/"),
        await client.get("/nothing"),
        await client.delete("/"),
        await client.get("/", headers={"Host": "evil.example"}),
        await client.get("/static/css/site.css"),
        await client.get("/static/nothing.css"),
        await client.get("/api/v1/campaigns"),
        await client.get("/api/v1/campaigns/nothing"),
        await client.get("/healthz"),
        await client.get("/metrics"),
        await client.get("/c/free-boris/qr.png"),
        await client.get("/confirm/x", headers={"Cookie": "session=1"}),
    ]
    statuses = [200, 200, 304, 200, 303, 422, 403, 413, 400, 307, 404, 405, 400, 200, 404, 200, 404, 200, 404, 200]
    assert [answer.status_code for answer in answers] == [*statuses, 404]
    for answer in answers:
        assert {name: answer.headers.get_list(name) for name in HEADERS} == {n: [v] for n, v in HEADERS.items()}
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
        assert len(answer.headers["x-request-id"]) == 16
    identifiers = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(identifiers)) == len(identifiers)


async def break_down(_request: Request) -> Response:
    raise RuntimeError("Planted Name planted@example.org")


@pytest.mark.anyio
async def test_a_mistake_of_ours_is_a_page_with_all_headers(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings, extra_routes=[Route("/broken", break_down), Route("/api/broken", break_down)])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)  # an error that leaves the application would be raised here
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            response = await client.get("/broken", headers={"Accept-Language": "ar"})
            problem = await client.get("/api/broken")
    page = page_of(response, 500)
    assert page.one("html")["dir"] == "rtl"
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert response.headers["cache-control"] == "no-store"
    assert "lanted" not in response.text
    assert (problem.status_code, problem.headers["content-type"]) == (500, "application/problem+json")
    assert sorted(problem.json()) == ["detail", "status", "title"]
    assert [record.message for record in caplog.records] == ["request_failed"] * 2


@pytest.mark.anyio
async def test_errors_are_pages_in_the_visitors_language(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    for method, path, status, heading in (
        ("GET", "/nothing", 404, "There is nothing here"),
        ("PUT", "/", 405, "This page cannot do that"),
        ("POST", SIGN, 400, "We could not read that"),
        ("GET", "/static/nothing", 404, "There is nothing here"),
    ):
        response = await client.request(method, path)
        page = page_of(response, status)
        assert page.heading == heading
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["content-language"] == "en"
        assert page.one("meta", name="robots")["content"] == "noindex"
    response = await client.get("/nothing?lang=ar", headers={"Accept-Language": "de"})
    html = page_of(response, 404).one("html")
    assert (html["lang"], html["dir"], response.headers["content-language"]) == ("ar", "rtl", "ar")
    response = await client.put("/")
    assert sorted(response.headers["allow"].split(", ")) == ["GET", "HEAD"]


@pytest.mark.anyio
async def test_browsers_are_told_to_stay_with_https_where_the_site_has_it(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    async with serving(settings, base_url="https://testserver") as (_, client):
        response = await client.get("/nothing")
        assert response.headers["strict-transport-security"] == "max-age=31536000"
        # behind a proxy that speaks TLS, a redirect must not lead back to plain HTTP
        moved = await client.get("/c/free-boris/")
        assert (moved.status_code, moved.headers["location"]) == (307, "https://testserver/c/free-boris")
        same = await client.post(SIGN, data=factories.form(), headers={"Origin": "https://testserver"})
        plain = await client.post(SIGN, data=factories.form(), headers={"Origin": "http://testserver"})
        assert (same.status_code, plain.status_code) == (303, 403)
    async with serving(settings) as (_, client):
        assert "strict-transport-security" not in (await client.get("/nothing")).headers


@pytest.mark.anyio
async def test_only_the_sites_own_name_is_answered(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    for host in ("testserver", "TESTSERVER", "testserver:8443"):
        assert (await client.get("/", headers={"Host": host})).status_code == 200
    for host in ("evil.example", "testserver.evil.example", "evil.example:80", "", "192.0.2.7", "testserver@evil"):
        response = await client.get("/c/free-boris", headers={"Host": host})
        assert response.status_code == 400, host
        assert "Boris" not in response.text


def test_ones_own_machine_has_several_names() -> None:
    assert allowed_hosts("http://127.0.0.1:8000") == allowed_hosts("http://localhost")
    loopback = allowed_hosts("http://localhost")
    assert set(loopback) == {"localhost", "127.0.0.1", "::1"}
    # Loopback is how a probe on the machine itself asks.
    assert allowed_hosts("https://petitions.example.org:8443") == ["petitions.example.org", *loopback]


ORIGINS = [
    ({}, 303),  # neither is sent: there is no cookie to ride
    ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "none"}, 403),
    ({"Sec-Fetch-Site": ""}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
    ({"Origin": "http://testserver"}, 303),
    ({"Origin": "http://TESTSERVER"}, 303),
    ({"Origin": "https://testserver"}, 403),
    ({"Origin": "http://testserver:81"}, 403),
    ({"Origin": "http://testserver.evil.example"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": ""}, 403),
    ({"Origin": "http://["}, 403),
]


@pytest.mark.anyio
async def test_forms_are_taken_from_our_own_pages_only(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    taken = 0
    for headers, status in ORIGINS:
        response = await client.post(SIGN, data=factories.form(), headers=headers)
        assert response.status_code == status, headers
        if status == 403:
            assert page_of(response, 403).heading == "This form came from another site"
        taken += status == 303
        for path in ("/confirm", "/confirm/x"):
            assert ((await client.post(path, data={"email": ""}, headers=headers)).status_code == 403) == (
                status == 403
            )
        assert (await client.get("/c/free-boris", headers=headers)).status_code == 200
    assert count_rows(database, Draft) == taken


#: Every address that takes a form; those that a test has to know are in `filled`.
#: The longest first.
ORGANISATION_PURPOSES = [
    ("/organisation/confirm/", CONFIRM_PURPOSE),
    ("/organisation/contact/", CONTACT_PURPOSE),
    ("/organisation/", OWN_PURPOSE),
]
POSTING = [route.path for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())]


def filled(path: str, settings: Settings, signed: NewDraft, waiting: NewDraft, asked: Asked) -> str:
    """The address of a row that is there."""
    for start, purpose in ORGANISATION_PURPOSES:
        if path.startswith(f"{start}{{token}}"):
            token = Tokens(settings.secret_keys).make(purpose, asked.campaign_id, asked.id)
            return path.replace("{token}", token)
    if path.startswith("/signature/"):
        return path.replace("/signature/{token}", own(settings, signed))
    if path.startswith("/confirm/"):
        return path.replace("/confirm/{token}", confirmation(settings, waiting))
    return path.replace("/unsubscribe/{token}", unsubscribe(settings, signed)).replace("{slug}", "free-boris")


@pytest.mark.anyio
async def test_no_other_site_can_press_any_button_but_the_one_that_stops_mails(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whatever is added to the routes is checked here too."""
    signed = factories.sign_and_confirm(
        database, settings, campaign, email="ana@example.org", updates=True, updates_wording="News"
    )
    waiting = factories.sign(database, settings, campaign, email="boris@example.org")
    asked = factories.organisation_request(campaign, settings)
    with database.writing() as session:
        request(session, asked)
    form = factories.form(email="charlie@example.org")
    paths = [filled(path, settings, signed, waiting, asked) for path in POSTING]
    assert not [path for path in paths if "{" in path]
    state = dump(database)
    for headers, status in ORIGINS:
        if status != 403:
            continue
        for path in paths:
            if path.startswith("/unsubscribe/"):
                continue
            for query in ("", "?lang=es", "?undo=1", "?/unsubscribe/"):
                response = await client.post(path + query, data=form, headers=headers)
                assert page_of(response, 403).heading != "", (path, headers)
                assert {name: response.headers[name] for name in HEADERS} == HEADERS
                assert response.headers["cache-control"] == "no-store"
    assert dump(database) == state
    for headers, _ in ORIGINS:
        page_of(await client.post(unsubscribe(settings, signed), data=form, headers=headers))
    changed = {name for name, rows in dump(database).items() if rows != state[name]}
    assert changed == {"signatures"}


@pytest.mark.anyio
async def test_the_exception_is_no_way_around(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
) -> None:
    """Paths that only look like the one that stops mails, as a server hands them on."""
    app, _ = app_and_client
    signed = factories.sign_and_confirm(database, settings, campaign)
    state = dump(database)
    withdraw = own(settings, signed, "/withdraw")
    for path in (
        f"/unsubscribe/..{withdraw}",
        f"/unsubscribe/x/../..{withdraw}",
        f"/unsubscribe/{withdraw}",
        f"//unsubscribe/..{withdraw}",
        f"/unsubscribe/x\\..{withdraw}",
        f"{withdraw}/unsubscribe/",
        f"{withdraw}?/unsubscribe/",
        "/unsubscribe/../find",
    ):
        headers = [(b"sec-fetch-site", b"cross-site"), (b"content-type", b"application/x-www-form-urlencoded")]
        answer = await send_raw(app, "POST", path, headers=headers, chunks=[b"email=ana%40example.org"])
        assert answer.status in ((307, 404) if path.startswith("/unsubscribe/") else (403,)), path
    assert dump(database) == state


@pytest.mark.anyio
async def test_pages_of_signers_carry_the_headers_and_no_cookie(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Every new address, asked in every way."""
    signed = factories.sign_and_confirm(database, settings, campaign)
    waiting = factories.sign(database, settings, campaign)
    asked = factories.organisation_request(campaign, settings)
    with database.writing() as session:
        request(session, asked)
    kept = ("/signature/", "/unsubscribe/", "/c/{slug}/find", "/c/{slug}/withdrawn", "/find", "/organisation/")
    paths = [r.path for r in ROUTES if isinstance(r, Route) and r.path.startswith(kept) and "digest" not in r.path]
    paths += ["/confirm/{token}/not-me"]
    assert len(set(paths)) >= 19
    for path in sorted(set(paths), key=lambda path: path.endswith("/withdraw")):  # that one last
        for method in ("GET", "HEAD", "PUT", "POST"):
            url = filled(path, settings, signed, waiting, asked)
            answer = await client.request(method, url, headers={"Cookie": "session=1"})
            assert {name: answer.headers.get_list(name) for name in HEADERS} == {
                n: [v] for n, v in HEADERS.items()
            }
            assert answer.headers["cache-control"] == "no-store"
            assert "set-cookie" not in answer.headers
            assert answer.status_code in ((405,) if method == "PUT" else (200, 303, 400, 404, 405)), (method, url)


@pytest.mark.anyio
async def test_a_body_past_the_limit_is_a_page_that_says_so(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"comment=" + b"x" * 1015 + b"&"

    form = "application/x-www-form-urlencoded"
    for path in (SIGN, "/confirm"):
        declared = await client.post(path, content=b"a=" + b"x" * MAX_BODY, headers={"Content-Type": form})
        undeclared = await client.post(path, content=pieces(), headers={"Content-Type": form})
        for response in (declared, undeclared):
            assert page_of(response, 413).heading == "That was too much"
            assert response.headers["cache-control"] == "no-store"
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_what_no_form_of_ours_sends_is_refused(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    form = factories.form()
    refused = [
        await client.post(SIGN, json=form),
        await client.post(SIGN, content=b"name=Ana", headers={"Content-Type": "text/plain"}),
        await client.post(SIGN, content=b"name=Ana"),
        await client.post(SIGN, data=form, files={"name": ("name.txt", b"Ana")}),
        await client.post(SIGN, data={f"field{n}": "x" for n in range(101)}),
        await client.post(SIGN, data={"name": [f"Ana {n}" for n in range(101)]}),
    ]
    for response in refused:
        assert page_of(response, 400).heading == "We could not read that"
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_a_multipart_form_without_files_is_taken(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    fields = [(name, (None, value)) for name, value in factories.form().items()]
    assert (await client.post(SIGN, files=fields)).status_code == 303
    assert count_rows(database, Draft) == 1


@pytest.mark.anyio
async def test_a_proxys_word_that_nobody_trusts_is_told_once(
    client: httpx.AsyncClient,
    campaign: CampaignSnapshot,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "_warned", set())
    for _ in range(3):
        await client.post(SIGN, data=factories.form(), headers={"X-Forwarded-For": "198.51.100.99"})
    assert [record.message for record in caplog.records] == ["forwarded_header_ignored"]
    assert "198.51.100.99" not in repr([vars(record) for record in caplog.records])


@pytest.mark.anyio
async def test_static_files_are_kept_for_as_long_as_their_name_holds(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
) -> None:
    _, client = app_and_client
    named = page_of(await client.get("/")).one("link", rel="stylesheet")["href"]
    assert named.startswith("/static/css/site.css?v=")
    response = await client.get(named)
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    again = await client.get(named, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, response.headers["cache-control"])
    for query in ("", "?v=", "?v=1", f"?v={'0' * 12}", f"?{named.partition('?')[2]}0", "?v=%C3%A9"):
        other = await client.get(f"/static/css/site.css{query}")
        assert (other.status_code, other.headers["cache-control"]) == (200, "public, max-age=300"), query
    for path in ("/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/static/css", "/static/"):
        assert (await client.get(path)).status_code == 404
