"""Whether the store holds what the server acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from benchmarks.load import Load
from benchmarks.options import BenchmarkError
from benchmarks.stores import Store
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.mail.models import Outbox
from petitions.signatures.counting import recount
from petitions.signatures.models import Draft, Signature


@dataclass(frozen=True)
class Rows:
    drafts: int
    mails: int
    signatures: int
    drift: int


def count_rows(store: Store, campaign: CampaignSnapshot) -> Rows:
    with store.opened() as database, database.writing() as session:

        def count(table: type[Draft | Outbox | Signature]) -> int:
            query = select(func.count()).select_from(table).where(table.campaign_id == campaign.id)
            return session.execute(query).scalar_one()

        drift = recount(session, campaign.id, utc_now(), repair=False).drift
        return Rows(count(Draft), count(Outbox), count(Signature), drift)


def check_stored(what: str, more: int, loads: Sequence[Load], connections: int) -> None:
    """Everything acknowledged is stored; and nothing else, but for the requests that were under way when a
    round ended (at most one for each connection). Raises BenchmarkError."""
    acknowledged = sum(load.requests for load in loads)
    if not acknowledged <= more <= acknowledged + connections * len(loads):
        raise BenchmarkError(f"{what}: {acknowledged} acknowledged, {more} stored")
