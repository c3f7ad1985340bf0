"""What goes of deliveries with the names, and what everybody saw of them."""

from datetime import timedelta

from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import purging as delivery_purging
from petitions.delivery.models import Delivery, Evidence
from petitions.ids import new_id
from petitions.lists.serials import Serials
from petitions.privacy.purging import purge, purge_due
from petitions.settings import Settings
from tests.factories import make_campaign, sign_and_confirm


def deliver(database: Database, campaign: CampaignSnapshot, number: int = 1) -> Delivery:
    delivery = Delivery(
        id=new_id(), campaign_id=campaign.id, number=number, created_at=utc_now(), created_by="Lea"
    )
    delivery.delivered_on, delivery.recipient, delivery.way = utc_now().date(), "The embassy", "mailed"
    delivery.serials, delivery.paper_numbers = Serials([1]).pack(), Serials([2]).pack()
    delivery.people, delivery.note, delivery.manifest_sha256 = 1, "Given at the door", "0" * 64
    with database.writing() as session:
        session.add(delivery)
    return delivery


def add_evidence(database: Database, delivery: Delivery, *, shown: bool) -> Evidence:
    evidence = Evidence(id=new_id(), campaign_id=delivery.campaign_id, delivery_id=delivery.id, name="receipt")
    evidence.media_type, evidence.digest, evidence.size = "image/webp", "0" * 64, 1
    evidence.shown, evidence.content = shown, b"planted"
    evidence.created_at, evidence.created_by = utc_now(), "Lea"
    with database.writing() as session:
        session.add(evidence)
    return evidence


def test_who_was_in_a_delivery_goes_and_that_it_took_place_stays(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    other = make_campaign(database, slug="other")
    ours, theirs = deliver(database, campaign), deliver(database, other)
    shown, hidden = add_evidence(database, ours, shown=True), add_evidence(database, ours, shown=False)
    untouched = add_evidence(database, theirs, shown=False)
    purge(database, campaign.id, utc_now())
    with database.reading() as session:
        kept = session.get_one(Delivery, ours.id)
        assert (kept.serials, kept.paper_numbers) == (None, None)
        assert (kept.people, kept.note, kept.manifest_sha256) == (1, "Given at the door", "0" * 64)
        assert session.get_one(Delivery, theirs.id).serials == theirs.serials
        assert set(session.scalars(select(Evidence.id))) == {shown.id, untouched.id}
        assert hidden.id not in set(session.scalars(select(Evidence.id)))
        assert not delivery_purging.is_left(session, campaign.id)
        assert delivery_purging.is_left(session, other.id)


def test_a_receipt_that_leads_add_afterwards_is_not_swept_away(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The worker looks every hour whether anything is left of a campaign that was purged."""
    sign_and_confirm(database, settings, campaign)
    purge(database, campaign.id, utc_now())
    evidence = add_evidence(database, deliver(database, campaign), shown=False)
    with database.writing() as session:
        session.get_one(Delivery, evidence.delivery_id).serials = None
        session.get_one(Delivery, evidence.delivery_id).paper_numbers = None
    assert purge_due(database, utc_now() + timedelta(hours=1)) == []
    with database.reading() as session:
        assert session.get(Evidence, evidence.id) is not None
