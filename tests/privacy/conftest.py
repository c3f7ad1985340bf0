"""Fixtures of the tests of privacy."""

import logging
from collections.abc import Iterator

import pytest

from tests.privacy.support import Logged


@pytest.fixture
def logged() -> Iterator[Logged]:
    """What the program logs during the test."""
    handler, logger = Logged(), logging.getLogger("petitions")
    level = logger.level
    logger.setLevel("DEBUG")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
