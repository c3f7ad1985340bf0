"""Fixtures: an owner, and their browser."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from petitions.accounts import passwords
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from tests.console.entering import Clock, Visitor, make_lead, visiting
from tests.console.support import Browser, browser_of, give_role, make_user


@pytest.fixture
def app(app_and_client: tuple[Starlette, httpx.AsyncClient]) -> Starlette:
    return app_and_client[0]


@pytest.fixture
def owner(database: Database, campaign: CampaignSnapshot) -> User:
    """Owns the campaign of the fixture `campaign`."""
    user = make_user(database, "Olga Owner")
    give_role(database, campaign.id, user, Role.OWNER)
    return user


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes of the same kind that take no time: hundreds are made."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    passwords._no_password.cache_clear()
    yield
    passwords._no_password.cache_clear()


@pytest.fixture
async def browser(app: Starlette, database: Database, owner: User) -> AsyncIterator[Browser]:
    """The owner's."""
    async with browser_of(app, database, owner) as browser:
        yield browser


@pytest.fixture
def lea(database: Database) -> User:
    """Somebody who can log in with PASSWORD."""
    return make_lead(database)


@pytest.fixture
async def visitor(app: Starlette) -> AsyncIterator[Visitor]:
    """A browser without a session."""
    async with visiting(app) as visitor:
        yield visitor


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of log-ins, to be set."""
    clock = Clock()
    clock.set_to(monkeypatch)
    return clock
