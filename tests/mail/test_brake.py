from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from petitions.db import Database
from petitions.mail.brake import Brake, braked_campaigns, count_confirmations
from petitions.mail.models import Outbox
from petitions.mail.outbox import ClaimedMail
from petitions.settings import Rate
from tests.mail.support import NOON, LogEvents, make_campaign, new_mail, queue_mails

HOUR = timedelta(hours=1)


def send(database: Database, count: int, at: datetime = NOON, campaign_id: int = 1, kind: str = "confirm") -> None:
    mails = queue_mails(database, count, campaign_id=campaign_id, kind=kind)
    with database.writing() as session:
        session.execute(update(Outbox).where(Outbox.id.in_([mail.id for mail in mails])).values(sent_at=at))


def claimed(kind: str = "confirm", campaign_id: int = 1) -> ClaimedMail:
    mail = new_mail()
    return ClaimedMail(mail.id, kind, campaign_id, mail.subject_id, "en", attempts=1)


@pytest.fixture
def sent(mail_database: Database) -> Database:
    """Campaign 1 sent 3 confirmations in the last hour, campaign 3 sent 5, campaign 2 none."""
    make_campaign(mail_database, 2)
    make_campaign(mail_database, 3)
    for kind in ("confirm", "organisation_confirm", "organisation_contact"):
        send(mail_database, 1, kind=kind)
    send(mail_database, 4, at=NOON - 2 * HOUR)
    send(mail_database, 4, kind="already_signed")
    send(mail_database, 5, campaign_id=3)
    queue_mails(mail_database, 5, campaign_id=2)
    return mail_database


def test_confirmations_are_counted_by_campaign(sent: Database) -> None:
    with sent.reading() as session:
        assert count_confirmations(session, NOON - HOUR) == {1: 3, 3: 5}


@pytest.mark.parametrize(("count", "braked"), [(6, set()), (5, {3}), (4, {3}), (3, {1, 3})])
def test_a_campaign_is_braked_once_it_has_sent_what_the_rate_allows(
    sent: Database, count: int, braked: set[int]
) -> None:
    with sent.reading() as session:
        assert braked_campaigns(session, Rate(count, HOUR), NOON) == braked


def test_without_a_rate_nothing_is_braked(sent: Database) -> None:
    with sent.reading() as session:
        assert braked_campaigns(session, None, NOON) == frozenset()


@pytest.mark.anyio
async def test_brake_counts_what_it_admits_between_two_looks(sent: Database, log_events: LogEvents) -> None:
    brake = Brake(Rate(5, HOUR))
    assert await brake.look(sent, NOON) == {3}
    kinds = ("confirm", "organisation_contact", "organisation_confirm")
    assert [brake.admits(claimed(kind)) for kind in kinds] == [True, True, False]
    assert brake.admits(claimed(kind="already_signed"))
    assert await brake.look(sent, NOON + timedelta(seconds=1)) == {1, 3}
    assert await brake.look(sent, NOON + timedelta(minutes=1)) == {3}  # nothing of it was sent after all
    assert log_events.named("campaign_braked") == [{"campaign": 3}, {"campaign": 1}]
