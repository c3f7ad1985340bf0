"""A signature whose contact is not in the store in the clear: everything works but what needs the address."""

import sqlite3
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.mail.outbox import ClaimedMail
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.letters import SignerLetters
from petitions.signatures.models import Signature
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import withdraw
from petitions.tokens import Tokens
from tests.factories import form, sign_and_confirm
from tests.lists.made import csv_of
from tests.privacy.support import check_count, left, totals
from tests.web.support import count_rows, page_of

pytestmark = pytest.mark.anyio
ADDRESS = "sealed@sealed-domain.example"
PLACE = "/c/free-boris"


@pytest.fixture
def sealed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """Ana's signature; of her address the key alone is in the store, as whoever seals it has to leave it."""
    draft = sign_and_confirm(database, settings, campaign, email=ADDRESS, name="Ana Sánchez", comment="With you.")
    roll_up(database, utc_now())
    with database.writing() as session:
        # The domain too: it is the whole identity of somebody with a domain of their own.
        session.execute(update(Signature).values(email=None, domain=None))
    return draft


@pytest.fixture
def own(settings: Settings, sealed: NewDraft) -> str:
    return "/signature/" + Tokens(settings.secret_keys).make("signature", sealed.campaign_id, sealed.id)


async def test_it_is_counted_and_shown_as_chosen(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, sealed: NewDraft
) -> None:
    for path in (f"{PLACE}/signatures", f"{PLACE}/signatures?q=ana"):
        page = page_of(await client.get(path))
        assert [e.text for e in page.all("bdi", **{"class": "signer__name"})] == ["Ana Sánchez"]
    assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 1
    check_count(database, campaign)


def test_it_is_in_the_list_for_the_addressees(
    database: Database, campaign: CampaignSnapshot, sealed: NewDraft, tmp_path: Path
) -> None:
    assert "Ana Sánchez" in csv_of(database, campaign, tmp_path)


async def test_its_own_page_and_its_file_say_everything_else(
    client: httpx.AsyncClient, own: str, database: Database
) -> None:
    page = page_of(await client.get(f"{own}?lang=en"))
    assert page.heading == "Your signature"
    assert "never shown, not even here" in page.one("body").text
    assert "None" not in page.one("body").text
    data = (await client.get(f"{own}/data")).json()
    assert (data["name"], data["email"], data["comment"]) == ("Ana Sánchez", None, "With you.")


async def test_it_can_be_changed(client: httpx.AsyncClient, own: str, database: Database) -> None:
    changed = await client.post(own, data={"name": "Ana García", "country": "CH", "visibility": "initials"})
    assert changed.status_code == 303
    with database.reading() as session:
        signature = session.scalars(select(Signature)).one()
    assert (signature.name, signature.visibility, signature.email) == ("Ana García", "initials", None)


async def test_its_address_cannot_sign_twice(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, sealed: NewDraft
) -> None:
    """The key needs no address: it is made of what is typed."""
    for email in (ADDRESS, ADDRESS.upper()):
        assert (await client.post(f"{PLACE}/signatures", data=form(email=email))).status_code == 303
    with database.reading() as session:
        assert set(session.scalars(select(Outbox.kind))) == {"confirm", "already_signed"}
    found = left(database, campaign)
    assert found["signatures"] == 1
    assert "drafts" not in found


def test_no_letter_can_be_written_to_it_yet(
    database: Database, settings: Settings, campaign: CampaignSnapshot, sealed: NewDraft
) -> None:
    """Here the campaign's own key will come in; nobody else needs the address."""
    builders = SignerLetters(settings.base_url, Tokens(settings.secret_keys)).builders()
    mails = {kind: ClaimedMail(new_id(), kind, campaign.id, sealed.id, "en", 1) for kind in builders}
    with database.reading() as session:
        for kind, build in builders.items():
            assert build(session, [mails[kind]]) == {}


async def test_it_can_be_withdrawn_on_its_page(
    client: httpx.AsyncClient, own: str, database: Database, campaign: CampaignSnapshot
) -> None:
    page_of(await client.get(f"{own}/withdraw"))
    assert (await client.post(f"{own}/withdraw")).status_code == 303
    assert count_rows(database, Signature) == 0
    assert totals(database, campaign) == (0, {}, {})
    check_count(database, campaign)


def test_it_can_be_withdrawn_by_its_address(
    database: Database, campaign: CampaignSnapshot, sealed: NewDraft
) -> None:
    with database.writing() as session:
        assert withdraw(session, campaign.id, sealed.email_key, utc_now())
    assert totals(database, campaign) == (0, {}, {})


def test_it_is_purged_like_any_other(database: Database, campaign: CampaignSnapshot, sealed: NewDraft) -> None:
    assert purge(database, campaign.id, utc_now()).erased == 1
    assert left(database, campaign) == {}
    assert totals(database, campaign) == (1, {"ES": 1}, {"public": 1})


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_nothing_of_the_address_is_in_the_store(
    database: Database, settings: Settings, campaign: CampaignSnapshot, sealed: NewDraft
) -> None:
    """What a seized store gives away then is whether an address that somebody has already is in it."""
    database.scrub(compact=True)
    assert database.file is not None
    with sqlite3.connect(database.file) as connection:
        content = "\n".join(connection.iterdump())
    connection.close()
    assert "Ana Sánchez" in content
    for part in ("sealed@", "sealed-domain", "domain.example"):
        assert part not in content, part
    assert sealed.email_key.hex().upper() in content
