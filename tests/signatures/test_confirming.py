"""The button in the mail: what counts, what counts once, and what comes too late."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from petitions.campaigns.lifecycle import CONFIRM_GRACE
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, Outcome, store_confirmations
from petitions.signatures.consents import wording_key
from petitions.signatures.counting import find_count, recount
from petitions.signatures.models import Draft, Signature, SignatureWord, Tally
from petitions.signatures.own import Done
from petitions.signatures.relinking import NewLink
from tests.factories import act, confirm, link_to, make_campaign, sign, sign_and_confirm


def count(database: Database, campaign: CampaignSnapshot) -> int:
    """The tally, held against the rows."""
    with database.writing() as session:
        result = recount(session, campaign.id, utc_now(), repair=False)
        assert result.drift == 0
        return result.rows


def test_confirming_makes_a_signature_of_the_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign, comment="With you.", affiliation="UE", updates=True)
    assert confirm(database, draft) is Outcome.COUNTED
    with database.reading() as session:
        signature = session.get(Signature, (campaign.id, draft.id))
        assert signature is not None
        assert (signature.name, signature.email, signature.country) == ("Ana Sánchez", draft.email, "ES")
        assert (signature.comment, signature.affiliation, signature.updates) == ("With you.", "UE", True)
        assert signature.serial == 1
        assert signature.drafted_at == draft.arrived_at
        assert signature.statement_id == draft.statement_id
        assert session.scalar(select(func.count()).select_from(Draft)) == 0
    assert count(database, campaign) == 1


def test_a_signature_takes_its_consent_along_and_begins_with_the_first_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The consent was given when the form was sent, and not when the button was pressed."""
    agreed = sign_and_confirm(database, settings, campaign, updates=True, updates_wording="Write to me")
    silent = sign_and_confirm(database, settings, campaign)
    with database.reading() as session:
        for draft, at, key in ((agreed, agreed.arrived_at, wording_key("Write to me")), (silent, None, None)):
            signature = session.get_one(Signature, (campaign.id, draft.id))
            assert (signature.updates, signature.updates_at, signature.updates_key) == (draft.updates, at, key)
            assert (signature.link_epoch, signature.removed_at) == (0, None)


def test_after_a_new_link_the_button_of_the_old_mail_tells_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever reads the mails of before learns no longer whether there is a signature."""
    draft = sign_and_confirm(database, settings, campaign)
    assert confirm(database, draft) is Outcome.COUNTED_BEFORE
    assert act(database, NewLink(link_to(draft), utc_now())) == [Done.DONE]
    assert confirm(database, draft) is Outcome.GONE
    assert count(database, campaign) == 1


def test_a_campaign_whose_data_are_being_erased_counts_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The keys by which somebody is counted once are going; its tally says so before anything else does."""
    other = make_campaign(database, slug="other")
    signed = sign(database, settings, campaign, email="ana@example.org")
    confirm(database, signed)
    drafts = [sign(database, settings, where) for where in (campaign, other)]
    with database.writing() as session:
        session.execute(update(Tally).where(Tally.campaign_id == campaign.id).values(purging=True))
    assert [confirm(database, draft) for draft in (signed, *drafts)] == [
        Outcome.COUNTED_BEFORE,
        Outcome.TOO_LATE,
        Outcome.COUNTED,
    ]
    assert (count(database, campaign), count(database, other)) == (1, 1)
    with database.reading() as session:
        assert session.scalars(select(Draft.id)).all() == [drafts[0].id]


def test_the_button_works_where_a_campaign_closes_at_the_end_of_time(
    database: Database, settings: Settings
) -> None:
    closes_at = datetime(9999, 12, 31, 12, tzinfo=UTC)
    campaign = make_campaign(database, slug="endless", closes_at=closes_at)
    sign_and_confirm(database, settings, campaign)
    assert count(database, campaign) == 1


def test_confirming_twice_counts_once(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    assert confirm(database, draft) is Outcome.COUNTED_BEFORE
    assert count(database, campaign) == 1


def test_two_drafts_of_one_address_are_one_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A troll's false name under Ana's address goes with the draft that she confirms."""
    false = sign(database, settings, campaign, email="ana@example.org", name="False Name")
    right = sign(database, settings, campaign, email="ANA@example.org")
    assert confirm(database, right) is Outcome.COUNTED
    assert confirm(database, false) is Outcome.GONE
    with database.reading() as session:
        assert session.scalars(select(Signature.name)).all() == ["Ana Sánchez"]
    assert count(database, campaign) == 1


def test_two_drafts_of_one_address_in_one_batch_are_one_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [sign(database, settings, campaign, email="ana@example.org", name=name) for name in ("A", "B", "C")]
    batch = [Confirmation(campaign.id, draft.id, utc_now()) for draft in drafts]
    with database.writing() as session:
        outcomes = store_confirmations(session, [*batch, batch[0]])
    assert outcomes == [Outcome.COUNTED, Outcome.COUNTED_BEFORE, Outcome.COUNTED_BEFORE, Outcome.COUNTED]
    assert count(database, campaign) == 1


def test_serials_have_no_gaps(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    first = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    confirm(database, first)
    sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, campaign)
    with database.reading() as session:
        assert session.scalars(select(Signature.serial).order_by(Signature.serial)).all() == [1, 2, 3]
        assert session.scalar(select(Tally.last_serial)) == 3


def test_a_held_draft_cannot_be_confirmed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign, trapped=True)
    assert confirm(database, draft) is Outcome.GONE
    assert count(database, campaign) == 0


@pytest.mark.parametrize(
    ("signed_before", "pressed_after", "outcome"),
    [
        (timedelta(seconds=1), CONFIRM_GRACE - timedelta(seconds=1), Outcome.COUNTED),
        (timedelta(seconds=1), CONFIRM_GRACE, Outcome.TOO_LATE),
        (timedelta(0), timedelta(seconds=1), Outcome.TOO_LATE),
    ],
)
def test_the_button_works_for_a_day_after_the_closing(
    database: Database, settings: Settings, signed_before: timedelta, pressed_after: timedelta, outcome: Outcome
) -> None:
    closes_at = utc_now() + timedelta(days=1)
    campaign = make_campaign(database, slug="closing", closes_at=closes_at)
    draft = sign(database, settings, campaign, arrived_at=closes_at - signed_before)
    assert confirm(database, draft, after=signed_before + pressed_after) is outcome
    assert count(database, campaign) == (outcome is Outcome.COUNTED)


def test_a_campaign_that_is_not_there_counts_nothing(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database)
    draft = sign(database, settings, campaign)
    with database.writing() as session:
        outcomes = store_confirmations(session, [Confirmation(campaign.id + 1, draft.id, utc_now())])
    assert outcomes == [Outcome.GONE]


def test_only_public_names_can_be_searched(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, name="Siobhán Byrne")
    for visibility in ("initials", "addressee"):
        sign_and_confirm(database, settings, campaign, name="Hidden Person", visibility=visibility)
    sign_and_confirm(database, settings, campaign, name=None, visibility="anonymous")
    with database.reading() as session:
        words = session.scalars(select(SignatureWord.word).order_by(SignatureWord.word)).all()
    assert words == ["byrne", "siobhan"]


def test_confirming_from_many_threads_counts_each_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A race: every draft is confirmed by three at once, each address has two drafts, in two campaigns."""
    other = make_campaign(database, slug="other")
    drafts = [
        sign(database, settings, where, email=f"p{person}@example.org", name=name)
        for where in (campaign, other)
        for person in range(10)
        for name in ("A", "B")
    ]
    start = threading.Barrier(3)
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    def press(order: int) -> None:
        turned = drafts[:: -1 if order % 2 else 1]
        start.wait()
        try:
            for some in (turned[position : position + 5] for position in range(0, len(turned), 5)):
                batch = [Confirmation(draft.campaign_id, draft.id, utc_now()) for draft in some]
                with database.writing() as session:
                    outcomes.extend(store_confirmations(session, batch))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=press, args=(order,)) for order in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert outcomes.count(Outcome.COUNTED) == 20
    assert count(database, campaign) == count(database, other) == 10
    with database.reading() as session:
        assert find_count(session, campaign.id) == 10
        serials = session.scalars(select(Signature.serial).where(Signature.campaign_id == campaign.id)).all()
        assert sorted(serials) == list(range(1, 11))
