"""Logging in and out, and everything that somebody who should not might try."""

import logging
import re
from datetime import timedelta
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.logging_in import Browser, Candidate, log_in
from petitions.accounts.models import User, UserSession
from petitions.accounts.passwords import hash_password, is_outdated
from petitions.accounts.sessions import hash_identifier, open_session
from petitions.accounts.throttling import FREE
from petitions.audit.models import AuditEntry
from petitions.clock import utc_now
from petitions.console.returning import safe_next
from petitions.db import Database
from petitions.settings import Settings
from petitions.web.site import Site
from tests.conftest import serving
from tests.console.entering import SECRET, Clock, Visitor, actions, give_totp, make_lead, visiting
from tests.console.support import PASSWORD, SAME_ORIGIN, Queries

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_passwords")]
EMAIL = "lea@example.org"
SOMEWHERE = "/console/account?saved=name"


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(utc_now() + timedelta(seconds=30 * steps))


# The plain way


async def test_the_right_password_leads_to_where_somebody_wanted_to_go(
    visitor: Visitor, lea: User, database: Database
) -> None:
    await visitor.get("/console/account?saved=name")
    assert visitor.page.headers["location"] == f"/console/login?next={quote(SOMEWHERE, safe='')}&lang=en"
    await visitor.get(visitor.page.headers["location"])
    assert visitor.page.status_code == 200
    assert visitor.hidden == {"next": SOMEWHERE}
    await visitor.fill("/console/login", {"email": " Lea@Example.org ", "password": PASSWORD})
    assert (visitor.page.status_code, visitor.page.headers["location"]) == (303, SOMEWHERE)
    assert visitor.page.headers["cache-control"] == "no-store"
    assert await visitor.is_in()
    with database.reading() as session:
        (entry,) = session.scalars(select(AuditEntry))
    assert (entry.action, entry.user_id, entry.actor) == ("account.login", lea.id, "Lea Lead")
    await visitor.get("/console/login?next=/console/people")
    assert visitor.page.headers["location"] == "/console/people"  # whoever is in goes on


async def test_the_cookie_is_for_the_console_alone_and_no_script(visitor: Visitor, lea: User) -> None:
    await visitor.log_in()
    session, browser = visitor.page.headers.get_list("set-cookie")
    assert re.fullmatch(r"petitions=[\w-]{43}; HttpOnly; Path=/console; SameSite=lax", session)
    assert re.fullmatch(
        r"petitions-browser=\S+; HttpOnly; Max-Age=34560000; Path=/console/login; SameSite=lax", browser
    )
    assert "set-cookie" not in (await visitor.get("/")).headers
    assert "cookie" not in visitor.page.request.headers


async def test_over_tls_the_cookies_never_leave_it(settings: Settings, lea: User) -> None:
    async with serving(settings, base_url="https://testserver") as (app, _):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
            visitor = Visitor(client)
            await visitor.log_in()
            for cookie in visitor.page.headers.get_list("set-cookie"):
                assert cookie.startswith("__Secure-petitions")
                assert "; Secure" in cookie
            assert await visitor.is_in()


async def test_the_store_knows_no_identifier(visitor: Visitor, lea: User, database: Database) -> None:
    await visitor.log_in()
    assert visitor.cookie is not None
    with database.reading() as session:
        (row,) = session.scalars(select(UserSession))
    assert row.id_hash == hash_identifier(visitor.cookie)
    assert visitor.cookie.encode() not in row.id_hash
    async with visiting(visitor.client._transport.app, petitions=row.id_hash.hex()) as thief:  # type: ignore[attr-defined]
        assert not await thief.is_in()


async def test_a_browser_is_named_as_its_owner_knows_it(app: Starlette, lea: User, database: Database) -> None:
    agents = {
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox, Linux",
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36": "Chrome, Android",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1": "Safari, iPhone",
        "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0": "Edge, Windows",
        "curl/8": "?",
        "Firefox/" * 1000: "Firefox",
    }
    for agent, name in agents.items():
        async with visiting(app) as visitor:
            await visitor.post("/console/login", {"email": EMAIL, "password": PASSWORD}, **{"user-agent": agent})
            assert visitor.cookie is not None
            with database.reading() as session:
                row = session.get_one(UserSession, hash_identifier(visitor.cookie))
            assert row.browser == name


async def test_a_password_that_was_hashed_more_weakly_is_hashed_anew(visitor: Visitor, database: Database) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    lea = make_lead(database, password_hash=weak)
    await visitor.log_in(password="wrong wrong wrong")
    with database.reading() as session:
        assert session.get_one(User, lea.id).password_hash == weak
    assert (await visitor.log_in()).status_code == 303
    with database.reading() as session:
        stronger = session.get_one(User, lea.id).password_hash
    assert stronger is not None
    assert not is_outdated(stronger)
    assert (await visitor.log_in()).status_code == 303


@pytest.mark.parametrize(
    "wrong", [{"email": ""}, {"password": ""}, {"email": "x" * 2_000}, {"password": "x" * 2_000}]
)
async def test_an_incomplete_form_says_what_is_missing_and_keeps_the_address(
    visitor: Visitor, lea: User, wrong: dict[str, str]
) -> None:
    await visitor.post("/console/login", {"email": EMAIL, "password": PASSWORD, "next": SOMEWHERE} | wrong)
    assert visitor.page.status_code == 422
    (name,) = wrong
    assert f'id="f-{name}-error"' in visitor.page.text
    assert visitor.hidden == {"next": SOMEWHERE}
    assert PASSWORD not in visitor.page.text
    assert visitor.cookie is None


@pytest.mark.parametrize("email", ["a\x00b@example.org", "no address", "a@b@c", "ñ@exämple.org", "a@" + "x" * 300])
async def test_odd_addresses_are_wrong_like_any_other(visitor: Visitor, lea: User, email: str) -> None:
    assert (await visitor.log_in(email)).status_code == 422
    assert "The mail address or the password is wrong." in visitor.page.text


# Enumeration


async def test_no_answer_tells_who_has_an_account(app: Starlette, lea: User, database: Database) -> None:
    make_lead(database, "Ina Invited", password_hash=None)
    make_lead(database, "Dora Disabled", email="dora@example.org")
    with database.writing() as session:
        session.scalars(select(User).where(User.email == "dora@example.org")).one().disabled_at = utc_now()
    answers = set()
    for name in ("lea", "nobody", "ina", "dora"):
        async with visiting(app) as visitor:
            page = await visitor.log_in(f"{name}@example.org", "a wrong password" if name == "lea" else PASSWORD)
        text = page.text.replace(f"{name}@example.org", "…")
        kept = sorted(
            pair for pair in page.headers.multi_items() if pair[0] not in ("x-request-id", "content-length")
        )
        answers.add((page.status_code, text, tuple(kept)))
    assert len(answers) == 1


async def test_no_time_tells_who_has_an_account(
    app: Starlette, site: Site, lea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is the same: as many questions to the store, and one verification of the same costs."""
    verified: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, kept: str, password: str) -> bool:
        verified.append(kept.rpartition("p=")[0])
        return real(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    work = {}
    for name in ("lea", "nobody"):
        verified.clear()
        async with visiting(app, network=f"192.0.2.{len(name)}") as visitor:
            with Queries(site.database) as queries:
                await visitor.log_in(f"{name}@example.org", "a wrong password")
        work[name] = (queries.count, list(verified))
    assert work["lea"] == work["nobody"]
    assert work["lea"][0] > 2
    assert len(work["lea"][1]) == 1


async def test_waiting_tells_nothing_either(app: Starlette, lea: User) -> None:
    answers = set()
    for name in ("lea", "nobody"):
        async with visiting(app, network=f"192.0.2.{len(name)}") as visitor:
            for _ in range(FREE["pair"]):
                assert (await visitor.log_in(f"{name}@example.org", "a wrong password")).status_code == 422
            page = await visitor.log_in(f"{name}@example.org")
        assert 14 <= int(page.headers["retry-after"]) <= 15
        answers.add((page.status_code, page.text.replace(f"{name}@example.org", "…")))
    assert len(answers) == 1
    assert answers.pop()[0] == 429


async def test_what_somebody_typed_stands_in_no_log(
    visitor: Visitor, lea: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await visitor.log_in(password="a wrong password")
        await visitor.log_in()
    written = "".join(str(vars(record)) for record in caplog.records if record.name.startswith("petitions"))
    for secret in (EMAIL, PASSWORD, "a wrong password", visitor.cookie or "?"):
        assert secret not in written


# Guessing, and who has to wait for it


async def test_a_guesser_has_to_wait_even_with_the_right_password(
    visitor: Visitor, lea: User, clock: Clock
) -> None:
    for _ in range(FREE["pair"]):
        await visitor.log_in(password="a wrong password")
    assert (await visitor.log_in()).status_code == 429
    assert not await visitor.is_in()
    clock.ahead = timedelta(seconds=16)
    assert (await visitor.log_in()).status_code == 303


async def test_who_only_has_to_wait_takes_no_lock(
    visitor: Visitor, lea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(FREE["pair"]):
        await visitor.log_in(password="a wrong password")
    monkeypatch.setattr(Database, "write", None)  # whoever used it would fail
    assert (await visitor.log_in()).status_code == 429


async def test_behind_a_proxy_that_nobody_trusts_no_stranger_makes_everybody_wait(
    app: Starlette, lea: User
) -> None:
    async with visiting(app, network="127.0.0.1") as visitor:
        for number in range(FREE["network"] + 1):
            fields = {"email": f"lead{number % 4}@example.org", "password": "a wrong password"}
            headers = {"x-forwarded-for": f"198.51.100.{number}"}
            assert (await visitor.post("/console/login", fields, **headers)).status_code == 422
        fields = {"email": EMAIL, "password": PASSWORD}
        answer = await visitor.post("/console/login", fields, **{"x-forwarded-for": "203.0.113.5"})
        assert answer.status_code == 303


async def test_spraying_one_password_over_many_accounts_is_slowed(app: Starlette, lea: User) -> None:
    async with visiting(app, network="203.0.113.9") as sprayer:
        for number in range(FREE["network"]):
            assert (await sprayer.log_in(f"lead{number}@example.org")).status_code == 422
        assert (await sprayer.log_in()).status_code == 429
    async with visiting(app, network="203.0.113.10") as owner:
        assert (await owner.log_in()).status_code == 303


async def test_an_ipv6_sprayer_has_one_network_however_many_addresses(app: Starlette, lea: User) -> None:
    for number in range(FREE["pair"]):
        async with visiting(app, network=f"2001:db8::{number + 1:x}") as visitor:
            assert (await visitor.log_in(password="a wrong password")).status_code == 422
    async with visiting(app, network="2001:db8::ffff") as visitor:
        assert (await visitor.log_in()).status_code == 429


async def test_a_forwarded_header_of_their_own_gives_a_guesser_no_further_tries(
    visitor: Visitor, lea: User
) -> None:
    for number in range(FREE["pair"]):
        headers = {"x-forwarded-for": f"198.51.100.{number}"}
        await visitor.post("/console/login", {"email": EMAIL, "password": "a wrong password"}, **headers)
    headers = {"x-forwarded-for": "198.51.100.77"}
    assert (
        await visitor.post("/console/login", {"email": EMAIL, "password": PASSWORD}, **headers)
    ).status_code == 429


async def test_no_stranger_locks_the_owner_out_of_their_own_browser(app: Starlette, lea: User) -> None:
    async with visiting(app) as owner:
        await owner.log_in()
        await owner.get("/console/account")
        for number in range(FREE["address"]):
            async with visiting(app, network=f"203.0.113.{number}") as stranger:
                await stranger.log_in(password="a wrong password")
        async with visiting(app) as stranger:  # from the owner's own network, and the owner's address
            assert (await stranger.log_in()).status_code == 429
        owner.client.cookies.delete("petitions")
        assert (await owner.log_in()).status_code == 303


async def test_a_known_browser_is_known_for_its_own_account_alone(
    app: Starlette, lea: User, database: Database
) -> None:
    make_lead(database, "Mallory Mean")
    async with visiting(app) as mallory:
        await mallory.log_in("mallory@example.org")
        for _ in range(FREE["pair"]):
            assert (await mallory.log_in(password="a wrong password")).status_code == 422
        assert (await mallory.log_in()).status_code == 429


@pytest.mark.parametrize("forged", ["", "x", "a.b.c", "\x7f", "x" * 4_000])
async def test_a_forged_browser_cookie_counts_for_nothing(app: Starlette, lea: User, forged: str) -> None:
    async with visiting(app) as visitor:
        for _ in range(FREE["pair"]):
            await visitor.log_in(password="a wrong password")
        visitor.client.cookies.set("petitions-browser", forged, path="/console/login")
        assert (await visitor.log_in()).status_code == 429


async def test_a_known_browser_may_not_guess_for_ever(visitor: Visitor, lea: User) -> None:
    await visitor.log_in()
    for _ in range(FREE["browser"]):
        assert (await visitor.log_in(password="a wrong password")).status_code == 422
    assert (await visitor.log_in()).status_code == 429


# Fixation and theft


async def test_a_session_that_was_put_into_a_browser_is_not_taken_over(app: Starlette, lea: User) -> None:
    async with visiting(app, petitions="chosen-by-somebody-else") as victim:
        await victim.log_in()
        cookies = [c.value for c in victim.client.cookies.jar if c.name == "petitions" and c.path == "/console"]
    assert len(cookies) == 1
    assert cookies != ["chosen-by-somebody-else"]
    async with visiting(app, petitions="chosen-by-somebody-else") as attacker:
        assert not await attacker.is_in()


async def test_logging_in_over_a_session_of_somebody_else_ends_that_one(
    app: Starlette, lea: User, database: Database
) -> None:
    make_lead(database, "Mallory Mean")
    async with visiting(app) as browser:
        await browser.log_in("mallory@example.org")
        before = browser.cookie
        await browser.log_in()
        assert browser.cookie != before
    with database.reading() as session:
        assert session.scalars(select(UserSession.user_id)).all() == [lea.id]


async def test_logging_out_ends_the_session_in_the_store(app: Starlette, lea: User, database: Database) -> None:
    async with visiting(app) as other, visiting(app) as visitor:
        await other.log_in()
        await visitor.log_in()
        stolen = visitor.cookie or ""
        page = (await visitor.get("/console/account")).text
        csrf = re.findall(r'name="csrf" value="(\w+)"', page)[0]
        assert (await visitor.post("/console/logout", {"csrf": csrf})).status_code == 303
        assert visitor.cookie is None
        assert await other.is_in()
    async with visiting(app, petitions=stolen) as thief:
        assert not await thief.is_in()
    assert actions(database) == ["account.login", "account.login", "account.logout"]


async def test_a_session_ends_after_a_week_unseen_and_after_a_month_at_last(
    visitor: Visitor, lea: User, clock: Clock
) -> None:
    await visitor.log_in()
    clock.ahead = timedelta(days=6, hours=23)
    assert await visitor.is_in()
    clock.ahead = timedelta(days=13, hours=22)
    assert await visitor.is_in()  # idle, but not unseen
    clock.ahead = timedelta(days=20, hours=23)
    assert not await visitor.is_in()
    clock.ahead = timedelta(0)
    await visitor.log_in()
    for day in range(1, 30):
        clock.ahead = timedelta(days=day)
        await visitor.get("/console/password")
        await visitor.fill("/console/password", {"password": PASSWORD})
    assert await visitor.is_in()
    clock.ahead = timedelta(days=30, minutes=1)
    assert not await visitor.is_in()


async def test_the_field_of_one_session_is_worthless_in_another(
    app: Starlette, lea: User, database: Database
) -> None:
    make_lead(database, "Mallory Mean")
    async with visiting(app) as mallory, visiting(app) as victim:
        await mallory.log_in("mallory@example.org")
        await victim.log_in()
        await mallory.get("/console/account")
        foreign = re.findall(r'name="csrf" value="(\w+)"', mallory.page.text)[0]
        for csrf in ({"csrf": foreign}, {"csrf": ""}, {}):
            for path in ("logout", "account", "account/password", "account/sessions", "password"):
                page = await victim.post(f"/console/{path}", {"name": "Owned", "language": "en", **csrf})
                assert page.status_code == 403, path
        assert await victim.is_in()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {},
    ],
)
async def test_no_other_site_can_send_a_form(visitor: Visitor, lea: User, headers: dict[str, str]) -> None:
    fields = {"email": EMAIL, "password": PASSWORD}
    pages = "login", "login/code", "logout", "password", "forgot", "account", "people", "link/x", "first/x"
    for page in pages:
        answer = await visitor.client.post(f"/console/{page}", data=fields, headers=headers)
        assert answer.status_code == 403, page
        assert "set-cookie" not in answer.headers


async def test_a_password_that_changes_meanwhile_opens_nothing(lea: User, database: Database) -> None:
    """Between looking the hash up and beginning the session there is a verification that takes its time."""
    seen = Candidate(lea.id, lea.password_hash)
    with database.writing() as session:
        session.get_one(User, lea.id).password_hash = hash_password("another password of hers")
    with database.writing() as session:
        assert log_in(session, seen, Browser("?", None), None, utc_now()) is None
        assert session.scalars(select(UserSession)).all() == []


# Open redirects

EVIL = [
    "https://evil.example/",
    "//evil.example/console",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/console\\@evil.example",
    "http:/console",
    "javascript:alert(1)",
    "/console/../login",
    "/console/..%2f..",
    "/console/%2e%2e/",
    "/console//evil.example",
    "/consolex",
    "/console\r\nset-cookie: a=b",
    "\t//evil.example",
    " /console",
    "console",
    "?next=x",
    "/c/free-boris",
    "//[",
    "/console/" + "x" * 600,
    "/consolé",
]


async def test_no_link_leads_out_of_the_console(visitor: Visitor, lea: User) -> None:
    for target in EVIL:
        await visitor.get("/console/login?next=" + quote(target, safe=""))
        assert visitor.hidden == {"next": "/console"}, target
        await visitor.log_in(next=target)
        assert visitor.page.headers["location"] == "/console", target
        visitor.client.cookies.delete("petitions")


@given(st.text(max_size=60) | st.from_regex(r"[/\\]{0,3}console[/\\.%a-z?#@:]{0,20}", fullmatch=True))
def test_wherever_next_leads_it_is_a_page_of_the_console(target: str) -> None:
    place = urlsplit(urljoin("https://petitions.example/console/login", safe_next(target)))
    assert (place.scheme, place.netloc) == ("https", "petitions.example")
    assert place.path == "/console" or place.path.startswith("/console/")


# The second factor


async def test_with_a_second_factor_the_password_alone_opens_nothing(
    visitor: Visitor, lea: User, database: Database
) -> None:
    give_totp(database, lea)
    await visitor.log_in(next=SOMEWHERE)
    assert visitor.page.status_code == 303
    half = visitor.cookie
    assert not await visitor.is_in()
    await visitor.get(visitor.page.headers["location"])
    assert visitor.hidden["next"] == SOMEWHERE
    await visitor.fill("/console/login/code", {"code": code()})
    assert (visitor.page.status_code, visitor.page.headers["location"]) == (303, SOMEWHERE)
    assert visitor.cookie != half
    assert await visitor.is_in()
    with database.reading() as session:
        (row,) = session.scalars(select(UserSession))
        assert row.id_hash != hash_identifier(half or "")
    assert actions(database) == ["account.login"]


async def test_a_half_session_makes_no_browser_known(visitor: Visitor, lea: User, database: Database) -> None:
    give_totp(database, lea)
    await visitor.log_in()
    assert "petitions-browser" not in visitor.client.cookies
    await visitor.get("/console/login/code")
    await visitor.fill("/console/login/code", {"code": code()})
    assert "petitions-browser" in visitor.client.cookies


async def test_a_code_that_somebody_looked_over_the_shoulder_for_is_used_up(
    app: Starlette, lea: User, database: Database
) -> None:
    give_totp(database, lea)
    seen = code()
    for status in (303, 422):
        async with visiting(app) as visitor:
            await visitor.log_in()
            await visitor.get("/console/login/code")
            assert (await visitor.fill("/console/login/code", {"code": seen})).status_code == status


async def test_a_recovery_code_opens_once(app: Starlette, lea: User, database: Database) -> None:
    codes = give_totp(database, lea)
    for status in (303, 422):
        async with visiting(app) as visitor:
            await visitor.log_in()
            await visitor.get("/console/login/code")
            page = await visitor.fill("/console/login/code", {"code": codes[0].upper()})
            assert page.status_code == status
            assert codes[0] not in page.text


async def test_guesses_of_a_code_are_slowed_and_the_owner_s_browser_is_not(
    app: Starlette, lea: User, database: Database
) -> None:
    give_totp(database, lea)
    async with visiting(app) as owner, visiting(app) as thief:
        await owner.log_in()
        await owner.get("/console/login/code")
        await owner.fill("/console/login/code", {"code": code(-1)})
        await thief.log_in()
        for _ in range(FREE["code"]):
            await thief.get("/console/login/code")
            assert (await thief.fill("/console/login/code", {"code": "000000"})).status_code == 422
        await thief.log_in()  # the password again gives no further guesses
        await thief.get("/console/login/code")
        assert (await thief.fill("/console/login/code", {"code": code()})).status_code == 429
        await owner.log_in()
        await owner.get("/console/login/code")
        assert (await owner.fill("/console/login/code", {"code": code()})).status_code == 303


async def test_half_a_session_lasts_ten_minutes(
    visitor: Visitor, lea: User, database: Database, clock: Clock
) -> None:
    give_totp(database, lea)
    await visitor.log_in()
    await visitor.get("/console/login/code")
    fields = visitor.hidden | {"code": code()}
    clock.ahead = timedelta(minutes=10)
    assert (await visitor.get("/console/login/code")).headers["location"] == "/console/login"
    assert (await visitor.post("/console/login/code", fields)).status_code == 401
    assert not await visitor.is_in()


async def test_the_code_needs_the_field_of_its_own_half_session(
    visitor: Visitor, lea: User, database: Database
) -> None:
    give_totp(database, lea)
    await visitor.log_in()
    for csrf in ({}, {"csrf": "x"}, {"csrf": "é"}):
        assert (await visitor.post("/console/login/code", {"code": code(), **csrf})).status_code == 403


async def test_without_the_password_there_is_no_question_for_a_code(visitor: Visitor, lea: User) -> None:
    assert (await visitor.get("/console/login/code")).headers["location"] == "/console/login"
    with_whole = await visitor.log_in()
    assert with_whole.status_code == 303
    assert (await visitor.get("/console/login/code")).headers["location"] == "/console/login"


# The password once more


async def test_whoever_was_away_enters_the_password_again(visitor: Visitor, lea: User, clock: Clock) -> None:
    await visitor.log_in()
    cookie = visitor.cookie
    await visitor.get("/console/account/totp")
    assert visitor.page.status_code == 200
    clock.ahead = timedelta(minutes=11)
    await visitor.get("/console/account/totp")
    assert visitor.page.headers["location"] == "/console/password?next=%2Fconsole%2Faccount%2Ftotp&lang=en"
    await visitor.get(visitor.page.headers["location"])
    fields = visitor.hidden
    assert (await visitor.fill("/console/password", {"password": "wrong"})).status_code == 422
    assert visitor.hidden == fields
    assert "This is not your password." in visitor.page.text
    await visitor.fill("/console/password", {"password": PASSWORD})
    assert (visitor.page.status_code, visitor.page.headers["location"]) == (303, "/console/account/totp")
    assert (await visitor.get("/console/account/totp")).status_code == 200
    assert visitor.cookie == cookie


async def test_a_thief_of_a_session_cannot_guess_the_password_for_ever(visitor: Visitor, lea: User) -> None:
    await visitor.log_in()
    await visitor.get("/console/password")
    fields = visitor.hidden
    for _ in range(FREE["session"]):
        assert (await visitor.post("/console/password", fields | {"password": "wrong"})).status_code == 422
    page = await visitor.post("/console/password", fields | {"password": PASSWORD})
    assert page.status_code == 429
    assert 14 <= int(page.headers["retry-after"]) <= 15


async def test_logging_out_needs_no_password_however_long_somebody_was_away(
    visitor: Visitor, lea: User, clock: Clock
) -> None:
    await visitor.log_in()
    csrf = re.findall(r'name="csrf" value="(\w+)"', (await visitor.get("/console/account")).text)[0]
    clock.ahead = timedelta(days=2)
    page = await visitor.post("/console/logout", {"csrf": csrf})
    assert page.headers["location"] == "/console/login?lang=en"
    assert not await visitor.is_in()


async def test_an_empty_site_says_how_to_begin(visitor: Visitor, database: Database) -> None:
    assert "petitions user create" in (await visitor.get("/console/login")).text
    make_lead(database)
    assert "petitions user create" not in (await visitor.get("/console/login")).text


@pytest.mark.parametrize("people", [1, 3])
async def test_the_log_in_asks_the_store_once(
    visitor: Visitor, site: Site, database: Database, people: int
) -> None:
    for number in range(people):
        make_lead(database, f"Lead{number} Lead")
    with Queries(site.database) as queries:
        await visitor.get("/console/login")
    assert queries.count == 1


async def test_sessions_of_a_closed_account_open_nothing(app: Starlette, lea: User, database: Database) -> None:
    with database.writing() as session:
        identifier = open_session(session, lea.id, "?", utc_now())
    async with visiting(app, petitions=identifier) as visitor:
        assert await visitor.is_in()
        with database.writing() as session:
            session.get_one(User, lea.id).disabled_at = utc_now()
        assert not await visitor.is_in()


async def test_a_body_that_is_no_form_is_refused(visitor: Visitor, lea: User) -> None:
    for path in ("login", "forgot"):
        answer = await visitor.client.post(f"/console/{path}", json={"email": EMAIL}, headers=SAME_ORIGIN)
        assert answer.status_code == 400
