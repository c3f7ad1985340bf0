"""The fonts of this machine, opened once."""

import pytest

from petitions.pdf.fonts import Shelf


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return Shelf(None)
