"""Everybody with an account, for administrators."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.invitations import INVITATION
from petitions.accounts.models import User
from petitions.addresses import make_email_key
from petitions.audit.models import AuditEntry
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.web.site import Site
from tests.console.entering import Clock, Visitor, actions, make_lead, visiting
from tests.console.support import Queries, make_user

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_passwords")]
PEOPLE = "/console/people"


@pytest.fixture
def ada(database: Database) -> User:
    return make_lead(database, "Ada Admin", is_admin=True)


@pytest.fixture
async def visitor(app: Starlette, ada: User) -> AsyncIterator[Visitor]:
    """Ada's browser, logged in."""
    async with visiting(app) as visitor:
        await visitor.log_in("ada@example.org")
        await visitor.get(PEOPLE)
        yield visitor


def kept(database: Database, user: User) -> User:
    with database.reading() as session:
        return session.get_one(User, user.id)


def mails(database: Database) -> list[Outbox]:
    with database.reading() as session:
        return list(session.scalars(select(Outbox)))


async def act(visitor: Visitor, user: User, action: str) -> int:
    csrf = re.findall(r'name="csrf" value="(\w+)"', (await visitor.get(PEOPLE)).text)[0]
    return (await visitor.post(f"{PEOPLE}/{user.id}", {"csrf": csrf, "action": action})).status_code


async def test_an_invitation_makes_an_account_and_a_mail(visitor: Visitor, site: Site, ada: User) -> None:
    fields = {"email": "Nina@example.org", "name": "Nina New", "is_admin": "y"}
    await visitor.fill(PEOPLE, fields)
    assert visitor.page.headers["location"] == f"{PEOPLE}?saved=invited&lang=en"
    with site.database.reading() as session:
        nina = session.scalars(select(User).where(User.email == "nina@example.org")).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.invited")).one()
    assert (nina.name, nina.is_admin, nina.invited_by, nina.password_hash) == ("Nina New", True, "Ada Admin", None)
    (mail,) = mails(site.database)
    key = make_email_key("nina@example.org", site.settings.email_key)
    assert (mail.kind, mail.subject_id, mail.email_key, mail.campaign_id) == (INVITATION, nina.id, key, None)
    assert (entry.user_id, entry.details) == (ada.id, {"user": str(nina.id), "is_admin": True})
    await visitor.get(PEOPLE)
    assert "invited, not here yet" in visitor.page.text


async def test_without_the_tick_nobody_becomes_an_administrator(visitor: Visitor, database: Database) -> None:
    await visitor.fill(PEOPLE, {"email": "nina@example.org", "name": "Nina New"})
    with database.reading() as session:
        assert not session.scalars(select(User).where(User.email == "nina@example.org")).one().is_admin


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nina@"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "ADA@example.org"}, "email"),  # has an account
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
    ],
)
async def test_a_wrong_invitation_is_said_beside_its_field(
    visitor: Visitor, database: Database, wrong: dict[str, str], field: str
) -> None:
    await visitor.fill(PEOPLE, {"email": "nina@example.org", "name": "Nina New", "is_admin": "y"} | wrong)
    assert visitor.page.status_code == 422
    assert f'id="f-{field}-error"' in visitor.page.text
    assert ("Nina New" in visitor.page.text) == (field == "email")
    assert re.search(r'name="is_admin"\s+value="y"\s+checked', visitor.page.text)
    assert mails(database) == []


async def test_whoever_waits_can_be_invited_again_three_times_a_day(visitor: Visitor, database: Database) -> None:
    await visitor.fill(PEOPLE, {"email": "nina@example.org", "name": "Nina New"})
    with database.reading() as session:
        nina = session.scalars(select(User).where(User.email == "nina@example.org")).one()
    assert [await act(visitor, nina, "invite") for _ in range(3)] == [303, 303, 422]
    assert "three invitations within a day" in visitor.page.text
    assert len(mails(database)) == 3
    assert kept(database, nina).link_epoch == 3


async def test_a_closed_account_is_out_at_once_and_can_be_opened_again(
    app: Starlette, visitor: Visitor, database: Database
) -> None:
    lea = make_lead(database)
    async with visiting(app) as hers:
        await hers.log_in()
        assert await act(visitor, lea, "disable") == 303
        assert not await hers.is_in()
        assert (await hers.log_in()).status_code == 422
        assert await act(visitor, lea, "enable") == 303
        assert not await hers.is_in()
        assert (await hers.log_in()).status_code == 303
    assert [name for name in actions(database) if name.endswith("abled")] == [
        "account.disabled",
        "account.enabled",
    ]


async def test_an_administrator_says_who_may_start_campaigns(visitor: Visitor, database: Database) -> None:
    await visitor.fill(PEOPLE, {"email": "nina@example.org", "name": "Nina New"})
    with database.reading() as session:
        assert session.scalars(select(User).where(User.email == "nina@example.org")).one().may_start
    lea = make_lead(database)
    assert "may start no campaigns" not in (await visitor.get(PEOPLE)).text
    for _ in range(2):
        assert await act(visitor, lea, "may_not_start") == 303
        assert not kept(database, lea).may_start
    assert "may start no campaigns" in (await visitor.get(PEOPLE)).text
    assert await act(visitor, lea, "may_start") == 303
    assert kept(database, lea).may_start
    assert [name for name in actions(database) if "start" in name] == [
        "account.may_not_start",
        "account.may_start",
    ]


async def test_the_last_administrator_cannot_close_their_own_account(
    visitor: Visitor, database: Database, ada: User
) -> None:
    assert await act(visitor, ada, "disable") == 422
    assert "This is the last administrator who can log in." in visitor.page.text
    assert kept(database, ada).disabled_at is None
    make_lead(database, "Eve Admin", is_admin=True)
    assert await act(visitor, ada, "disable") == 303
    assert not await visitor.is_in()


async def test_nobody_with_a_password_is_invited_again(visitor: Visitor, database: Database) -> None:
    lea = make_lead(database)
    assert await act(visitor, lea, "invite") == 404
    assert mails(database) == []


@pytest.mark.parametrize("action", ["", "promote", "delete"])
async def test_what_no_button_sends_does_nothing(
    visitor: Visitor, database: Database, ada: User, action: str
) -> None:
    assert await act(visitor, ada, action) == 404
    for known in ("invite", "may_start"):
        assert await act(visitor, User(id=new_id()), known) == 404
    assert kept(database, ada).disabled_at is None


async def test_to_everybody_else_the_page_does_not_exist(app: Starlette, database: Database, ada: User) -> None:
    make_lead(database)
    async with visiting(app) as visitor:
        await visitor.log_in()
        assert (await visitor.get(PEOPLE)).status_code == 404
        csrf = re.findall(r'name="csrf" value="(\w+)"', (await visitor.get("/console/account")).text)[0]
        for path, fields in ((PEOPLE, {"email": "m@example.org", "name": "M"}), (f"{PEOPLE}/{ada.id}", {})):
            answer = await visitor.post(path, {"csrf": csrf, "action": "disable"} | fields)
            assert answer.status_code == 404
    assert kept(database, ada).disabled_at is None
    assert mails(database) == []


async def test_the_password_is_asked_for_again(
    visitor: Visitor, database: Database, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lea = make_lead(database)
    fields = {"csrf": visitor.hidden["csrf"], "action": "disable"}
    clock = Clock()
    clock.set_to(monkeypatch)
    clock.ahead = timedelta(minutes=11)
    assert (await visitor.get(PEOPLE)).headers["location"] == "/console/password?next=%2Fconsole%2Fpeople&lang=en"
    assert (await visitor.post(f"{PEOPLE}/{lea.id}", fields)).status_code == 403
    assert kept(database, lea).disabled_at is None


async def test_a_name_is_text_and_nothing_else(visitor: Visitor, database: Database) -> None:
    make_user(database, "<script>alert(1)</script>", email="x@example.org")
    page = (await visitor.get(PEOPLE)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("people", [1, 3])
async def test_the_page_asks_the_store_twice(
    visitor: Visitor, site: Site, database: Database, people: int
) -> None:
    for number in range(people):
        make_user(database, f"Lead{number} Lead")
    closed = make_user(database, "Cleo Closed")
    with database.writing() as session:
        session.get_one(User, closed.id).disabled_at = utc_now()
    with Queries(site.database) as queries:
        await visitor.get(PEOPLE)
    assert queries.count == 2
    assert len(re.findall(r"@example\.org</bdi>", visitor.page.text)) == people + 2
    assert visitor.page.text.rindex("Cleo Closed") > visitor.page.text.rindex("Lead0 Lead")
