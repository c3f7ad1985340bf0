"""What whoever holds the store, or a key, can make of it."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from petitions import schema
from petitions.abuse.forgetting import forget_networks
from petitions.abuse.models import NetworkCount, NetworkKey
from petitions.abuse.networks import hash_network
from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Rate, Settings
from petitions.signatures.drafting import store_drafts
from petitions.signatures.expiring import forget_draft_networks
from petitions.signatures.models import Draft, Signature
from petitions.signatures.own import OWN_PURPOSE
from petitions.tokens import Tokens
from tests.factories import make_draft, sign_and_confirm
from tests.privacy.support import dump


def test_the_store_and_the_key_of_addresses_tell_whether_a_known_address_signed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A weakness that docs/privacy.md names; also where the address itself is not in the store."""
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    with database.reading() as session:
        keys = session.scalars(select(Signature.email_key)).all()
    assert make_email_key("Ana@EXAMPLE.org", settings.email_key) in keys
    assert make_email_key("boris@example.org", settings.email_key) not in keys
    assert make_email_key("ana@example.org", "another key" * 4) not in keys


def test_the_keys_are_not_in_the_store(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """They lie beside it, in the environment or in files of their own."""
    schema.check_email_key(database, settings.email_key)
    sign_and_confirm(database, settings, campaign)
    rows = repr(dump(database))
    assert "Ana Sánchez" in rows
    for key in (settings.email_key, *settings.secret_keys):
        assert key not in rows


@pytest.mark.anyio
async def test_the_secret_key_opens_the_page_of_anybody_whose_row_is_known(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A weakness that docs/privacy.md names: links are made from ids and this key alone."""
    sign_and_confirm(database, settings, campaign, name="Ana Sánchez")
    with database.reading() as session:
        campaign_id, row_id = session.execute(select(Signature.campaign_id, Signature.id)).one()
    forged = Tokens(settings.secret_keys).make(OWN_PURPOSE, campaign_id, row_id)
    assert "Ana Sánchez" in (await client.get(f"/signature/{forged}")).text
    foreign = Tokens(("another key" * 4,)).make(OWN_PURPOSE, campaign_id, row_id)
    assert (await client.get(f"/signature/{foreign}")).status_code == 404


def test_the_key_of_a_day_tells_a_network_for_as_long_as_it_is_kept(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A weakness that docs/privacy.md names: there are few enough IPv4 addresses to try them all. A signature
    keeps no network at all."""
    draft = make_draft(campaign, settings, network="192.0.2.1")
    with database.writing() as session:
        store_drafts(session, [draft], Rate(60, timedelta(hours=1)))
    with database.reading() as session:
        network = session.scalars(select(Draft.network)).one()
        key = session.scalars(select(NetworkKey.key)).one()
    assert network == hash_network("192.0.2.1", key) != hash_network("192.0.2.2", key)
    assert b"192.0.2.1" not in repr(dump(database)).encode()
    forget_networks(database, utc_now() + timedelta(days=3))
    forget_draft_networks(database, utc_now() + timedelta(days=3))
    with database.reading() as session:
        assert session.scalars(select(NetworkKey.key)).all() == []
        assert session.scalars(select(NetworkCount.network)).all() == []
        assert session.scalars(select(Draft.network)).one() is None
    assert "network" not in Signature.__table__.columns


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_files_of_the_store_are_for_their_owner_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    assert database.file is not None
    files = list(database.file.parent.glob("petitions.db*"))
    assert {file.name for file in files} >= {"petitions.db", "petitions.db-wal", "petitions.db-shm"}
    assert {file.stat().st_mode & 0o077 for file in files} == {0}
