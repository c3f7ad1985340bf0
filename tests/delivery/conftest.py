"""Fixtures of the tests of delivery."""

from tests.privacy.conftest import logged

__all__ = ["logged"]
