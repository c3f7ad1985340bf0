"""How many drafts a network sends, counted in windows of time in the store, so that all processes agree."""

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petitions.abuse.models import NetworkCount
from petitions.abuse.networks import KEY_LIFETIME
from petitions.db import insert_for


def count_drafts(
    session: Session, arrivals: Counter[bytes], period: timedelta, now: datetime
) -> Mapping[bytes, float]:
    """Add these arrivals, and return for each network about how many drafts came from it in the last period
    *before* them: the present window, and the one before weighed by how much of it the period still covers.
    """
    window = _window_start(period, now)
    previous = window - period
    networks = sorted(arrivals)  # one order for every writer, so that none waits for another in a ring
    known: dict[tuple[bytes, datetime], int] = {
        (network, start): drafts
        for network, start, drafts in session.execute(
            select(NetworkCount.network, NetworkCount.window_start, NetworkCount.drafts).where(
                NetworkCount.network.in_(networks), NetworkCount.window_start.in_((previous, window))
            )
        )
    }
    statement = insert_for(session, NetworkCount)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["network", "window_start"],
            set_={"drafts": NetworkCount.drafts + statement.excluded.drafts},
        ),
        [{"network": n, "window_start": window, "drafts": arrivals[n]} for n in networks],
    )
    still_covered = 1 - (now - window) / period
    return {
        network: known.get((network, window), 0) + known.get((network, previous), 0) * still_covered
        for network in networks
    }


def write_nothing(session: Session, now: datetime) -> None:
    """Write a row that means nothing and goes like the others, so that this transaction costs what others cost."""
    row = {"network": secrets.token_bytes(16), "window_start": now, "drafts": 0}
    session.connection().execute(insert_for(session, NetworkCount), [row])


def forget_old_counts(session: Session, now: datetime) -> None:
    """Delete the counts whose key is gone."""
    session.execute(delete(NetworkCount).where(NetworkCount.window_start < now - KEY_LIFETIME))


def _window_start(period: timedelta, now: datetime) -> datetime:
    seconds = int(period.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
