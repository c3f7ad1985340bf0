"""What somebody typed: one draft for each text, one mail for each draft, and never too many for an address."""

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from petitions.abuse.models import NetworkCount, NetworkKey
from petitions.abuse.rules import Verdict
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings
from petitions.signatures.drafting import NewDraft, content_key, store_drafts
from petitions.signatures.models import ConsentWording, Draft, Signature, Tally
from petitions.signatures.refusing import refuse
from tests.factories import confirm, make_campaign, make_draft, sign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURLY = Rate(3, timedelta(hours=1))


def store(database: Database, *drafts: NewDraft, rate: Rate | None = None) -> None:
    with database.writing() as session:
        assert store_drafts(session, drafts, rate) == [None] * len(drafts)


def again(draft: NewDraft, after: timedelta = timedelta(0), **changes: Any) -> NewDraft:
    """The same form sent once more."""
    return replace(draft, id=new_id(), arrived_at=draft.arrived_at + after, **changes)


def mails(database: Database) -> list[tuple[str, UUID]]:
    """Kind and subject of every mail, in the order of queueing."""
    with database.reading() as session:
        rows = session.execute(select(Outbox.kind, Outbox.subject_id).order_by(Outbox.created_at, Outbox.id))
        return [(kind, subject) for kind, subject in rows]


def draft_ids(database: Database) -> set[UUID]:
    with database.reading() as session:
        return set(session.scalars(select(Draft.id)))


def held(database: Database) -> dict[UUID, str | None]:
    with database.reading() as session:
        rows = session.execute(select(Draft.id, Draft.held_reason))
        return {row.id: row.held_reason for row in rows}


def test_a_draft_is_stored_as_it_was_typed_and_asks_for_the_button(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    typed = make_draft(
        campaign,
        settings,
        comment="With you.\nAlways.",
        affiliation="UE",
        answers={"union": "506"},
        updates=True,
        language="es",
        visibility="initials",
    )
    store(database, typed)
    with database.reading() as session:
        draft = session.get_one(Draft, (campaign.id, typed.id))
        for name in (
            "statement_id email email_key name country city affiliation comment answers visibility updates "
            "language consent_version"
        ).split():
            assert getattr(draft, name) == getattr(typed, name), name
        assert (draft.created_at, draft.held_reason, draft.network) == (typed.arrived_at, None, None)
        mail = session.scalars(select(Outbox)).one()
        assert (mail.kind, mail.subject_id, mail.campaign_id) == ("confirm", typed.id, campaign.id)
        assert (mail.language, mail.email_key, mail.created_at) == ("es", typed.email_key, typed.arrived_at)
        assert session.scalar(select(func.count()).select_from(Signature)) == 0
        assert session.scalar(select(Tally.counted)) == 0


def test_a_consent_to_updates_is_stored_with_its_words(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The same form under other words is another draft; without a consent there are no words to keep."""
    agreed = make_draft(campaign, settings, updates=True, updates_wording="Write to me")
    reworded = again(agreed, updates_wording="Write me everything")
    silent = make_draft(campaign, settings)
    store(database, agreed, reworded, silent, again(agreed))
    with database.reading() as session:
        keys = {row.id: row.updates_key for row in session.execute(select(Draft.id, Draft.updates_key))}
        words = {row.key: row.text for row in session.scalars(select(ConsentWording))}
    assert {draft_id: words[key] if key else None for draft_id, key in keys.items()} == {
        agreed.id: "Write to me",
        reworded.id: "Write me everything",
        silent.id: None,
    }
    assert len(words) == 2


def test_every_form_costs_the_same_write(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nobody learns from the time of the answer whether an address has signed or refused: where nothing is stored
    and nothing mailed, a row that means nothing is written."""
    signed = sign_and_confirm(database, settings, campaign)
    removed = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == removed.id).values(removed_at=utc_now()))
    refused = sign(database, settings, campaign)
    with database.writing() as session:
        refuse(session, campaign.id, refused.id, utc_now())
    told = again(signed, timedelta(minutes=20))
    store(database, told)
    for known, nothings in ((removed, 1), (refused, 1), (again(told), 1), (again(signed, timedelta(days=2)), 0)):
        with database.reading() as session:
            before = session.scalar(select(func.count()).select_from(NetworkCount)) or 0
        store(database, again(known))
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(NetworkCount)) == before + nothings


def test_an_anonymous_draft_keeps_no_name(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign(database, settings, campaign, name=None, visibility="anonymous")
    with database.reading() as session:
        assert session.scalars(select(Draft.name)).all() == [None]


def test_the_same_draft_again_is_one_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign)
    store(database, again(draft, timedelta(seconds=5)))
    assert draft_ids(database) == {draft.id}
    assert mails(database) == [("confirm", draft.id)]


def test_the_same_draft_twice_in_one_batch_is_one_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = make_draft(campaign, settings)
    store(database, draft, again(draft), again(draft))
    assert draft_ids(database) == {draft.id}
    assert mails(database) == [("confirm", draft.id)]


def test_storing_a_batch_again_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """After a lost connection nobody knows whether the commit arrived, so the intake writes it once more."""
    batch = [make_draft(campaign, settings) for _ in range(5)]
    store(database, *batch)
    before = mails(database)
    store(database, *batch)
    assert mails(database) == before
    assert draft_ids(database) == {draft.id for draft in batch}


@pytest.mark.parametrize(
    ("after", "queued"),
    [
        (timedelta(minutes=10) - timedelta(seconds=1), 1),
        (timedelta(minutes=10), 2),
    ],
)
def test_a_double_click_is_one_mail_and_a_later_wish_another(
    database: Database, settings: Settings, campaign: CampaignSnapshot, after: timedelta, queued: int
) -> None:
    draft = sign(database, settings, campaign)
    store(database, again(draft, after))
    assert mails(database) == [("confirm", draft.id)] * queued
    assert draft_ids(database) == {draft.id}


def test_differing_drafts_of_an_address_are_drafts_of_their_own(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = sign(database, settings, campaign, email="ana@example.org")
    second = again(first, name="False Name")
    store(database, second)
    with database.reading() as session:
        names = session.execute(select(Draft.id, Draft.name).order_by(Draft.id)).all()
    assert [tuple(row) for row in names] == [(first.id, "Ana Sánchez"), (second.id, "False Name")]
    assert sorted(mails(database)) == sorted([("confirm", first.id), ("confirm", second.id)])


def test_one_address_signs_two_campaigns(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    first = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    second = sign(database, settings, other, email="ana@example.org")
    assert draft_ids(database) == {second.id}
    assert mails(database) == [("confirm", first.id), ("confirm", second.id)]


def test_an_address_that_signed_is_told_so_and_gets_no_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    signed = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    store(database, again(signed, timedelta(hours=1), name="Ana S.", email="Ana@example.org"))
    assert draft_ids(database) == set()
    assert mails(database) == [("confirm", signed.id), ("already_signed", signed.id)]


def test_being_told_of_a_signature_is_not_repeated_at_every_click(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    signed = sign_and_confirm(database, settings, campaign)
    for minutes in (60, 61, 65, 69, 70):
        store(database, again(signed, timedelta(minutes=minutes), comment=f"{minutes}"))
    assert mails(database) == [
        ("confirm", signed.id),
        ("already_signed", signed.id),
        ("already_signed", signed.id),
    ]


def test_a_removed_signature_stays_removed_without_a_word(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    signed = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Signature).values(removed_at=utc_now(), removed_reason="troll"))
    store(database, again(signed, timedelta(hours=1)), again(signed, timedelta(hours=1), name="Other"))
    assert draft_ids(database) == set()
    assert mails(database) == [("confirm", signed.id)]


def test_an_address_gets_five_mails_about_a_campaign_in_a_day(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = make_draft(campaign, settings, arrived_at=NOON)
    for number in range(7):
        store(database, again(first, timedelta(minutes=number), comment=str(number)))
    assert len(mails(database)) == 5
    assert len(draft_ids(database)) == 7  # the draft is kept: a mail can be asked for tomorrow
    store(database, again(first, timedelta(days=1) - timedelta(seconds=1), comment="early"))
    assert len(mails(database)) == 5
    store(database, again(first, timedelta(days=1), comment="late"))
    assert len(mails(database)) == 6


def test_the_limit_of_a_campaign_holds_within_one_batch(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = make_draft(campaign, settings)
    store(database, *(again(first, comment=str(number)) for number in range(9)))
    assert len(mails(database)) == 5
    assert len(draft_ids(database)) == 9


def test_an_address_gets_ten_mails_in_a_day(database: Database, settings: Settings) -> None:
    campaigns = [make_campaign(database, slug=f"campaign-{number}") for number in range(4)]
    drafts = [
        make_draft(campaign, settings, email="ana@example.org", comment=str(number), arrived_at=NOON)
        for campaign, number in itertools.product(campaigns, range(3))
    ]
    for draft in drafts:
        store(database, draft)
    assert len(mails(database)) == 10
    other = make_draft(campaigns[0], settings, email="boris@example.org", arrived_at=NOON)
    store(database, other)
    assert mails(database).count(("confirm", other.id)) == 1
    store(database, again(drafts[-1], timedelta(days=1), comment="tomorrow"))
    assert len(mails(database)) == 12


def test_the_field_that_people_do_not_see_holds_a_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    trapped = sign(database, settings, campaign, trapped=True)
    free = sign(database, settings, campaign)
    assert held(database) == {trapped.id: "honeypot", free.id: None}
    assert mails(database) == [("confirm", free.id)]


def test_a_held_draft_sent_again_stays_held(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    trapped = sign(database, settings, campaign, trapped=True)
    store(database, again(trapped, timedelta(hours=1), trapped=False))
    assert held(database) == {trapped.id: "honeypot"}
    assert mails(database) == []


def test_a_network_past_the_rate_is_held_and_not_refused(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [make_draft(campaign, settings, network="192.0.2.1", arrived_at=NOON) for _ in range(5)]
    for draft in drafts:
        store(database, draft, rate=HOURLY)
    elsewhere = make_draft(campaign, settings, network="192.0.2.2", arrived_at=NOON)
    unknown = make_draft(campaign, settings, network=None, arrived_at=NOON)
    store(database, elsewhere, unknown, rate=HOURLY)
    expected: dict[UUID, str | None] = {draft.id: None for draft in (*drafts[:3], elsewhere, unknown)}
    assert held(database) == expected | {draft.id: "rate" for draft in drafts[3:]}
    assert {subject for _, subject in mails(database)} == set(expected)


def test_the_rate_holds_within_one_batch_in_the_order_of_arrival(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [
        make_draft(campaign, settings, network="192.0.2.1", arrived_at=NOON + timedelta(seconds=n))
        for n in range(6)
    ]
    store(database, *reversed(drafts), rate=HOURLY)
    reasons = held(database)
    assert [reasons[draft.id] for draft in drafts] == [None, None, None, "rate", "rate", "rate"]


def test_a_network_is_let_through_again_as_its_drafts_grow_old(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Three at noon: at 13:00 they still weigh three, at 13:40 one, at 14:00 nothing."""

    def arrives(at: datetime) -> str | None:
        draft = make_draft(campaign, settings, network="192.0.2.1", arrived_at=at)
        store(database, draft, rate=HOURLY)
        return held(database)[draft.id]

    assert [arrives(NOON) for _ in range(3)] == [None] * 3
    assert arrives(NOON + timedelta(hours=1)) == "rate"
    assert arrives(NOON + timedelta(hours=1, minutes=40)) is None  # 1 of this window and 3 x 1/3 are before it
    assert arrives(NOON + timedelta(hours=1, minutes=41)) is None
    assert arrives(NOON + timedelta(hours=1, minutes=42)) == "rate"
    assert arrives(NOON + timedelta(hours=4)) is None


def test_without_a_rate_nothing_of_a_network_is_kept(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    store(database, *(make_draft(campaign, settings, network="192.0.2.1") for _ in range(5)), rate=None)
    assert set(held(database).values()) == {None}
    with database.reading() as session:
        assert session.scalars(select(Draft.network)).all() == [None] * 5
        assert session.scalar(select(func.count()).select_from(NetworkKey)) == 0
        assert session.scalar(select(func.count()).select_from(NetworkCount)) == 0


def test_the_address_of_a_network_is_never_stored(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = make_draft(campaign, settings, network="192.0.2.1", arrived_at=NOON)
    store(database, draft, rate=HOURLY)
    store(database, make_draft(campaign, settings, network="192.0.2.1", arrived_at=NOON), rate=HOURLY)
    tomorrow = make_draft(campaign, settings, network="192.0.2.1", arrived_at=NOON + timedelta(days=1))
    store(database, tomorrow, rate=HOURLY)
    with database.reading() as session:
        hashes = session.scalars(select(Draft.network).order_by(Draft.created_at)).all()
    assert hashes[0] == hashes[1] != hashes[2]
    assert [len(value or b"") for value in hashes] == [16, 16, 16]


def test_a_draft_of_an_unknown_statement_is_refused_by_the_store(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        store_drafts(session, [make_draft(campaign, settings, statement_id=999_999)], None)
    assert mails(database) == []


CHANGES: dict[str, Any] = {
    "statement_id": 2,
    "email": "Ana@example.org",
    "name": "Ana Sanchez",
    "country": "FR",
    "city": "Barcelona",
    "affiliation": "UE",
    "comment": "Hello",
    "answers": {"a": "1"},
    "visibility": "initials",
    "updates": True,
    "language": "es",
    "consent_version": 2,
    "updates_wording": "Write to me",
}
NOT_CONTENT: dict[str, Any] = {
    "id": UUID(int=7),
    "campaign_id": 99,
    "email_key": b"x" * 16,
    "arrived_at": NOON,
    "network": "192.0.2.9",
    "trapped": True,
    "proven": False,
    "proof": b"p" * 16,
    "ruled": Verdict(holds=True, key="word-0123456789ab"),
}


def plain_draft() -> NewDraft:
    return NewDraft(
        id=UUID(int=1),
        campaign_id=1,
        statement_id=1,
        email="ana@example.org",
        email_key=b"k" * 16,
        name="Ana Sánchez",
        country="ES",
        city="Madrid",
        affiliation=None,
        comment=None,
        answers=None,
        visibility="public",
        updates=False,
        language="en",
        consent_version=1,
        arrived_at=NOON + timedelta(days=1),
        network=None,
        trapped=False,
    )


def test_every_field_is_content_or_is_not() -> None:
    assert set(CHANGES) | set(NOT_CONTENT) == set(NewDraft.__dataclass_fields__)


@pytest.mark.parametrize("field", CHANGES)
def test_the_content_key_tells_every_field_that_was_typed(field: str) -> None:
    draft = plain_draft()
    assert content_key(replace(draft, **{field: CHANGES[field]})) != content_key(draft)


@pytest.mark.parametrize("field", NOT_CONTENT)
def test_the_content_key_ignores_what_was_not_typed(field: str) -> None:
    draft = plain_draft()
    assert content_key(replace(draft, **{field: NOT_CONTENT[field]})) == content_key(draft)


def test_the_content_key_does_not_run_fields_together() -> None:
    draft = plain_draft()
    keys = {
        content_key(replace(draft, city=None, affiliation="X")),
        content_key(replace(draft, city="X", affiliation=None)),
        content_key(replace(draft, city="", affiliation="X")),
        content_key(replace(draft, city="X", affiliation="")),
        content_key(replace(draft, answers={"a": "1", "b": "2"})),
        content_key(replace(draft, answers={"a": "2", "b": "1"})),
    }
    assert len(keys) == 6
    swapped = [replace(draft, answers=answers) for answers in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})]
    assert content_key(swapped[0]) == content_key(swapped[1])


def test_a_race_for_one_draft_ends_with_one_draft_and_its_mail(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Two servers get the same form at once, again and again."""
    pairs = [(draft, again(draft)) for draft in (make_draft(campaign, settings) for _ in range(25))]
    start = threading.Barrier(2)
    errors: list[BaseException] = []

    def send(side: int) -> None:
        try:
            for pair in pairs:
                start.wait(30)
                store(database, pair[side])
        except BaseException as error:
            errors.append(error)
            start.abort()

    threads = [threading.Thread(target=send, args=(side,)) for side in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    stored = draft_ids(database)
    assert len(stored) == len(pairs)
    about = [subject for _, subject in mails(database)]
    for pair in pairs:
        ids = {draft.id for draft in pair}
        assert len(ids & stored) == 1
        assert about.count((ids & stored).pop()) == 1


def test_many_threads_with_crossing_batches_do_not_lock_each_other_up(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [
        make_draft(campaign, settings, email=f"p{n % 40}@example.org", comment=str(n), network=f"192.0.2.{n % 7}")
        for n in range(120)
    ]
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def send(step: int) -> None:
        start.wait(30)
        try:
            turned = drafts[:: -1 if step % 2 else 1]
            for position in range(0, len(turned), 10):
                store(database, *turned[position : position + 10], rate=Rate(10_000, timedelta(hours=1)))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=send, args=(step,)) for step in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert draft_ids(database) == {draft.id for draft in drafts}


def test_confirming_one_of_several_drafts_ends_the_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = sign(database, settings, campaign, email="ana@example.org")
    second = sign(database, settings, campaign, email="ana@example.org", comment="Again")
    stranger = sign(database, settings, campaign)
    confirm(database, second)
    assert draft_ids(database) == {stranger.id}
    store(database, again(first, timedelta(hours=1)))
    assert draft_ids(database) == {stranger.id}
