"""How many drafts a network sends, counted in windows of time in the store, so that all processes agree."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, bindparam, or_, select
from sqlalchemy.orm import Session

from petitions.abuse.models import NetworkCount
from petitions.abuse.networks import KEY_LIFETIME
from petitions.db import adding, insert_for

# Built once, over the table and not its class: see signatures/drafting.py.
_counts = cast("Table", NetworkCount.__table__).c
_COUNTS = select(_counts.network, _counts.window_start, _counts.drafts, _counts.held, _counts.confirmed).where(
    _counts.network.in_(bindparam("networks", expanding=True)),
    or_(_counts.window_start.in_(bindparam("windows", expanding=True)), _counts.held > 0),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came from a network."""

    drafts: float = 0  # in the last period, about
    total: int = 0  # all of them since the first that was held, and of the period
    held: int = 0  # of all that we know of it: because their domains had no credit; see abuse/credit.py
    confirmed: int = 0  # since the first of these


_NOTHING = Seen()


def find_counts(
    session: Session, networks: Iterable[bytes], period: timedelta, now: datetime
) -> dict[bytes, Seen]:
    """For each network about how many drafts came from it in the last period: the present window, and the one
    before weighed by how much of it the period still covers."""
    window = _window_start(period, now)
    weights = {window: 1.0, window - period: 1 - (now - window) / period}
    found: dict[bytes, Seen] = {}
    rows = session.connection().execute(_COUNTS, {"networks": sorted(networks), "windows": list(weights)})
    for network, start, drafts, held, confirmed in rows:
        seen = found.get(network, _NOTHING)
        found[network] = Seen(
            seen.drafts + drafts * weights.get(start, 0.0),
            seen.total + drafts,
            seen.held + held,
            max(seen.confirmed, confirmed),
        )
    return found


def add_counts(
    session: Session, arrivals: Mapping[bytes, int], held: Mapping[bytes, int], period: timedelta, now: datetime
) -> None:
    """Add what came from each network just now, and how many of them were held for their domains."""
    if not arrivals:
        return
    window = _window_start(period, now)
    session.connection().execute(
        adding(session, NetworkCount, "drafts", "held"),
        [  # one order for every writer, so that none waits for another in a ring
            {"network": n, "window_start": window, "drafts": arrivals[n], "held": held.get(n, 0)}
            for n in sorted(arrivals)
        ],
    )


def write_nothing(session: Session, now: datetime) -> None:
    """Write a row that means nothing and goes like the others, so that this transaction costs what others cost."""
    row = {"network": secrets.token_bytes(16), "window_start": now, "drafts": 0}
    session.connection().execute(insert_for(session, NetworkCount), [row])


def old_counts(now: datetime) -> ColumnElement[bool]:
    """The counts whose key is gone."""
    return _counts.window_start < now - KEY_LIFETIME


def _window_start(period: timedelta, now: datetime) -> datetime:
    seconds = int(period.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
