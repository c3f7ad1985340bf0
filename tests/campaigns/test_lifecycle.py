"""When a campaign takes signatures."""

from datetime import UTC, datetime, timedelta

import pytest

from petitions.campaigns.lifecycle import may_confirm, status_at

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "status"),
    [
        (None, None, "open"),
        (NOON, None, "open"),
        (NOON + SECOND, None, "upcoming"),
        (None, NOON + SECOND, "open"),
        (None, NOON, "closed"),
        (NOON - DAY, NOON - SECOND, "closed"),
        (NOON + DAY, NOON + 2 * DAY, "upcoming"),
    ],
)
def test_the_state_of_a_campaign(opens_at: datetime | None, closes_at: datetime | None, status: str) -> None:
    assert status_at(opens_at, closes_at, NOON) == status


@pytest.mark.parametrize(
    ("closes_at", "drafted_at", "allowed"),
    [
        (None, NOON - 29 * DAY, True),
        (NOON + SECOND, NOON, True),
        (NOON, NOON - SECOND, True),
        (NOON - DAY + SECOND, NOON - DAY, True),
        (NOON - DAY, NOON - DAY - SECOND, False),
        (NOON - SECOND, NOON - SECOND, False),
    ],
)
def test_a_draft_may_be_confirmed_for_a_day_after_the_closing(
    closes_at: datetime | None, drafted_at: datetime, allowed: bool
) -> None:
    assert may_confirm(closes_at, drafted_at, NOON) is allowed
