""" "It wasn't me": what goes, what is remembered, and what is no longer mailed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.letters import Letter
from petitions.mail.models import Outbox
from petitions.mail.outbox import ClaimedMail, claim
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.holding import release
from petitions.signatures.letters import SignerLetters
from petitions.signatures.models import Draft, Refusal, Signature
from petitions.signatures.own import Done
from petitions.signatures.refusing import (
    Standing,
    find_refusals,
    find_standing,
    refuse,
    refuse_address,
    take_back,
)
from petitions.signatures.relinking import LinkWish, NewLink, store_wishes
from petitions.signatures.withdrawing import Withdraw
from petitions.tokens import Tokens
from tests.factories import act, confirm, link_to, make_campaign, make_draft, sign, sign_and_confirm
from tests.web.support import count_rows

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def say_no(database: Database, draft: NewDraft, at: datetime = NOON) -> Standing:
    """The button behind "it wasn't me" in the mail of this draft."""
    with database.writing() as session:
        return refuse(session, draft.campaign_id, draft.id, at)


def undo(database: Database, draft: NewDraft) -> None:
    with database.writing() as session:
        take_back(session, draft.campaign_id, draft.id)


def standing(database: Database, draft: NewDraft) -> Standing:
    with database.reading() as session:
        return find_standing(session, draft.campaign_id, draft.id)


def draft_ids(database: Database) -> set[UUID]:
    with database.reading() as session:
        return set(session.scalars(select(Draft.id)))


def refusals(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.execute(select(*Refusal.__table__.columns).order_by(Refusal.campaign_id, Refusal.email_key))
        return [tuple(row) for row in rows]


def mails(database: Database) -> list[tuple[str, UUID]]:
    with database.reading() as session:
        rows = session.execute(select(Outbox.kind, Outbox.subject_id).order_by(Outbox.id))
        return [(kind, subject) for kind, subject in rows]


def confirm_letters(database: Database, settings: Settings) -> Sequence[Letter]:
    """Those that would be sent now."""
    builder = SignerLetters(settings.base_url, Tokens(settings.secret_keys))
    with database.writing() as session:
        claimed: list[ClaimedMail] = claim(session, NOON + 1000 * DAY, 100, DAY)
        waiting = [mail for mail in claimed if mail.kind == "confirm"]
        return list(builder.confirm(session, waiting).values())


def test_every_draft_of_the_address_for_the_campaign_goes(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Also one that is held; what the address has elsewhere stays, and what others have here."""
    other = make_campaign(database, slug="other")
    ana = {"email": "ana@example.org", "arrived_at": NOON}
    drafts = [sign(database, settings, campaign, **ana, comment=str(n), trapped=n == 2) for n in range(3)]
    elsewhere = sign(database, settings, other, **ana)
    stranger = sign(database, settings, campaign, email="charlie@example.org")
    assert say_no(database, drafts[1]) is Standing.REFUSED
    assert draft_ids(database) == {elsewhere.id, stranger.id}
    assert refusals(database) == [(drafts[1].email_key, campaign.id, drafts[1].id, NOON)]


def test_of_a_refusal_nothing_but_the_key_of_the_address_is_kept() -> None:
    assert set(Refusal.__table__.columns.keys()) == {"email_key", "campaign_id", "draft_id", "refused_at"}


def test_refusing_again_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first, second = (sign(database, settings, campaign, email="ana@example.org", comment=c) for c in "ab")
    assert say_no(database, first) is Standing.REFUSED
    before = refusals(database)
    assert say_no(database, first, NOON + DAY) is Standing.REFUSED
    assert say_no(database, second, NOON + DAY) is Standing.GONE
    assert refusals(database) == before


def test_what_the_link_of_a_draft_can_do(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign)
    assert standing(database, draft) is Standing.WAITING
    say_no(database, draft)
    assert standing(database, draft) is Standing.REFUSED
    undo(database, draft)
    assert standing(database, draft) is Standing.GONE
    assert standing(database, replace(draft, id=new_id())) is Standing.GONE

    signed = sign_and_confirm(database, settings, campaign)
    assert standing(database, signed) is Standing.SIGNED
    assert standing(database, replace(signed, campaign_id=campaign.id + 1)) is Standing.GONE
    act(database, Withdraw(link_to(signed), NOON))
    assert standing(database, signed) is Standing.GONE


def test_a_signature_is_not_refused(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """It was confirmed out of the mailbox; its owner withdraws it."""
    signed = sign_and_confirm(database, settings, campaign)
    assert say_no(database, signed) is Standing.SIGNED
    assert refusals(database) == []
    assert act(database, Withdraw(link_to(signed), NOON)) == [Done.DONE]


def test_after_a_new_link_that_of_the_old_mail_does_and_tells_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    signed = sign_and_confirm(database, settings, campaign)
    assert act(database, NewLink(link_to(signed), NOON)) == [Done.DONE]
    assert standing(database, signed) is Standing.GONE
    assert say_no(database, signed) is Standing.GONE
    assert refusals(database) == []


@pytest.mark.parametrize("foreign", ["campaign", "draft"])
def test_a_foreign_link_refuses_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot, foreign: str
) -> None:
    other = make_campaign(database, slug="other")
    draft = sign(database, settings, campaign)
    sign(database, settings, other, email=draft.email)
    link = replace(draft, campaign_id=other.id) if foreign == "campaign" else replace(draft, id=new_id())
    before = draft_ids(database)
    assert say_no(database, link) is Standing.GONE
    assert (draft_ids(database), refusals(database)) == (before, [])


def test_what_the_address_is_typed_for_afterwards_is_neither_stored_nor_mailed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    draft = sign(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    say_no(database, draft)
    later = {"arrived_at": NOON + 2 * DAY}
    sign(database, settings, campaign, email="Ana@EXAMPLE.org", comment="again", **later)
    sign(database, settings, campaign, email="ana@example.org", trapped=True, comment="held", **later)
    elsewhere = sign(database, settings, other, email="ana@example.org", **later)
    stranger = sign(database, settings, campaign, email="charlie@example.org", **later)
    assert draft_ids(database) == {elsewhere.id, stranger.id}
    assert mails(database) == [("confirm", draft.id), ("confirm", elsewhere.id), ("confirm", stranger.id)]


def test_in_a_batch_a_refused_address_stops_nobody_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    refused = sign(database, settings, campaign)
    say_no(database, refused)
    batch = [replace(refused, id=new_id()), *(make_draft(campaign, settings) for _ in range(3))]
    with database.writing() as session:
        assert store_drafts(session, batch, None) == [None] * 4
    assert draft_ids(database) == {draft.id for draft in batch[1:]}


def test_taking_it_back_lets_the_address_sign_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    say_no(database, draft)
    undo(database, draft)
    undo(database, draft)
    assert refusals(database) == []
    again = sign(database, settings, campaign, email="ana@example.org", arrived_at=NOON + DAY)
    assert draft_ids(database) == {again.id}
    assert mails(database)[-1] == ("confirm", again.id)
    assert confirm(database, again).value == "counted"


def test_only_its_own_link_takes_a_refusal_back(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    first, second = (sign(database, settings, campaign, email="ana@example.org", comment=c) for c in "ab")
    elsewhere = sign(database, settings, other, email="ana@example.org")
    for draft in (first, elsewhere):
        say_no(database, draft)
    before = refusals(database)
    undo(database, second)
    undo(database, replace(first, campaign_id=other.id))
    undo(database, replace(first, id=new_id()))
    assert refusals(database) == before
    undo(database, elsewhere)
    assert [row[1] for row in refusals(database)] == [campaign.id]


def test_refusals_are_found_by_campaign_and_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    here, there = (sign(database, settings, where, email="ana@example.org") for where in (campaign, other))
    charlie = sign(database, settings, campaign, email="charlie@example.org")
    say_no(database, here)
    with database.reading() as session:
        assert find_refusals(session, [here.email_key, charlie.email_key]) == {(campaign.id, here.email_key)}
        assert find_refusals(session, [charlie.email_key]) == set()
        assert find_refusals(session, []) == set()
    say_no(database, there)
    with database.reading() as session:
        assert find_refusals(session, [here.email_key]) == {
            (where.id, here.email_key) for where in (campaign, other)
        }


def test_no_letter_is_built_for_a_refused_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Not for a mail that waited while its draft was refused, and not for a draft that came in by another
    process a moment after the refusal; other addresses and campaigns get theirs."""
    other = make_campaign(database, slug="other")
    ana = {"email": "ana@example.org", "arrived_at": NOON}
    refused = sign(database, settings, campaign, **ana)
    late = sign(database, settings, campaign, **ana, comment="late")
    elsewhere = sign(database, settings, other, **ana)
    charlie = sign(database, settings, campaign, email="charlie@example.org")
    with database.reading() as session:
        straggler = session.get_one(Draft, (campaign.id, late.id))
    say_no(database, refused)
    with database.writing() as session:
        session.merge(straggler)
    letters = confirm_letters(database, settings)
    assert {(letter.recipient, letter.context["confirm_url"].count("/confirm/")) for letter in letters} == {
        (elsewhere.email, 1),
        (charlie.email, 1),
    }
    assert len(letters) == 2
    undo(database, refused)
    assert len(confirm_letters(database, settings)) == 0  # they are claimed; nobody asked again


def test_a_held_draft_of_a_refused_address_gets_no_letter_when_it_is_released(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ana = {"email": "ana@example.org", "arrived_at": NOON}
    refused = sign(database, settings, campaign, **ana)
    held = sign(database, settings, campaign, **ana, trapped=True, comment="held")
    with database.reading() as session:
        straggler = session.get_one(Draft, (campaign.id, held.id))
    say_no(database, refused)
    with database.writing() as session:
        session.merge(straggler)
    with database.writing() as session:
        assert release(session, campaign.id, [held.id], NOON).released == 1
    assert confirm_letters(database, settings) == []


def test_asking_for_links_brings_a_refused_address_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign, arrived_at=NOON)
    say_no(database, draft)
    before = mails(database)
    with database.writing() as session:
        store_wishes(
            session, [LinkWish(draft.email_key, None, NOON), LinkWish(draft.email_key, campaign.id, NOON)]
        )
    assert mails(database) == before


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_indexes_find_refusals(database: Database, campaign: CampaignSnapshot) -> None:
    queries = (
        "SELECT 1 FROM refusals WHERE email_key IN (x'00', x'01')",
        f"DELETE FROM refusals WHERE campaign_id = {campaign.id} AND draft_id = x'00'",
    )
    with database.reading() as session:
        for query in queries:
            plan = "\n".join(row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))
            assert "SEARCH" in plan, query
            assert "SCAN" not in plan, query


def test_an_address_that_signed_meanwhile_is_not_refused(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A draft that came in while another one of the address was confirmed."""
    ana = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    late = sign(database, settings, campaign, email="boris@example.org")
    with database.writing() as session:
        session.execute(update(Draft).where(Draft.id == late.id).values(email_key=ana.email_key))
        assert refuse(session, campaign.id, late.id, utc_now()) is Standing.GONE
    assert count_rows(database, Refusal) == 0
    assert count_rows(database, Draft) == 0
    assert count_rows(database, Signature) == 1


@pytest.mark.parametrize("signs", [False, True])
def test_an_address_is_refused_without_a_draft_unless_it_signed(
    database: Database, settings: Settings, campaign: CampaignSnapshot, signs: bool
) -> None:
    """Whoever signed withdraws on their own page, which needs its mails. Twice is once."""
    draft = (sign_and_confirm if signs else sign)(database, settings, campaign)
    for _ in range(2):
        with database.writing() as session:
            refuse_address(session, campaign.id, draft.email_key, NOON)
    assert refusals(database) == ([] if signs else [(draft.email_key, campaign.id, None, NOON)])
    undo(database, draft)
    assert len(refusals(database)) == (not signs)


def test_a_refusal_that_its_link_takes_back_stays_one(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign)
    say_no(database, draft)
    with database.writing() as session:
        refuse_address(session, campaign.id, draft.email_key, NOON + DAY)
    undo(database, draft)
    assert refusals(database) == []
