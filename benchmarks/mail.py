"""mail: the worker sends what is queued to an SMTP server that takes everything. Floor: the same client sends one
and the same message as often, over as many connections, without a store."""

from statistics import median
from typing import Any

from sqlalchemy import func, select

from benchmarks.options import BenchmarkError, Options
from benchmarks.processors import process_seconds
from benchmarks.results import print_line
from benchmarks.seeding import add_mails, prepare
from benchmarks.servers import Sink, petitions_worker, smtp_client, smtp_sink
from benchmarks.stores import Store, conditions, shelf
from petitions.campaigns.queries import CampaignSnapshot
from petitions.mail.models import Outbox

WANTED_PER_SECOND = 300.0
MAILS = 5_000
_ROUNDS = 3  # at most
_TIMEOUT = 120.0


class Sending:
    """One round: the speed from the first mail to the last, and the sender's processor time in between."""

    def __init__(self, sink: Sink, pid: int) -> None:
        sink.report(_TIMEOUT)
        cpu = process_seconds(pid)
        seconds = float(sink.report(_TIMEOUT)["seconds"])
        self.per_second = (MAILS - 1) / seconds
        self.cpu_microseconds = (process_seconds(pid) - cpu) / (MAILS - 1) * 1e6


def run(options: Options) -> None:
    with shelf(options) as stores:
        store = stores.store("mail")
        campaign = prepare(store)
        stated = conditions(store, options, server_processes=0)
        figures: list[Sending] = []
        floors: list[Sending] = []
        for number in range(1, min(options.rounds, _ROUNDS) + 1):
            with smtp_sink(MAILS) as sink, smtp_client(sink, MAILS) as client:
                floors.append(Sending(sink, client.pid))
            figures.append(_send(store, campaign))
            _check_outbox(store, number * MAILS)
        pairs = list(zip(figures, floors, strict=True))
        figure = _summarise(figures)
        print_line(
            "mail",
            {f"mails a second >= {WANTED_PER_SECOND:.0f}": figure["per_second"] >= WANTED_PER_SECOND},
            ratio=round(median(mine.per_second / its.per_second for mine, its in pairs), 3),
            cpu_ratio=round(median(its.cpu_microseconds / mine.cpu_microseconds for mine, its in pairs), 3),
            mails=MAILS,
            figure=figure,
            floor=_summarise(floors),
            conditions=stated,
        )


def _send(store: Store, campaign: CampaignSnapshot) -> Sending:
    add_mails(store, campaign, MAILS)
    with smtp_sink(MAILS) as sink:
        with petitions_worker(store, SMTP_URL=sink.url) as worker:
            sending = Sending(sink, worker.pid)
        sink.close()  # after the worker, which ends by sending what it has begun
        arrived = sink.report(_TIMEOUT)
    if not arrived["count"] == arrived["different"] == MAILS:
        raise BenchmarkError(f"mail: {MAILS} queued, {arrived['count']} arrived, {arrived['different']} different")
    return sending


def _check_outbox(store: Store, mails: int) -> None:
    """Raises BenchmarkError unless each was sent, at the first try."""
    with store.opened() as database, database.reading() as session:
        sent = select(func.count()).where(Outbox.sent_at.is_not(None), Outbox.attempts == 1)
        found = session.scalar(sent)
    if found != mails:
        raise BenchmarkError(f"mail: {mails} queued, {found} marked as sent at the first try")


def _summarise(sendings: list[Sending]) -> dict[str, Any]:
    return {
        "per_second": round(median(sending.per_second for sending in sendings), 1),
        "cpu_us": round(median(sending.cpu_microseconds for sending in sendings)),
        "rounds": [round(sending.per_second) for sending in sendings],
    }
