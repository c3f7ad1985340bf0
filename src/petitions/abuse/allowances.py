"""Small allowances: of what is let through only so often in a while, however many ask."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.abuse.models import NetworkCount
from petitions.db import adding

Who = TypeVar("Who", bound=Hashable)


def take_places(
    session: Session, asked: Mapping[Who, Sequence[tuple[bytes, int]]], period: timedelta, now: datetime
) -> set[Who]:
    """Those who get a place, the first first. Each asks under keys of 16 bytes, with how many may have one under
    each in a period. Whoever gets none writes nothing, so a flood waits for no row. Two processes that ask at the
    same moment may each give away the last place."""
    seconds = int(period.total_seconds())
    window = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    covered = {window: 1.0, window - period: 1 - (now - window) / period}
    keys = sorted({key for wants in asked.values() for key, _most in wants})
    if not keys:
        return set(asked)
    taken: dict[bytes, float] = dict.fromkeys(keys, 0.0)
    counts = select(NetworkCount.network, NetworkCount.window_start, NetworkCount.drafts)
    for key, start, count in session.execute(
        counts.where(NetworkCount.network.in_(keys), NetworkCount.window_start.in_(list(covered)))
    ):
        taken[key] += count * covered[start]
    got: set[Who] = set()
    added: Counter[bytes] = Counter()
    for who, wants in asked.items():
        if all(taken[key] + 1 <= most for key, most in wants):
            got.add(who)
            for key, _most in wants:
                taken[key] += 1
                added[key] += 1
    if added:
        session.connection().execute(
            adding(session, NetworkCount, "drafts"),
            [{"network": key, "window_start": window, "drafts": added[key]} for key in sorted(added)],
        )
    return got
