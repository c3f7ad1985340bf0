"""What somebody typed while their session ended is not lost, and leads nowhere else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.clock import utc_now
from petitions.console.returning import keep, kept_in
from petitions.db import Database
from tests.console.entering import SECRET, Clock, Visitor, give_totp, make_lead, visiting
from tests.console.support import PASSWORD, give_role
from tests.console.writing import entries
from tests.factories import make_campaign

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_passwords")]
TYPED = {"name": 'Lea <b>"Lead"</b> & Söhne', "language": "es"}
ACCOUNT = "/console/account?lang=de"


def form_of(fields: Sequence[tuple[str, str]]) -> FormData:
    pairs: list[tuple[str, str | UploadFile]] = list(fields)
    return FormData(pairs)


def name_of(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(User.name)).one()


async def test_what_a_stranger_sends_comes_along_through_the_log_in(
    visitor: Visitor, lea: User, database: Database
) -> None:
    await visitor.post(ACCOUNT, TYPED | {"csrf": "of a session that is over", "old_password": "hidden"})
    assert visitor.page.status_code == 401
    assert "set-cookie" not in visitor.page.headers
    carried = {"next": "/console", "kept_path": ACCOUNT, "kept.name": TYPED["name"], "kept.language": "es"}
    assert visitor.hidden == carried
    await visitor.fill("/console/login", {"email": "lea@example.org", "password": "wrong"})
    assert (visitor.page.status_code, visitor.hidden) == (422, carried)  # a slip loses nothing either
    await visitor.fill("/console/login", {"email": "lea@example.org", "password": PASSWORD})
    assert visitor.page.status_code == 200
    assert f'action="{ACCOUNT}"' in visitor.page.text
    assert "You are logged in again" in visitor.page.text
    assert name_of(database) == "Lea Lead"  # it takes a press
    fields = visitor.hidden
    assert {name: value for name, value in fields.items() if name != "csrf"} == TYPED
    await visitor.fill(ACCOUNT, {})
    assert visitor.page.status_code == 303
    assert name_of(database) == TYPED["name"]


async def test_it_comes_along_through_the_second_factor(visitor: Visitor, lea: User, database: Database) -> None:
    give_totp(database, lea)
    await visitor.post(ACCOUNT, TYPED)
    await visitor.fill("/console/login", {"email": "lea@example.org", "password": PASSWORD})
    await visitor.fill("/console/login/code", {"code": "wrong"})
    assert visitor.hidden["kept.name"] == TYPED["name"]
    await visitor.fill("/console/login/code", {"code": pyotp.TOTP(SECRET).at(utc_now())})
    await visitor.fill(ACCOUNT, {})
    assert name_of(database) == TYPED["name"]


async def test_whoever_was_away_loses_nothing_to_the_password(
    visitor: Visitor, lea: User, database: Database, clock: Clock
) -> None:
    await visitor.log_in()
    await visitor.get("/console/account")
    fields = visitor.hidden | TYPED
    clock.ahead = timedelta(minutes=31)
    await visitor.post(ACCOUNT, fields)
    assert visitor.page.status_code == 403
    assert visitor.hidden["kept.name"] == TYPED["name"]
    assert name_of(database) == "Lea Lead"
    await visitor.fill("/console/password", {"password": "wrong"})
    assert (visitor.page.status_code, visitor.hidden["kept.name"]) == (422, TYPED["name"])
    await visitor.fill("/console/password", {"password": PASSWORD})
    assert f'action="{ACCOUNT}"' in visitor.page.text
    await visitor.fill(ACCOUNT, {})
    assert name_of(database) == TYPED["name"]


async def test_a_form_of_another_session_is_not_carried_through_the_password(
    visitor: Visitor, lea: User, clock: Clock
) -> None:
    await visitor.log_in()
    clock.ahead = timedelta(minutes=31)
    await visitor.post(ACCOUNT, TYPED | {"csrf": "forged"})
    assert visitor.page.status_code == 403
    assert TYPED["language"] not in visitor.hidden.values()
    assert "kept" not in visitor.page.text


async def test_where_the_cookie_names_a_session_that_is_over_its_field_must_fit(
    visitor: Visitor, lea: User, clock: Clock
) -> None:
    await visitor.log_in()
    await visitor.get("/console/account")
    fields = visitor.hidden | TYPED
    clock.ahead = timedelta(days=8)
    await visitor.post(ACCOUNT, fields | {"csrf": "forged"})
    assert (visitor.page.status_code, visitor.hidden) == (401, {"next": "/console"})
    await visitor.post(ACCOUNT, fields)
    assert visitor.hidden["kept.name"] == TYPED["name"]


async def test_who_logged_in_anew_in_another_tab_loses_no_words(
    visitor: Visitor, lea: User, database: Database
) -> None:
    texts = "/console/c/free-boris/texts/en?lang=en"
    give_role(database, make_campaign(database, slug="free-boris").id, lea, Role.EDITOR)
    await visitor.log_in()
    await visitor.get(texts)
    csrf = visitor.page.text.partition('name="csrf" value="')[2].partition('"')[0]
    fields = {"number": "1", "title": "Hours of work", "body": "<b>many & more</b>", "csrf": csrf}
    await visitor.log_in()
    await visitor.post(texts, fields)
    assert visitor.page.status_code == 403
    assert "You logged in anew since you opened that page." in visitor.page.text
    assert f'action="{texts}"' in visitor.page.text
    sent_again = visitor.hidden
    assert {name: value for name, value in sent_again.items() if name != "csrf"} == {
        name: value for name, value in fields.items() if name != "csrf"
    }
    assert sent_again["csrf"] != csrf
    assert entries(database, "campaign.saved") == []  # it takes a press
    await visitor.fill(texts, {})
    assert visitor.page.status_code != 403  # this one counts
    # Of other sites not even the page is made.
    await visitor.post(texts, fields, **{"sec-fetch-site": "cross-site"})
    assert "Hours of work" not in visitor.page.text


async def test_a_form_of_somebody_else_s_session_is_not_offered_again(
    app: Starlette, visitor: Visitor, lea: User, database: Database
) -> None:
    texts = "/console/c/free-boris/texts/en"
    campaign = make_campaign(database, slug="free-boris")
    for user in (lea, make_lead(database, "Mallory Mean")):
        give_role(database, campaign.id, user, Role.EDITOR)
    async with visiting(app) as mallory:
        await mallory.log_in("mallory@example.org")
        await mallory.get(texts)
        foreign = mallory.page.text.partition('name="csrf" value="')[2].partition('"')[0]
    await visitor.log_in()
    for csrf in (foreign, foreign[:32], "", "x" * 64, "é" * 64):
        await visitor.post(texts, {"title": "Owned", "csrf": csrf})
        assert visitor.page.status_code == 403
        assert "Owned" not in visitor.page.text
    await visitor.post(texts, {"title": "Owned"})
    assert (visitor.page.status_code, "Owned" in visitor.page.text) == (403, False)


@pytest.mark.parametrize(
    "path",
    [
        *("account", "account/password", "account/sessions", "account/totp/off", "password", "people", "logout"),
        *("c/free-boris/members", "c/free-boris/members/mine", "c/free-boris/audit/log.csv", "c/free-boris/state"),
        *("c/free-boris/exports", "c/free-boris/texts/en/remove", "log/log.csv"),
    ],
)
async def test_no_form_about_accounts_roles_or_lists_is_offered_again_to_who_logged_in_anew(
    visitor: Visitor, database: Database, path: str
) -> None:
    ada = make_lead(database, "Ada Admin", is_admin=True)
    give_role(database, make_campaign(database, slug="free-boris").id, ada, Role.OWNER)
    await visitor.log_in("ada@example.org")
    await visitor.get("/console/account")
    old = visitor.hidden["csrf"]
    await visitor.log_in("ada@example.org")
    await visitor.post(f"/console/{path}", {"csrf": old, "name": "Grace Given", "email": "g@example.org"})
    assert visitor.page.status_code == 403
    assert "Grace Given" not in visitor.page.text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_another_site_cannot_have_anything_kept(visitor: Visitor, lea: User, site: str) -> None:
    await visitor.post(ACCOUNT, TYPED, **{"sec-fetch-site": site})
    assert visitor.page.status_code == 403
    assert "kept" not in visitor.page.text
    carried = {"kept_path": ACCOUNT, "kept.name": "Owned"}
    await visitor.post(
        "/console/login", {"email": "lea@example.org", "password": PASSWORD, **carried}, **{"sec-fetch-site": site}
    )
    assert visitor.page.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/console",
        "//evil.example/console",
        "/c/free-boris/signatures",
        "/console/../c/free-boris",
        "/console/logout",
        "/console/login",
        "/console/login/code",
        "/console/password",
        "/console/forgot",
        "/console/account/password",
        "/console/account/totp/off",
        "javascript:alert(1)",
        "",
    ],
)
async def test_nothing_is_sent_again_but_to_a_form_of_the_console(visitor: Visitor, lea: User, path: str) -> None:
    await visitor.log_in(kept_path=path, **{"kept.name": "Owned"})
    assert (visitor.page.status_code, visitor.page.headers["location"]) == (303, "/console")


def test_the_order_and_every_value_stay_and_secrets_go() -> None:
    fields = [
        ("b", "1"),
        ("a", "2"),
        ("b", "3"),
        ("csrf", "x"),
        ("CSRF", "x"),
        ("new_Password", "x"),
        ("kept.c", "x"),
    ]
    kept = keep("/console/c/x/texts/en", form_of(fields))
    assert kept is not None
    assert kept.fields == [("b", "1"), ("a", "2"), ("b", "3")]
    assert kept_in(form_of(kept.carried)) == kept
    smuggled = FormData(
        [("kept_path", "/console/c/x"), ("kept.csrf", "x"), ("kept.password", "x"), ("kept.a", "1")]
    )
    carried = kept_in(smuggled)
    assert carried is not None
    assert carried.fields == [("a", "1")]


async def test_a_stranger_s_button_without_fields_or_with_a_strange_body_is_answered(
    visitor: Visitor, lea: User
) -> None:
    bodies: list[dict[str, Any]] = [{"data": {}}, {"json": {"a": 1}}, {"content": b"\xff\x00"}]
    for body in bodies:
        answer = await visitor.client.post(ACCOUNT, headers={"sec-fetch-site": "same-origin"}, **body)
        assert answer.status_code == 401
        assert 'action="/console/login' in answer.text
