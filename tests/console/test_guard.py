"""Who may open a page of the console."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import anyio
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from petitions.accounts.appointing import dismiss
from petitions.accounts.models import User, UserSession
from petitions.accounts.roles import Role
from petitions.accounts.users import find_user
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from tests.console.support import SAME_ORIGIN, Browser, browser_of, give_role, make_user


@pytest.mark.anyio
async def test_a_stranger_is_led_to_the_log_in(app: Starlette, database: Database) -> None:
    async with browser_of(app, database, None) as stranger:
        answer = await stranger.get("/console?lang=es")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/login?next=%2Fconsole%3Flang%3Des&lang=es"


@pytest.mark.anyio
async def test_an_owner_sees_their_campaigns(browser: Browser, campaign: CampaignSnapshot) -> None:
    answer = await browser.get("/console")
    assert answer.status_code == 200
    assert campaign.statements["en"].title in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.anyio
async def test_reading_with_a_session_that_was_left_alone_is_seen_and_makes_it_no_more_active(
    app: Starlette, database: Database, owner: User
) -> None:
    def moments() -> tuple[datetime, datetime, datetime]:
        with database.reading() as session:
            row = session.scalars(select(UserSession)).one()
            return row.seen_at, row.active_at, row.password_at

    async with browser_of(app, database, owner) as thief:
        left = utc_now() - timedelta(hours=2)
        with database.writing() as session:
            session.execute(update(UserSession).values(seen_at=left, active_at=left, password_at=left))
        before = utc_now()
        for _ in range(3):  # the first leaves its trace, and those after it are no less idle
            assert (await thief.get("/console")).status_code == 200
            seen, *others = moments()
            assert seen >= before
            assert others == [left, left]
            assert (await thief.post("/console/account", {"name": "Owned", "language": "en"})).status_code == 403


@pytest.mark.anyio
async def test_who_works_on_stays_active_and_is_written_down_once_a_minute(
    app: Starlette, database: Database, owner: User
) -> None:
    async with browser_of(app, database, owner) as browser:
        for minutes, is_written in ((0.9, False), (1.1, True), (29, True)):
            then = utc_now() - timedelta(minutes=minutes)
            with database.writing() as session:
                long_ago = then - timedelta(hours=5)
                session.execute(update(UserSession).values(seen_at=then, active_at=then, password_at=long_ago))
            answer = await browser.post("/console/account", {"name": "Olga Owner", "language": "en"})
            assert answer.status_code == 303
            with database.reading() as session:
                row = session.scalars(select(UserSession)).one()
                assert (row.seen_at > then, row.active_at > then) == (is_written, is_written)


@pytest.mark.anyio
async def test_whoever_holds_back_the_end_of_a_form_may_do_no_more_than_at_its_end(
    app: Starlette, database: Database, campaign: CampaignSnapshot, owner: User
) -> None:
    leaver = make_user(database, "Lou Leaver")
    give_role(database, campaign.id, leaver, Role.OWNER)

    async def slow_form(csrf: str) -> AsyncIterator[bytes]:
        yield f"csrf={csrf}&email=accomplice%40example.org&".encode()
        for _ in range(5):  # the server has the head of the request, and whatever it looks up with it
            await anyio.lowlevel.checkpoint()
        await anyio.to_thread.run_sync(dismiss_leaver)
        yield b"name=Ann+Accomplice&role=owner"

    def dismiss_leaver() -> None:
        with database.writing() as session:
            dismiss(session, campaign.id, leaver.id)

    async with browser_of(app, database, leaver) as browser:
        headers = SAME_ORIGIN | {"content-type": "application/x-www-form-urlencoded"}
        answer = await browser.client.post(
            "/console/c/free-boris/members", content=slow_form(browser.csrf), headers=headers
        )
    assert answer.status_code == 404
    with database.reading() as session:
        assert find_user(session, "accomplice@example.org") is None
