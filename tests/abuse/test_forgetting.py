"""Counts go a few at a time, so that a flood of yesterday stops nobody today."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from petitions.abuse import forgetting
from petitions.abuse.forgetting import forget_networks
from petitions.abuse.models import DomainCount, NetworkCount
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("old", [0, 3, 8])
def test_old_counts_go_in_small_steps_and_the_others_stay(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch, old: int
) -> None:
    monkeypatch.setattr(forgetting, "_STEP", 3)
    with database.writing() as session:
        for n in range(old + 4):  # those that stay lie between the others
            days = 3 if n < old else 0
            at = NOON - timedelta(days=days)
            session.add(NetworkCount(network=bytes([255 - n]) * 16, window_start=at, drafts=n))
            session.add(DomainCount(campaign_id=campaign.id, domain=f"{n:02}", day=at.date()))
            if days:
                session.add(NetworkCount(network=bytes([255 - n]) * 16, window_start=NOON, drafts=n))
    steps: list[int] = []

    def note(_connection: object, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("DELETE") and "network_keys" not in statement:
            steps.append(cursor.rowcount)

    event.listen(database.engine, "after_cursor_execute", note)
    forget_networks(database, NOON)
    event.remove(database.engine, "after_cursor_execute", note)
    assert all(0 < rows <= 3 for rows in steps)
    with database.reading() as session:
        oldest = session.scalar(select(func.min(NetworkCount.window_start)))
        assert (oldest, session.scalar(select(func.count()).select_from(NetworkCount))) == (NOON, old + 4)
        assert session.scalar(select(func.min(DomainCount.day))) == NOON.date()
        assert session.scalar(select(func.count()).select_from(DomainCount)) == 4
    assert sum(steps) == 2 * old
