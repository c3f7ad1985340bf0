"""What the tests of logging in share: people with real passwords, browsers without a session, a clock that can be
set."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts import totp
from petitions.accounts.models import User
from petitions.accounts.passwords import hash_password
from petitions.audit.models import AuditEntry
from petitions.clock import utc_now
from petitions.console import guard, links, login
from petitions.db import Database
from tests.console.support import PASSWORD, SAME_ORIGIN, make_user

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NETWORK = "192.0.2.1"


def make_lead(database: Database, name: str = "Lea Lead", **changes: Any) -> User:
    """Somebody who can log in with PASSWORD."""
    return make_user(database, name, **{"password_hash": hash_password(PASSWORD)} | changes)


def give_totp(database: Database, user: User) -> list[str]:
    """A second factor with SECRET; the recovery codes."""
    with database.writing() as session:
        codes = totp.turn_on(session, user.id, SECRET, 0)
        assert codes is not None
        return list(codes)


def actions(database: Database) -> list[str]:
    """What was written down."""
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


class Clock:
    """What the console takes for the time."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def set_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (guard, login, links):
            monkeypatch.setattr(module, "utc_now", self)


class Visitor:
    """A browser that keeps its cookies and fills in the forms that it is shown."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.page = httpx.Response(200)

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get("petitions")

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's form in <main>."""
        main = self.page.text.partition("<main")[2]
        tags = re.findall(r"<input\b[^>]*>", main)
        fields = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in tags if 'type="hidden"' in tag]
        return {field["name"]: _unescape(field["value"]) for field in fields}

    async def get(self, url: str) -> httpx.Response:
        self.page = await self.client.get(url)
        return self.page

    async def post(self, url: str, data: dict[str, Any], **headers: str) -> httpx.Response:
        self.page = await self.client.post(url, data=data, headers=SAME_ORIGIN | headers)
        return self.page

    async def fill(self, url: str, data: dict[str, Any]) -> httpx.Response:
        """Send the form of the page that is shown, with its hidden fields."""
        return await self.post(url, self.hidden | data)

    async def log_in(
        self, email: str = "lea@example.org", password: str = PASSWORD, **more: str
    ) -> httpx.Response:
        return await self.post("/console/login", {"email": email, "password": password} | more)

    async def is_in(self) -> bool:
        return (await self.client.get("/console/account")).status_code == 200


def _unescape(text: str) -> str:
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return text


@asynccontextmanager
async def visiting(app: Starlette, network: str = NETWORK, **cookies: str) -> AsyncIterator[Visitor]:
    """A browser that nobody has seen, in a network."""
    transport = httpx.ASGITransport(app=app, client=(network, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as client:
        yield Visitor(client)
