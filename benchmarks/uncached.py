"""Questions to the public list that nobody asked before: each is worked out by the store."""

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from random import Random
from statistics import quantiles
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select

from benchmarks.options import BenchmarkError
from benchmarks.requests import browser_headers
from benchmarks.seeding import SLUG
from benchmarks.servers import Server
from benchmarks.stores import Store
from petitions.campaigns.queries import CampaignSnapshot
from petitions.signatures.models import SignatureWord

_PATH = f"/c/{SLUG}/signatures"
_QUESTIONS = 100
_NOBODY = "zzz"  # no name begins so


def time_questions(server: Server, store: Store, campaign: CampaignSnapshot, signatures: int) -> dict[str, Any]:
    """For each kind of question the milliseconds of single requests, one after the other."""
    random = Random(1889)
    rare, common = _find_words(store, campaign)
    next_rare = cycle(rare)

    def key() -> str:
        """Where a page of the search for the common word may begin."""
        return f"{random.randrange(signatures // 2)}.{quote(common)}"

    kinds: dict[str, Callable[[], str]] = {
        "list_deep": lambda: f"from={random.randrange(60, signatures)}",
        "search_rare": lambda: f"q={quote(next(next_rare))}",
        "search_common": lambda: f"q={quote(common)}&from={key()}",
        # Looks at as many names as a search may.
        "search_two_words": lambda: f"q={quote(common)}+{_NOBODY}&from={key()}",
    }
    return {kind: _time(server, make) for kind, make in kinds.items()}


def _find_words(store: Store, campaign: CampaignSnapshot) -> tuple[Sequence[str], str]:
    """Words that the fewest names have, and the one that the most have."""
    words = select(SignatureWord.word).where(SignatureWord.campaign_id == campaign.id).group_by(SignatureWord.word)
    with store.opened() as database, database.reading() as session:
        rare = session.scalars(words.order_by(func.count(), SignatureWord.word).limit(_QUESTIONS)).all()
        common = session.scalars(words.order_by(func.count().desc(), SignatureWord.word).limit(1)).one()
    return rare, common


def _time(server: Server, make: Callable[[], str]) -> dict[str, Any]:
    times = sorted(_ask(server, (make() for _ in range(_QUESTIONS))))
    percentiles = quantiles(times, n=100, method="inclusive")
    return {"p50_ms": round(percentiles[49], 2), "p99_ms": round(percentiles[98], 2), "requests": len(times)}


def _ask(server: Server, queries: Iterator[str]) -> Iterator[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = browser_headers(server)
    try:
        for query in queries:
            started = time.perf_counter()
            connection.request("GET", f"{_PATH}?{query}", headers=headers)
            response = connection.getresponse()
            response.read()
            yield (time.perf_counter() - started) * 1000
            if response.status != 200:
                raise BenchmarkError(f"growth: unexpected answer {response.status} to {query}")
    finally:
        connection.close()
