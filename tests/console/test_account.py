"""Somebody's own account."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import unquote

import pyotp
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.models import RecoveryCode, User, UserSession
from petitions.accounts.passwords import verify_password
from petitions.accounts.sessions import open_session
from petitions.accounts.throttling import FREE
from petitions.accounts.totp import count_recovery_codes, turn_on
from petitions.clock import utc_now
from petitions.db import Database
from petitions.web.site import Site
from tests.console.entering import SECRET, Clock, Visitor, actions, give_totp, make_lead, visiting
from tests.console.support import PASSWORD, SAME_ORIGIN, Queries

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_passwords")]
NEW = "four copper evening bells"
CHANGE = {"old_password": PASSWORD, "password": NEW, "again": NEW}


@pytest.fixture
async def visitor(app: Starlette, lea: User) -> AsyncIterator[Visitor]:
    """Lea's browser, logged in."""
    async with visiting(app) as visitor:
        await visitor.log_in()
        await visitor.get("/console/account")
        yield visitor


def kept(database: Database, user: User) -> User:
    with database.reading() as session:
        return session.get_one(User, user.id)


def csrf(visitor: Visitor) -> dict[str, str]:
    return {"csrf": visitor.hidden["csrf"]}


async def code_page(visitor: Visitor) -> str:
    """The page with a new secret; the secret."""
    await visitor.get("/console/account/totp")
    return visitor.hidden["secret"]


# Name and language


async def test_a_name_and_a_language_are_saved(visitor: Visitor, lea: User, database: Database) -> None:
    await visitor.fill("/console/account", {"name": "  Léa   Lead ", "language": "fr"})
    assert visitor.page.headers["location"] == "/console/account?saved=name&lang=fr"
    assert (kept(database, lea).name, kept(database, lea).language) == ("Léa Lead", "fr")
    assert (await visitor.get("/console/account")).headers["content-language"] == "fr"
    assert actions(database)[1:] == ["account.name_changed"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"language": "xx"}, "language"),
        ({"language": ""}, "language"),
    ],
)
async def test_a_wrong_name_or_language_is_said_beside_its_field(
    visitor: Visitor, lea: User, database: Database, wrong: dict[str, str], field: str
) -> None:
    await visitor.fill("/console/account", {"name": "Léa", "language": "fr"} | wrong)
    assert visitor.page.status_code == 422
    assert f'id="f-{field}-error"' in visitor.page.text
    assert "Léa" in visitor.page.text or field == "name"
    assert kept(database, lea).name == "Lea Lead"


# Password


async def test_another_password_logs_every_other_browser_out(
    app: Starlette, visitor: Visitor, lea: User, database: Database
) -> None:
    async with visiting(app) as thief:
        await thief.log_in()
        await visitor.post("/console/account/password", csrf(visitor) | CHANGE)
        assert visitor.page.headers["location"] == "/console/account?saved=password&lang=en"
        assert await visitor.is_in()
        assert not await thief.is_in()
    assert verify_password(kept(database, lea).password_hash, NEW)
    assert kept(database, lea).link_epoch == 1  # a link in a mailbox that was read by somebody is dead
    assert "account.password_changed" in actions(database)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"old_password": "a wrong password"}, "old_password"),
        ({"old_password": ""}, "old_password"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "Lea Lead 123456", "again": "Lea Lead 123456"}, "password"),
        ({"again": "another"}, "again"),
    ],
)
async def test_a_wrong_change_is_said_beside_its_field(
    visitor: Visitor, lea: User, database: Database, wrong: dict[str, str], field: str
) -> None:
    before = kept(database, lea).password_hash
    await visitor.post("/console/account/password", csrf(visitor) | CHANGE | wrong)
    assert visitor.page.status_code == 422
    assert f'id="f-{field}-error"' in visitor.page.text
    assert NEW not in visitor.page.text
    assert PASSWORD not in visitor.page.text
    assert kept(database, lea).password_hash == before


async def test_the_old_password_cannot_be_guessed_for_ever(visitor: Visitor, lea: User) -> None:
    fields = csrf(visitor) | CHANGE
    for _ in range(FREE["session"]):
        page = await visitor.post("/console/account/password", fields | {"old_password": "a wrong password"})
        assert page.status_code == 422
    assert (await visitor.post("/console/account/password", fields)).status_code == 429


async def test_after_half_an_hour_away_a_change_asks_for_the_password(
    visitor: Visitor, lea: User, database: Database, clock: Clock
) -> None:
    fields = visitor.hidden | {"name": "Owned", "language": "en"}
    clock.ahead = timedelta(minutes=31)
    for path in ("account", "account/password", "account/sessions", "account/totp", "account/totp/off"):
        assert (await visitor.post(f"/console/{path}", fields)).status_code == 403, path
    assert kept(database, lea).name == "Lea Lead"


# Second factor


async def test_it_is_on_after_a_code_of_the_app(visitor: Visitor, lea: User, database: Database) -> None:
    secret = await code_page(visitor)
    assert " ".join(re.findall("....", secret)) in visitor.page.text
    assert kept(database, lea).totp_secret is None
    await visitor.fill("/console/account/totp", {"code": pyotp.TOTP(secret).at(utc_now())})
    assert visitor.page.status_code == 200
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", visitor.page.text)
    assert len(codes) == 10
    assert kept(database, lea).totp_secret == secret
    assert "account.totp_on" in actions(database)
    assert secret not in (await visitor.get("/console/account")).text
    assert not any(code in visitor.page.text for code in codes)
    assert (await visitor.get("/console/account/totp")).status_code == 303


async def test_the_picture_holds_the_secret(visitor: Visitor) -> None:
    await code_page(visitor)
    (picture,) = re.findall(r'src="(data:image/svg[^"]+)"', visitor.page.text)
    assert "<path" in unquote(picture)
    assert "img-src 'self' data:" in visitor.page.headers["content-security-policy"]


async def test_a_wrong_code_turns_nothing_on_and_keeps_the_secret(
    visitor: Visitor, lea: User, database: Database
) -> None:
    secret = await code_page(visitor)
    for code in ("", "000000", "x" * 100):
        await visitor.fill("/console/account/totp", {"code": code})
        assert visitor.page.status_code == 422
        assert 'id="f-code-error"' in visitor.page.text
        assert visitor.hidden["secret"] == secret
    assert kept(database, lea).totp_secret is None


async def test_a_weak_secret_of_somebody_else_is_not_taken(
    visitor: Visitor, lea: User, database: Database
) -> None:
    await code_page(visitor)
    fields = visitor.hidden | {"code": "000000"}
    for secret in ("", "AAAA", "a" * 32):
        await visitor.post("/console/account/totp", fields | {"secret": secret})
        assert visitor.page.status_code == 400
    assert kept(database, lea).totp_secret is None


async def test_a_second_factor_that_is_on_is_not_replaced(visitor: Visitor, lea: User, database: Database) -> None:
    """A stolen session must not exchange it for the thief's."""
    secret = await code_page(visitor)
    fields = visitor.hidden | {"code": pyotp.TOTP(secret).at(utc_now())}
    give_totp(database, lea)
    await visitor.post("/console/account/totp", fields)
    assert visitor.page.status_code == 303
    assert kept(database, lea).totp_secret == SECRET


async def test_of_two_tabs_one_turns_it_on(visitor: Visitor, lea: User, database: Database) -> None:
    """Both were shown a secret and looked before either wrote."""
    tabs = []
    for _ in range(2):
        secret = await code_page(visitor)
        tabs.append(visitor.hidden | {"code": pyotp.TOTP(secret).at(utc_now())})
    sent = [visitor.client.post("/console/account/totp", data=tab, headers=SAME_ORIGIN) for tab in tabs]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [200, 303]
    (shown,) = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    assert kept(database, lea).totp_secret == tabs[shown]["secret"]
    assert actions(database).count("account.totp_on") == 1
    with database.writing() as session:  # however the two came one after the other
        assert turn_on(session, lea.id, SECRET, 0) is None
    assert kept(database, lea).totp_secret == tabs[shown]["secret"]
    with database.reading() as session:
        assert count_recovery_codes(session, lea.id) == 10


async def test_turning_it_on_logs_every_other_browser_out(app: Starlette, visitor: Visitor, lea: User) -> None:
    async with visiting(app) as thief:
        await thief.log_in()
        secret = await code_page(visitor)
        await visitor.fill("/console/account/totp", {"code": "000000"})
        assert await thief.is_in()
        await visitor.fill("/console/account/totp", {"code": pyotp.TOTP(secret).at(utc_now())})
        assert visitor.page.status_code == 200
        assert not await thief.is_in()
    assert await visitor.is_in()


async def test_the_password_turns_it_off(visitor: Visitor, lea: User, database: Database, clock: Clock) -> None:
    give_totp(database, lea)
    fields = csrf(visitor)
    clock.ahead = timedelta(minutes=11)
    await visitor.post("/console/account/totp/off", fields)
    assert visitor.page.status_code == 403
    assert kept(database, lea).totp_secret == SECRET
    await visitor.get("/console/password")
    await visitor.fill("/console/password", {"password": PASSWORD})
    await visitor.post("/console/account/totp/off", fields)
    assert visitor.page.headers["location"] == "/console/account?saved=totp_off&lang=en"
    assert kept(database, lea).totp_secret is None
    with database.reading() as session:
        assert session.scalars(select(RecoveryCode)).all() == []
    assert actions(database)[-1] == "account.totp_off"


async def test_new_recovery_codes_are_shown_once(visitor: Visitor, lea: User, database: Database) -> None:
    old = give_totp(database, lea)
    await visitor.post("/console/account/recovery", csrf(visitor))
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", visitor.page.text)
    assert len(codes) == 10
    assert not set(codes) & set(old)
    with database.reading() as session:
        assert count_recovery_codes(session, lea.id) == 10
    assert "You have 10 recovery codes left." in (await visitor.get("/console/account")).text


async def test_without_a_second_factor_there_are_no_recovery_codes(
    visitor: Visitor, lea: User, database: Database
) -> None:
    await visitor.post("/console/account/recovery", csrf(visitor))
    assert visitor.page.status_code == 303
    with database.reading() as session:
        assert count_recovery_codes(session, lea.id) == 0


# Browsers


async def test_a_stolen_session_can_be_closed(
    app: Starlette, visitor: Visitor, lea: User, database: Database
) -> None:
    async with visiting(app) as thief:
        await thief.log_in()
        await visitor.get("/console/account")
        (key,) = re.findall(r'name="browser"\s+value="(\w{20})"', visitor.page.text)
        await visitor.post("/console/account/sessions", csrf(visitor) | {"browser": key})
        assert visitor.page.headers["location"] == "/console/account?saved=closed&lang=en"
        assert not await thief.is_in()
    assert await visitor.is_in()
    assert actions(database)[-1] == "account.session_closed"


async def test_all_others_can_be_closed_at_once(app: Starlette, visitor: Visitor, lea: User) -> None:
    async with visiting(app) as one, visiting(app) as two:
        await one.log_in()
        await two.log_in()
        await visitor.post("/console/account/sessions", csrf(visitor) | {"browser": "others"})
        assert [await one.is_in(), await two.is_in(), await visitor.is_in()] == [False, False, True]


async def test_nobody_closes_a_browser_of_somebody_else(
    app: Starlette, visitor: Visitor, database: Database
) -> None:
    make_lead(database, "Otto Other")
    async with visiting(app) as otto, visiting(app) as again:
        await otto.log_in("otto@example.org")
        await again.log_in("otto@example.org")
        await again.get("/console/account")
        (key,) = re.findall(r'name="browser"\s+value="(\w{20})"', again.page.text)
        fields = csrf(visitor)
        for browser in (key, "others", "", "x"):
            await visitor.post("/console/account/sessions", fields | {"browser": browser})
            assert visitor.page.status_code == 303
        assert await otto.is_in()
        assert await again.is_in()


async def test_the_page_tells_nothing_that_opens_another_browser(
    app: Starlette, visitor: Visitor, database: Database
) -> None:
    async with visiting(app) as other:
        await other.log_in()
        page = (await visitor.get("/console/account")).text
        with database.reading() as session:
            hashes = [row.id_hash.hex() for row in session.scalars(select(UserSession))]
        assert len(hashes) == 2
        for secret in (*hashes, other.cookie or "?", visitor.cookie or "?"):
            assert secret not in page


@pytest.mark.parametrize("browsers", [1, 3])
async def test_the_page_asks_the_store_three_times(
    visitor: Visitor, site: Site, lea: User, database: Database, browsers: int
) -> None:
    with database.writing() as session:
        for _ in range(browsers - 1):
            open_session(session, lea.id, "Firefox, Linux", utc_now())
    with Queries(site.database) as queries:
        await visitor.get("/console/account")
    assert queries.count == 3
    assert len(re.findall("Last used on", visitor.page.text)) == browsers
