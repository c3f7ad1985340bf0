"""Closing accounts: the last administrator stays."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.accounts.closing import disable, enable
from petitions.accounts.models import User, UserSession
from petitions.accounts.sessions import find_login, open_session
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LastAdministrator
from tests.console.support import make_user

NOW = utc_now()


def count_admins(session: Session) -> int:
    """Administrators who can log in."""
    able = (User.is_admin, User.disabled_at.is_(None), User.password_hash.is_not(None))
    return session.scalar(select(func.count()).where(*able)) or 0


def close(database: Database, user: User) -> bool:
    with database.writing() as session:
        return disable(session, user.id, NOW) is not None


def test_a_closed_account_is_logged_out_and_stays_out(database: Database, user: User) -> None:
    with database.writing() as session:
        identifier = open_session(session, user.id, "Firefox, Linux", NOW)
    assert close(database, user)
    assert not close(database, user)
    with database.writing() as session:
        assert session.scalars(select(UserSession)).all() == []
        later = open_session(session, user.id, "Firefox, Linux", NOW)  # begun in the same moment
    with database.writing() as session:
        assert find_login(session, identifier, NOW) is None
        assert find_login(session, later, NOW) is None
        assert enable(session, user.id) is not None
        assert enable(session, user.id) is None
        assert session.get_one(User, user.id).link_epoch == 1


def test_the_last_administrator_who_can_log_in_stays(database: Database) -> None:
    ada = make_user(database, "Ada Admin", is_admin=True)
    eve = make_user(database, "Eve Admin", is_admin=True)
    make_user(database, "Ina Invited", is_admin=True, password_hash=None)
    assert close(database, eve)
    with pytest.raises(LastAdministrator):
        close(database, ada)
    with database.reading() as session:
        assert count_admins(session) == 1


def test_two_who_close_each_other_at_once_do_not_both_succeed(database: Database) -> None:
    ada, eve = (make_user(database, name, is_admin=True) for name in ("Ada Admin", "Eve Admin"))
    with ThreadPoolExecutor(1) as threads:
        with database.writing() as session:
            assert disable(session, eve.id, NOW) is not None
            other = threads.submit(close, database, ada)
            # Whoever looks without a lock still sees two, and is done before this one commits.
            wait([other], timeout=0.5)
        with pytest.raises(LastAdministrator):
            other.result(10)
    with database.reading() as session:
        assert count_admins(session) == 1
