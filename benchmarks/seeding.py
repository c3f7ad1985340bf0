"""The campaign, and rows in bulk: drafts that wait for their button, mails that wait to be sent."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from benchmarks.people import Person, make_address, make_person
from benchmarks.stores import Store
from petitions import schema
from petitions.addresses import make_email_key
from petitions.campaigns.files import read_campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.ids import new_id
from petitions.mail.outbox import NewMail, queue
from petitions.privacy.consent import CONSENT_VERSION
from petitions.public.campaigns import DEFAULT_UPDATES_LABEL
from petitions.signatures.consents import store_wordings, wording_key
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.importing import import_files
from petitions.signatures.letters import CONFIRM_PURPOSE
from petitions.signatures.models import Draft
from petitions.tokens import Tokens

SLUG = "benchmark"
#: What stands beside the box, for the campaign has no words of its own.
UPDATES_WORDING = DEFAULT_UPDATES_LABEL
_CAMPAIGN = Path(__file__).resolve().parent / "campaign"
_BATCH = 5_000


def prepare(store: Store, slug: str = SLUG) -> CampaignSnapshot:
    """The schema, the key's fingerprint and the campaign; with another slug one more just like it."""
    files = replace(read_campaign(_CAMPAIGN, utc_now()), slug=slug)
    with store.opened() as database:
        schema.upgrade(database)
        schema.check_email_key(database, store.settings.email_key)
        with database.writing() as session:
            imported = import_files(session, files, utc_now())
            store_wordings(session, [(imported.campaign_id, UPDATES_WORDING)])
        with database.reading() as session:
            return get_snapshot(session, slug)


def add_drafts(store: Store, campaign: CampaignSnapshot, count: int) -> list[str]:
    """Store drafts of so many fresh addresses; the tokens of their links."""
    tokens = Tokens(store.settings.secret_keys)
    made: list[str] = []
    with store.opened() as database:
        for rows in batched(_drafts(store, campaign, count)):
            with database.writing() as session:
                session.execute(insert(Draft), rows)
            made += [tokens.make(CONFIRM_PURPOSE, campaign.id, row["id"]) for row in rows]
    return made


def hold_drafts(store: Store, campaign: CampaignSnapshot, count: int, domains: Sequence[str]) -> None:
    """Store drafts of so many fresh addresses that are held for want of credit, spread over these domains."""
    with store.opened() as database:
        for rows in batched(_drafts(store, campaign, count)):
            for number, row in enumerate(rows):
                row |= {"held_reason": "domain", "held_for": domains[number % len(domains)]}
            with database.writing() as session:
                session.execute(insert(Draft), rows)


def add_mails(store: Store, campaign: CampaignSnapshot, count: int) -> None:
    """Store drafts of so many fresh addresses, and the mail of each, to be sent at once."""
    with store.opened() as database:
        for rows in batched(_drafts(store, campaign, count)):
            mails = [NewMail(CONFIRM, campaign.id, row["id"], row["email_key"], row["language"]) for row in rows]
            with database.writing() as session:
                session.execute(insert(Draft), rows)
                queue(session, mails, utc_now())


def fresh_prefix() -> str:
    """The beginning of addresses that nobody had in any run before."""
    return f"s{secrets.token_hex(5)}n"


def _drafts(store: Store, campaign: CampaignSnapshot, count: int) -> Iterator[dict[str, Any]]:
    random, prefix = Random(1871), fresh_prefix()
    for number in range(count):
        email = make_address(prefix, number)
        draft_id: UUID = new_id()
        yield signed_columns(store, campaign, make_person(random), email) | {
            "id": draft_id,
            "content_key": draft_id.bytes,
            "created_at": utc_now(),
            "held_reason": None,
            "network": None,
        }


def signed_columns(store: Store, campaign: CampaignSnapshot, person: Person, email: str) -> dict[str, Any]:
    """The columns that drafts and signatures share, without the id."""
    return {
        "campaign_id": campaign.id,
        "email_key": make_email_key(email, store.settings.email_key),
        "email": email,
        "name": person.name,
        "country": person.country,
        "city": person.city,
        "affiliation": None,
        "comment": person.comment,
        "answers": {"union_local": person.union_local} if person.union_local else None,
        "visibility": person.visibility,
        "updates": person.updates,
        "updates_key": wording_key(UPDATES_WORDING) if person.updates else None,
        "language": "en",
        "statement_id": campaign.statements["en"].id,
        "consent_version": CONSENT_VERSION,
    }


def batched(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Lists of as many rows as one statement should take."""
    while batch := list(islice(rows, _BATCH)):
        yield batch
