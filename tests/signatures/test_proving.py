"""Forms without a proof of work, where one is asked for: a few go on, the others are held."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft
from petitions.signatures.proving import OF_CAMPAIGN, OF_NETWORK, past_allowance
from tests.console.support import Queries
from tests.factories import make_campaign, make_draft

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROOF = b"p" * 16


def judge(
    database: Database, drafts: Sequence[NewDraft], networks: dict[UUID, bytes | None], at: datetime = NOON
) -> list[bool]:
    """Whether each is held."""
    with database.writing() as session:
        held = past_allowance(session, drafts, networks, at)
    return [draft.id in held for draft in drafts]


def unproven(settings: Settings, campaign: CampaignSnapshot, count: int, **changes: object) -> list[NewDraft]:
    at = NOON
    return [
        make_draft(campaign, settings, **{"proven": False, "arrived_at": at + timedelta(seconds=n)} | changes)
        for n in range(count)
    ]


def test_where_none_is_asked_for_nothing_is_looked_up(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = unproven(settings, campaign, 5, proven=None)
    with database.writing() as session:
        session.connection()
        with Queries(database) as queries:
            assert past_allowance(session, drafts, {}, NOON) == set()
    assert queries.count == 0


def test_a_network_has_a_few_in_an_hour_and_others_have_theirs(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = unproven(settings, campaign, OF_NETWORK + 2)
    assert judge(database, first, dict.fromkeys((d.id for d in first), b"a" * 16)) == [
        *[False] * OF_NETWORK,
        True,
        True,
    ]
    again, other = unproven(settings, campaign, 1), unproven(settings, campaign, 1)
    assert judge(database, again, {again[0].id: b"a" * 16}) == [True]
    assert judge(database, other, {other[0].id: b"b" * 16}) == [False]
    elsewhere = unproven(settings, make_campaign(database, slug="free-ana"), 1)
    assert judge(database, elsewhere, {elsewhere[0].id: b"a" * 16}) == [False]
    later = unproven(settings, campaign, OF_NETWORK + 1)
    networks: dict[UUID, bytes | None] = dict.fromkeys((d.id for d in later), b"a" * 16)
    assert judge(database, later, networks, NOON + timedelta(hours=2)) == [*[False] * OF_NETWORK, True]


def test_a_campaign_has_some_in_an_hour_however_many_networks_there_are(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = unproven(settings, campaign, OF_CAMPAIGN + 3)
    networks: dict[UUID, bytes | None] = {draft.id: bytes([n]) * 16 for n, draft in enumerate(drafts)}
    assert judge(database, drafts, networks) == [*[False] * OF_CAMPAIGN, True, True, True]
    unknown = unproven(settings, campaign, 1)
    assert judge(database, unknown, {}) == [True]


def test_a_flood_past_the_allowance_writes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    judge(database, unproven(settings, campaign, OF_CAMPAIGN), {})
    more = unproven(settings, campaign, 50)
    with database.writing() as session:
        session.connection()
        with Queries(database) as queries:
            assert len(past_allowance(session, more, {}, NOON)) == 50
    assert queries.count == 1


def test_one_proof_is_good_for_one_form(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    judge(database, unproven(settings, campaign, OF_CAMPAIGN), {})  # the allowance is used up
    proven = unproven(settings, campaign, 3, proven=True, proof=PROOF)
    assert judge(database, proven, {}) == [False, True, True]
    assert judge(database, unproven(settings, campaign, 1, proven=True, proof=PROOF), {}) == [True]
    assert judge(database, unproven(settings, campaign, 1, proven=True, proof=b"q" * 16), {}) == [False]


def test_held_drafts_get_no_mail_and_the_same_batch_again_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """After a lost connection nobody knows whether a batch was stored: it is stored again."""
    judge(database, unproven(settings, campaign, OF_CAMPAIGN), {})
    drafts = [
        make_draft(campaign, settings, proven=True, proof=PROOF, arrived_at=NOON),
        make_draft(campaign, settings, proven=False, arrived_at=NOON),
    ]
    for _ in range(2):
        with database.writing() as session:
            store_drafts(session, drafts, settings.sign_rate)
        with database.reading() as session:
            held = [session.get_one(Draft, (campaign.id, draft.id)).held_reason for draft in drafts]
        assert held == [None, "work"]
