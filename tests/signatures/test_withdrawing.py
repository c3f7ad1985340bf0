"""Withdrawing erases, and the count stays true."""

from pathlib import Path

from sqlalchemy import func, select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.counting import find_count, recount
from petitions.signatures.models import Draft, Signature, SignatureWord
from petitions.signatures.rollups import find_parts, roll_up
from petitions.signatures.withdrawing import withdraw
from tests.factories import make_campaign, sign, sign_and_confirm


def erase(database: Database, campaign: CampaignSnapshot, email_key: bytes) -> bool:
    with database.writing() as session:
        return withdraw(session, campaign.id, email_key, utc_now())


def test_a_withdrawn_signature_leaves_nothing_but_a_lower_count(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    kept = sign_and_confirm(database, settings, other, email="ana@example.org")
    boris = sign_and_confirm(database, settings, campaign, name="Boris Example")
    roll_up(database, utc_now())
    ana = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    for draft, left, parts in ((ana, 1, [("ES", 1)]), (boris, 0, [])):
        assert erase(database, campaign, draft.email_key) is True
        assert erase(database, campaign, draft.email_key) is False
        roll_up(database, utc_now())
        with database.writing() as session:
            assert recount(session, campaign.id, utc_now(), repair=True).drift == 0
            assert find_count(session, campaign.id) == left
            assert find_parts(session, campaign.id, "country") == parts
            ids = session.scalars(select(Signature.id).where(Signature.campaign_id == campaign.id)).all()
            words = select(func.count()).where(SignatureWord.campaign_id == campaign.id)
            assert len(ids) == left
            assert session.scalar(words) == 2 * left
    with database.reading() as session:
        assert session.scalars(select(Signature.id)).all() == [kept.id]


def test_drafts_of_the_address_go_too(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign(database, settings, campaign, email="ana@example.org")
    assert erase(database, campaign, draft.email_key) is False
    with database.reading() as session:
        assert session.scalars(select(Draft.id)).all() == []


def test_who_withdrew_can_sign_again(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    erase(database, campaign, draft.email_key)
    again = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    with database.reading() as session:
        signatures = session.execute(select(Signature.id, Signature.serial)).all()
    assert [tuple(row) for row in signatures] == [(again.id, 2)]


def test_nothing_of_a_withdrawn_signature_stays_in_the_file(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    if database.file is None:
        return  # PostgreSQL's vacuum and log are the operator's, see docs/operating.md
    draft = sign_and_confirm(database, settings, campaign, email="ana.secret@example.org", name="Ana Geheim")
    files = [Path(f"{database.file}{suffix}") for suffix in ("", "-wal")]
    assert any(b"Ana Geheim" in file.read_bytes() for file in files)
    erase(database, campaign, draft.email_key)
    database.scrub()
    for file in files:
        content = file.read_bytes()
        assert b"Ana Geheim" not in content
        assert b"ana.secret" not in content
        assert b"geheim" not in content
