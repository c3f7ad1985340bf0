"""What the tests of the console share: people with accounts and roles, and their browsers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import event
from starlette.applications import Starlette

from petitions.accounts.members import set_role
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.accounts.sessions import hash_identifier, open_session
from petitions.accounts.users import NewUser, create_user
from petitions.clock import utc_now
from petitions.console.csrf import csrf_of
from petitions.db import Database

#: Of everybody in the tests who has one; not in any list of common passwords.
PASSWORD = "seven lilac tram stops"
#: A browser says where a form comes from.
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


def make_user(database: Database, name: str = "Lea Lead", **changes: Any) -> User:
    """Somebody who can log in, as far as the store knows."""
    email = changes.pop("email", f"{name.split()[0].lower()}@example.org")
    password_hash = changes.pop("password_hash", "$argon2id$unknown")
    new = NewUser(email=email, name=name, language=changes.pop("language", "en"), **changes)
    with database.writing() as session:
        user = create_user(session, new, utc_now(), password_hash)
        assert user is not None
        session.expunge(user)
    return user


def give_role(database: Database, campaign_id: int, user: User, role: Role) -> None:
    with database.writing() as session:
        set_role(session, campaign_id, user.id, role, utc_now())


class Browser:
    """A browser of somebody; `get` and `post` as they would be sent, `post` with the field that forms carry."""

    def __init__(self, client: httpx.AsyncClient, identifier: str | None) -> None:
        self.client = client
        self.csrf = csrf_of(hash_identifier(identifier)) if identifier else ""

    async def get(self, url: str, **options: Any) -> httpx.Response:
        return await self.client.get(url, **options)

    async def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        fields = {"csrf": self.csrf} | (data or {})
        return await self.client.post(
            url, data=fields, headers=SAME_ORIGIN | options.pop("headers", {}), **options
        )


@asynccontextmanager
async def browser_of(app: Starlette, database: Database, user: User | None) -> AsyncIterator[Browser]:
    """A browser in which somebody is logged in; of a stranger for None."""
    identifier = None
    if user is not None:
        with database.writing() as session:
            identifier = open_session(session, user.id, "Firefox, Linux", utc_now())
    transport = httpx.ASGITransport(app=app)
    cookies = {"petitions": identifier} if identifier else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as client:
        yield Browser(client, identifier)


class Queries:
    """Counts what a store is asked between `with` and its end."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self.count = 0

    def _count(self, _connection: object, _cursor: object, statement: str, *_args: object) -> None:
        self.count += statement != "BEGIN"  # of SQLite's driver alone

    def __enter__(self) -> "Queries":
        event.listen(self._engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)
