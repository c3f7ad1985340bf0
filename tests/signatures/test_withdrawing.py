"""Withdrawing erases, and the count stays true."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Base, Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.confirming import Outcome
from petitions.signatures.counting import find_count, recount
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft, Refusal, Signature, SignatureWord, Tally, Withdrawal
from petitions.signatures.own import Done
from petitions.signatures.refusing import take_back
from petitions.signatures.rollups import find_parts, roll_up
from petitions.signatures.withdrawing import Withdraw, withdraw
from tests.factories import (
    act,
    confirm,
    link_to,
    make_campaign,
    make_draft,
    remove,
    sign,
    sign_and_confirm,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


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


def press(database: Database, draft: NewDraft, epoch: int = 0, at: datetime = NOON) -> Done:
    """The button of the own page."""
    return act(database, Withdraw(link_to(draft, epoch), at))[0]


def tally(database: Database, campaign: CampaignSnapshot) -> tuple[int, int]:
    """How many count, and how many were withdrawn; held against the rows."""
    with database.reading() as session:
        row = session.get_one(Tally, campaign.id)
        assert recount(session, campaign.id, NOON, repair=False).drift == 0
        return row.counted, row.withdrawn


def rows(database: Database, table: type[Base]) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(*table.__table__.columns))]


def values(database: Database, column: InstrumentedAttribute[Any]) -> list[Any]:
    with database.reading() as session:
        return list(session.scalars(select(column).order_by(column)))


@pytest.mark.parametrize("rolled_up", [False, True], ids=["before the roll-up", "after the roll-up"])
def test_the_button_erases_the_signature_and_lowers_the_count_at_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, rolled_up: bool
) -> None:
    ana = sign_and_confirm(database, settings, campaign, name="Ana Geheim", country="FR", visibility="initials")
    boris = sign_and_confirm(database, settings, campaign, name="Boris Example")
    if rolled_up:
        roll_up(database, utc_now())
    assert press(database, ana) is Done.DONE
    assert tally(database, campaign) == (1, 1)
    assert values(database, Signature.id) == [boris.id]
    assert rows(database, Withdrawal) == [(campaign.id, ana.id, 0, NOON)]
    assert values(database, SignatureWord.word) == ["boris", "example"]
    roll_up(database, utc_now())
    with database.reading() as session:
        assert find_parts(session, campaign.id, "country") == [("ES", 1)]
        assert find_parts(session, campaign.id, "visibility") == [("public", 1)]


def test_the_button_again_says_the_same_and_counts_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ana = sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, campaign)
    withdraw_it = Withdraw(link_to(ana), NOON)
    assert act(database, withdraw_it, withdraw_it) == [Done.DONE, Done.DONE]
    assert press(database, ana, at=NOON + timedelta(hours=1)) is Done.DONE
    assert tally(database, campaign) == (1, 1)
    assert rows(database, Withdrawal) == [(campaign.id, ana.id, 0, NOON)]


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_an_old_link_withdraws_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot, epoch: int
) -> None:
    ana = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Signature).values(link_epoch=2))
    assert press(database, ana, epoch) is Done.GONE
    assert tally(database, campaign) == (1, 0)
    assert press(database, ana, 2) is Done.DONE
    assert press(database, ana, epoch) is Done.GONE  # it is not told that it was withdrawn, either
    assert tally(database, campaign) == (0, 1)


def test_the_button_after_signing_again_leaves_the_new_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The old link says that it was done; it does not lead to what was signed since."""
    first = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    press(database, first)
    second = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    assert press(database, first) is Done.DONE
    assert tally(database, campaign) == (1, 1)
    assert confirm(database, first) is Outcome.GONE
    assert press(database, second) is Done.DONE
    assert tally(database, campaign) == (0, 2)


def test_signing_again_later_works_with_the_same_words(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    press(database, first)
    second = replace(first, id=new_id(), arrived_at=NOON + timedelta(seconds=1))
    with database.writing() as session:
        store_drafts(session, [second], None)
    assert confirm(database, second) is Outcome.COUNTED
    with database.reading() as session:
        signature = session.get_one(Signature, (campaign.id, second.id))
        assert (signature.serial, signature.link_epoch) == (2, 0)  # no serial is given twice
        kinds = session.execute(select(Outbox.kind, Outbox.subject_id).order_by(Outbox.id)).all()
    assert [tuple(row) for row in kinds] == [("confirm", second.id)]  # what nobody sent went with the first


def test_drafts_of_the_address_for_the_campaign_go_with_the_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    ana = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    late = make_draft(campaign, settings, email="ana@example.org", comment="by another process, a moment late")
    elsewhere = sign(database, settings, other, email="ana@example.org")
    stranger = sign(database, settings, campaign)
    with database.writing() as session:
        key = session.execute(delete(Signature).returning(*Signature.__table__.columns)).one()
        store_drafts(session, [late], None)
        session.execute(insert(Signature), [dict(key._mapping)])
    assert press(database, ana) is Done.DONE
    assert set(values(database, Draft.id)) == {elsewhere.id, stranger.id}


def test_a_withdrawn_signature_that_was_removed_leaves_a_refusal_and_no_way_back(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """What the campaign took off its list does not come back by withdrawing and signing again."""
    other = make_campaign(database, slug="other")
    ana = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    sign_and_confirm(database, settings, campaign)
    roll_up(database, utc_now())
    remove(database, ana)
    assert press(database, ana) is Done.DONE
    assert tally(database, campaign) == (1, 0)
    with database.reading() as session:
        assert session.get(Signature, (campaign.id, ana.id)) is None
        assert find_parts(session, campaign.id, "country") == [("ES", 1)]
    assert rows(database, Refusal) == [(ana.email_key, campaign.id, None, NOON)]
    assert press(database, ana) is Done.DONE
    sign(database, settings, campaign, email="ana@example.org")
    elsewhere = sign(database, settings, other, email="ana@example.org")
    assert values(database, Draft.id) == [elsewhere.id]
    with database.writing() as session:
        take_back(session, campaign.id, ana.id)
    assert len(rows(database, Refusal)) == 1


def test_an_earlier_refusal_does_not_bring_a_removed_signature_back(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ana = sign_and_confirm(database, settings, campaign)
    draft_id = new_id()
    with database.writing() as session:
        row = {"email_key": ana.email_key, "campaign_id": campaign.id, "draft_id": draft_id, "refused_at": NOON}
        session.execute(insert(Refusal), [row])
    remove(database, ana)
    assert press(database, ana, at=NOON + timedelta(days=1)) is Done.DONE
    with database.writing() as session:
        take_back(session, campaign.id, draft_id)
    assert rows(database, Refusal) == [(ana.email_key, campaign.id, None, NOON)]


def test_a_removed_signature_withdrawn_by_its_address_leaves_a_refusal_too(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ana = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    remove(database, ana)
    assert erase(database, campaign, ana.email_key) is True
    assert erase(database, campaign, ana.email_key) is False
    assert tally(database, campaign) == (0, 0)
    assert [row[:3] for row in rows(database, Refusal)] == [(ana.email_key, campaign.id, None)]


def test_withdrawing_by_the_address_is_counted_like_the_button(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first, second = (sign_and_confirm(database, settings, campaign) for _ in range(2))
    erase(database, campaign, first.email_key)
    press(database, second)
    assert tally(database, campaign) == (0, 2)


def test_an_address_without_anything_is_not_found(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        assert withdraw(session, campaign.id + 1, draft.email_key, NOON) is False
        assert withdraw(session, campaign.id, b"k" * 16, NOON) is False
    assert tally(database, campaign) == (1, 0)


def test_a_withdrawal_during_a_purge_is_counted_out(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A purge keeps counting those whom it erased; whoever withdraws before their turn is not counted."""
    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(3)]
    done: list[Done] = []

    def meanwhile(_rows: int) -> None:
        if not done:
            done.append(press(database, drafts[1]))

    assert purge(database, campaign.id, utc_now(), progress=meanwhile).erased == 2
    assert done == [Done.DONE]
    assert tally(database, campaign) == (2, 1)
    assert rows(database, Withdrawal) == []


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


def test_mails_that_wait_go_with_the_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Those that were sent stay for the limits, and go two days later."""
    other = make_campaign(database, slug="other")
    for its_campaign in (campaign, other):
        sign_and_confirm(database, settings, its_campaign, email="ana@example.org")
    with database.writing() as session:
        session.execute(update(Outbox).values(sent_at=utc_now()))
    ana = sign(database, settings, campaign, email="ana@example.org")
    sign(database, settings, other, email="ana@example.org")
    assert erase(database, campaign, ana.email_key)
    with database.reading() as session:
        mails = session.execute(select(Outbox.campaign_id, Outbox.sent_at)).all()
    left = Counter((mail.campaign_id, mail.sent_at is None) for mail in mails)
    assert left == {(campaign.id, False): 1, (other.id, False): 1, (other.id, True): 1}
