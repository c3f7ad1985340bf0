"""A campaign with people in it, and what a store holds of them."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from petitions.abuse.models import DomainCount, RuleList
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Base, Database
from petitions.delivery.models import Export, ExportJob
from petitions.mail.models import Outbox
from petitions.models import metadata
from petitions.moderation.models import Job, Moderation
from petitions.moderation.removing import remove_signatures
from petitions.organisations.confirming import Confirmation as Button
from petitions.organisations.confirming import confirm as confirm_organisation
from petitions.organisations.pictures import Logo
from petitions.organisations.purging import has_contacts
from petitions.organisations.requesting import request
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, Outcome, store_confirmations
from petitions.signatures.counting import Recount, recount
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import (
    Draft,
    Refusal,
    Signature,
    SignatureWord,
    Tally,
    TallyPart,
    UnlistedWord,
    Withdrawal,
)
from petitions.signatures.own import Done, store_actions
from petitions.signatures.refusing import refuse
from petitions.signatures.withdrawing import Withdraw
from petitions.tokens import Named
from petitions.watching.models import Alert, HourlyFlow, SourceCount
from tests.factories import make_draft, organisation_request

#: Every table that holds something of somebody.
PERSONAL: Sequence[type[Base]] = (
    *(Signature, SignatureWord, UnlistedWord, Draft, Refusal, Withdrawal, Outbox, Export, Moderation, Job),
    *(DomainCount, RuleList, SourceCount, HourlyFlow, Alert, ExportJob),
)
_COUNTRIES = ("ES", "IE", "CH", "ES")
_VISIBILITIES = ("public", "initials", "addressee", "anonymous", "public")
_BATCH = 500


def sign_many(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int) -> list[NewDraft]:
    """So many signatures that count, of several countries and visibilities."""
    drafts = draft_many(database, settings, campaign, count)
    for batch in _batches(drafts):
        assert set(confirm_many(database, batch)) == {Outcome.COUNTED}
    return drafts


def draft_many(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int) -> list[NewDraft]:
    """So many drafts with their mails."""
    drafts = [_draft(campaign, settings, number) for number in range(count)]
    for batch in _batches(drafts):
        with database.writing() as session:
            store_drafts(session, batch, None)
    return drafts


def confirm_many(database: Database, drafts: Sequence[NewDraft]) -> list[Outcome]:
    """Press their buttons, one after the other: so they get their serial numbers."""
    now = utc_now()
    confirmations = [
        Confirmation(draft.campaign_id, draft.id, now + timedelta(microseconds=place))
        for place, draft in enumerate(drafts)
    ]
    with database.writing() as session:
        return store_confirmations(session, confirmations)


def _draft(campaign: CampaignSnapshot, settings: Settings, number: int) -> NewDraft:
    visibility = _VISIBILITIES[number % len(_VISIBILITIES)]
    return make_draft(
        campaign,
        settings,
        name=None if visibility == "anonymous" else f"Ana Name{number} {number % 7}",
        country=_COUNTRIES[number % len(_COUNTRIES)],
        visibility=visibility,
        comment="With you." if number % 3 else None,
        arrived_at=utc_now() - timedelta(minutes=1),
    )


def _batches(drafts: list[NewDraft]) -> list[list[NewDraft]]:
    return [drafts[start : start + _BATCH] for start in range(0, len(drafts), _BATCH)]


def populate(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int) -> list[NewDraft]:
    """Something of somebody in each table but that of exports. Returns the signatures, some of them removed."""
    some = max(3, count // 20)
    signed = sign_many(database, settings, campaign, count)
    refusing, waiting = draft_many(database, settings, campaign, some), some
    draft_many(database, settings, campaign, waiting)
    leaving = sign_many(database, settings, campaign, some)
    now = utc_now()
    with database.writing() as session:
        for draft in refusing:
            refuse(session, campaign.id, draft.id, now)
        removed = [draft.id for draft in signed[::10]]
        assert len(remove_signatures(session, campaign.id, removed, "fake", now)) == len(removed)
        watch(session, campaign.id, removed, now)
    assert set(withdraw_many(database, leaving)) == {Done.DONE}
    co_sign(database, settings, campaign)
    return signed


def co_sign(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """An organisation that everybody sees, one that waits, and one that nobody confirmed; each with a logo."""
    for place in range(3):
        made = organisation_request(campaign, settings, name=f"Union {place}", logo=Logo(bytes([place]), 9, 9))
        with database.writing() as session:
            request(session, made)
            if place:
                button = Button(Named(campaign.id, made.id), approves_proven=place == 1, now=utc_now())
                confirm_organisation(session, button)


def watch(session: Session, campaign_id: int, removed: Sequence[UUID], now: datetime) -> None:
    """What is kept of moderators' acts, and of where forms came from."""
    lead: dict[str, Any] = {"by_name": "Lea Lead"}
    for signature_id in removed:
        act = {
            "campaign_id": campaign_id,
            "signature_id": signature_id,
            "number": 1,
            "action": "removed",
            "at": now,
        }
        session.add(Moderation(**act, **lead))
    job: dict[str, Any] = {"kind": "remove", "conditions": {"name": "ana"}, "upto": 9, "expected": 1}
    session.add(Job(campaign_id=campaign_id, state="done", by_id=uuid4(), created_at=now, **job, **lead))
    session.add(
        RuleList(scope=campaign_id, number=1, text="hold address ana@example.org", saved_at=now, saved_by="")
    )
    session.add(DomainCount(campaign_id=campaign_id, domain="ana.example", day=now.date()))
    session.add(SourceCount(campaign_id=campaign_id, key=bytes(16), label="ana"))
    session.add(HourlyFlow(campaign_id=campaign_id, hour=now))
    cut: dict[str, Any] = {"cut_off": now, "through_serial": 1, "through_number": 0, "state": "done"}
    asked: dict[str, Any] = {"plan": {"formats": ["csv"]}, "by_id": uuid4(), "created_at": now}
    session.add(ExportJob(id=uuid4(), campaign_id=campaign_id, serials=b"ana", **cut, **asked, **lead))
    alert: dict[str, Any] = {"kind": "domain", "label": "ana.example", "drafts": 30}
    session.add(Alert(id=uuid4(), campaign_id=campaign_id, day=now.date(), key=bytes(16), at=now, **alert))


def withdraw_many(database: Database, drafts: Sequence[NewDraft]) -> list[Done]:
    """By the links of these signers."""
    now = utc_now()
    with database.writing() as session:
        return store_actions(session, [Withdraw(Named(d.campaign_id, d.id), now) for d in drafts])


def _campaign_of(table: Table) -> ColumnElement[int]:
    """The column that says whose a row is."""
    column: ColumnElement[int] = table.c.scope if table.name == "rule_lists" else table.c.campaign_id
    return column


def left(database: Database, campaign: CampaignSnapshot) -> dict[str, int]:
    """How many rows of people are left of a campaign, by table; none of an empty one, and of organisations 1."""
    tables = [cast("Table", table.__table__) for table in PERSONAL]
    with database.reading() as session:
        counts = {
            table.name: session.scalar(
                select(func.count()).select_from(table).where(_campaign_of(table) == campaign.id)
            )
            or 0
            for table in tables
        }
        # Those that everybody saw stay, without anybody who spoke for them.
        counts["organisations"] = int(has_contacts(session, campaign.id))
    return {name: count for name, count in counts.items() if count}


Totals = tuple[int, Mapping[str, int], Mapping[str, int]]


def totals(database: Database, campaign: CampaignSnapshot) -> Totals:
    """What the store says: the count, and the shares by country and by visibility."""
    with database.reading() as session:
        counted = session.scalars(select(Tally.counted).where(Tally.campaign_id == campaign.id)).one()
        parts: dict[str, dict[str, int]] = {"country": {}, "visibility": {}}
        rows = select(TallyPart.dimension, TallyPart.value, TallyPart.counted)
        for dimension, value, share in session.execute(
            rows.where(TallyPart.campaign_id == campaign.id, TallyPart.counted != 0)
        ):
            if dimension in parts:
                parts[dimension][value] = share
    return counted, parts["country"], parts["visibility"]


def totals_of(drafts: Sequence[NewDraft]) -> Totals:
    """What the store should say when these count."""
    return (
        len(drafts),
        dict(Counter(draft.country for draft in drafts)),
        dict(Counter(draft.visibility for draft in drafts)),
    )


def counted_among(drafts: Sequence[NewDraft]) -> list[NewDraft]:
    """Those of a populated campaign whom the campaign did not remove."""
    return [draft for number, draft in enumerate(drafts) if number % 10]


def check_count(database: Database, campaign: CampaignSnapshot, *, repair: bool = False) -> Recount:
    """Hold the count against the rows; it must be right."""
    with database.writing() if repair else database.reading() as session:
        result = recount(session, campaign.id, utc_now(), repair=repair)
    assert result.drift == 0
    return result


def find_campaign(database: Database, campaign: CampaignSnapshot) -> Campaign:
    with database.reading() as session:
        return session.get_one(Campaign, campaign.id)


Rows = Mapping[str, Sequence[tuple[Any, ...]]]


def dump(database: Database, *, but: Sequence[str] = ()) -> Rows:
    """Every row of every table, without the columns named ("tallies.changed_at")."""
    tables: dict[str, Sequence[tuple[Any, ...]]] = {}
    with database.reading() as session:
        for name, table in metadata.tables.items():
            columns = [column for column in table.columns if f"{name}.{column.name}" not in but]
            rows = session.execute(select(*columns)).all()
            tables[name] = sorted((tuple(row) for row in rows), key=repr)
    return tables


def of_campaign(database: Database, campaign: CampaignSnapshot) -> Rows:
    """Every row that belongs to a campaign."""
    tables: dict[str, Sequence[tuple[Any, ...]]] = {}
    with database.reading() as session:
        for name, table in metadata.tables.items():
            key = table.columns.get("campaign_id", table.columns.get("id") if name == "campaigns" else None)
            if key is not None:
                rows = session.execute(select(table).where(key == campaign.id)).all()
                tables[name] = sorted((tuple(row) for row in rows), key=repr)
    return tables


class Logged(logging.Handler):
    """Keeps the events of the log, with their fields."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), getattr(record, "fields", {})))

    def named(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.lines if name == event]
