"""The worker does all of it by itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database, Fact
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.worker import work
from tests.console.support import give_role, make_user
from tests.factories import sign
from tests.watching.support import HOUR, add_mail, alerts, flows


@pytest.mark.anyio
async def test_a_worker_watches_and_tells(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    give_role(database, campaign.id, make_user(database, "Olga Owner"), Role.OWNER)
    for number in range(40):
        sign(database, settings, campaign, email=f"a{number}@flood.example")
    add_mail(database, campaign, utc_now() - HOUR, sent_at=utc_now() - HOUR)
    mailbox, stop = tmp_path / "mailbox", asyncio.Event()
    mailbox.mkdir()
    working = asyncio.create_task(work(replace(settings, mailbox_dir=mailbox), database, stop))

    def is_done() -> bool:
        with database.reading() as session:
            tally = session.scalars(select(Tally)).one()
            told = select(func.count()).where(Outbox.kind == "alert", Outbox.sent_at.is_not(None))
            shown = session.scalar(select(Fact.value).where(Fact.name == "sources_shown"))
            return bool(session.scalar(told) and tally.looked_at and tally.recounted_at and shown)

    async with asyncio.timeout(20):
        while not (flows(database) and is_done()):
            assert not working.done()
            await asyncio.sleep(0.02)
    stop.set()
    await working
    assert [(alert.kind, alert.label) for alert in alerts(database)] == [("domain", "flood.example")]
    assert any(b"addresses at flood[.]example" in file.read_bytes() for file in mailbox.iterdir())
