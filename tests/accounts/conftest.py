"""Fixtures: somebody with an account."""

import pytest

from petitions.accounts.models import User
from petitions.db import Database
from tests.console.support import make_user


@pytest.fixture
def user(database: Database) -> User:
    """Lea, who can log in."""
    return make_user(database, "Lea Lead")
