"""The first account of an empty site."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from petitions.accounts.first import check_first_token, create_first, first_link
from petitions.accounts.models import User
from petitions.accounts.users import NewUser
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.ids import new_id
from petitions.settings import Settings
from petitions.tokens import Tokens
from tests.console.support import make_user

NOW = utc_now()


def create(database: Database, email: str) -> bool:
    with database.writing() as session:
        new = NewUser(email, "Fay First", "en", is_admin=True)
        return create_first(session, new, "$argon2id$x", NOW) is not None


def test_only_the_first_gets_it(database: Database) -> None:
    assert create(database, "fay@example.org")
    assert not create(database, "mallory@example.org")
    with database.reading() as session:
        (user,) = session.scalars(select(User))
        assert (user.email, user.is_admin) == ("fay@example.org", True)


def test_where_somebody_has_an_account_nobody_gets_it(database: Database) -> None:
    make_user(database)
    assert not create(database, "mallory@example.org")


def test_of_several_at_once_one_gets_it(database: Database) -> None:
    start = threading.Barrier(4)

    def run(number: int) -> bool:
        start.wait(10)
        return create(database, f"fay{number}@example.org")

    with ThreadPoolExecutor(4) as threads:
        done = [future.result() for future in [threads.submit(run, number) for number in range(4)]]
    assert sorted(done) == [False, False, False, True]


def test_the_link_is_made_from_the_secret_key(settings: Settings) -> None:
    tokens = Tokens(settings.secret_keys)
    url = first_link(settings.base_url, tokens)
    token = url.removeprefix(f"{settings.base_url}/console/first/")
    check_first_token(tokens, token, NOW)
    foreign = first_link("", Tokens(("another" * 8,))).removeprefix("/console/first/")
    for wrong in (foreign, token[:-1], "", tokens.make("first_account", 0, new_id())):
        with pytest.raises(LinkInvalid):
            check_first_token(tokens, wrong, NOW)
