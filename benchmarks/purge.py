"""purge: the personal data of a full campaign are erased by `petitions purge` while another campaign of the same
store is signed at a steady pace. Baseline: the same signing before it began and after it ended.
"""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from mmap import ACCESS_READ, mmap
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import make_url

from benchmarks.checks import check_stored, count_rows
from benchmarks.filling import full_campaign
from benchmarks.load import Load
from benchmarks.options import BenchmarkError, Options
from benchmarks.results import print_line, summarise
from benchmarks.seeding import add_mails, batched, prepare
from benchmarks.servers import Server, measured_command, petitions_server
from benchmarks.signing import Signing
from benchmarks.stores import Store, conditions, shelf
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.signatures.counting import recount
from petitions.signatures.models import Draft, Refusal, Signature, SignatureWord, Withdrawal
from petitions.signatures.rollups import DIMENSIONS, find_parts, roll_up

CONNECTIONS = 16
MOST_MS = 100.0
_OTHER = "benchmark-other"
#: Milliseconds that each connection rests on average after a form: about 350 forms a second in all, a fifth of
#: what the server can take.
_REST_MS = 45
_WARM_UP = 1
#: Of the signatures, how many more never confirmed; and how many refused, and as many withdrew.
_DRAFTS, _REFUSALS = 0.05, 0.01
_PERSONAL = (Signature, SignatureWord, Draft, Refusal, Withdrawal, Outbox)
#: The addresses of the full campaign; see filling.py.
_ADDRESS = re.compile(rb"full\d+@example\.org")

Hold = dict[str, Any]  # see held.py


@dataclass(frozen=True)
class Kept:
    """What a purge leaves."""

    counted: int
    parts: dict[str, list[tuple[str, int]]]


def run(options: Options) -> None:
    options = replace(options, connections=CONNECTIONS)
    with shelf(options) as stores:
        full, _, filled_in = full_campaign(stores, options)
        store = stores.copy(full, "purge")
        campaign, other = prepare(store), prepare(store, _OTHER)
        _add_unconfirmed(store, campaign, options.signatures)
        kept = _look(store, campaign)
        stated = conditions(store, options)
        signing = Signing(store, other, options, rest=_REST_MS)
        with petitions_server(store) as server:
            signing.check(server)
            signed = count_rows(store, other).drafts
            warm_up = signing.load(server, _WARM_UP)
            before = [signing.load(server) for _ in range(options.rounds)]
            during, purged = _purge(store, campaign, signing, server)
            _check_erased(store, campaign, kept)
            after = [signing.load(server) for _ in range(options.rounds)]
        loads = [warm_up, *before, *during, *after]
        check_stored("purge: sign", count_rows(store, other).drafts - signed, loads, options.connections)
        longest = purged["holds"]["longest_ms"]
        figure = summarise(during[:-1] or during)  # in the last round it ended
        baseline = summarise([*before, *after])
        print_line(
            "purge",
            {f"longest hold < {MOST_MS:.0f} ms": longest < MOST_MS},
            signatures=kept.counted,
            signatures_per_second=round(kept.counted / purged["seconds"]),
            **purged,
            sign={
                "p99_ratio": round(figure["p99_ms"] / baseline["p99_ms"], 3),
                "figure": figure,
                "baseline": baseline,
            },
            filled_in_seconds=filled_in,
            conditions=stated,
        )


def _add_unconfirmed(store: Store, campaign: CampaignSnapshot, signatures: int) -> None:
    """What a campaign of that many has besides, and roll-ups up to the last signature."""
    now = utc_now()

    def rows(**values: Any) -> Iterator[dict[str, Any]]:
        for _ in range(int(signatures * _REFUSALS)):
            yield {"campaign_id": campaign.id, **{name: make() for name, make in values.items()}}

    add_mails(store, campaign, int(signatures * _DRAFTS))
    refusals = rows(email_key=lambda: secrets.token_bytes(16), draft_id=new_id, refused_at=lambda: now)
    withdrawals = rows(id=new_id, link_epoch=lambda: 0, withdrawn_at=lambda: now)
    with store.opened() as database:
        for table, its_rows in ((Refusal, refusals), (Withdrawal, withdrawals)):
            for some in batched(its_rows):
                with database.writing() as session:
                    session.execute(insert(table), some)
        roll_up(database, now)


def _look(store: Store, campaign: CampaignSnapshot) -> Kept:
    with store.opened() as database, database.reading() as session:
        counted = recount(session, campaign.id, utc_now(), repair=False)
        if counted.drift:
            raise BenchmarkError(f"purge: the count is wrong by {counted.drift}")
        return Kept(counted.tallied, {each: find_parts(session, campaign.id, each) for each in DIMENSIONS})


def _purge(
    store: Store, campaign: CampaignSnapshot, signing: Signing, server: Server
) -> tuple[list[Load], dict[str, Any]]:
    """The rounds of signing meanwhile, and what the purge took."""
    notes, loads = store.data_dir / "holds", []
    with measured_command(store, notes, "purge", campaign.slug, "--yes") as process:
        while process.poll() is None:
            loads.append(signing.load(server))
        output, errors = process.communicate()
    if process.returncode != 0 or json.loads(output)["code"] != 0:
        raise BenchmarkError(f"purge: it failed: {errors.strip()}")
    used = json.loads(output)
    return loads, {
        "seconds": round(used["seconds"], 1),
        "cpu_seconds": round(used["cpu"], 1),
        "peak_megabytes": round(used["megabytes"], 1),
        "holds": _summarise_holds(json.loads(notes.read_text())),
    }


def _summarise_holds(holds: Sequence[Hold]) -> dict[str, Any]:
    """For how long transactions held the store, in all and by the table that they wrote to."""
    tables: dict[str, list[Hold]] = {}
    for hold in holds:
        tables.setdefault(hold["table"] or "none", []).append(hold)
    return _spread(holds) | {"by_table": {table: _spread(its) for table, its in tables.items()}}


def _spread(holds: Sequence[Hold]) -> dict[str, Any]:
    """`longest_cpu_ms` is the most processor time of one: what noise from other programs moves least."""
    milliseconds = sorted(hold["seconds"] * 1000 for hold in holds)
    return {
        "count": len(holds),
        "p50_ms": round(median(milliseconds), 1),
        "p99_ms": round(milliseconds[(len(holds) - 1) * 99 // 100], 1),
        "longest_ms": round(milliseconds[-1], 1),
        "longest_cpu_ms": round(max(hold["cpu"] for hold in holds) * 1000, 1),
        "too_long": sum(each >= MOST_MS for each in milliseconds),
        "seconds": round(sum(milliseconds) / 1000, 1),
    }


def _check_erased(store: Store, campaign: CampaignSnapshot, kept: Kept) -> None:
    """Raises BenchmarkError unless the count and its shares are what they were, and nothing personal is left; in
    SQLite's files not one byte of an address."""
    if _look(store, campaign) != kept:
        raise BenchmarkError("purge: the count or its shares are not what they were")
    with store.opened() as database, database.reading() as session:
        for table in _PERSONAL:
            left = session.scalar(select(func.count()).where(table.campaign_id == campaign.id))
            if left:
                raise BenchmarkError(f"purge: {left} rows are left in {table.__tablename__}")
    if store.kind == "sqlite":
        file = Path(str(make_url(store.url).database))
        for part in (file, file.with_name(f"{file.name}-wal")):
            if left := _count_addresses(part):
                raise BenchmarkError(f"purge: {left} addresses are left in {part.name}")


def _count_addresses(file: Path) -> int:
    if not file.exists() or not file.stat().st_size:
        return 0
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
        return sum(1 for _ in _ADDRESS.finditer(content))
