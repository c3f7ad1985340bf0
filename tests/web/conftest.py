"""Fixtures of the tests of what all pages share."""

import asyncio
from collections.abc import Iterator

import pytest

from petitions.app import create_app
from petitions.campaigns.queries import CampaignSnapshot
from petitions.settings import Settings
from tests.web.support import Visitor


@pytest.fixture
def visitor(settings: Settings, campaign: CampaignSnapshot) -> Iterator[Visitor]:
    """Somebody who sends what no browser sends."""
    deaths: list[str] = []
    app = create_app(settings, on_death=lambda: deaths.append("intake"))
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        yield Visitor(app, runner.run)
        runner.run(lifespan.__aexit__(None, None, None))
    assert deaths == []
